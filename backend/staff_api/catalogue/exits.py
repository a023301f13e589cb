"""事项退出: propose, vet, decide; and the running cases it touches."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.queries import touched
from backend.catalogue.actions import exits, procedures
from backend.catalogue.models import Exit
from backend.catalogue.queries import procedures as queries
from backend.core.api import PageIn
from backend.staff_api.catalogue import procedures as shared
from backend.staff_api.door import StaffView


class GroundsIn(serializers.Serializer[Any]):
    legal_basis = serializers.CharField(label="依据", max_length=shared.TEXT)
    reason = serializers.CharField(label="理由", max_length=shared.TEXT)


class ExitIn(GroundsIn):
    item_code = serializers.CharField(label="事项编码", max_length=31)
    ground = serializers.ChoiceField(label="事由", choices=Exit.Ground.choices)


class ExitRow(shared.ProcedureOut):
    ground = serializers.CharField()
    ground_label = serializers.CharField()


class ExitOut(ExitRow):
    trail = shared.TrailOut(many=True)
    verbs = serializers.ListField(child=serializers.CharField())


class ExitPage(serializers.Serializer[Any]):
    results = ExitRow(many=True)
    next = serializers.CharField(allow_null=True)


class TouchedOut(serializers.Serializer[Any]):
    number = serializers.CharField()
    status = serializers.CharField()
    status_label = serializers.CharField()
    version = serializers.IntegerField()
    department = serializers.CharField()
    submitted_at = serializers.DateTimeField()
    promised_due_on = serializers.DateField(allow_null=True)


class TouchedPage(serializers.Serializer[Any]):
    results = TouchedOut(many=True)
    next = serializers.CharField(allow_null=True)


class Exits(StaffView):
    @extend_schema(parameters=[shared.ProceduresIn], responses=ExitPage)
    def get(self, request: Request) -> Response:
        """退出申请, 新的在前."""
        query = self.read_query(shared.ProceduresIn)
        rows = partial(queries.page, Exit, self.posts, status=query["status"], today=self.today)
        return self.paged(rows, query, parse=(int,))

    @extend_schema(request=ExitIn, responses={201: shared.StandsOut})
    def post(self, request: Request) -> Response:
        """申请退出: 长期低频、已全程网办或依据废止."""
        return shared.stands(exits.propose(actor=self.actor, **self.read(ExitIn)), status=201)


class ExitDetail(StaffView):
    @extend_schema(responses=ExitOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """一份退出申请: 内容、各阶段、痕迹、现在能做什么."""
        return Response(queries.detail(Exit, self.posts, uid=uid, today=self.today))


class ExitCases(StaffView):
    @extend_schema(parameters=[PageIn], responses=TouchedPage)
    def get(self, request: Request, uid: UUID) -> Response:
        """退出涉及的在办件, 旧的在前: 照各自的版本办完, 不受退出影响; 不含个人信息."""
        rows = partial(touched.by_exit, self.posts, uid=uid)
        return self.paged(rows, self.read_query(PageIn), parse=(int,))


@extend_schema(request=GroundsIn, responses=shared.StandsOut)
class ExitResubmit(shared.ProcedureVerb):
    """补充后再报."""

    shape, act = GroundsIn, staticmethod(exits.resubmit)


@extend_schema(request=shared.OpinionIn, responses=shared.StandsOut)
class ExitVet(shared.ProcedureVerb):
    """审查同意, 提请联席会议."""

    shape, act = shared.OpinionIn, staticmethod(partial(procedures.vet, Exit))


@extend_schema(request=shared.OpinionIn, responses=shared.StandsOut)
class ExitReturn(shared.ProcedureVerb):
    """退回补充: 写明缺什么."""

    shape, act = shared.OpinionIn, staticmethod(partial(procedures.send_back, Exit))


@extend_schema(request=shared.DecisionIn, responses=shared.StandsOut)
class ExitRefuse(shared.ProcedureVerb):
    """不同意退出: 写明理由."""

    shape, act = shared.DecisionIn, staticmethod(partial(procedures.refuse, Exit))


@extend_schema(request=shared.DecisionIn, responses=shared.StandsOut)
class ExitApprove(shared.ProcedureVerb):
    """同意退出: 即刻停止新收, 在办件照各自的版本办完."""

    shape, act = shared.DecisionIn, staticmethod(exits.approve)


@extend_schema(request=shared.TakeBackIn, responses=shared.StandsOut)
class ExitWithdraw(shared.ProcedureVerb):
    """撤回申请."""

    shape, act = shared.TakeBackIn, staticmethod(partial(procedures.withdraw, Exit))
