"""自助查询: progress for whoever holds the number and the last four of the identity number."""

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.cases.actions import lookup
from backend.core.api import Limit, client_ip
from miniprogram_api.cases import ProgressOut
from miniprogram_api.door import OpenView

LOOKUP = Limit("lookup", "20/minute")


class LookupIn(serializers.Serializer[Any]):
    number = serializers.CharField(max_length=64, help_text="24 位办事编号, 空格和短横不计")
    last4 = serializers.RegexField(
        r"^[0-9]{3}[0-9Xx]$",
        help_text="申请人证件号码后四位",
        error_messages={"invalid": "请填写证件号码后四位, 末位是 X 的填 X"},
    )


class PublicLineOut(serializers.Serializer[Any]):
    at = serializers.DateTimeField()
    text = serializers.CharField()


class LookupOut(ProgressOut):
    submitted_at = serializers.DateTimeField()
    timeline = PublicLineOut(many=True)


class Lookup(OpenView):
    @extend_schema(request=LookupIn, responses=LookupOut)
    def post(self, request: Request) -> Response:
        """凭办事编号和证件后四位查进度, 不登录; 连续错三次锁定 30 分钟."""
        LOOKUP.spend(client_ip(request))
        return Response(lookup.look_up(**self.read(LookupIn)))
