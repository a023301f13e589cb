"""登录: a `wx.login` code for a token, the devices signed in, the phone, and the real name."""

from typing import Any
from uuid import UUID

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import actions as accounts
from backend.accounts import queries as sessions
from backend.core.api import Limit, client_ip
from backend.exchange import actions as exchange
from backend.residents import actions, identity, queries
from miniprogram_api.door import OpenView, ResidentView

LOGIN = Limit("login", "60/minute")  # one address may be a whole village behind one mast
PHONE = Limit("phone", "10/hour")
REALNAME = Limit("realname", "10/hour")  # the registry must not become an oracle of identities


class LogInIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=128, help_text="wx.login 返回的 code, 只能用一次")
    device = serializers.CharField(
        max_length=64, required=False, allow_blank=True, default="", help_text="设备名称"
    )


class AccountOut(serializers.Serializer[Any]):
    kind = serializers.CharField()
    realname_level = serializers.IntegerField()
    realname_label = serializers.CharField()


class LogInOut(serializers.Serializer[Any]):
    token = serializers.CharField(help_text="放入 Authorization: Bearer …")
    account = AccountOut()


class SessionOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    device = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    current = serializers.BooleanField()


class PhoneIn(serializers.Serializer[Any]):
    code = serializers.CharField(max_length=128, help_text="getPhoneNumber 返回的 code")


class PhoneOut(serializers.Serializer[Any]):
    phone = serializers.CharField(help_text="脱敏")


class RealnameIn(serializers.Serializer[Any]):
    name = serializers.CharField(max_length=200)
    id_number = serializers.CharField(max_length=64)
    id_type = serializers.ChoiceField(choices=list(identity.ID_TYPES.items()))


class RealnameOut(serializers.Serializer[Any]):
    name = serializers.CharField(help_text="脱敏")
    id_number = serializers.CharField(help_text="脱敏")
    realname_level = serializers.IntegerField()
    realname_label = serializers.CharField()


class LogIn(OpenView):
    @extend_schema(request=LogInIn, responses={201: LogInOut})
    def post(self, request: Request) -> Response:
        """登录: 用 wx.login 的 code 换取令牌; 同一 code 第二次使用得到 409."""
        LOGIN.spend(client_ip(request))
        entry = actions.log_in(**self.read(LogInIn))
        level = entry.realname_level
        account = {
            "kind": entry.account.kind,
            "realname_level": level,
            "realname_label": queries.LEVELS[level],
        }
        return Response({"token": entry.token, "account": account}, status=201)


class LogOut(ResidentView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """退出: 当前令牌立即失效."""
        accounts.sign_out(account=self.actor, token_uid=str(request.auth))
        return Response(status=204)


class SessionList(ResidentView):
    @extend_schema(responses=SessionOut(many=True))
    def get(self, request: Request) -> Response:
        """登录设备: 自己的每一台, 最近登录的在前."""
        return Response(sessions.sessions_of(self.actor, now=self.now, current=str(request.auth)))


class SessionEnd(ResidentView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, uid: UUID) -> Response:
        """让一台设备下线, 立即生效."""
        accounts.sign_out(account=self.actor, token_uid=str(uid))
        return Response(status=204)


class Phone(ResidentView):
    @extend_schema(request=PhoneIn, responses=PhoneOut)
    def post(self, request: Request) -> Response:
        """绑定手机: 号码由微信核实, 小程序自报的号码不算."""
        PHONE.spend(f"account:{self.actor.pk}")
        return Response({"phone": actions.bind_phone(actor=self.actor, **self.read(PhoneIn))})


class Realname(ResidentView):
    @extend_schema(request=RealnameIn, responses=RealnameOut)
    def post(self, request: Request) -> Response:
        """实名: 与人口库核对姓名和证件号码, 一致则绑定到本账号."""
        REALNAME.spend(f"account:{self.actor.pk}")
        resident = exchange.bind_realname(actor=self.actor, **self.read(RealnameIn))
        card = queries.me(resident)
        return Response({key: card[str(key)] for key in RealnameOut().fields})
