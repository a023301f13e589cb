"""
The SMS channel (短信渠道): one message to one number, through the vendor's gateway.

`out_id` brings receipts back; it makes nothing idempotent. So SMS is sent at most once, like
WeChat, and what is unknown is asked after by `outcome_of`.
"""

import functools
import os
import time
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

import requests
from django.conf import settings
from requests.adapters import HTTPAdapter

from backend.core.wechat import Status, never_left

TIMEOUT: Final = (2, 4)
MOST: Final = 35
"""Characters a placeholder may hold; longer values are cut with …."""
NOTICE: Final = "SMS_ZY_NOTICE"
"""Template `${title}: ${note}。…`, registered with the vendor; so are the next two."""
PROGRESS: Final = "SMS_ZY_PROGRESS"
CODE: Final = "SMS_ZY_CODE"
_LIMITED: Final = "isv.BUSINESS_LIMIT_CONTROL"
_MAY_RETRY: Final = ("isp.SYSTEM_ERROR", "")


@dataclass(frozen=True, slots=True)
class SmsOutcome:
    """
    What one message came to; `code` is the vendor's, "" without an answer.

    `not_sent` is certain; `unknown` may have arrived. `may_retry`: the same call could go through
    later; otherwise number, template or limit stand against it.
    """

    status: Status
    code: str = ""
    provider_id: str = ""
    http: int | None = None
    latency_ms: int = 0

    @property
    def may_retry(self) -> bool:
        return self.status == "not_sent" and self.code in _MAY_RETRY

    @property
    def limited(self) -> bool:
        """The number had its share for this minute, hour or day."""
        return self.code == _LIMITED


def send(*, phone: str, template: str, params: Mapping[str, object], out_id: str) -> SmsOutcome:
    """
    Send one message. Never raises for what the vendor or the network does.

    :param template: a template registered with the vendor, such as NOTICE.
    :param out_id: our own random reference; never a number that means something.
    """
    body = {
        "phone": phone,
        "sign": settings.SMS_SIGN,
        "template": template,
        "params": {name: _cut(str(value)) for name, value in params.items()},
        "out_id": out_id,
    }
    began = time.monotonic()
    answer, http, arrived = _post("/send", body)
    took = round((time.monotonic() - began) * 1000)
    code = answer.get("code")
    if not isinstance(code, str) or (http or 0) >= 500:
        return SmsOutcome("unknown" if arrived else "not_sent", http=http, latency_ms=took)
    if code != "OK":
        return SmsOutcome("not_sent", code[:64], http=http, latency_ms=took)
    provider_id = str(answer.get("biz_id", ""))[:64]
    return SmsOutcome("accepted", code, provider_id, http, took)


def outcome_of(*, out_id: str) -> bool | None:
    """Ask what became of a message: delivered, not delivered, or None when nobody can say."""
    answer, _http, _arrived = _post("/query", {"out_id": out_id})
    receipt = answer.get("receipt")
    if answer.get("code") != "OK" or not isinstance(receipt, dict):
        return None
    delivered = receipt.get("success")
    return delivered if isinstance(delivered, bool) else None


def _post(path: str, body: Mapping[str, Any]) -> tuple[Mapping[str, Any], int | None, bool]:
    """Post once; return the JSON object, the HTTP status, and whether the call may have arrived."""
    try:
        response = _session(os.getpid(), settings.WECHAT_POOL).post(
            settings.SMS_BASE_URL.rstrip("/") + path,
            json=dict(body),
            headers={"X-Api-Key": settings.SMS_KEY},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
    except requests.RequestException as fault:
        return {}, None, not never_left(fault)
    try:
        answer = response.json()
    except ValueError:
        answer = None
    return (answer if isinstance(answer, dict) else {}), response.status_code, True


@functools.cache
def _session(_process: int, pool: int) -> requests.Session:
    session = requests.Session()
    adapter = HTTPAdapter(max_retries=0, pool_connections=1, pool_maxsize=pool, pool_block=True)
    session.mount("http://", adapter)
    session.mount("https://", adapter)
    return session


def _cut(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= MOST else text[: MOST - 1] + "…"
