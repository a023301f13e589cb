"""推广: where items are open, how far it has come, and each step with its reason."""

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue import actions
from backend.catalogue.models import Capability, Stage
from backend.catalogue.queries import rollout
from backend.core.api import PageIn
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api.catalogue.params import CODE
from backend.staff_api.door import StaffView


class RolloutOfIn(serializers.Serializer[Any]):
    item = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=31, help_text="不填为全部事项"
    )
    capability = serializers.ChoiceField(
        choices=Capability.choices, required=False, default=Capability.ONLINE
    )


class RolloutChartIn(RolloutOfIn):
    division = serializers.RegexField(CODE, required=False, default="", help_text="不填为全市")


class RolloutUnsetIn(RolloutOfIn):
    division = serializers.RegexField(CODE, label="区划代码")
    reason = serializers.CharField(label="理由", max_length=300)


class RolloutSetIn(RolloutUnsetIn):
    stage = serializers.ChoiceField(choices=Stage.choices)


class RolloutRowOut(serializers.Serializer[Any]):
    division = serializers.CharField()
    name = serializers.CharField()
    level = serializers.CharField()
    own = serializers.CharField(allow_blank=True, help_text="自己的设定; 空为随上级")
    stage = serializers.CharField()
    stage_label = serializers.CharField()
    from_division = serializers.CharField(allow_blank=True, help_text="由哪个区划的设定决定")
    opened = serializers.IntegerField(help_text="已开通(含试点)的村社")
    live = serializers.IntegerField(help_text="其中正式开通的村社")
    villages = serializers.IntegerField(help_text="全部村社")


class RolloutChartOut(serializers.Serializer[Any]):
    item = serializers.CharField(allow_blank=True)
    capability = serializers.CharField()
    results = RolloutRowOut(many=True, help_text="第一行为该区划自己, 其后为下一级")


class RolloutChangesIn(PageIn):
    item = serializers.CharField(required=False, default="", max_length=31)
    division = serializers.RegexField(CODE, required=False, default="")


class RolloutChangeOut(serializers.Serializer[Any]):
    item = serializers.CharField(allow_blank=True)
    division = serializers.CharField()
    division_name = serializers.CharField()
    capability = serializers.CharField()
    before = serializers.CharField(allow_blank=True)
    after = serializers.CharField(allow_blank=True)
    reason = serializers.CharField()
    changed_at = serializers.DateTimeField()
    changed_by = serializers.CharField()


class RolloutChangePage(serializers.Serializer[Any]):
    results = RolloutChangeOut(many=True)
    next = serializers.CharField(allow_null=True)


class RolloutChart(StaffView):
    @extend_schema(parameters=[RolloutChartIn], responses=RolloutChartOut)
    def get(self, request: Request) -> Response:
        """推广地图: 一个区划和它的下一级, 各自的阶段、由谁决定、已开通村社数."""
        duties.hold(self.posts, Duty.CONFIGURE)
        return Response(rollout.chart(**self.read_query(RolloutChartIn), today=self.today))

    @extend_schema(request=RolloutSetIn, responses=RolloutChartOut)
    def post(self, request: Request) -> Response:
        """设定开通: 关闭、试点、开通依次推进, 或者关闭; 在办件不受影响."""
        body = self.read(RolloutSetIn)
        asked = {key: body[key] for key in ("capability", "division", "stage", "reason")}
        actions.set_rollout(actor=self.actor, item_code=body["item"], **asked)
        return _chart(self, body)


class RolloutUnset(StaffView):
    @extend_schema(request=RolloutUnsetIn, responses=RolloutChartOut)
    def post(self, request: Request) -> Response:
        """撤销设定: 随上级执行."""
        body = self.read(RolloutUnsetIn)
        asked = {key: body[key] for key in ("capability", "division", "reason")}
        actions.unset_rollout(actor=self.actor, item_code=body["item"], **asked)
        return _chart(self, body)


def _chart(view: StaffView, body: dict[str, Any]) -> Response:
    asked = {key: body[key] for key in ("item", "capability", "division")}
    return Response(rollout.chart(**asked, today=view.today))


class RolloutChanges(StaffView):
    @extend_schema(parameters=[RolloutChangesIn], responses=RolloutChangePage)
    def get(self, request: Request) -> Response:
        """开通痕迹: 谁在何时为何开通或关停, 最近的在前."""
        duties.hold(self.posts, Duty.CONFIGURE)
        query = self.read_query(RolloutChangesIn)
        rows = partial(rollout.changes, item=query["item"], division=query["division"])
        return self.paged(rows, query, parse=(int,))
