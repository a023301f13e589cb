"""我的: the first screen in one call, one's own card, and one's preferences."""

from typing import Any

from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.queries import bootstrap
from backend.residents import actions, queries
from miniprogram_api.door import OpenView, ResidentView

ETAG = OpenApiParameter("If-None-Match", location="header", description="上次的 ETag; 未变则 304")


class MeOut(serializers.Serializer[Any]):
    name = serializers.CharField(allow_blank=True, help_text="脱敏")
    id_type = serializers.CharField(allow_blank=True)
    id_number = serializers.CharField(allow_blank=True, help_text="脱敏")
    phone = serializers.CharField(allow_blank=True, help_text="脱敏")
    realname_level = serializers.IntegerField(help_text="0 访客 1 手机 2 实名 3 现场核验")
    realname_label = serializers.CharField()
    residence_division = serializers.CharField(allow_null=True)
    residence_name = serializers.CharField(allow_blank=True)
    elder = serializers.BooleanField(help_text="长辈版")
    personalised = serializers.BooleanField(help_text="个性化提醒")


class CountersOut(serializers.Serializer[Any]):
    open_cases = serializers.IntegerField(help_text="1001 表示 1000 以上")
    to_mend = serializers.IntegerField(help_text="在办件里等居民补正的")
    unread = serializers.IntegerField(help_text="1001 表示 1000 以上")
    drafts = serializers.IntegerField()


class DictionariesOut(serializers.Serializer[Any]):
    items = serializers.CharField()
    divisions = serializers.CharField()


class GrantOut(serializers.Serializer[Any]):
    template_id = serializers.CharField()
    template = serializers.CharField()
    type = serializers.CharField(help_text="once 一次性, long 长期")
    left = serializers.IntegerField()
    text = serializers.CharField(help_text="如 还剩 2 次提醒")


class SubscribeOut(serializers.Serializer[Any]):
    scenes = serializers.DictField(
        child=serializers.ListField(child=serializers.CharField()),
        help_text="场景 → 按序请求的模板, 一次最多 5 个",
    )
    grants = GrantOut(many=True)


class BootstrapOut(serializers.Serializer[Any]):
    me = MeOut(allow_null=True)
    counters = CountersOut()
    dictionaries = DictionariesOut()
    features = serializers.DictField(child=serializers.BooleanField())
    subscribe = SubscribeOut()
    server_time = serializers.DateTimeField()


class PreferencesIn(serializers.Serializer[Any]):
    elder = serializers.BooleanField(required=False, allow_null=True, default=None)
    personalised = serializers.BooleanField(required=False, allow_null=True, default=None)


class Bootstrap(OpenView):
    @extend_schema(parameters=[ETAG], responses={200: BootstrapOut, 304: None})
    def get(self, request: Request) -> Response:
        """首页一次取齐; 不登录也可用. 内容未变时 304."""
        page = bootstrap.bootstrap(self.visitor, now=self.now)
        headers = {"ETag": bootstrap.etag(page), "Cache-Control": "private, no-cache"}
        if request.headers.get("If-None-Match") == headers["ETag"]:
            return Response(status=304, headers=headers)
        return Response(page, headers=headers)


class Me(ResidentView):
    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """我的信息, 脱敏."""
        return Response(queries.me(queries.of_account(self.actor)))


class Preferences(ResidentView):
    @extend_schema(request=PreferencesIn, responses={204: None})
    def post(self, request: Request) -> Response:
        """偏好: 长辈版、个性化提醒; 不填的不变."""
        actions.set_preferences(actor=self.actor, **self.read(PreferencesIn))
        return Response(status=204)
