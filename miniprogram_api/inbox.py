"""收件箱与订阅: what the city told me, and how often it still may push."""

import secrets
from dataclasses import asdict
from datetime import datetime
from functools import partial
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts.models import Account
from backend.cases.queries import bootstrap
from backend.core.api import PageIn, Pairs, moment
from miniprogram_api.door import ResidentView
from miniprogram_api.me import GrantOut
from notifications import actions, kinds
from notifications import queries as notices

ANSWERS = ("accept", "reject", "ban", "filter")


class InboxIn(PageIn):
    unread = serializers.BooleanField(required=False, default=False, help_text="只看未读")


class NoticeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    plain = serializers.CharField(help_text="长辈版短句")
    case_number = serializers.CharField(allow_blank=True)
    opens = serializers.CharField(allow_blank=True, help_text="点开去哪里")
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class InboxPage(serializers.Serializer[Any]):
    results = NoticeOut(many=True)
    next = serializers.CharField(allow_null=True)


class UnreadOut(serializers.Serializer[Any]):
    unread = serializers.IntegerField(help_text="1001 表示 1000 以上")


class ReadOut(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="这次标为已读的条数")


class SceneIn(serializers.Serializer[Any]):
    scene = serializers.ChoiceField(choices=sorted(kinds.SCENES))


class TemplatesOut(serializers.Serializer[Any]):
    templates = serializers.ListField(
        child=serializers.CharField(), help_text="按序传给 wx.requestSubscribeMessage"
    )


class SubscriptionsIn(serializers.Serializer[Any]):
    results = serializers.DictField(
        child=serializers.ChoiceField(choices=ANSWERS),
        allow_empty=False,
        help_text="模板 → accept reject ban filter, 即 wx.requestSubscribeMessage 的结果",
    )
    popup = serializers.CharField(
        max_length=40, required=False, help_text="这次弹窗的随机号; 重报同一次用同一个"
    )


class NewOut(serializers.Serializer[Any]):
    new = serializers.IntegerField(help_text="其中没有报过的")


class Inbox(ResidentView):
    @extend_schema(parameters=[InboxIn], responses=InboxPage)
    def get(self, request: Request) -> Response:
        """收件箱, 新的在前."""
        query = self.read_query(InboxIn)
        rows = partial(_rows, self.actor, unread=query["unread"])
        return self.paged(rows, query, parse=(moment, int))


class UnreadCount(ResidentView):
    @extend_schema(responses=UnreadOut)
    def get(self, request: Request) -> Response:
        """未读条数."""
        return Response({"unread": notices.unread_count(self.actor)})


class NoticeRead(ResidentView):
    @extend_schema(request=None, responses=ReadOut)
    def post(self, request: Request, id: int) -> Response:  # noqa: A002 (the route's own word)
        """已读一条."""
        return Response({"read": actions.mark_read(account=self.actor, ids=[id])})


class NoticeHide(ResidentView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, id: int) -> Response:  # noqa: A002 (the route's own word)
        """从收件箱删除一条; 告知的事实仍有记录."""
        actions.hide(account=self.actor, notification_id=id)
        return Response(status=204)


class ReadAll(ResidentView):
    @extend_schema(request=None, responses=ReadOut)
    def post(self, request: Request) -> Response:
        """全部已读."""
        return Response({"read": actions.mark_read(account=self.actor)})


class SubscribeTemplates(ResidentView):
    @extend_schema(parameters=[SceneIn], responses=TemplatesOut)
    def get(self, request: Request) -> Response:
        """此刻该请求哪些订阅, 按序, 最多 5 个."""
        scene = self.read_query(SceneIn)["scene"]
        grants = notices.grants_of(self.actor)
        return Response({"templates": notices.templates_to_ask(grants, scene=scene)})


class Subscriptions(ResidentView):
    @extend_schema(responses=GrantOut(many=True))
    def get(self, request: Request) -> Response:
        """每个模板还剩几次提醒."""
        return Response(bootstrap.subscriptions(self.actor)["grants"])

    @extend_schema(request=SubscriptionsIn, responses=NewOut)
    def post(self, request: Request) -> Response:
        """上报 wx.requestSubscribeMessage 的结果."""
        body = self.read(SubscriptionsIn)
        source = body.get("popup") or secrets.token_hex(12)
        new = actions.record_grants(account=self.actor, results=body["results"], source=source)
        return Response({"new": new})


def _rows(
    account: Account, *, unread: bool, after: tuple[datetime, int] | None, size: int
) -> Pairs:
    rows = notices.inbox_of(account, before=after, limit=size + 1, unread=unread)
    return [((row.created_at, row.id), asdict(row)) for row in rows]
