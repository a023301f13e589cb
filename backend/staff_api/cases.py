"""办件: one case's page, its masked values on request, and the verbs: one call each."""

from collections.abc import Callable
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.lifecycle import Status
from backend.cases.models import Case
from backend.cases.queries import record
from backend.core.api import PageIn
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api import shapes
from backend.staff_api.door import StaffView


class OpinionIn(serializers.Serializer[Any]):
    opinion = serializers.CharField(
        label="意见", required=False, default="", allow_blank=True, max_length=2000
    )


class ReasonedIn(serializers.Serializer[Any]):
    opinion = serializers.CharField(label="意见", max_length=2000, help_text="必填, 写明理由")


class DeclineIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="理由", max_length=2000, help_text="申请人将看到")
    remedy = serializers.CharField(
        label="救济途径",
        required=False,
        default="",
        allow_blank=True,
        max_length=1000,
        help_text="不填则为复议、诉讼的通用告知",
    )


class DecideIn(serializers.Serializer[Any]):
    outcome = serializers.ChoiceField(label="结果", choices=Case.Outcome.choices)
    reason = serializers.CharField(
        label="理由",
        required=False,
        default="",
        allow_blank=True,
        max_length=2000,
        help_text="不予时必填, 申请人将看到",
    )


class NoteIn(serializers.Serializer[Any]):
    note = serializers.CharField(
        label="说明", required=False, default="", allow_blank=True, max_length=1000
    )


class DeliverIn(NoteIn):
    mail_number = serializers.CharField(
        label="邮件号",
        required=False,
        default="",
        allow_blank=True,
        max_length=32,
        help_text="邮寄时必填",
    )


class NothingIn(serializers.Serializer[Any]):
    """认领与放回: nothing to say."""


class RevealIn(serializers.Serializer[Any]):
    fields_ = serializers.ListField(
        child=serializers.CharField(max_length=64),
        min_length=1,
        max_length=20,
        help_text="name, id_number, phone, answers.<字段名>",
    )
    purpose = serializers.CharField(label="查看事由", min_length=2, max_length=64)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the field `fields`, a word the Serializer class keeps for itself."""
        return {key.rstrip("_"): one for key, one in super().get_fields().items()}


class AuditIn(PageIn):
    number = serializers.CharField(label="办事编号", max_length=40)


class CaseDetail(StaffView):
    @extend_schema(responses=shapes.RecordOut)
    def get(self, request: Request, number: str) -> Response:
        """办件全貌: 脱敏的申请人与申报内容、环节、痕迹、时限, 以及现在能做什么; 每次查看留痕."""
        case = actions.open_record(actor=self.actor, posts=self.posts, number=numbers.read(number))
        return Response(record.page(case, account=self.actor, posts=self.posts, now=self.now))


class CaseReveal(StaffView):
    @extend_schema(request=RevealIn, responses=shapes.RevealOut)
    def post(self, request: Request, number: str) -> Response:
        """查看原值: 每个字段留一条痕迹, 居民可见是谁、为何看了."""
        values = actions.reveal(
            actor=self.actor, number=numbers.read(number), **self.read(RevealIn)
        )
        return Response({"values": values})


class CaseVerb(StaffView):
    """One verb of the case: a body, one domain call, and where the case stands after it."""

    shape: type[serializers.Serializer[Any]]
    act: Callable[..., Case]

    def post(self, request: Request, number: str) -> Response:
        body = self.read(self.shape)
        return after(self.act(actor=self.actor, number=numbers.read(number), **body))


class StepVerb(StaffView):
    """One act on one open step."""

    shape: type[serializers.Serializer[Any]]
    act: Callable[..., Case]

    def post(self, request: Request, number: str, key: str) -> Response:
        body = self.read(self.shape)
        return after(self.act(actor=self.actor, number=numbers.read(number), step=key, **body))


def after(case: Case) -> Response:
    return Response(
        {
            "number": case.number,
            "status": case.status,
            "status_label": Status(case.status).label,
            "outcome": case.outcome,
        }
    )


@extend_schema(request=OpinionIn, responses=shapes.AfterOut)
class Accept(CaseVerb):
    """受理: 承诺与法定时限同时起算, 转入下一环节."""

    shape, act = OpinionIn, staticmethod(actions.accept)


@extend_schema(request=DeclineIn, responses=shapes.AfterOut)
class Decline(CaseVerb):
    """不予受理: 写明理由与救济途径."""

    shape, act = DeclineIn, staticmethod(actions.decline)


@extend_schema(request=OpinionIn, responses=shapes.AfterOut)
class Finish(CaseVerb):
    """即办办结: 受理、决定、办结一次完成."""

    shape, act = OpinionIn, staticmethod(actions.finish)


@extend_schema(request=DecideIn, responses=shapes.AfterOut)
class Decide(CaseVerb):
    """作出决定: 准予, 或写明理由后不予."""

    shape, act = DecideIn, staticmethod(actions.decide)


@extend_schema(request=DeliverIn, responses=shapes.AfterOut)
class Deliver(CaseVerb):
    """送达结果: 按申请人选定的方式送出."""

    shape, act = DeliverIn, staticmethod(actions.deliver)


@extend_schema(request=NoteIn, responses=shapes.AfterOut)
class Conclude(CaseVerb):
    """办结: 最后一个环节办完."""

    shape, act = NoteIn, staticmethod(actions.conclude)


@extend_schema(request=None, responses=shapes.AfterOut)
class Claim(StepVerb):
    """认领环节三十分钟, 期间同事不能办理."""

    shape, act = NothingIn, staticmethod(actions.claim)


@extend_schema(request=None, responses=shapes.AfterOut)
class Release(StepVerb):
    """放回已认领的环节."""

    shape, act = NothingIn, staticmethod(actions.release)


@extend_schema(request=OpinionIn, responses=shapes.AfterOut)
class Pass(StepVerb):
    """通过本环节."""

    shape, act = OpinionIn, staticmethod(actions.pass_step)


@extend_schema(request=ReasonedIn, responses=shapes.AfterOut)
class Reject(StepVerb):
    """不予通过: 写明理由, 由决定环节统一答复."""

    shape, act = ReasonedIn, staticmethod(actions.reject_step)


@extend_schema(request=ReasonedIn, responses=shapes.AfterOut)
class Return(StepVerb):
    """退回上一环节: 写明理由."""

    shape, act = ReasonedIn, staticmethod(actions.return_step)


class Audit(StaffView):
    @extend_schema(parameters=[AuditIn], responses=shapes.TracePage)
    def get(self, request: Request) -> Response:
        """谁查过这件: 督办与审计可见, 最近的在前."""
        duties.hold(self.posts, Duty.AUDIT)
        query = self.read_query(AuditIn)
        case = record.find(self.actor, self.posts, numbers.read(query["number"]))
        return self.paged(partial(record.reads_of, case.number), query, parse=(int,))
