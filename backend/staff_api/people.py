"""人员安排: load, stand-ins, hand-over when somebody leaves, recusals, transfer."""

from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases import actions, numbers
from backend.cases.models import Recusal
from backend.cases.queries import people as queries
from backend.core.api import PageIn
from backend.organisation import actions as organisation
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.staff_api import shapes
from backend.staff_api.cases import CaseVerb, after
from backend.staff_api.door import StaffView


class SeatOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    role = serializers.CharField()
    role_label = serializers.CharField()
    department = serializers.CharField()
    waiting = serializers.IntegerField(help_text="等这个岗位办的环节, 不论由谁认领")


class PersonLoad(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    login = serializers.CharField()
    posts = SeatOut(many=True)
    claimed = serializers.IntegerField(help_text="已认领未办完")
    claimed_late = serializers.IntegerField(help_text="其中超期")


class LoadPage(serializers.Serializer[Any]):
    results = PersonLoad(many=True)
    next = serializers.CharField(allow_null=True)


class StandInIn(serializers.Serializer[Any]):
    post = serializers.IntegerField(min_value=1, help_text="岗位 id, 见人员名单")
    staff = serializers.IntegerField(min_value=1, help_text="代岗人 id")
    valid_from = serializers.DateField()
    valid_to = serializers.DateField(help_text="最长 180 天")


class StandInRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    post = serializers.IntegerField()
    role_label = serializers.CharField()
    department = serializers.CharField()
    absent = serializers.CharField()
    stand_in = serializers.CharField()
    valid_from = serializers.DateField()
    valid_to = serializers.DateField()
    ended_at = serializers.DateTimeField(allow_null=True)


class StandInPage(serializers.Serializer[Any]):
    results = StandInRow(many=True)
    next = serializers.CharField(allow_null=True)


class StandInOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()


class LeaveIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="事由", min_length=2, max_length=100)
    to = serializers.IntegerField(
        min_value=1, required=False, allow_null=True, default=None, help_text="接手人 id; 空为放回"
    )


class HandedStep(serializers.Serializer[Any]):
    number = serializers.CharField()
    step = serializers.CharField()
    step_name = serializers.CharField()
    to = serializers.CharField(allow_blank=True, help_text="空为放回部门")


class HandOverOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    name = serializers.CharField()
    reason = serializers.CharField()
    at = serializers.DateTimeField()
    steps = HandedStep(many=True)


class HandOverPage(serializers.Serializer[Any]):
    results = HandOverOut(many=True)
    next = serializers.CharField(allow_null=True)


class IdentityIn(serializers.Serializer[Any]):
    id_number = serializers.CharField(
        required=False, default="", allow_blank=True, max_length=32, help_text="只留比对索引"
    )
    phone = serializers.CharField(required=False, default="", allow_blank=True, max_length=20)


class RecuseIn(serializers.Serializer[Any]):
    relation = serializers.ChoiceField(label="关系", choices=Recusal.Relation.choices)
    staff = serializers.IntegerField(
        min_value=1, required=False, allow_null=True, default=None, help_text="空为本人声明"
    )


class StateKinIn(serializers.Serializer[Any]):
    related = serializers.BooleanField(label="有近亲属关系")
    relation = serializers.ChoiceField(
        label="关系", choices=Recusal.Relation.choices, required=False, default="", allow_blank=True
    )


class LiftIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="解除理由", min_length=2, max_length=300)


class RecusalRow(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    number = serializers.CharField()
    item_name = serializers.CharField()
    name = serializers.CharField()
    relation_label = serializers.CharField()
    found_label = serializers.CharField()
    declared_by = serializers.CharField()
    at = serializers.DateTimeField()
    lifted_at = serializers.DateTimeField(allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class RecusalPage(serializers.Serializer[Any]):
    results = RecusalRow(many=True)
    next = serializers.CharField(allow_null=True)


class TransferIn(serializers.Serializer[Any]):
    to = serializers.RegexField(r"^\d{12}$", label="移送到", help_text="区划代码")
    reason = serializers.CharField(label="理由", max_length=500, help_text="申请人将看到")


class StaffList(StaffView):
    @extend_schema(parameters=[PageIn], responses=LoadPage)
    def get(self, request: Request) -> Response:
        """人员与负荷: 负责人看本部门(乡镇含所辖站点), 监察看辖区."""
        duties.hold(self.posts, Duty.STAFFING)
        rows = partial(queries.staff, self.posts, today=self.today)
        return self.paged(rows, self.read_query(PageIn), parse=(int,))


class StaffLeave(StaffView):
    @extend_schema(request=LeaveIn, responses=HandOverOut)
    def post(self, request: Request, pk: int) -> Response:
        """离岗交接: 岗位、账号、登录一并结束, 手上的环节放回部门或交给同事, 返回清单."""
        done = actions.hand_over(actor=self.actor, staff=pk, **self.read(LeaveIn))
        return Response(queries.handed(done))


class StaffIdentity(StaffView):
    @extend_schema(request=IdentityIn, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """登记回避比对信息: 证件号码与电话只留盲索引, 用来发现本人和家人的件."""
        actions.identify_staff(actor=self.actor, staff=pk, **self.read(IdentityIn))
        return Response(status=204)


class StandIns(StaffView):
    @extend_schema(parameters=[PageIn], responses=StandInPage)
    def get(self, request: Request) -> Response:
        """代岗安排, 最近的在前."""
        duties.hold(self.posts, Duty.STAFFING)
        rows = partial(queries.stand_ins, self.posts)
        return self.paged(rows, self.read_query(PageIn), parse=(int,))

    @extend_schema(request=StandInIn, responses={201: StandInOut})
    def post(self, request: Request) -> Response:
        """安排代岗 (AB岗): 期间代岗人有该岗位的职责, 痕迹注明代岗."""
        made = organisation.stand_in(actor=self.actor, **self.read(StandInIn))
        return Response({"id": made.pk}, status=201)


class StandInEnd(StaffView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, pk: int) -> Response:
        """提前结束代岗."""
        organisation.end_stand_in(actor=self.actor, stand_in=pk)
        return Response(status=204)


class HandOvers(StaffView):
    @extend_schema(parameters=[PageIn], responses=HandOverPage)
    def get(self, request: Request) -> Response:
        """我办过的离岗交接及清单, 最近的在前."""
        duties.hold(self.posts, Duty.STAFFING)
        rows = partial(queries.hand_overs, self.actor)
        return self.paged(rows, self.read_query(PageIn), parse=(int,))


class Recusals(StaffView):
    @extend_schema(parameters=[PageIn], responses=RecusalPage)
    def get(self, request: Request) -> Response:
        """回避登记: 供负责人与监察抽查, 最近的在前."""
        duties.hold(self.posts, Duty.STAFFING)
        rows = partial(queries.recusals, self.posts)
        return self.paged(rows, self.read_query(PageIn), parse=(int,))


@extend_schema(request=RecuseIn, responses=shapes.AfterOut)
class Recuse(CaseVerb):
    """回避: 声明是自己亲属的件; 负责人、监察可决定他人回避. 此后只能看到状态."""

    shape, act = RecuseIn, staticmethod(actions.recuse)


@extend_schema(request=StateKinIn, responses=shapes.AfterOut)
class StateKin(CaseVerb):
    """亲属声明 (登记备案): 要求声明的事项, 声明后才能办理; 有关系的即回避."""

    shape, act = StateKinIn, staticmethod(actions.state_kin)


class RecusalLift(StaffView):
    @extend_schema(request=LiftIn, responses=shapes.AfterOut)
    def post(self, request: Request, number: str, pk: int) -> Response:
        """解除回避: 负责人或监察, 写明理由; 本人的件不能解除."""
        body = self.read(LiftIn)
        number = numbers.read(number)
        return after(actions.lift_recusal(actor=self.actor, number=number, recusal=pk, **body))


@extend_schema(request=TransferIn, responses=shapes.AfterOut)
class Transfer(CaseVerb):
    """移送: 不归本地办的, 决定前交给有权的地方; 时限不变, 告知申请人."""

    shape, act = TransferIn, staticmethod(actions.transfer)
