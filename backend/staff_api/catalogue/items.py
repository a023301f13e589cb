"""事项清单: every item, its versions and what changed between two; suspend, resume, call off."""

from collections.abc import Callable
from functools import partial
from typing import Any, ClassVar

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.catalogue.actions import drafting, standing
from backend.catalogue.lifecycle import ItemStatus
from backend.catalogue.models import ServiceItem
from backend.catalogue.queries import drafts as draft_queries
from backend.catalogue.queries import ledger as queries
from backend.core.api import PageIn
from backend.staff_api.catalogue.procedures import TEXT, TrailOut
from backend.staff_api.door import StaffView


class ItemsIn(PageIn):
    status = serializers.ChoiceField(
        choices=ItemStatus.choices, required=False, default="", allow_blank=True
    )


class CatalogueItemRow(serializers.Serializer[Any]):
    code = serializers.CharField()
    name = serializers.CharField()
    theme = serializers.CharField()
    kind = serializers.CharField()
    level = serializers.CharField()
    department = serializers.CharField()
    status = serializers.CharField()
    status_label = serializers.CharField()


class CatalogueItemListRow(CatalogueItemRow):
    version = serializers.IntegerField(allow_null=True, help_text="最新的版本号")


class CatalogueItemPage(serializers.Serializer[Any]):
    results = CatalogueItemListRow(many=True)
    next = serializers.CharField(allow_null=True)


class VersionOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    published_at = serializers.DateTimeField()
    retired_at = serializers.DateTimeField(allow_null=True)
    legal_days = serializers.IntegerField()
    promised_days = serializers.IntegerField()
    day_kind = serializers.CharField()


class SuspensionOut(serializers.Serializer[Any]):
    reason = serializers.CharField()
    began_at = serializers.DateTimeField()
    expected_on = serializers.DateField()
    ended_at = serializers.DateTimeField(allow_null=True)


class CatalogueItemOut(CatalogueItemRow):
    versions = VersionOut(many=True)
    suspensions = SuspensionOut(many=True)
    trail = TrailOut(many=True)
    verbs = serializers.ListField(child=serializers.CharField())


class DiffIn(serializers.Serializer[Any]):
    number = serializers.IntegerField(min_value=1, max_value=10_000, help_text="哪一版")
    against = serializers.IntegerField(min_value=1, max_value=10_000, help_text="与哪一版相比")


class ChangeOut(serializers.Serializer[Any]):
    part = serializers.CharField()
    key = serializers.CharField(allow_blank=True)
    kind = serializers.CharField()
    text = serializers.CharField()


class DiffOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    against = serializers.IntegerField()
    changes = ChangeOut(many=True)


class SuspendIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="原因", max_length=TEXT)
    expected_on = serializers.DateField(label="预计恢复日")


class CallOffIn(serializers.Serializer[Any]):
    reason = serializers.CharField(label="原因", max_length=TEXT)


class NothingIn(serializers.Serializer[Any]):
    """恢复办理: nothing to say."""


class StatusOut(serializers.Serializer[Any]):
    code = serializers.CharField()
    status = serializers.CharField()
    status_label = serializers.CharField()


class DraftMadeOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    revision = serializers.IntegerField()
    definition = serializers.DictField()


class CatalogueItems(StaffView):
    @extend_schema(parameters=[ItemsIn], responses=CatalogueItemPage)
    def get(self, request: Request) -> Response:
        """事项清单, 按编码; 含草稿、试运行、暂停与已退出的."""
        query = self.read_query(ItemsIn)
        return self.paged(partial(queries.page, status=query["status"]), query, parse=(str,))


class CatalogueItem(StaffView):
    @extend_schema(responses=CatalogueItemOut)
    def get(self, request: Request, code: str) -> Response:
        """一个事项: 状态、各版本、暂停记录、痕迹."""
        return Response(queries.detail(code))


class VersionDiff(StaffView):
    @extend_schema(parameters=[DiffIn], responses=DiffOut)
    def get(self, request: Request, code: str) -> Response:
        """两版之间改了什么, 逐条说明."""
        return Response(queries.diff(code, **self.read_query(DiffIn)))


class ItemVerb(StaffView):
    """One verb of an item: a body, one domain call, and how it stands after it."""

    shape: ClassVar[type[serializers.Serializer[Any]]]
    act: ClassVar[Callable[..., ServiceItem]]

    def post(self, request: Request, code: str) -> Response:
        item = self.act(actor=self.actor, item_code=code, **self.read(self.shape))
        label = ItemStatus(item.status).label
        return Response({"code": item.code, "status": item.status, "status_label": label})


@extend_schema(request=SuspendIn, responses=StatusOut)
class ItemSuspend(ItemVerb):
    """暂停办理: 责任部门写明原因与预计恢复日; 在办件照常办."""

    shape, act = SuspendIn, staticmethod(standing.suspend)


@extend_schema(request=None, responses=StatusOut)
class ItemResume(ItemVerb):
    """恢复办理."""

    shape, act = NothingIn, staticmethod(standing.resume)


@extend_schema(request=CallOffIn, responses=StatusOut)
class ItemCallOff(ItemVerb):
    """结束试运行: 停止新收, 退回草稿修改."""

    shape, act = CallOffIn, staticmethod(standing.call_off)


class ItemDrafts(StaffView):
    @extend_schema(request=None, responses={201: DraftMadeOut})
    def post(self, request: Request, code: str) -> Response:
        """起草下一版: 以最近一版的内容为底稿."""
        draft = drafting.begin(actor=self.actor, item_code=code)
        return Response(draft_queries.made(draft), status=201)
