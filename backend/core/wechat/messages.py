"""Subscribe messages (订阅消息): send, and what the account may send."""

import re
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.conf import settings

from backend.core.wechat import calls, tokens
from backend.core.wechat.calls import Status, WeChatUnavailable

_SEND: Final = "cgi-bin/message/subscribe/send"
_RID = re.compile(r"rid: ?([0-9A-Za-z-]{8,64})")
_FIELD = re.compile(r"data\.(\w{1,40})\.value")


@dataclass(frozen=True, slots=True)
class SendOutcome:
    """
    What one send came to.

    `not_sent` is certain; `unknown` may have arrived. `errcode` and `http` are None where there was
    no answer to hold them; `field` is the one a 47003 names.
    """

    status: Status
    errcode: int | None = None
    rid: str = ""
    msgid: str = ""
    http: int | None = None
    latency_ms: int = 0
    field: str = ""


@dataclass(frozen=True, slots=True)
class AccountTemplate:
    """A template as WeChat holds it; `type` 2 one-time, 3 long-term."""

    id: str
    title: str
    content: str
    type: int


@dataclass(frozen=True, slots=True)
class RateLimit:
    """How many sends a day, how many are left, and how many in how many seconds (None: untold)."""

    daily: int
    remain: int
    calls: int | None
    seconds: int | None


def send_subscribe_message(
    *,
    openid: str,
    template_id: str,
    data: Mapping[str, Mapping[str, str]],
    page: str = "",
    state: str = "",
    lang: str = "zh_CN",
) -> SendOutcome:
    """
    Send one subscribe message (订阅消息), once. Never raises for what WeChat or the network does.

    A dead token is the one refusal answered here: refreshed once, sent once more.

    :param data: field → {"value": text}, valid by the template's field types.
    :param state: developer, trial or formal; "" takes WECHAT_MINIPROGRAM_STATE.
    """
    message: dict[str, Any] = {
        "touser": openid,
        "template_id": template_id,
        "data": {key: dict(entry) for key, entry in data.items()},
        "miniprogram_state": state or settings.WECHAT_MINIPROGRAM_STATE,
        "lang": lang,
    }
    if page:
        message["page"] = page
    began = time.monotonic()
    reply = tokens.with_token("post", _SEND, body=message)
    took = round((time.monotonic() - began) * 1000)
    status: Status = reply.status
    if status == "accepted" and reply.errcode != 0:
        status = "unknown"  # JSON, but not of a shape the page describes
    rid, field = _RID.search(reply.errmsg), _FIELD.search(reply.errmsg)
    return SendOutcome(
        status=status,
        errcode=reply.errcode,
        rid=rid[1] if rid else "",
        msgid=str(reply.body.get("msgid", ""))[:32],
        http=reply.http,
        latency_ms=took,
        field=field[1] if field else "",
    )


def templates() -> list[AccountTemplate]:
    """
    List the account's templates (getMessageTemplateList).

    :raises WeChatUnavailable: no answer, or none we can read.
    """
    reply = tokens.with_token("get", "wxaapi/newtmpl/gettemplate")
    calls.refuse(reply, {})
    try:
        return [
            AccountTemplate(
                str(one["priTmplId"]), str(one["title"]), str(one["content"]), int(one["type"])
            )
            for one in reply.body["data"]
        ]
    except (KeyError, TypeError, ValueError):
        raise WeChatUnavailable from None


def rate_limit() -> RateLimit:
    """
    Ask how many sends are allowed (openapi/quota/get).

    :raises WeChatUnavailable: no answer, or none we can read.
    """
    reply = tokens.with_token("post", "cgi-bin/openapi/quota/get", body={"cgi_path": f"/{_SEND}"})
    calls.refuse(reply, {})
    quota, rate = reply.body.get("quota"), reply.body.get("rate_limit")
    try:
        most, seconds = (rate["call_count"], rate["refresh_second"]) if rate else (None, None)
        return RateLimit(int(quota["daily_limit"]), int(quota["remain"]), most, seconds)  # type: ignore[index]
    except (KeyError, TypeError, ValueError):
        raise WeChatUnavailable from None
