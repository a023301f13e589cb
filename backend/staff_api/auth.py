"""登录: sign in with password and second factor, bind that factor, see and end one's sessions."""

from typing import Any
from uuid import UUID

from django.core.validators import RegexValidator
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.permissions import AllowAny
from rest_framework.request import Request
from rest_framework.response import Response

from backend.accounts import actions
from backend.accounts import queries as accounts
from backend.core.api import DoorView, Limit, client_ip
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post
from backend.staff_api.door import StaffView

# A whole office may sit behind one address; the lock after five failures is per name (axes).
LOGINS = Limit("staff_login", "120/minute")
# What the desk shows: a page, and the duties of which one opens it.
OFFICE = {Duty.INTAKE, Duty.HANDLE, Duty.REVIEW, Duty.DECIDE, Duty.DELIVER}
PAGES = {
    "worklist": OFFICE | {Duty.OVERSEE},
    "cases": OFFICE | {Duty.OVERSEE, Duty.AUDIT},
    "audit": {Duty.AUDIT},
}
_SIX_DIGITS = RegexValidator(r"^\d{6}$", "动态口令为 6 位数字")


class LoginIn(serializers.Serializer[Any]):
    name = serializers.CharField(label="登录名", max_length=64)
    password = serializers.CharField(label="密码", max_length=128, trim_whitespace=False)
    otp = serializers.CharField(
        label="动态口令", required=False, default="", allow_blank=True, max_length=6
    )
    device = serializers.CharField(
        label="设备", required=False, default="", allow_blank=True, max_length=64
    )


class LoginOut(serializers.Serializer[Any]):
    """`signed_in` carries a token; `enrol` a ticket to bind a second factor with."""

    state = serializers.ChoiceField(choices=["signed_in", "enrol"])
    token = serializers.CharField(allow_blank=True)
    ticket = serializers.CharField(allow_blank=True)


class EnrolIn(serializers.Serializer[Any]):
    ticket = serializers.CharField(max_length=512)


class EnrolOut(serializers.Serializer[Any]):
    otpauth = serializers.CharField(help_text="otpauth:// 地址, 仅显示这一次, 请用验证器扫描")


class ConfirmIn(serializers.Serializer[Any]):
    ticket = serializers.CharField(max_length=512)
    otp = serializers.CharField(label="动态口令", validators=[_SIX_DIGITS])
    device = serializers.CharField(
        label="设备", required=False, default="", allow_blank=True, max_length=64
    )


class PostOut(serializers.Serializer[Any]):
    role = serializers.CharField()
    role_label = serializers.CharField()
    department = serializers.CharField()
    department_code = serializers.CharField()
    division = serializers.CharField(help_text="区划代码")
    level = serializers.CharField()
    duties = serializers.ListField(child=serializers.CharField())
    standing_for = serializers.CharField(allow_blank=True, help_text="代岗: 代谁的岗; 空为本岗")


class MeOut(serializers.Serializer[Any]):
    name = serializers.CharField()
    login = serializers.CharField()
    posts = PostOut(many=True)
    duties = serializers.DictField(child=serializers.CharField(), help_text="职责代码 → 名称")
    may = serializers.ListField(child=serializers.CharField(), help_text="可用的页面")


class SessionOut(serializers.Serializer[Any]):
    uid = serializers.UUIDField()
    device = serializers.CharField(allow_blank=True)
    created_at = serializers.DateTimeField()
    seen_at = serializers.DateTimeField()
    expires_at = serializers.DateTimeField()
    current = serializers.BooleanField()


def _post(post: HeldPost) -> dict[str, Any]:
    return {
        "role": post.role,
        "role_label": Post.Role(post.role).label,
        "department": post.department_name,
        "department_code": post.department_code,
        "division": post.division_code,
        "level": post.level,
        "duties": sorted(duty.value for duty in duties.DUTIES[post.role]),
        "standing_for": post.standing_for,
    }


class LoginView(DoorView):
    """Open to strangers, as a login must be; the limit and the lock guard it."""

    permission_classes = (AllowAny,)
    authentication_classes = ()


class Login(LoginView):
    @extend_schema(request=LoginIn, responses=LoginOut)
    def post(self, request: Request) -> Response:
        """登录: 口令, 以及启用时的六位动态口令."""
        LOGINS.spend(client_ip(request))
        entry = actions.sign_in_staff(request=request._request, **self.read(LoginIn))  # noqa: SLF001
        state = "signed_in" if entry.token else "enrol"
        return Response({"state": state, "token": entry.token, "ticket": entry.ticket})


class OtpEnrol(LoginView):
    @extend_schema(request=EnrolIn, responses=EnrolOut)
    def post(self, request: Request) -> Response:
        """绑定动态口令: 取得一次性显示的密钥地址."""
        LOGINS.spend(client_ip(request))
        return Response({"otpauth": actions.enrol_otp(**self.read(EnrolIn))})


class OtpConfirm(LoginView):
    @extend_schema(request=ConfirmIn, responses=LoginOut)
    def post(self, request: Request) -> Response:
        """确认动态口令并登录."""
        LOGINS.spend(client_ip(request))
        token = actions.confirm_otp(**self.read(ConfirmIn))
        return Response({"state": "signed_in", "token": token, "ticket": ""})


class Logout(StaffView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request) -> Response:
        """退出: 凭据立即失效."""
        actions.sign_out(account=self.actor, token_uid=str(request.auth))
        return Response(status=204)


class Me(StaffView):
    @extend_schema(responses=MeOut)
    def get(self, request: Request) -> Response:
        """我是谁: 岗位、职责、可用页面."""
        posts = self.posts
        held = [duty for duty in Duty if any(post.has(duty) for post in posts)]
        return Response(
            {
                "name": organisation.staff_name(self.actor),
                "login": self.actor.name,
                "posts": [_post(post) for post in posts],
                "duties": {duty.value: duty.label for duty in held},
                "may": [page for page, wanted in PAGES.items() if wanted & set(held)],
            }
        )


class Sessions(StaffView):
    @extend_schema(responses=SessionOut(many=True))
    def get(self, request: Request) -> Response:
        """我的登录设备."""
        return Response(accounts.sessions_of(self.actor, now=self.now, current=str(request.auth)))


class SessionEnd(StaffView):
    @extend_schema(request=None, responses={204: None})
    def post(self, request: Request, uid: UUID) -> Response:
        """结束一个登录设备."""
        actions.sign_out(account=self.actor, token_uid=str(uid))
        return Response(status=204)
