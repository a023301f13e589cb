"""参数: the city's standard, what places have set instead, and where they differ."""

from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue import actions
from backend.catalogue.queries import params
from backend.core.api import PageIn
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api.door import StaffView

CODE = r"^[0-9]{12}$"


@extend_schema_field(OpenApiTypes.ANY)
class AnyValue(serializers.JSONField):
    """数字、名单或一组数字, 与标准同类."""


class ParamPlaceIn(serializers.Serializer[Any]):
    division = serializers.RegexField(
        CODE, required=False, default="", help_text="区划代码; 不填为全市标准"
    )


class ParamUnsetIn(serializers.Serializer[Any]):
    division = serializers.RegexField(CODE, label="区划代码")
    key = serializers.CharField(label="参数", max_length=24)
    reason = serializers.CharField(label="理由", max_length=300)
    valid_from = serializers.DateField(
        label="生效日", required=False, default=None, allow_null=True, help_text="不填为今天"
    )


class ParamSetIn(ParamUnsetIn):
    value = AnyValue(label="数值")


class ParamOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    per = serializers.CharField(help_text="可以由哪一级设定")
    unit = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    standard = AnyValue(allow_null=True, help_text="全市标准")
    value = AnyValue(allow_null=True, help_text="此地现在的数值")
    text = serializers.CharField()
    division = serializers.CharField(allow_blank=True, help_text="由哪个区划设定; 空为全市标准")


class SettingOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    division = serializers.CharField()
    division_name = serializers.CharField()
    level = serializers.CharField()
    value = AnyValue(allow_null=True, help_text="空为撤销本地数值")
    text = serializers.CharField(allow_blank=True)
    valid_from = serializers.DateField()
    reason = serializers.CharField()
    set_at = serializers.DateTimeField()
    set_by = serializers.CharField()


class DifferenceOut(SettingOut):
    standard = AnyValue(allow_null=True)
    standard_text = serializers.CharField()
    fits = serializers.BooleanField(help_text="为否时与现行标准的类型不符, 暂按标准执行")


class SettingPage(serializers.Serializer[Any]):
    results = SettingOut(many=True)
    next = serializers.CharField(allow_null=True)


class DifferencePage(serializers.Serializer[Any]):
    results = DifferenceOut(many=True)
    next = serializers.CharField(allow_null=True)


class ParamHistoryIn(PageIn):
    key = serializers.CharField(required=False, default="", max_length=24)
    division = serializers.RegexField(CODE, required=False, default="")


class ParamList(StaffView):
    @extend_schema(parameters=[ParamPlaceIn], responses=ParamOut(many=True))
    def get(self, request: Request, code: str) -> Response:
        """参数: 某地现在的数值, 与全市标准并列."""
        duties.hold(self.posts, Duty.CONFIGURE)
        place = self.read_query(ParamPlaceIn)["division"]
        return Response(params.here(code, division=place, on=self.today))

    @extend_schema(request=ParamSetIn, responses=ParamOut(many=True))
    def post(self, request: Request, code: str) -> Response:
        """设定本地参数: 写明理由; 类型和范围照全市标准, 自生效日起, 以前的留痕."""
        body = self.read(ParamSetIn)
        actions.set_param(actor=self.actor, item_code=code, **body)
        return Response(params.here(code, division=body["division"], on=self.today))


class ParamUnset(StaffView):
    @extend_schema(request=ParamUnsetIn, responses=ParamOut(many=True))
    def post(self, request: Request, code: str) -> Response:
        """撤销本地参数: 恢复上级或全市标准, 写明理由."""
        body = self.read(ParamUnsetIn)
        actions.unset_param(actor=self.actor, item_code=code, **body)
        return Response(params.here(code, division=body["division"], on=self.today))


class ParamDiff(StaffView):
    @extend_schema(parameters=[PageIn], responses=DifferencePage)
    def get(self, request: Request, code: str) -> Response:
        """标准与本地差异: 每个与标准不同的区划一行, 按参数和区划排列."""
        duties.hold(self.posts, Duty.CONFIGURE)
        rows = partial(params.differing, code, on=self.today)
        return self.paged(rows, self.read_query(PageIn), parse=(str, str))


class ParamHistory(StaffView):
    @extend_schema(parameters=[ParamHistoryIn], responses=SettingPage)
    def get(self, request: Request, code: str) -> Response:
        """参数痕迹: 谁在何时为何设定或撤销, 最近的在前."""
        duties.hold(self.posts, Duty.CONFIGURE)
        query = self.read_query(ParamHistoryIn)
        rows = partial(params.history, code, key=query["key"], division=query["division"])
        return self.paged(rows, query, parse=(int,))
