"""待办与办件列表: what waits for my posts, how much of it, and every case in my sight."""

from datetime import date
from functools import partial
from typing import Any

from django.db.models import QuerySet
from django_filters.rest_framework import DjangoFilterBackend
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.cases.queries import staff as queries
from backend.core.api import PageIn, moment
from backend.staff_api.door import StaffView
from backend.staff_api.filters import LIGHTS, CaseFilter, WorklistFilter


class RowOut(serializers.Serializer[Any]):
    """What a row of both lists shows; the applicant's name is masked."""

    number = serializers.CharField()
    item = serializers.CharField(help_text="事项编码")
    item_name = serializers.CharField()
    applicant = serializers.CharField(help_text="姓*名")
    division = serializers.CharField(help_text="办理地区划代码")
    division_name = serializers.CharField()
    department = serializers.CharField()
    light = serializers.ChoiceField(choices=LIGHTS, allow_null=True)
    light_shape = serializers.ChoiceField(
        choices=sorted(queries.SHAPES.values()), allow_null=True, help_text="与颜色同时显示"
    )
    light_text = serializers.CharField(allow_blank=True)
    due_on = serializers.DateField(allow_null=True)
    status = serializers.ChoiceField(choices=Status.choices)
    status_label = serializers.CharField()
    channel = serializers.ChoiceField(choices=Case.Channel.choices)
    channel_label = serializers.CharField()
    received_at = serializers.DateTimeField()


class TodoRow(RowOut):
    step = serializers.CharField()
    step_name = serializers.CharField()
    phase = serializers.CharField()
    days_left = serializers.IntegerField(help_text="0 为最后一天, 负数为超期")
    claimed_by = serializers.CharField(allow_null=True)
    claimed_until = serializers.DateTimeField(allow_null=True)
    mine = serializers.BooleanField()


class CaseRow(RowOut):
    outcome = serializers.CharField(allow_blank=True)
    closed_at = serializers.DateTimeField(allow_null=True)


class TodoPage(serializers.Serializer[Any]):
    results = TodoRow(many=True)
    next = serializers.CharField(allow_null=True)


class CasePage(serializers.Serializer[Any]):
    results = CaseRow(many=True)
    next = serializers.CharField(allow_null=True)


class CountsOut(serializers.Serializer[Any]):
    """1001 stands for "1000+"."""

    red = serializers.IntegerField()
    yellow = serializers.IntegerField()
    green = serializers.IntegerField()
    blue = serializers.IntegerField()
    mine = serializers.IntegerField()
    unclaimed = serializers.IntegerField()
    all = serializers.IntegerField()


class SearchIn(PageIn):
    q = serializers.CharField(max_length=64, help_text="证件号码、手机号或姓名(完整)")


class TodoView(StaffView):
    filter_backends = (DjangoFilterBackend,)
    filterset_class = WorklistFilter

    def get_queryset(self) -> QuerySet[CaseStep]:
        if getattr(self, "swagger_fake_view", False):  # the schema generator is nobody
            return queries.todo_of([])
        return queries.todo_of(self.posts, self.actor)


class Worklist(TodoView):
    @extend_schema(parameters=[PageIn], responses=TodoPage)
    def get(self, request: Request) -> Response:
        """我的待办, 最先到期的在前."""
        steps = self.filter_queryset(self.get_queryset())
        rows = partial(queries.worklist, steps, account=self.actor, now=self.now)
        return self.paged(rows, self.read_query(PageIn), parse=(date.fromisoformat, int))


class WorklistCounts(TodoView):
    @extend_schema(responses=CountsOut)
    def get(self, request: Request) -> Response:
        """各灯、我的、无人认领的件数, 数到 1001 为止; 与列表同样可筛."""
        steps = self.filter_queryset(self.get_queryset())
        return Response(queries.counts(steps, account=self.actor, now=self.now))


class SeenView(StaffView):
    def answer(self, cases: QuerySet[Case], query: dict[str, Any]) -> Response:
        rows = partial(queries.cases, cases, now=self.now)
        return self.paged(rows, query, parse=(moment, int))


class CaseList(SeenView):
    filter_backends = (DjangoFilterBackend,)
    filterset_class = CaseFilter

    def get_queryset(self) -> QuerySet[Case]:
        return queries.in_sight(self.posts)

    @extend_schema(parameters=[PageIn], responses=CasePage)
    def get(self, request: Request) -> Response:
        """我能看到的办件, 在办与已结, 最近提交的在前."""
        return self.answer(self.filter_queryset(self.get_queryset()), self.read_query(PageIn))


class CaseSearch(SeenView):
    @extend_schema(request=SearchIn, responses=CasePage)
    def post(self, request: Request) -> Response:
        """查人: 证件号码、手机号、姓名只在请求体中, 不留在地址里; 只找我能看到的办件."""
        query = self.read(SearchIn)
        found = queries.of_person(self.posts, query["q"], today=self.today)
        return self.answer(found, query)
