"""事项草稿: write, check, simulate, sign off, try out, publish."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import simulation
from backend.cases.queries import simulate
from backend.catalogue.actions import drafting, publishing
from backend.catalogue.lifecycle import DraftState
from backend.catalogue.models import VersionDraft
from backend.catalogue.queries import drafts as queries
from backend.core.api import PageIn
from backend.staff_api.catalogue.procedures import TrailOut
from backend.staff_api.door import StaffView

MOST_SAMPLES = 20


class DraftsIn(PageIn):
    state = serializers.ChoiceField(
        choices=DraftState.choices, required=False, default="", allow_blank=True
    )


class RevisionIn(serializers.Serializer[Any]):
    revision = serializers.IntegerField(min_value=1, help_text="您看到的修订号")


class SaveIn(RevisionIn):
    definition = serializers.DictField(required=False, help_text="事项定义, JSON")
    text = serializers.CharField(
        required=False, default="", allow_blank=True, trim_whitespace=False, max_length=262_144,
        help_text="或 YAML 文本, 错误会指明行号",
    )  # fmt: skip


class TryOutIn(RevisionIn):
    divisions = serializers.ListField(
        child=serializers.RegexField(r"^[0-9]{12}$"), min_length=1, max_length=200,
        help_text="试点的县区、乡镇街道或村社区代码",
    )  # fmt: skip


class StopIn(serializers.Serializer[Any]):
    after = serializers.IntegerField(min_value=0, max_value=400, help_text="环节到达后第几日停表")
    days = serializers.IntegerField(min_value=1, max_value=400, help_text="停几个自然日")
    kind = serializers.ChoiceField(
        choices=(simulation.SPECIAL, simulation.SUPPLEMENT), default=simulation.SPECIAL
    )


class DoingIn(serializers.Serializer[Any]):
    takes = serializers.IntegerField(
        min_value=0, max_value=400, required=False, allow_null=True, default=None,
        help_text="用几日办完; 不填为用满环节天数",
    )  # fmt: skip
    passes = serializers.BooleanField(required=False, default=True)
    stops = StopIn(many=True, required=False, default=list)

    def to_internal_value(self, data: Any) -> Any:
        value = super().to_internal_value(data)
        stops = tuple(simulation.Stop(**one) for one in value["stops"])
        return simulation.Doing(value["takes"], value["passes"], stops)


class SampleIn(serializers.Serializer[Any]):
    name = serializers.CharField(label="名称", max_length=64)
    division = serializers.RegexField(r"^[0-9]{12}$", label="办理地区划")
    start_on = serializers.DateField(label="收件日")
    answers = serializers.DictField(
        required=False, default=dict, help_text="表单答案与事实, 如 applicant.age"
    )
    doings = serializers.DictField(
        child=DoingIn(), required=False, default=dict, help_text="环节 → 怎么办的"
    )
    granted = serializers.BooleanField(required=False, default=True)


class SimulateIn(serializers.Serializer[Any]):
    samples = serializers.ListField(
        child=SampleIn(), min_length=1, max_length=MOST_SAMPLES, help_text="示例办件"
    )


class FaultOut(serializers.Serializer[Any]):
    path = serializers.CharField()
    line = serializers.IntegerField(allow_null=True)
    reason = serializers.CharField()


class CheckedOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    faults = FaultOut(many=True, help_text="须改正的")
    warnings = FaultOut(many=True, help_text="提醒")


class VersionDraftRow(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    item_status = serializers.CharField()
    state = serializers.CharField()
    state_label = serializers.CharField()
    revision = serializers.IntegerField()
    edited_by = serializers.CharField()
    edited_at = serializers.DateTimeField()
    version = serializers.IntegerField(allow_null=True)


class VersionDraftPage(serializers.Serializer[Any]):
    results = VersionDraftRow(many=True)
    next = serializers.CharField(allow_null=True)


class SignOffOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    current = serializers.BooleanField(help_text="签认的是不是现在这一稿")
    signer = serializers.CharField()
    office = serializers.CharField()
    signed_at = serializers.DateTimeField()
    digest = serializers.CharField()
    holds = serializers.BooleanField(help_text="签名核验通过")


class VersionDraftOut(VersionDraftRow):
    definition = serializers.DictField()
    sign_offs = SignOffOut(many=True)
    trail = TrailOut(many=True)
    verbs = serializers.ListField(child=serializers.CharField())


class SignedOut(serializers.Serializer[Any]):
    revision = serializers.IntegerField()
    digest = serializers.CharField()
    signed_at = serializers.DateTimeField()


class StopOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    began_on = serializers.DateField()
    ended_on = serializers.DateField(allow_null=True)


class WalkedStepOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    name = serializers.CharField()
    role = serializers.CharField()
    office = serializers.CharField(allow_blank=True)
    opened_on = serializers.DateField()
    due_on = serializers.DateField()
    done_on = serializers.DateField(allow_null=True)
    state = serializers.CharField()
    late = serializers.BooleanField()
    provisional = serializers.BooleanField()


class WalkedOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    outcome = serializers.CharField()
    accepted_on = serializers.DateField()
    promised_due_on = serializers.DateField()
    statutory_due_on = serializers.DateField()
    provisional = serializers.BooleanField()
    decided_on = serializers.DateField(allow_null=True)
    ended_on = serializers.DateField(allow_null=True)
    kept = serializers.BooleanField(help_text="决定在承诺之内")
    stops = StopOut(many=True)
    steps = WalkedStepOut(many=True)


class SimulatedOut(serializers.Serializer[Any]):
    results = WalkedOut(many=True)


class VersionDrafts(StaffView):
    @extend_schema(parameters=[DraftsIn], responses=VersionDraftPage)
    def get(self, request: Request) -> Response:
        """事项草稿, 新的在前: 事项管理员看全部, 责任部门看本部门的."""
        query = self.read_query(DraftsIn)
        rows = partial(queries.page, self.posts, state=query["state"])
        return self.paged(rows, query, parse=(int,))


class VersionDraftDetail(StaffView):
    @extend_schema(responses=VersionDraftOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """一份草稿: 定义、签认、痕迹、现在能做什么."""
        return Response(queries.page_of(self.posts, uid))

    @extend_schema(request=SaveIn, responses=CheckedOut)
    def put(self, request: Request, uid: UUID) -> Response:
        """保存草稿: 有错也保存, 并一次列出全部错误; 改动后须重新签认."""
        draft, checked = drafting.revise(actor=self.actor, uid=uid, **self.read(SaveIn))
        return Response(queries.checked(draft, checked.faults, checked.warnings))


class VersionDraftValidate(StaffView):
    @extend_schema(request=None, responses=CheckedOut)
    def post(self, request: Request, uid: UUID) -> Response:
        """校验: 流程、条件、材料、部门与岗位的覆盖."""
        draft, checked = drafting.validate(actor=self.actor, uid=uid)
        return Response(queries.checked(draft, checked.faults, checked.warnings))


class VersionDraftSimulate(StaffView):
    @extend_schema(request=SimulateIn, responses=SimulatedOut)
    def post(self, request: Request, uid: UUID) -> Response:
        """模拟运行: 按示例办件走一遍, 给出每个环节的部门与起止日; 不留任何数据."""
        samples = [simulate.Sample(**one) for one in self.read(SimulateIn)["samples"]]
        found = simulate.simulate(self.posts, uid=uid, samples=samples, today=self.today)
        return Response({"results": found})


class VersionDraftSignOff(StaffView):
    @extend_schema(request=RevisionIn, responses={201: SignedOut})
    def post(self, request: Request, uid: UUID) -> Response:
        """签认: 责任部门负责人电子确认这一稿."""
        made = drafting.sign_off(actor=self.actor, uid=uid, **self.read(RevisionIn))
        digest = bytes(made.whole_digest).hex()
        body = {"revision": made.revision, "digest": digest, "signed_at": made.signed_at}
        return Response(body, status=201)


@extend_schema(request=TryOutIn, responses=VersionDraftRow)
class VersionDraftTryOut(StaffView):
    def post(self, request: Request, uid: UUID) -> Response:
        """试运行: 新事项先在所选区划收件; 由未编辑、未签认的另一位管理员."""
        return _row(publishing.try_out(actor=self.actor, uid=uid, **self.read(TryOutIn)))


@extend_schema(request=RevisionIn, responses=VersionDraftRow)
class VersionDraftPublish(StaffView):
    def post(self, request: Request, uid: UUID) -> Response:
        """发布: 全市生效; 由未编辑、未签认的另一位管理员."""
        return _row(publishing.publish(actor=self.actor, uid=uid, **self.read(RevisionIn)))


@extend_schema(request=RevisionIn, responses=VersionDraftRow)
class VersionDraftDiscard(StaffView):
    def post(self, request: Request, uid: UUID) -> Response:
        """作废草稿."""
        return _row(drafting.discard(actor=self.actor, uid=uid, **self.read(RevisionIn)))


def _row(draft: VersionDraft) -> Response:
    return Response(queries.row(draft))
