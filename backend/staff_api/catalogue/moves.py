"""换版: what moving running cases to the newest version would change, and the order to do so."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions
from backend.cases.lifecycle import Status
from backend.cases.models import MovedCase, VersionMove
from backend.cases.queries import versions as queries
from backend.core.api import PageIn
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api.door import StaffView

MOST_NUMBERS = 500


class MoveIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="理由", max_length=300)


class MoveRunIn(serializers.Serializer[Any]):
    numbers = serializers.ListField(
        child=serializers.CharField(max_length=24),
        required=False,
        default=list,
        max_length=MOST_NUMBERS,
        help_text="办事编号; 不填为全部可换的",
    )


class MoveReasonOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    count = serializers.IntegerField()


class MoveResultsOut(serializers.Serializer[Any]):
    waiting = serializers.IntegerField(help_text="未执行")
    chosen = serializers.IntegerField(help_text="待执行")
    moved = serializers.IntegerField(help_text="已换版")
    skipped = serializers.IntegerField(help_text="未换版, 各有原因")


class MoveOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    item = serializers.CharField()
    version = serializers.IntegerField(help_text="换到第几版")
    state = serializers.ChoiceField(choices=VersionMove.State.choices)
    state_label = serializers.CharField()
    reason = serializers.CharField()
    asked_at = serializers.DateTimeField()
    office = serializers.CharField()
    total = serializers.IntegerField(help_text="在旧版上的在办件")
    can = serializers.IntegerField()
    cannot = serializers.IntegerField()
    better = serializers.IntegerField(help_text="其中承诺日提前的")
    told = serializers.IntegerField(help_text="其中要告知申请人的")
    reasons = MoveReasonOut(many=True, help_text="不能换的原因, 各有几件")
    results = MoveResultsOut()


class MoveBlockOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    why = serializers.CharField()


class MoveStepOut(serializers.Serializer[Any]):
    step = serializers.CharField()
    name = serializers.CharField()


class MovedCaseOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    before = serializers.IntegerField(help_text="现在是第几版")
    can = serializers.BooleanField()
    blocks = MoveBlockOut(many=True, help_text="不能换的原因")
    appear = MoveStepOut(many=True, help_text="多出的环节")
    vanish = MoveStepOut(many=True, help_text="少掉的环节")
    missed = MoveStepOut(many=True, help_text="新版中已经走过, 不再补办的环节")
    fields_ = serializers.ListField(child=serializers.CharField(), help_text="新表单要填而没有填的")
    materials = serializers.ListField(child=serializers.CharField(), help_text="新版多要的材料")
    promised_days = serializers.ListField(child=serializers.CharField(), help_text="原来, 以后")
    due_on = serializers.ListField(
        child=serializers.DateField(allow_null=True), help_text="承诺办结日: 原来, 以后"
    )
    state = serializers.ChoiceField(choices=MovedCase.State.choices)
    state_label = serializers.CharField()
    why = serializers.CharField(allow_blank=True, help_text="没有换版的原因")
    done_at = serializers.DateTimeField(allow_null=True)

    def get_fields(self) -> dict[str, serializers.Field[Any, Any, Any, Any]]:
        """Name the field `fields`, a word the Serializer class keeps for itself."""
        return {key.rstrip("_"): one for key, one in super().get_fields().items()}


class MovedCasePage(serializers.Serializer[Any]):
    results = MovedCaseOut(many=True)
    next = serializers.CharField(allow_null=True)


class MovedCasesIn(PageIn):
    can = serializers.BooleanField(required=False, default=None, allow_null=True)
    state = serializers.ChoiceField(
        choices=MovedCase.State.choices, required=False, default="", allow_blank=True
    )


class Moves(StaffView):
    @extend_schema(request=MoveIn, responses={201: MoveOut})
    def post(self, request: Request, code: str) -> Response:
        """试算换版: 逐件说明换到现行版本会改变什么、哪些不能换; 不改动任何办件."""
        move = actions.propose_move(actor=self.actor, item_code=code, **self.read(MoveIn))
        return Response(queries.report(code, move.uid), status=201)


class MoveDetail(StaffView):
    @extend_schema(responses=MoveOut)
    def get(self, request: Request, code: str, uid: UUID) -> Response:
        """换版报告: 试算的合计, 以及执行到哪里."""
        duties.hold(self.posts, Duty.CONFIGURE)
        return Response(queries.report(code, uid))


class MoveCases(StaffView):
    @extend_schema(parameters=[MovedCasesIn], responses=MovedCasePage)
    def get(self, request: Request, code: str, uid: UUID) -> Response:
        """换版办件: 每件一行, 会多哪些、少哪些, 承诺日怎么变, 不能换的写明原因."""
        duties.hold(self.posts, Duty.CONFIGURE)
        query = self.read_query(MovedCasesIn)
        rows = partial(queries.rows, code, uid, can=query["can"], state=query["state"])
        return self.paged(rows, query, parse=(int,))


class MoveRun(StaffView):
    @extend_schema(request=MoveRunIn, responses=MoveOut)
    def post(self, request: Request, code: str, uid: UUID) -> Response:
        """执行换版: 选定的, 或全部可换的; 逐件加锁再核对, 有了新进展的不动并写明原因."""
        actions.run_move(actor=self.actor, item_code=code, uid=uid, **self.read(MoveRunIn))
        return Response(queries.report(code, uid))
