"""办事大厅: the catalogue, the guide of an item and its form, and the divisions forms ask for."""

from functools import partial
from typing import Any

from django.utils import timezone
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.queries import items as queries
from backend.core.api import PageIn
from backend.organisation import queries as organisation
from miniprogram_api.door import OpenView
from miniprogram_api.materials import MaterialAheadOut


class ItemsIn(PageIn):
    theme = serializers.CharField(required=False, allow_blank=True, max_length=32)
    audience = serializers.CharField(required=False, allow_blank=True, max_length=16)
    q = serializers.CharField(
        required=False, allow_blank=True, max_length=50, help_text="名称、俗名、拼音或首字母"
    )


class ItemRow(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    short_name = serializers.CharField()
    theme = serializers.CharField()
    audience = serializers.ListField(child=serializers.CharField())
    kind = serializers.CharField()
    kind_label = serializers.CharField()
    promised = serializers.CharField(help_text="承诺时限, 如 15 个工作日")
    max_onsite = serializers.IntegerField(help_text="最多到现场次数")
    realname_level = serializers.IntegerField()
    online = serializers.BooleanField()
    stage = serializers.CharField(help_text="本人所在地: live 开通, pilot 试点, off 未开通")
    stage_label = serializers.CharField()
    offered = serializers.BooleanField(help_text="本人现在能否网上申请")
    why_not = serializers.CharField(allow_blank=True, help_text="不能的原因和怎么办")


class ItemPage(serializers.Serializer[Any]):
    results = ItemRow(many=True)
    next = serializers.CharField(allow_null=True)


class CountOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    count = serializers.IntegerField()


class ThemesOut(serializers.Serializer[Any]):
    themes = CountOut(many=True)
    audiences = CountOut(many=True)


class OfferOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    short_name = serializers.CharField()
    realname_level = serializers.IntegerField()
    online = serializers.BooleanField()
    stage = serializers.CharField(help_text="本人所在地: live 开通, pilot 试点, off 未开通")
    stage_label = serializers.CharField()
    offered = serializers.BooleanField()
    why_not = serializers.CharField(allow_blank=True)


class MaterialOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    conditional = serializers.BooleanField(help_text="只在部分情形需要")
    waived = serializers.BooleanField(help_text="本次无需提供")
    why = serializers.CharField(allow_blank=True, help_text="为何无需提供")
    source = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    copies = serializers.IntegerField()
    deferrable = serializers.BooleanField(help_text="可容缺后补")
    commitment = serializers.BooleanField(help_text="可告知承诺")
    note = serializers.CharField(allow_blank=True)


class StepOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    department = serializers.CharField()
    days = serializers.CharField()
    counts = serializers.BooleanField(help_text="是否计入承诺时限")
    together = serializers.BooleanField(help_text="与相邻环节同时进行")
    conditional = serializers.BooleanField()


class OnsiteOut(serializers.Serializer[Any]):
    most = serializers.IntegerField()
    why = serializers.CharField()


class ResultOut(serializers.Serializer[Any]):
    kind = serializers.CharField(allow_blank=True)
    document = serializers.CharField(allow_blank=True)
    delivery = serializers.ListField(child=serializers.CharField())


class AmountOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    text = serializers.CharField()
    local = serializers.BooleanField(help_text="当地自己定的, 不是全市标准")


class OpenInOut(serializers.Serializer[Any]):
    division = serializers.CharField()
    name = serializers.CharField()
    stage = serializers.CharField()
    stage_label = serializers.CharField()


class GuideOut(OfferOut):
    open_in = OpenInOut(many=True, help_text="全市在前, 其后为与上级不同的地方")
    theme = serializers.CharField()
    kind = serializers.CharField()
    kind_label = serializers.CharField()
    audience = serializers.ListField(child=serializers.CharField())
    promised = serializers.CharField()
    legal = serializers.CharField(help_text="法定时限")
    conditions = serializers.ListField(child=serializers.CharField())
    amounts = AmountOut(many=True, help_text="当地的标准: 金额、时数、名单")
    materials = MaterialOut(many=True)
    steps = StepOut(many=True)
    onsite = OnsiteOut()
    fee = serializers.CharField()
    window = serializers.CharField(allow_blank=True, help_text="申报期; 空为常年")
    publicity = serializers.CharField(allow_blank=True)
    result = ResultOut()
    validity = serializers.CharField(allow_blank=True)
    cross_region = serializers.CharField(allow_blank=True, help_text="通办范围")
    proxy_allowed = serializers.BooleanField()
    legal_basis = serializers.ListField(child=serializers.CharField())
    remedies = serializers.ListField(child=serializers.CharField())
    version = serializers.IntegerField()
    published_at = serializers.DateTimeField()


@extend_schema_field(OpenApiTypes.ANY)
class AnyValue(serializers.JSONField):
    """A value of the field's own type."""


class FieldOut(serializers.Serializer[Any]):
    """填写项; columns, options, rules and when stand as published."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    type = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    options = AnyValue(required=False)
    columns = AnyValue(required=False)
    rules = AnyValue(required=False)
    when = serializers.CharField(required=False)
    value = AnyValue(allow_null=True, help_text="预填值")
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    source_label = serializers.CharField(allow_blank=True, help_text="预填值从哪里来")
    verified_at = serializers.DateTimeField(allow_null=True, help_text="何时核实")


class FormOut(OfferOut):
    version = serializers.IntegerField()
    degraded = serializers.BooleanField(help_text="有共享库没有应答, 相应项需自己填写")
    fields_ = FieldOut(many=True)
    materials = MaterialAheadOut(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the field `fields`, a word the Serializer class keeps for itself."""
        return {key.rstrip("_"): one for key, one in super().get_fields().items()}


class DivisionsIn(serializers.Serializer[Any]):
    parent = serializers.RegexField(  # type: ignore[assignment]
        r"^[0-9]{12}$", required=False, default="", help_text="上级代码; 不填为全市各县(区)"
    )
    q = serializers.CharField(required=False, allow_blank=True, max_length=30, default="")


class DivisionOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    full_name = serializers.CharField(help_text="同名时带上级名")
    level = serializers.CharField()
    acting = serializers.CharField(allow_blank=True, help_text="由哪个功能区托管; 空为没有")


class ItemList(OpenView):
    @extend_schema(parameters=[ItemsIn], responses=ItemPage)
    def get(self, request: Request) -> Response:
        """事项目录: 按主题、人群、名称(俗名、拼音、首字母)查找."""
        query = self.read_query(ItemsIn)
        asked = {name: query.get(name, "") for name in ("theme", "audience", "q")}
        rows = partial(queries.listed, self.visitor, now=self.now, **asked)
        return self.paged(rows, query, parse=(_code,))


class ThemeList(OpenView):
    @extend_schema(responses=ThemesOut)
    def get(self, request: Request) -> Response:
        """主题和人群, 各有几项."""
        return Response(queries.themes())


class ItemGuide(OpenView):
    @extend_schema(responses=GuideOut)
    def get(self, request: Request, code: str) -> Response:
        """办事指南: 条件、材料、环节、时限、收费、到现场次数、依据和救济."""
        return Response(queries.guide(self.visitor, code=code, now=self.now))


class ItemForm(OpenView):
    @extend_schema(responses=FormOut)
    def get(self, request: Request, code: str) -> Response:
        """表单与预填: 每个预填值写明来源和核实时间; 每项材料写明会怎样, 要不要交."""
        return Response(queries.form(self.visitor, code=code, now=self.now))


class DivisionList(OpenView):
    @extend_schema(parameters=[DivisionsIn], responses=DivisionOut(many=True))
    def get(self, request: Request) -> Response:
        """区划: 逐级选择, 或按名称查找; 重名的带上级名, 托管的写明由谁承办."""
        query = self.read_query(DivisionsIn)
        return Response(organisation.divisions(today=timezone.localdate(self.now), **query))


def _code(text: str) -> str:
    """Read the code a page ended with; whatever else came is no position of this list."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(text)
    return text
