"""时限: the acts of a case's clock, one call each, and its dates explained line by line."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.lifecycle import Status
from backend.cases.models import ClockStop
from backend.cases.queries import clock as queries
from backend.catalogue.models import ServiceVersion
from backend.staff_api import shapes
from backend.staff_api.cases import CaseVerb, NoteIn
from backend.staff_api.door import StaffView
from backend.staff_api.filters import LIGHTS


class SuspendIn(serializers.Serializer[Any]):
    step = serializers.SlugField(label="环节", max_length=32)
    reason = serializers.ChoiceField(label="事由", choices=ClockStop.Reason.choices)
    expected_days = serializers.IntegerField(label="预计天数", help_text="自然日, 会书面告知申请人")
    note = serializers.CharField(
        label="说明",
        required=False,
        default="",
        allow_blank=True,
        max_length=300,
        help_text="时间、地点等, 申请人将看到",
    )


class ResumeIn(serializers.Serializer[Any]):
    note = serializers.CharField(
        label="说明",
        required=False,
        default="",
        allow_blank=True,
        max_length=300,
        help_text="申请人将看到",
    )


class ProposeExtensionIn(serializers.Serializer[Any]):
    step = serializers.SlugField(label="环节", max_length=32)
    days = serializers.IntegerField(label="天数", help_text="按事项的计日口径")
    reason = serializers.CharField(label="理由", max_length=500, help_text="批准后申请人将看到")


class RefusalIn(serializers.Serializer[Any]):
    note = serializers.CharField(label="意见", max_length=1000)


class TerminateIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="理由", max_length=1000, help_text="申请人将看到")


class ClockLineOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    on = serializers.DateField(allow_null=True)
    text = serializers.CharField()
    inner = serializers.BooleanField(help_text="只在部门之间, 居民端没有这一行")


class CaseClockOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    day_kind = serializers.ChoiceField(choices=ServiceVersion.DayKind.choices)
    light = serializers.ChoiceField(choices=LIGHTS, allow_null=True)
    promised_due_on = serializers.DateField(allow_null=True)
    statutory_due_on = serializers.DateField(allow_null=True)
    paused_on = serializers.DateField(allow_null=True)
    provisional = serializers.BooleanField()
    lines = ClockLineOut(many=True)


class Clock(StaffView):
    @extend_schema(responses=CaseClockOut)
    def get(self, request: Request, number: str) -> Response:
        """时限说明: 起算日、第1日、停表、延期、日历调整与每个环节的到期日, 逐行写明怎么算的."""
        page = queries.of_case(
            self.actor, posts=self.posts, number=numbers.read(number), now=self.now
        )
        return Response(page)


@extend_schema(request=SuspendIn, responses=shapes.AfterOut)
class Suspend(CaseVerb):
    """特别程序: 停表并书面告知申请人事由与预计天数; 只有配置了特别程序的环节可以."""

    shape, act = SuspendIn, staticmethod(actions.suspend)


@extend_schema(request=ResumeIn, responses=shapes.AfterOut)
class Resume(CaseVerb):
    """恢复计时: 特别程序完成, 停下的天数顺延."""

    shape, act = ResumeIn, staticmethod(actions.resume)


@extend_schema(request=ProposeExtensionIn, responses=shapes.AfterOut)
class ProposeExtension(CaseVerb):
    """申请延期: 承办人提出, 等决定部门负责人批准; 批准以前时限不变."""

    shape, act = ProposeExtensionIn, staticmethod(actions.propose_extension)


@extend_schema(request=NoteIn, responses=shapes.AfterOut)
class Extend(CaseVerb):
    """批准延期: 负责人批准, 承诺与法定时限同时延长, 理由告知申请人; 不能批自己提的."""

    shape, act = NoteIn, staticmethod(actions.extend)


@extend_schema(request=RefusalIn, responses=shapes.AfterOut)
class RefuseExtension(CaseVerb):
    """不批准延期: 时限不变."""

    shape, act = RefusalIn, staticmethod(actions.refuse_extension)


@extend_schema(request=TerminateIn, responses=shapes.AfterOut)
class Terminate(CaseVerb):
    """终止: 决定以前由负责人终止 (如申请人死亡), 写明理由, 告知救济途径."""

    shape, act = TerminateIn, staticmethod(actions.terminate)
