"""草稿: saved by the client's own id, so that the same save sent twice is one."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.actions import drafts
from backend.cases.queries import resident as queries
from miniprogram_api.door import ResidentView
from miniprogram_api.materials import ChoiceIn


class DraftIn(serializers.Serializer[Any]):
    item = serializers.CharField(max_length=31, help_text="事项编码")
    answers = serializers.DictField(help_text="填到哪里算哪里, 不校验")
    materials = serializers.DictField(
        child=ChoiceIn(), required=False, default=dict, help_text="材料 → 怎么交"
    )
    revision = serializers.IntegerField(
        min_value=0, max_value=2**31 - 1, help_text="手上这份的版次; 新草稿为 0"
    )
    device = serializers.CharField(max_length=64, required=False, allow_blank=True, default="")


class DraftRow(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    item = serializers.CharField()
    item_name = serializers.CharField()
    revision = serializers.IntegerField()
    device = serializers.CharField(allow_blank=True)
    updated_at = serializers.DateTimeField()


class DraftOut(DraftRow):
    answers = serializers.DictField()
    materials = serializers.DictField(child=ChoiceIn())


class DraftList(ResidentView):
    @extend_schema(responses=DraftRow(many=True))
    def get(self, request: Request) -> Response:
        """我的草稿: 最近保存的在前, 最多 20 份."""
        return Response(queries.drafts_of(self.actor))


class DraftDetail(ResidentView):
    @extend_schema(responses=DraftOut)
    def get(self, request: Request, uid: UUID) -> Response:
        """一份草稿和它的内容."""
        return Response(queries.draft(self.actor, uid=uid))

    @extend_schema(request=DraftIn, responses=DraftOut)
    def put(self, request: Request, uid: UUID) -> Response:
        """
        保存草稿.

        另一台设备先保存过则 409 `draft_moved`, 附那一份的版次、内容和设备名, 由居民选择保留哪份.
        """
        body = self.read(DraftIn)
        body["item_code"] = body.pop("item")
        saved = drafts.save_draft(actor=self.actor, uid=uid, **body)
        return Response(queries.draft_row(saved))


class DraftDiscard(ResidentView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, uid: UUID) -> Response:
        """删除草稿."""
        drafts.discard_draft(actor=self.actor, uid=uid)
        return Response(status=204)
