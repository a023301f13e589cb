"""补正: tell once all that is missing, let a head approve a second notice, answer at the window."""

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.lifecycle import Status
from backend.cases.queries import missing
from backend.cases.queries import supplements as queries
from backend.core.api import Numbered, PageIn, moment
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api import shapes
from backend.staff_api.cases import CaseVerb, NothingIn, StepVerb
from backend.staff_api.door import StaffView


class DefectIn(serializers.Serializer[Any]):
    """一项缺项; 内容是否正确由办件核对, 全部错误一次列出."""

    on = serializers.CharField(max_length=16, help_text="field 填报项, material 材料")
    key = serializers.CharField(max_length=32, help_text="从可补清单中选")
    reason = serializers.CharField(max_length=16, help_text="原因代码")
    remedy = serializers.CharField(
        label="怎么补", allow_blank=True, max_length=1000, help_text="申请人将看到, 1至300个字"
    )
    sample = serializers.CharField(
        label="样例", required=False, default="", allow_blank=True, max_length=1000
    )
    visible_at_first = serializers.BooleanField(
        required=False, default=False, help_text="再次补正时: 第一次告知时已能发现"
    )


class RequestSupplementIn(serializers.Serializer[Any]):
    defects = serializers.ListField(child=DefectIn(), max_length=100, help_text="要补的全部内容")
    note = serializers.CharField(
        label="说明", required=False, default="", allow_blank=True, max_length=500,
        help_text="申请人将看到",
    )  # fmt: skip
    late_reason = serializers.CharField(
        label="为何不能一次告知", required=False, default="", allow_blank=True, max_length=500,
        help_text="再次补正时必填, 供负责人审批",
    )  # fmt: skip


class EndorseIn(serializers.Serializer[Any]):
    note = serializers.CharField(
        label="批复意见", required=False, default="", allow_blank=True, max_length=500
    )


class RefuseIn(serializers.Serializer[Any]):
    note = serializers.CharField(label="批复意见", max_length=500, help_text="必填, 写明理由")


class OnBehalfIn(serializers.Serializer[Any]):
    """窗口代申请人补正."""

    answers = serializers.DictField(required=False, help_text="填报项 → 新值")
    materials = serializers.DictField(
        child=serializers.UUIDField(), required=False, help_text="材料 → 本人上传的文件的 uid"
    )
    replies = Numbered(
        child=serializers.CharField(allow_blank=True, max_length=2000), required=False,
        help_text="序号 → 说明, 如 当面更正",
    )  # fmt: skip
    revision = serializers.IntegerField(required=False, min_value=0, max_value=2**31 - 1)


class SecondIn(PageIn):
    department = serializers.CharField(
        required=False, default="", max_length=16, help_text="部门代码"
    )
    avoidable = serializers.BooleanField(
        required=False, default=False, help_text="只看首次本可告知的"
    )


class SpanIn(serializers.Serializer[Any]):
    since = serializers.DateField(required=False, help_text="不填为今年第一天")
    until = serializers.DateField(required=False, help_text="不填为今天")


class ReasonOut(serializers.Serializer[Any]):
    reason = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    remedy = serializers.CharField(help_text="惯用的补正办法, 可改")


class ThingOut(serializers.Serializer[Any]):
    on = serializers.ChoiceField(choices=["field", "material"])
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    required = serializers.BooleanField()  # type: ignore[assignment]
    value = serializers.CharField(allow_blank=True, help_text="现在填的, 已脱敏; 材料为空")
    state = serializers.CharField(allow_blank=True, help_text="材料现在的状态; 填报项为空")
    state_label = serializers.CharField(allow_blank=True)
    sample = serializers.CharField(allow_blank=True, help_text="事项里这份材料的说明")
    reasons = ReasonOut(many=True)


class CatalogueOut(serializers.Serializer[Any]):
    """可补清单."""

    steps = serializers.ListField(child=serializers.CharField(), help_text="现在可以告知补正的环节")
    ordinal = serializers.IntegerField(help_text="再告知就是第几次")
    needs_approval = serializers.BooleanField(help_text="再次补正须负责人批准")
    most = serializers.IntegerField(help_text="一次最多列几项")
    things = ThingOut(many=True)


class LineOut(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    on = serializers.CharField()
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    reason = serializers.CharField()
    reason_label = serializers.CharField()
    remedy = serializers.CharField()
    sample = serializers.CharField(allow_blank=True)
    visible_at_first = serializers.BooleanField()
    answered_at = serializers.DateTimeField(allow_null=True)
    reply = serializers.CharField(allow_blank=True)


class SupplementOut(serializers.Serializer[Any]):
    ordinal = serializers.IntegerField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    step = serializers.CharField()
    step_name = serializers.CharField(allow_blank=True)
    department = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    late_reason = serializers.CharField(allow_blank=True)
    avoidable = serializers.BooleanField(help_text="首次本可告知, 计入部门考核")
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    approved_by = serializers.CharField(allow_blank=True)
    given_at = serializers.DateTimeField(allow_null=True)
    due_on = serializers.DateField(allow_null=True)
    prolonged = serializers.BooleanField()
    done_at = serializers.DateTimeField(allow_null=True)
    revision = serializers.IntegerField()
    lines = LineOut(many=True)


class SecondRow(serializers.Serializer[Any]):
    number = serializers.CharField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    ordinal = serializers.IntegerField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    step = serializers.CharField()
    department = serializers.CharField()
    department_code = serializers.CharField()
    asked_by = serializers.CharField()
    asked_at = serializers.DateTimeField()
    late_reason = serializers.CharField(allow_blank=True)
    avoidable = serializers.BooleanField()
    lines = serializers.ListField(child=serializers.CharField(), help_text="名称: 原因")


class SecondPage(serializers.Serializer[Any]):
    results = SecondRow(many=True)
    next = serializers.CharField(allow_null=True)


class OfficeOut(serializers.Serializer[Any]):
    department = serializers.CharField()
    department_code = serializers.CharField()
    asked = serializers.IntegerField(help_text="提出的再次补正")
    avoidable = serializers.IntegerField(help_text="其中首次本可告知的")
    refused = serializers.IntegerField(help_text="其中负责人未批准的")


@extend_schema(request=RequestSupplementIn, responses=shapes.AfterOut)
class RequestSupplement(StepVerb):
    """一次性告知: 列出要补的全部内容; 第二次起只是提出, 须负责人批准."""

    shape, act = RequestSupplementIn, staticmethod(actions.request_supplement)


@extend_schema(request=EndorseIn, responses=shapes.AfterOut)
class ApproveSupplement(CaseVerb):
    """批准再次补正: 告知从今天起发出."""

    shape, act = EndorseIn, staticmethod(actions.approve_supplement)


@extend_schema(request=RefuseIn, responses=shapes.AfterOut)
class RefuseSupplement(CaseVerb):
    """不批准再次补正: 按现有材料继续办理."""

    shape, act = RefuseIn, staticmethod(actions.refuse_supplement)


@extend_schema(request=OnBehalfIn, responses=shapes.AfterOut)
class Supplement(CaseVerb):
    """窗口代申请人补正: 逐项更正、收文件或写说明."""

    shape, act = OnBehalfIn, staticmethod(actions.supplement)


@extend_schema(request=None, responses=shapes.AfterOut)
class ProlongSupplement(CaseVerb):
    """代申请人延长补正期限, 一次."""

    shape, act = NothingIn, staticmethod(actions.prolong_supplement)


class SupplementList(StaffView):
    @extend_schema(responses=SupplementOut(many=True))
    def get(self, request: Request, number: str) -> Response:
        """历次补正: 谁、何时、哪几项、怎么答的; 每次查看留痕."""
        case = actions.open_record(actor=self.actor, posts=self.posts, number=numbers.read(number))
        return Response(queries.history(case))


class DefectCatalogue(StaffView):
    @extend_schema(responses=CatalogueOut)
    def get(self, request: Request, number: str) -> Response:
        """可补清单: 哪些填报项和材料可以列为缺项, 各有哪些原因和惯用的补正办法; 查看留痕."""
        case = actions.open_record(actor=self.actor, posts=self.posts, number=numbers.read(number))
        return Response(missing.catalogue(case))


class ProposedSupplements(StaffView):
    @extend_schema(parameters=[PageIn], responses=SecondPage)
    def get(self, request: Request) -> Response:
        """等我批准的再次补正, 最早提出的在前."""
        duties.hold(self.posts, Duty.ENDORSE)
        rows = partial(queries.proposed, self.posts)
        return self.paged(rows, self.read_query(PageIn), parse=(moment, int))


class SecondSupplements(StaffView):
    @extend_schema(parameters=[SecondIn], responses=SecondPage)
    def get(self, request: Request) -> Response:
        """再次补正的办件: 本部门或所辖区域的, 最近的在前."""
        duties.hold(self.posts, Duty.OVERSEE)
        query = self.read_query(SecondIn)
        rows = partial(
            queries.second,
            self.posts,
            department=query["department"],
            avoidable=query["avoidable"],
        )
        return self.paged(rows, query, parse=(moment, int))


class SecondByOffice(StaffView):
    @extend_schema(parameters=[SpanIn], responses=OfficeOut(many=True))
    def get(self, request: Request) -> Response:
        """再次补正统计: 各部门提出几次, 其中几次首次本可告知, 最多的在前."""
        duties.hold(self.posts, Duty.OVERSEE)
        span = self.read_query(SpanIn)
        return Response(queries.second_by_office(self.posts, now=self.now, **span))
