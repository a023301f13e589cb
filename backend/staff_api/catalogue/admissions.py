"""事项准入: apply, vet, decide; the list and each application with its stages and trail."""

from decimal import Decimal
from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue.actions import admissions, procedures
from backend.catalogue.actions.admissions import Application
from backend.catalogue.definition.words import LEVELS
from backend.catalogue.models import Admission
from backend.catalogue.queries import procedures as queries
from backend.staff_api.catalogue import procedures as shared
from backend.staff_api.door import StaffView


class ApplicationIn(serializers.Serializer[Any]):
    code = serializers.RegexField(r"^[A-Za-z0-9-]{1,31}$", label="拟用事项编码")
    name = serializers.CharField(label="事项名称", max_length=128)
    theme = serializers.CharField(label="主题", max_length=32)
    level = serializers.ChoiceField(label="行使层级", choices=LEVELS)
    department_code = serializers.CharField(label="责任部门代码", max_length=16)
    legal_basis = serializers.CharField(label="依据", max_length=shared.TEXT)
    reason = serializers.CharField(
        label="协助理由", max_length=shared.TEXT, help_text="为何要由社区协助"
    )
    monthly_cases = serializers.IntegerField(label="每月件数", min_value=1, max_value=1_000_000)
    minutes_each = serializers.IntegerField(label="每件用时(分钟)", min_value=1, max_value=10_000)
    yearly_funding = serializers.DecimalField(
        label="每年经费(元)", max_digits=14, decimal_places=2, min_value=0, required=False,
        default=Decimal(0),
    )  # fmt: skip
    staff_offered = serializers.DecimalField(
        label="随事项配备人员", max_digits=6, decimal_places=1, min_value=0, required=False,
        default=Decimal(0),
    )  # fmt: skip
    offer_note = serializers.CharField(
        label="经费与人员说明", max_length=shared.TEXT, required=False, default="",
        allow_blank=True,
    )  # fmt: skip


class AdmissionRow(shared.ProcedureOut):
    code = serializers.CharField()
    theme = serializers.CharField()
    level = serializers.CharField()
    department = serializers.CharField()
    monthly_cases = serializers.IntegerField()
    minutes_each = serializers.IntegerField()
    monthly_hours = serializers.FloatField()
    yearly_funding = serializers.DecimalField(max_digits=14, decimal_places=2)
    staff_offered = serializers.DecimalField(max_digits=6, decimal_places=1)
    offer_note = serializers.CharField(allow_blank=True)


class AdmissionOut(AdmissionRow):
    trail = shared.TrailOut(many=True)
    verbs = serializers.ListField(child=serializers.CharField())


class AdmissionPage(serializers.Serializer[Any]):
    results = AdmissionRow(many=True)
    next = serializers.CharField(allow_null=True)


class Admissions(StaffView):
    @extend_schema(parameters=[shared.ProceduresIn], responses=AdmissionPage)
    def get(self, request: Request) -> Response:
        """准入申请, 新的在前: 本部门提出的; 民政、联席会议与监察看所辖范围."""
        query = self.read_query(shared.ProceduresIn)
        rows = partial(
            queries.page, Admission, self.posts, status=query["status"], today=self.today
        )
        return self.paged(rows, query, parse=(int,))

    @extend_schema(request=ApplicationIn, responses={201: shared.StandsOut})
    def post(self, request: Request) -> Response:
        """申请准入: 依据、协助理由、工作量、随事项下沉的经费或人员; 民政部门限期审查."""
        application = Application(**self.read(ApplicationIn))
        made = admissions.propose(actor=self.actor, application=application)
        return shared.stands(made, status=201)


class AdmissionDetail(StaffView):
    @extend_schema(responses=AdmissionOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """一份准入申请: 内容、各阶段的期限与意见、痕迹、现在能做什么."""
        return Response(queries.detail(Admission, self.posts, uid=uid, today=self.today))


class AdmissionResubmit(StaffView):
    @extend_schema(request=ApplicationIn, responses=shared.StandsOut)
    def post(self, request: Request, uid: UUID) -> Response:
        """补充后再报: 民政部门的期限重新起算."""
        application = Application(**self.read(ApplicationIn))
        return shared.stands(
            admissions.resubmit(actor=self.actor, uid=uid, application=application)
        )


@extend_schema(request=shared.OpinionIn, responses=shared.StandsOut)
class AdmissionVet(shared.ProcedureVerb):
    """审查同意, 提请联席会议."""

    shape, act = shared.OpinionIn, staticmethod(partial(procedures.vet, Admission))


@extend_schema(request=shared.OpinionIn, responses=shared.StandsOut)
class AdmissionReturn(shared.ProcedureVerb):
    """退回补充: 写明缺什么."""

    shape, act = shared.OpinionIn, staticmethod(partial(procedures.send_back, Admission))


@extend_schema(request=shared.DecisionIn, responses=shared.StandsOut)
class AdmissionRefuse(shared.ProcedureVerb):
    """不同意准入: 写明理由; 联席会议另写会议纪要号."""

    shape, act = shared.DecisionIn, staticmethod(partial(procedures.refuse, Admission))


@extend_schema(request=shared.DecisionIn, responses=shared.StandsOut)
class AdmissionApprove(shared.ProcedureVerb):
    """同意准入: 事项以草稿进入目录."""

    shape, act = shared.DecisionIn, staticmethod(admissions.approve)


@extend_schema(request=shared.TakeBackIn, responses=shared.StandsOut)
class AdmissionWithdraw(shared.ProcedureVerb):
    """撤回申请: 决定以前, 由提出部门."""

    shape, act = shared.TakeBackIn, staticmethod(partial(procedures.withdraw, Admission))
