"""拒办: a community refuses work that is not admitted; civil affairs answers."""

from functools import partial
from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue.actions import refusals
from backend.catalogue.actions.refusals import Demand
from backend.catalogue.queries import procedures as queries
from backend.core.api import PageIn
from backend.staff_api.catalogue.procedures import TEXT
from backend.staff_api.door import StaffView


class RefusalIn(serializers.Serializer[Any]):
    asked_by = serializers.CharField(label="交办单位", max_length=64)
    asked_on = serializers.DateField(label="交办日")
    work = serializers.CharField(label="交办的工作", max_length=TEXT)
    evidence = serializers.CharField(
        label="凭据", max_length=TEXT, help_text="文号、通知、群消息的时间等"
    )
    item_code = serializers.CharField(
        label="事项编码", max_length=31, required=False, default="", allow_blank=True
    )


class FindingIn(serializers.Serializer[Any]):
    finding = serializers.CharField(label="民政意见", max_length=TEXT)


class RefusalOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    division = serializers.CharField()
    office = serializers.CharField()
    asked_by = serializers.CharField()
    asked_on = serializers.DateField()
    work = serializers.CharField()
    evidence = serializers.CharField()
    refused_by = serializers.CharField()
    refused_at = serializers.DateTimeField()
    seen_by = serializers.CharField(allow_blank=True)
    seen_at = serializers.DateTimeField(allow_null=True)
    finding = serializers.CharField(allow_blank=True)


class RefusalPage(serializers.Serializer[Any]):
    results = RefusalOut(many=True)
    next = serializers.CharField(allow_null=True)


class RefusedOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()


class Refusals(StaffView):
    @extend_schema(parameters=[PageIn], responses=RefusalPage)
    def get(self, request: Request) -> Response:
        """拒办记录, 新的在前: 社区看本社区的, 民政看所辖的."""
        rows = partial(queries.refusal_page, self.posts)
        return self.paged(rows, self.read_query(PageIn), parse=(int,))

    @extend_schema(request=RefusalIn, responses={201: RefusedOut})
    def post(self, request: Request) -> Response:
        """拒办未准入的工作: 记下谁交办、什么工作、凭什么; 民政部门即刻得知."""
        body = self.read(RefusalIn)
        code = body.pop("item_code")
        made = refusals.refuse_work(actor=self.actor, demand=Demand(**body), item_code=code)
        return Response({"uid": made.uid}, status=201)


class RefusalAnswer(StaffView):
    @extend_schema(request=FindingIn, responses=RefusedOut)
    def post(self, request: Request, uid: UUID) -> Response:
        """处理拒办: 应当准入的通知申请, 不应准入的通知停止交办."""
        made = refusals.answer_refusal(actor=self.actor, uid=uid, **self.read(FindingIn))
        return Response({"uid": made.uid})
