"""材料: what is taken in at a window, who gave what, and what staff find out about it."""

from collections.abc import Callable
from datetime import date
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.models import Case
from backend.cases.queries import ledger, material_queues
from backend.catalogue import ways
from backend.core.api import PageIn
from backend.files import shapes
from backend.staff_api.door import StaffView
from backend.staff_api.files import LOOK


class ChoiceIn(serializers.Serializer[Any]):
    """窗口怎么收一项材料: paper 当场收下纸质, onsite 当场核验, 其余同居民端."""

    agreed = serializers.BooleanField(required=False, help_text="commitment: 本人已读并同意")
    by = serializers.ChoiceField(choices=ways.OFFERED)
    earlier = serializers.IntegerField(required=False, min_value=1, max_value=2**63 - 1)
    file = serializers.UUIDField(required=False, help_text="upload: 窗口扫描的文件编号")


class WayOut(serializers.Serializer[Any]):
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    by = serializers.CharField()


class EarlierOut(serializers.Serializer[Any]):
    given_on = serializers.DateField()
    id = serializers.IntegerField()


class PromiseOut(serializers.Serializer[Any]):
    text = serializers.CharField(help_text="念给本人听, 同意后才能用")
    version = serializers.CharField()


class MaterialAheadOut(serializers.Serializer[Any]):
    """一项材料会怎样; by 不空的不得向居民要 (国务院令第 716 号 §9)."""

    by = serializers.CharField(allow_blank=True)
    choices = WayOut(many=True)
    earlier = EarlierOut(many=True)
    key = serializers.CharField()
    name = serializers.CharField()
    note = serializers.CharField(allow_blank=True)
    promise = PromiseOut(allow_null=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    says = serializers.CharField()
    when = serializers.CharField(allow_blank=True)


class SeenIn(serializers.Serializer[Any]):
    note = serializers.CharField(
        label="说明", required=False, default="", allow_blank=True, max_length=500
    )


class SettleIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="怎样核实的", max_length=500, help_text="必填, 以备查")


class CheckIn(SeenIn):
    honest = serializers.BooleanField(help_text="承诺属实为 true; 不实的此后不再适用告知承诺")


class QueueIn(PageIn):
    queue = serializers.ChoiceField(
        choices=material_queues.QUEUES,
        help_text="deferred 容缺待补 overdue 容缺逾期 doubtful 核验不一致或转人工 "
        "promises 待事后核查",
    )


class StandingOut(serializers.Serializer[Any]):
    """一项材料现在怎样."""

    state = serializers.CharField()
    state_label = serializers.CharField()
    key = serializers.CharField()
    name = serializers.CharField()
    by = serializers.CharField(allow_blank=True)
    by_label = serializers.CharField(allow_blank=True)
    verification = serializers.CharField(allow_blank=True)
    verification_label = serializers.CharField(allow_blank=True)
    required = serializers.BooleanField()  # type: ignore[assignment]
    due_on = serializers.DateField(allow_null=True)
    says = serializers.CharField(allow_blank=True)
    updated_at = serializers.DateTimeField()


class PaperOut(serializers.Serializer[Any]):
    state = serializers.CharField()
    state_label = serializers.CharField()
    uid = serializers.UUIDField()
    media_type = serializers.CharField()
    size = serializers.IntegerField()


class ReplacedOut(serializers.Serializer[Any]):
    replaced_at = serializers.DateTimeField()
    by = serializers.CharField()
    by_label = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()


class LedgerOut(StandingOut):
    """台账的一行: 谁何时交的, 凭什么, 换掉过什么, 现在能做什么."""

    given_by = serializers.CharField(help_text="工作人员姓名, 或申请人")
    file = PaperOut(allow_null=True)
    promise = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)
    before = ReplacedOut(many=True)
    verbs = serializers.ListField(child=serializers.CharField())


class QueueRow(StandingOut):
    number = serializers.CharField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    department = serializers.CharField()
    status = serializers.CharField()
    status_label = serializers.CharField()


class QueuePage(serializers.Serializer[Any]):
    results = QueueRow(many=True)
    next = serializers.CharField(allow_null=True)


class LedgerView(StaffView):
    def shown(self, number: str) -> Response:
        return Response(ledger.of_staff(self.actor, self.posts, number=number))


class CaseMaterials(LedgerView):
    @extend_schema(responses=LedgerOut(many=True))
    def get(self, request: Request, number: str) -> Response:
        """材料台账: 每项材料由什么解决、谁何时交的; 共享数据核验的没有要求居民提供."""
        return self.shown(numbers.read(number))


class MaterialVerb(LedgerView):
    """One act on one material: a body, one domain call, and the ledger after it."""

    shape: type[serializers.Serializer[Any]]
    act: Callable[..., Case]

    def post(self, request: Request, number: str, key: str) -> Response:
        body = self.read(self.shape)
        case = self.act(actor=self.actor, number=numbers.read(number), key=key, **body)
        return self.shown(case.number)


@extend_schema(request=ChoiceIn, responses=LedgerOut(many=True))
class HandIn(LedgerView):
    def post(self, request: Request, number: str, key: str) -> Response:
        """代交: 窗口替申请人上传, 或选用以前交过的."""
        case = actions.hand_in(
            actor=self.actor, number=numbers.read(number), key=key, choice=self.read(ChoiceIn)
        )
        return self.shown(case.number)


@extend_schema(request=SeenIn, responses=LedgerOut(many=True))
class Receive(MaterialVerb):
    """收取纸质材料: 任一窗口都可以收."""

    shape, act = SeenIn, staticmethod(actions.receive_material)


@extend_schema(request=SeenIn, responses=LedgerOut(many=True))
class Witness(MaterialVerb):
    """现场核验: 在窗口或上门当面核过."""

    shape, act = SeenIn, staticmethod(actions.witness_material)


@extend_schema(request=SeenIn, responses=LedgerOut(many=True))
class Verify(MaterialVerb):
    """核对无误: 经办环节看过原件或图片."""

    shape, act = SeenIn, staticmethod(actions.verify_material)


@extend_schema(request=SettleIn, responses=LedgerOut(many=True))
class Settle(MaterialVerb):
    """核验不一致或转人工的, 写明怎样核实."""

    shape, act = SettleIn, staticmethod(actions.settle_material)


@extend_schema(request=CheckIn, responses=LedgerOut(many=True))
class Check(MaterialVerb):
    """承诺的事后核查: 属实或不实; 由决定部门核查, 不实的告知申请人."""

    shape, act = CheckIn, staticmethod(actions.check_promise)


class SightIn(serializers.Serializer[Any]):
    purpose = serializers.CharField(label="查看事由", min_length=2, max_length=64)


class MaterialLink(StaffView):
    @extend_schema(request=SightIn, responses=shapes.LinkOut)
    def post(self, request: Request, number: str, key: str) -> Response:
        """看材料: 取一分钟内有效的链接, 副本带查看人水印; 打开即留痕, 居民可见是谁、为何看了."""
        LOOK.spend(f"account:{self.actor.pk}")
        link = actions.open_material(
            actor=self.actor, number=numbers.read(number), key=key, **self.read(SightIn)
        )
        return Response({"token": link.token, "expires_at": link.expires_at})


class MaterialQueue(StaffView):
    @extend_schema(parameters=[QueueIn], responses=QueuePage)
    def get(self, request: Request) -> Response:
        """材料待办: 容缺待补与逾期按期限先后, 待核实与待核查按先后."""
        query = self.read_query(QueueIn)
        kind = query["queue"]
        rows = partial(material_queues.queue, self.actor, self.posts, kind=kind)
        by_day = kind in material_queues.DUE
        return self.paged(rows, query, parse=(date.fromisoformat, int) if by_day else (int,))
