"""我的办件: what a resident applies for, sees of it, and takes back."""

from functools import partial
from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.lifecycle import Status
from backend.cases.models import Case
from backend.cases.queries import resident as queries
from backend.core.api import Limit, PageIn, idempotency_key, moment
from backend.documents.shapes import PaperRow
from miniprogram_api.door import ResidentView
from miniprogram_api.materials import ChoiceIn

SUBMIT = Limit("submit", "30/minute")
KEY = OpenApiParameter(
    "Idempotency-Key",
    location="header",
    required=True,
    description="8–100 个字符; 重发同一请求用同一个, 得到同一件",
)


class SubmitIn(serializers.Serializer[Any]):
    item = serializers.CharField(max_length=31, help_text="事项编码")
    answers = serializers.DictField(help_text="字段名 → 值")
    materials = serializers.DictField(
        child=ChoiceIn(), required=False, default=dict, help_text="材料 → 怎么交; 不用交的不写"
    )
    draft = serializers.UUIDField(required=False, help_text="提交成功后删除的草稿")


class SubmitOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    submitted_at = serializers.DateTimeField()


class CasesIn(PageIn):
    status = serializers.ChoiceField(
        choices=["open", "closed"], required=False, help_text="open 在办, closed 已结束"
    )


class CaseRow(serializers.Serializer[Any]):
    number = serializers.CharField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    department = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    promised_due_on = serializers.DateField(allow_null=True)
    light = serializers.CharField(allow_null=True, help_text="green yellow red blue; 无则为空")
    light_label = serializers.CharField(allow_blank=True)


class CasePage(serializers.Serializer[Any]):
    results = CaseRow(many=True)
    next = serializers.CharField(allow_null=True)


class TurnOut(serializers.Serializer[Any]):
    department = serializers.CharField()
    step = serializers.CharField()
    since = serializers.DateTimeField()
    until = serializers.DateField()


class TodoOut(serializers.Serializer[Any]):
    """待办: 等申请人做的一件事."""

    kind = serializers.ChoiceField(choices=["supplement"])
    number = serializers.CharField()
    text = serializers.CharField(help_text="如 还差 2 项要补")
    labels = serializers.ListField(child=serializers.CharField(), help_text="还没有补的各项")
    answered = serializers.IntegerField(help_text="已补的项数")
    due_on = serializers.DateField()
    days_left = serializers.IntegerField(help_text="还剩几个工作日; 0 为最后一天")
    may_prolong = serializers.BooleanField(help_text="可延一次")
    revision = serializers.IntegerField(help_text="提交补正时带上")


class PartOut(serializers.Serializer[Any]):
    """一件事的分项: 各有编号、部门、时限."""

    key = serializers.CharField()
    number = serializers.CharField()
    item_name = serializers.CharField()
    department = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    promised_due_on = serializers.DateField(allow_null=True)
    ended = serializers.BooleanField()


class ProgressOut(serializers.Serializer[Any]):
    """进度: 不含个人信息."""

    number = serializers.CharField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    outcome_label = serializers.CharField(allow_blank=True)
    headline = serializers.CharField(help_text="谁在办、到什么时候、下一步, 一句话")
    todo = TodoOut(many=True)
    parts = PartOut(many=True, help_text="一件事的各分项; 不是一件事则为空")
    now = TurnOut(many=True)
    next = serializers.ListField(child=serializers.CharField(), help_text="之后的环节")
    light = serializers.CharField(allow_null=True)
    light_label = serializers.CharField(allow_blank=True)
    promised_due_on = serializers.DateField(allow_null=True)
    statutory_due_on = serializers.DateField(allow_null=True)
    clock = serializers.ListField(child=serializers.CharField(), help_text="时限说明, 逐行")


class TimelineOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    text = serializers.CharField()
    reason = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class AnswerOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    value = serializers.CharField(help_text="敏感项已脱敏")


class CaseOut(ProgressOut):
    submitted_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    department = serializers.CharField(help_text="负责部门")
    previous = serializers.CharField(allow_blank=True, help_text="接着哪一件没办成的再提交")
    channel = serializers.ChoiceField(choices=Case.Channel.choices)
    channel_label = serializers.CharField()
    intake = serializers.CharField(help_text="收件地")
    reason = serializers.CharField(allow_blank=True)
    remedy = serializers.CharField(allow_blank=True, help_text="复议、诉讼途径")
    timeline = TimelineOut(many=True)
    answers = AnswerOut(many=True)
    papers = PaperRow(many=True, help_text="凭证、通知书、决定书, 新的在前")
    can_withdraw = serializers.BooleanField()


class WithdrawIn(serializers.Serializer[Any]):
    reason = serializers.CharField(
        max_length=500, required=False, allow_blank=True, default="", help_text="可不填"
    )


class CaseList(ResidentView):
    @extend_schema(parameters=[CasesIn], responses=CasePage)
    def get(self, request: Request) -> Response:
        """我的办件, 最近提交的在前."""
        query = self.read_query(CasesIn)
        rows = partial(queries.cases_of, self.actor, group=query.get("status"), now=self.now)
        return self.paged(rows, query, parse=(moment, int))

    @extend_schema(parameters=[KEY], request=SubmitIn, responses={201: SubmitOut})
    def post(self, request: Request) -> Response:
        """
        提交申请.

        重发得到同一件; 同一事项已有在办件则 409 `already_open`, 附其办事编号. 材料没有备齐则 422
        `materials_rejected`, 一次列全; 共享数据能核验的不用交.
        """
        SUBMIT.spend(f"account:{self.actor.pk}")
        body = self.read(SubmitIn)
        case = actions.submit(
            actor=self.actor,
            applicant=self.person,
            item_code=body["item"],
            answers=body["answers"],
            token=idempotency_key(request),
            draft=body.get("draft"),
            materials=body["materials"],
        )
        return Response(_receipt(case), status=201)


class CaseDetail(ResidentView):
    @extend_schema(responses=CaseOut)
    def get(self, request: Request, number: str) -> Response:
        """办件详情: 谁在办、还剩几天、下一步, 以及经过."""
        return Response(queries.detail(self.actor, number=numbers.read(number), now=self.now))


class CaseWithdraw(ResidentView):
    @extend_schema(request=WithdrawIn, responses=SubmitOut)
    def post(self, request: Request, number: str) -> Response:
        """撤回: 作出决定之前都可以."""
        body = self.read(WithdrawIn)
        case = actions.withdraw(actor=self.actor, number=numbers.read(number), **body)
        return Response(_receipt(case))


def _receipt(case: Any) -> dict[str, Any]:
    return {
        "number": case.number,
        "status": case.status,
        "status_label": Status(case.status).label,
        "submitted_at": case.submitted_at,
    }
