"""
One HTTP call (一次调用): the only file that imports wechatpy.

wechatpy posts and decrypts. Its retries, its endless waiting and its exceptions, whose texts hold
the app secret and the access token, stay here: a call comes back as data, never as an exception.
"""

import functools
import os
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final, Literal

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter
from wechatpy import WeChatClient
from wechatpy.crypto import WeChatCrypto
from wechatpy.exceptions import WeChatClientException, WeChatException

from backend.core.errors import DomainError, Unavailable

TIMEOUT: Final = (2, 4)
"""Seconds to connect, and to wait for an answer."""

Status = Literal["accepted", "not_sent", "unknown"]


class WeChatUnavailable(Unavailable):
    code, title = "wechat_unavailable", "微信暂时没有响应, 请稍后再试"


@dataclass(frozen=True, slots=True)
class Reply:
    """
    What one call came to.

    `not_sent` is certain: WeChat refused (`errcode`), or was never reached. `unknown` may have been
    carried out. `accepted` is a JSON object without a refusal.
    """

    status: Status
    body: Mapping[str, Any]
    errcode: int | None = None
    errmsg: str = ""
    http: int | None = None


class _Client(WeChatClient):  # type: ignore[misc]
    """wechatpy without its retries, its waiting for ever, its small pool and its fixed address."""

    def __init__(self, base_url: str, pool: int) -> None:
        super().__init__(
            settings.WECHAT_APP_ID, settings.WECHAT_APP_SECRET, timeout=TIMEOUT, auto_retry=False
        )
        self.API_BASE_URL = base_url.rstrip("/") + "/"
        adapter = HTTPAdapter(max_retries=0, pool_connections=2, pool_maxsize=pool, pool_block=True)
        self._http.mount("https://", adapter)
        self._http.mount("http://", adapter)
        # Looked up once: requests would search the environment again for every message.
        self._http.proxies = requests.utils.get_environ_proxies(self.API_BASE_URL)
        self._http.trust_env = False


@functools.cache
def _client(_process: int, base_url: str, pool: int) -> _Client:
    return _Client(base_url, pool)


def call(
    method: str,
    path: str,
    *,
    token: str | None = None,
    params: Mapping[str, str] | None = None,
    body: Mapping[str, Any] | None = None,
) -> Reply:
    """Call WeChat once; whatever happens becomes a `Reply`, outside every `except`."""
    client = _client(os.getpid(), settings.WECHAT_BASE_URL, settings.WECHAT_POOL)
    query = {**(params or {}), "access_token": token}  # None is left out of the address
    more = {} if body is None else {"data": dict(body)}
    try:
        answer = client._request(method, path, params=query, allow_redirects=False, **more)  # noqa: SLF001
    except WeChatClientException as refused:
        if refused.errcode is not None:
            return Reply("not_sent", {}, refused.errcode, str(refused.errmsg), 200)
        return Reply("unknown", {}, http=getattr(refused.response, "status_code", None))
    except requests.RequestException as fault:
        return Reply("not_sent" if never_left(fault) else "unknown", {})
    except (ValueError, TypeError, AttributeError):  # JSON of a shape wechatpy trips over
        return Reply("unknown", {}, http=200)
    if not isinstance(answer, dict):
        return Reply("unknown", {}, http=200)
    return Reply("accepted", answer, answer.get("errcode"), str(answer.get("errmsg", "")), 200)


def decrypt(encrypted: str, *, signature: str, timestamp: str, nonce: str) -> str | None:
    """Open what WeChat encrypted for this mini-program; None when it is not that."""
    crypto = WeChatCrypto(settings.WECHAT_TOKEN, settings.WECHAT_AES_KEY, settings.WECHAT_APP_ID)
    try:
        text = crypto.decrypt_message({"Encrypt": encrypted}, signature, timestamp, nonce)
    except (WeChatException, ValueError, IndexError, struct.error):
        return None
    return str(text)


def refuse(reply: Reply, refusals: Mapping[int, type[DomainError]]) -> None:
    """
    Pass a call that WeChat granted.

    :raises DomainError: the refusal its errcode stands for.
    :raises WeChatUnavailable: any other errcode, or no answer that can be read.
    """
    if reply.status == "accepted" and not reply.errcode:
        return
    raise refusals.get(reply.errcode or 0, WeChatUnavailable)


def never_left(fault: requests.RequestException) -> bool:
    """Say whether a failed request certainly did not reach the other side."""
    if isinstance(fault, requests.ConnectTimeout):
        return True
    reason = getattr(fault.args[0] if fault.args else None, "reason", None)
    return type(reason).__name__ in ("NewConnectionError", "NameResolutionError")
