"""What a case's page looks like on the wire (办件全貌的形状); tests hold the rows to it."""

from typing import Any

from rest_framework import serializers

from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.cases.queries import staff
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.staff_api.filters import LIGHTS


class ApplicantOut(serializers.Serializer[Any]):
    """脱敏; 原值须经 reveal."""

    name = serializers.CharField()
    id_type = serializers.CharField(allow_blank=True)
    id_type_label = serializers.CharField(allow_blank=True)
    id_number = serializers.CharField(allow_blank=True)
    phone = serializers.CharField(allow_blank=True)
    gender = serializers.CharField()
    hukou = serializers.CharField(allow_blank=True)
    residence = serializers.CharField(allow_blank=True)
    realname_level = serializers.IntegerField()


class AnswerOut(serializers.Serializer[Any]):
    key = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    value = serializers.CharField(help_text="敏感项已脱敏")
    masked = serializers.BooleanField()


class MaterialOut(serializers.Serializer[Any]):
    key = serializers.CharField(allow_blank=True)
    name = serializers.CharField()
    required = serializers.BooleanField()  # type: ignore[assignment]
    applies = serializers.BooleanField(help_text="情形必要的材料, 本件是否需要")
    source = serializers.CharField()  # type: ignore[assignment]
    licence = serializers.CharField(allow_blank=True)
    note = serializers.CharField(allow_blank=True)


class ClockOut(serializers.Serializer[Any]):
    light = serializers.ChoiceField(choices=LIGHTS, allow_null=True)
    light_shape = serializers.ChoiceField(choices=sorted(staff.SHAPES.values()), allow_null=True)
    light_text = serializers.CharField(allow_blank=True)
    promised_due_on = serializers.DateField(allow_null=True)
    statutory_due_on = serializers.DateField(allow_null=True)
    warn_on = serializers.DateField(allow_null=True)
    paused_on = serializers.DateField(allow_null=True)
    provisional = serializers.BooleanField(help_text="跨年放假安排未公布, 日期暂定")
    day_kind = serializers.ChoiceField(choices=ServiceVersion.DayKind.choices)
    promised_left = serializers.IntegerField(allow_null=True)
    statutory_left = serializers.IntegerField(allow_null=True)


class StepOut(serializers.Serializer[Any]):
    step = serializers.CharField()
    name = serializers.CharField()
    phase = serializers.CharField()
    round = serializers.IntegerField()
    state = serializers.ChoiceField(choices=CaseStep.State.choices)
    state_label = serializers.CharField()
    department = serializers.CharField()
    role_label = serializers.CharField()
    opened_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    claimed_by = serializers.CharField(allow_blank=True)
    claimed_until = serializers.DateTimeField(allow_null=True)
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = serializers.CharField(allow_blank=True)
    opinion = serializers.CharField(allow_blank=True)


class AheadOut(serializers.Serializer[Any]):
    step = serializers.CharField()
    name = serializers.CharField()
    phase = serializers.CharField()
    role = serializers.CharField()
    department_code = serializers.CharField(allow_blank=True)
    days = serializers.IntegerField()
    counts = serializers.BooleanField()


class EventOut(serializers.Serializer[Any]):
    seq = serializers.IntegerField()
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    verb_label = serializers.CharField()
    office = serializers.CharField()
    actor = serializers.CharField(allow_blank=True)
    step = serializers.CharField(allow_blank=True)
    status = serializers.CharField()
    opinion = serializers.CharField(allow_blank=True)
    details = serializers.DictField()


class VerbOut(serializers.Serializer[Any]):
    verb = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]
    step = serializers.CharField(allow_blank=True, help_text="空为全件的操作")
    possible = serializers.BooleanField()
    code = serializers.CharField(allow_blank=True, help_text="不能时的错误码, 与实际操作一致")
    why = serializers.CharField(allow_blank=True)


class OverlapOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    item_name = serializers.CharField()
    status_label = serializers.CharField()
    granted = serializers.BooleanField()
    why = serializers.CharField(allow_blank=True)


class RecordOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    item_kind = serializers.ChoiceField(choices=ServiceItem.Kind.choices)
    version = serializers.IntegerField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)
    outcome_label = serializers.CharField(allow_blank=True)
    reason = serializers.CharField(allow_blank=True)
    channel = serializers.ChoiceField(choices=Case.Channel.choices)
    channel_label = serializers.CharField()
    department = serializers.CharField()
    previous = serializers.CharField(allow_blank=True, help_text="上次没有办成的同一事项, 办件编号")
    bundle = serializers.CharField(allow_blank=True, help_text="属于哪一件一件事")
    overlaps = OverlapOut(many=True, help_text="同一申请人不能同享的事项, 在办或已准予")
    intake_division = serializers.CharField()
    received_at = serializers.DateTimeField()
    accepted_at = serializers.DateTimeField(allow_null=True)
    decided_at = serializers.DateTimeField(allow_null=True)
    closed_at = serializers.DateTimeField(allow_null=True)
    clock = ClockOut()
    applicant = ApplicantOut()
    answers = AnswerOut(many=True)
    materials = MaterialOut(many=True)
    steps = StepOut(many=True)
    ahead = AheadOut(many=True)
    events = EventOut(many=True)
    verbs = VerbOut(many=True)


class AfterOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    outcome = serializers.CharField(allow_blank=True)


class RevealOut(serializers.Serializer[Any]):
    values = serializers.DictField(child=serializers.CharField())


class TraceOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    actor = serializers.CharField()
    act = serializers.CharField()
    purpose = serializers.CharField()
    subject = serializers.CharField()


class TracePage(serializers.Serializer[Any]):
    results = TraceOut(many=True)
    next = serializers.CharField(allow_null=True)
