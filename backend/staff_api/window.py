"""窗口收件: any item of the city, for anybody: the person, the form, the case, the instant item."""

from functools import partial
from typing import Any

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema, extend_schema_field
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions
from backend.cases.actions.taking import How
from backend.cases.lifecycle import Status
from backend.cases.models import Case
from backend.cases.queries import window as queries
from backend.catalogue.models import ServiceItem
from backend.core.api import Limit, PageIn, idempotency_key
from backend.residents.models import Resident
from backend.staff_api.door import StaffView
from backend.staff_api.materials import ChoiceIn, MaterialAheadOut
from backend.staff_api.worklist import CaseList, CasePage, SeenView

FIND = Limit("staff_find_person", "60/minute")
KEY = OpenApiParameter(
    "Idempotency-Key",
    location="header",
    required=True,
    description="8–100 个字符; 重发同一次收件用同一个, 得到同一件",
)
# 小程序不在其内: what comes from there the resident sends themselves.
CHANNELS = [choice for choice in Case.Channel.choices if choice[0] != Case.Channel.MINIAPP]


class PurposeIn(serializers.Serializer[Any]):
    purpose = serializers.CharField(label="查看事由", min_length=2, max_length=64)


class FindIn(PurposeIn):
    id_number = serializers.CharField(label="证件号码", max_length=32)
    id_type = serializers.ChoiceField(
        label="证件类型", choices=Resident.IdType.choices, default=Resident.IdType.ID_CARD
    )


class RegisterIn(FindIn):
    name = serializers.CharField(label="姓名", max_length=50)
    phone = serializers.CharField(
        label="电话", required=False, default="", allow_blank=True, max_length=20
    )


class PersonOut(serializers.Serializer[Any]):
    """脱敏, 只够与眼前的人核对."""

    uid = serializers.UUIDField()
    name = serializers.CharField()
    id_type = serializers.CharField(allow_blank=True)
    id_number = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    hukou = serializers.CharField(allow_blank=True)
    residence = serializers.CharField(allow_blank=True)
    realname_level = serializers.IntegerField()
    reach = serializers.ChoiceField(
        choices=["miniapp", "phone", "none"], help_text="进展怎样告诉本人; none 须当面约定"
    )


class ItemsIn(PageIn):
    q = serializers.CharField(required=False, allow_blank=True, max_length=50)
    theme = serializers.CharField(required=False, allow_blank=True, max_length=32)
    audience = serializers.CharField(required=False, allow_blank=True, max_length=16)


class ItemRow(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    theme = serializers.CharField()
    kind = serializers.ChoiceField(choices=ServiceItem.Kind.choices)
    kind_label = serializers.CharField()
    promised = serializers.CharField()
    realname_level = serializers.IntegerField(help_text="本人到场核对证件即为 3")
    open = serializers.BooleanField(help_text="现在能否收件")
    why_not = serializers.CharField(allow_blank=True)


class ItemPage(serializers.Serializer[Any]):
    results = ItemRow(many=True)
    next = serializers.CharField(allow_null=True)


class FormIn(PurposeIn):
    person = serializers.UUIDField(help_text="persons/find 给出的 uid")


@extend_schema_field(OpenApiTypes.ANY)
class AnyValue(serializers.JSONField):
    """A value of the field's own type."""


class FieldOut(serializers.Serializer[Any]):
    """填写项, 与居民端同一份定义."""

    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    value = AnyValue(allow_null=True, help_text="预填值")
    source = serializers.CharField(allow_null=True)  # type: ignore[assignment]
    source_label = serializers.CharField(allow_blank=True)
    verified_at = serializers.DateTimeField(allow_null=True)
    type = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    rules = AnyValue(required=False)
    when = serializers.CharField(required=False)
    options = AnyValue(required=False)
    columns = AnyValue(required=False)


class FormOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    kind = serializers.ChoiceField(choices=ServiceItem.Kind.choices)
    open = serializers.BooleanField()
    why_not = serializers.CharField(allow_blank=True)
    version = serializers.IntegerField()
    degraded = serializers.BooleanField(help_text="有共享库没有应答")
    fields_ = FieldOut(many=True)
    materials = MaterialAheadOut(many=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the field `fields`, a word the Serializer class keeps for itself."""
        return {key.rstrip("_"): one for key, one in super().get_fields().items()}


class TakeIn(serializers.Serializer[Any]):
    person = serializers.UUIDField(help_text="persons/find 或 persons 给出的 uid")
    item = serializers.CharField(max_length=31, help_text="事项编码")
    answers = serializers.DictField(help_text="字段名 → 值")
    materials = serializers.DictField(
        child=ChoiceIn(), required=False, default=dict, help_text="材料 → 怎么交; 不用交的不写"
    )
    channel = serializers.ChoiceField(choices=CHANNELS)
    consent = serializers.ChoiceField(choices=Case.Consent.choices, help_text="代办依据")


class ReceiptOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    intake = serializers.CharField(help_text="收件地")
    submitted_at = serializers.DateTimeField()
    reach = serializers.ChoiceField(choices=["miniapp", "phone", "none"])


class PersonFind(StaffView):
    @extend_schema(request=FindIn, responses=PersonOut)
    def post(self, request: Request) -> Response:
        """读证找人: 证件号码只在请求体中; 每次查找留痕, 写明事由."""
        FIND.spend(f"account:{self.actor.pk}")
        person = actions.find_person(actor=self.actor, **self.read(FindIn))
        return Response(queries.card(person))


class PersonList(StaffView):
    @extend_schema(request=RegisterIn, responses={201: PersonOut})
    def post(self, request: Request) -> Response:
        """建档: 与人口库核对后登记没有账号的人; 已登记过的返回原档案."""
        FIND.spend(f"account:{self.actor.pk}")
        person = actions.register_person(actor=self.actor, **self.read(RegisterIn))
        return Response(queries.card(person), status=201)


class ItemList(StaffView):
    @extend_schema(parameters=[ItemsIn], responses=ItemPage)
    def get(self, request: Request) -> Response:
        """事项目录: 全市同一份; 未开通网上办理的, 窗口照收."""
        query = self.read_query(ItemsIn)
        asked = {name: query.get(name, "") for name in ("theme", "audience", "q")}
        return self.paged(partial(queries.listed, **asked), query, parse=(_code,))


class ItemForm(StaffView):
    @extend_schema(request=FormIn, responses=FormOut)
    def post(self, request: Request, code: str) -> Response:
        """为某人打开表单: 已知的预填并写明来源; 每次留痕."""
        person = actions.open_form(actor=self.actor, **self.read(FormIn))
        return Response(queries.form(person, asker=self.actor, code=code, now=self.now))


class CaseTake(CaseList):
    @extend_schema(parameters=[KEY], request=TakeIn, responses={201: ReceiptOut})
    def post(self, request: Request) -> Response:
        """
        收件: 全市任一事项, 归谁办由事项的属地规则定; 本窗口可跟踪, 不可审.

        本人到场核对证件的, 实名级别按 3 计. 同一事项已有在办件则 409 `already_open`.
        """
        return _receipt(actions.take(**_asked(self, request)))


class CaseInstant(StaffView):
    @extend_schema(parameters=[KEY], request=TakeIn, responses={201: ReceiptOut})
    def post(self, request: Request) -> Response:
        """一窗即办: 收件到办结一次完成, 当场给出结果; 不归本窗口办的 403, 请改为收件."""
        return _receipt(actions.take_instant(**_asked(self, request)))


class CasesTaken(SeenView):
    @extend_schema(parameters=[PageIn], responses=CasePage)
    def get(self, request: Request) -> Response:
        """本窗口代收的件, 不论归哪里办, 最近的在前."""
        return self.answer(queries.taken_at(self.posts), self.read_query(PageIn))


def _asked(view: StaffView, request: Request) -> dict[str, Any]:
    body = view.read(TakeIn)
    return {
        "actor": view.actor,
        "person": body["person"],
        "item_code": body["item"],
        "answers": body["answers"],
        "token": idempotency_key(request),
        "materials": body["materials"],
        "how": How(body["channel"], body["consent"]),
    }


def _receipt(case: Case) -> Response:
    told = {
        "number": case.number,
        "status": case.status,
        "status_label": Status(case.status).label,
        "outcome": case.outcome,
        "intake": case.intake_division.full_name,
        "submitted_at": case.submitted_at,
        "reach": queries.reach(case.applicant),
    }
    return Response(told, status=201)


def _code(text: str) -> str:
    """Read the code a page ended with; a position with anything else was not made here."""
    if not text.isascii() or not text.isprintable():
        raise ValueError(text)
    return text
