"""收件箱: what the city told a staff member, such as a step of theirs that turned red."""

from dataclasses import asdict
from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.core.api import PageIn, Pairs, moment
from backend.staff_api.door import StaffView
from notifications import actions
from notifications import queries as notices

SHOWN = ("id", "kind", "title", "body", "case_number", "created_at", "read_at")


class InboxIn(PageIn):
    unread = serializers.BooleanField(required=False, default=False, help_text="只看未读")


class NoticeOut(serializers.Serializer[Any]):
    id = serializers.IntegerField()
    kind = serializers.CharField()
    title = serializers.CharField()
    body = serializers.CharField()
    case_number = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    read_at = serializers.DateTimeField(allow_null=True)


class InboxPage(serializers.Serializer[Any]):
    results = NoticeOut(many=True)
    next = serializers.CharField(allow_null=True)


class ReadIn(serializers.Serializer[Any]):
    ids = serializers.ListField(
        child=serializers.IntegerField(min_value=1), required=False, max_length=100,
        help_text="不填则全部",
    )  # fmt: skip


class ReadOut(serializers.Serializer[Any]):
    read = serializers.IntegerField(help_text="这次标为已读的条数")


class Inbox(StaffView):
    @extend_schema(parameters=[InboxIn], responses=InboxPage)
    def get(self, request: Request) -> Response:
        """收件箱, 新的在前."""
        query = self.read_query(InboxIn)

        def rows(*, after: Any, size: int) -> Pairs:
            found = notices.inbox_of(
                self.actor, before=after, limit=size + 1, unread=query["unread"]
            )
            return [((one.created_at, one.id), _shown(asdict(one))) for one in found]

        return self.paged(rows, query, parse=(moment, int))


class InboxRead(StaffView):
    @extend_schema(request=ReadIn, responses=ReadOut)
    def post(self, request: Request) -> Response:
        """标为已读."""
        ids = self.read(ReadIn).get("ids")
        return Response({"read": actions.mark_read(account=self.actor, ids=ids)})


def _shown(notice: dict[str, Any]) -> dict[str, Any]:
    return {name: notice[name] for name in SHOWN}
