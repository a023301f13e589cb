"""Login and phone (登录、手机号): one-time codes of the client, exchanged by the server."""

import re
from dataclasses import dataclass

from django.conf import settings

from backend.core.errors import DomainError, Forbidden, Invalid
from backend.core.wechat import calls, tokens
from backend.core.wechat.calls import WeChatUnavailable

_CODE = re.compile(r"[\x21-\x7e]{1,256}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")


class BadLoginCode(Invalid):
    code, title = "bad_login_code", "登录码无效或已用过, 请重新打开小程序"


class BadPhoneCode(Invalid):
    code, title = "bad_phone_code", "手机号授权已失效, 请重新点击“获取手机号”"


class ForeignPhone(Invalid):
    code, title = "foreign_phone", "目前只支持中国大陆手机号, 请更换号码后再试"


class LoginBlocked(Forbidden):
    code, title = "login_blocked", "微信提示此账号有风险, 请在微信里解除后再试, 或到社区窗口办理"


_LOGIN = {40029: BadLoginCode, 40163: BadLoginCode, 41008: BadLoginCode, 40226: LoginBlocked}
_PHONE = {40029: BadPhoneCode, 40163: BadPhoneCode, 40013: BadPhoneCode, 47001: BadPhoneCode}


@dataclass(frozen=True, slots=True)
class Session:
    """Who logged in. The session key is not among it: it never leaves this file."""

    openid: str
    unionid: str


def session_of(*, code: str) -> Session:
    """
    Exchange a `wx.login` code (小程序登录 code2Session). Needs no access token, so no other call.

    :raises BadLoginCode: unknown, used or older than five minutes.
    :raises LoginBlocked: WeChat's risk control holds the user back.
    :raises WeChatUnavailable: no answer, or none we can read.
    """
    params = {
        "appid": settings.WECHAT_APP_ID,
        "secret": settings.WECHAT_APP_SECRET,
        "js_code": _one_time(code, BadLoginCode),
        "grant_type": "authorization_code",
    }
    reply = calls.call("get", "sns/jscode2session", params=params)
    calls.refuse(reply, _LOGIN)
    openid, unionid = reply.body.get("openid"), reply.body.get("unionid", "")
    if not isinstance(openid, str) or not 0 < len(openid) <= 64 or not isinstance(unionid, str):
        raise WeChatUnavailable
    return Session(openid, unionid)


def phone_of(*, code: str) -> str:
    """
    Exchange a phone button's code (手机号快速验证) for a mainland number of 11 digits.

    :raises BadPhoneCode: unknown, used, or of another mini-program.
    :raises ForeignPhone: the number is not a mainland one.
    :raises WeChatUnavailable: no answer, or none we can read.
    """
    body = {"code": _one_time(code, BadPhoneCode)}
    reply = tokens.with_token("post", "wxa/business/getuserphonenumber", body=body)
    calls.refuse(reply, _PHONE)
    info = reply.body.get("phone_info")
    if not isinstance(info, dict) or not isinstance(info.get("purePhoneNumber"), str):
        raise WeChatUnavailable
    number = info["purePhoneNumber"]
    if str(info.get("countryCode")) != "86" or not _MOBILE.fullmatch(number):
        raise ForeignPhone
    return str(number)


def _one_time(code: str, refusal: type[DomainError]) -> str:
    """Return a code that could be one; anything else is refused without asking WeChat."""
    if not _CODE.fullmatch(code):
        raise refusal
    return code
