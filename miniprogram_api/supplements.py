"""补正: what is still missing in one's case, its answer line by line, and more days."""

from typing import Any

from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.lifecycle import Status
from backend.cases.models import Case
from backend.cases.queries import lacking
from backend.core.api import Limit, Numbered
from miniprogram_api.door import ResidentView
from miniprogram_api.items import AnyValue

SUPPLEMENT = Limit("supplement", "60/minute")


class LineOut(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    on = serializers.ChoiceField(choices=["field", "material"])
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    reason = serializers.CharField()
    reason_label = serializers.CharField()
    remedy = serializers.CharField(help_text="怎么补")
    sample = serializers.CharField(allow_blank=True)
    value = serializers.CharField(allow_blank=True, help_text="现在填的, 敏感项已脱敏; 材料为空")
    input = AnyValue(allow_null=True, help_text="填报项的类型与规则, 同表单; 材料为空")
    state = serializers.CharField(allow_blank=True, help_text="材料现在的状态; 填报项为空")
    state_label = serializers.CharField(allow_blank=True)
    answered = serializers.BooleanField()
    answered_at = serializers.DateTimeField(allow_null=True)
    reply = serializers.CharField(allow_blank=True, help_text="申请人写的说明")


class LackingOut(serializers.Serializer[Any]):
    """一次性告知: 每一项缺什么、为什么、怎么补."""

    number = serializers.CharField()
    item_name = serializers.CharField()
    ordinal = serializers.IntegerField(help_text="第几次")
    note = serializers.CharField(allow_blank=True)
    given_at = serializers.DateTimeField()
    due_on = serializers.DateField(help_text="最后一天")
    days_left = serializers.IntegerField(help_text="还剩几个工作日; 0 为最后一天")
    may_prolong = serializers.BooleanField(help_text="可延一次")
    revision = serializers.IntegerField(help_text="提交补正时带上")
    left = serializers.IntegerField(help_text="还没有补的项数")
    lines = LineOut(many=True)


class SupplementIn(serializers.Serializer[Any]):
    answers = serializers.DictField(required=False, help_text="填报项 → 新值")
    materials = serializers.DictField(
        child=serializers.UUIDField(), required=False, help_text="材料 → 已上传文件的 uid"
    )
    replies = Numbered(
        child=serializers.CharField(allow_blank=True, max_length=2000),
        required=False,
        help_text="序号 → 说明; 可以代替或补充前两项",
    )
    revision = serializers.IntegerField(
        required=False, min_value=0, max_value=2**31 - 1, help_text="看到的告知的版次"
    )


class SupplementOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    left = serializers.IntegerField(help_text="还没有补的项数; 0 为全部补齐")
    revision = serializers.IntegerField()


class CaseSupplement(ResidentView):
    @extend_schema(responses=LackingOut)
    def get(self, request: Request, number: str) -> Response:
        """要补的内容: 逐项写明缺什么、为什么、怎么补、现在是什么, 以及最后一天."""
        today = timezone.localdate(self.now)
        return Response(lacking.notice(self.actor, number=numbers.read(number), today=today))

    @extend_schema(request=SupplementIn, responses=SupplementOut)
    def post(self, request: Request, number: str) -> Response:
        """
        补正: 可以一次补齐, 也可以一项一项补; 补齐最后一项, 办件继续.

        重发同样的内容不会重复. 另一台设备刚补过同一项则 409 `supplement_moved`.
        """
        SUPPLEMENT.spend(f"account:{self.actor.pk}")
        body = self.read(SupplementIn)
        case = actions.supplement(actor=self.actor, number=numbers.read(number), **body)
        return Response(_after(case))


class CaseSupplementProlong(ResidentView):
    @extend_schema(request=None, responses=SupplementOut)
    def post(self, request: Request, number: str) -> Response:
        """补正延期: 来不及的可以延一次, 从原来的最后一天起再给同样多的工作日."""
        case = actions.prolong_supplement(actor=self.actor, number=numbers.read(number))
        return Response(_after(case))


def _after(case: Case) -> dict[str, Any]:
    status = Status(case.status)
    told = {"number": case.number, "status": status.value, "status_label": status.label}
    return told | lacking.left(case)
