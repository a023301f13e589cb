"""What the pages of admission and exit share (准入、退出): the verbs, and how a stage is shown."""

from collections.abc import Callable
from typing import Any, ClassVar
from uuid import UUID

from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue.lifecycle import ProcedureStatus
from backend.core.api import PageIn
from backend.staff_api.door import StaffView

TEXT = 4000


class ProceduresIn(PageIn):
    status = serializers.ChoiceField(
        choices=ProcedureStatus.choices, required=False, default="", allow_blank=True
    )


class OpinionIn(serializers.Serializer[Any]):
    opinion = serializers.CharField(label="意见", max_length=TEXT, help_text="提出部门将看到")


class DecisionIn(OpinionIn):
    minutes = serializers.CharField(
        label="会议纪要号",
        max_length=64,
        required=False,
        default="",
        allow_blank=True,
        help_text="联席会议决定时必填",
    )


class TakeBackIn(serializers.Serializer[Any]):
    reason = serializers.CharField(
        label="原因", max_length=TEXT, required=False, default="", allow_blank=True
    )


class StageOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    label = serializers.CharField()  # type: ignore[assignment]  # DRF moves fields off the class
    opened_at = serializers.DateTimeField()
    due_on = serializers.DateField()
    late = serializers.BooleanField()
    done_at = serializers.DateTimeField(allow_null=True)
    done_by = serializers.CharField(allow_blank=True)
    outcome = serializers.CharField(allow_blank=True)
    opinion = serializers.CharField(allow_blank=True)
    minutes = serializers.CharField(allow_blank=True)


class TrailOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    verb = serializers.CharField()
    status = serializers.CharField()
    office = serializers.CharField()
    actor = serializers.CharField()
    details = serializers.DictField()
    note = serializers.CharField(allow_blank=True)


class ProcedureOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    status = serializers.CharField()
    status_label = serializers.CharField()
    office = serializers.CharField(help_text="提出部门")
    proposed_by = serializers.CharField()
    proposed_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    legal_basis = serializers.CharField()
    reason = serializers.CharField()
    item = serializers.CharField(allow_null=True)
    name = serializers.CharField()
    due_on = serializers.DateField(allow_null=True)
    late = serializers.BooleanField(help_text="当前阶段已超期")
    stages = StageOut(many=True)


class StandsOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    status = serializers.CharField()
    status_label = serializers.CharField()


class ProcedureVerb(StaffView):
    """One verb of a procedure: a body, one domain call, and how it stands after it."""

    shape: ClassVar[type[serializers.Serializer[Any]]]
    act: ClassVar[Callable[..., Any]]

    def post(self, request: Request, uid: UUID) -> Response:
        return stands(self.act(actor=self.actor, uid=uid, **self.read(self.shape)))


def stands(one: Any, status: int = 200) -> Response:
    return Response(
        {
            "uid": one.uid,
            "status": one.status,
            "status_label": ProcedureStatus(one.status).label,
        },
        status=status,
    )
