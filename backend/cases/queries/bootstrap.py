"""首页一次取齐 (bootstrap): all the mini-program needs on its first screen, in one call."""

import functools
import hashlib
import time
from datetime import datetime
from typing import Any

import orjson

from backend.accounts.models import Account
from backend.cases.queries import resident as cases
from backend.catalogue import queries as catalogue
from backend.organisation import queries as organisation
from backend.residents import queries as residents
from notifications import kinds
from notifications import queries as notices

# 功能开关: what this release can do; the mini-program shows no door that leads nowhere.
FEATURES = {
    "apply_online": True,
    "lookup": True,
    "withdraw": True,
    "elder_version": True,
    "appointments": False,
    "material_upload": False,
    "ratings": False,
}
_KEPT = 60  # seconds


def bootstrap(account: Account | None, *, now: datetime) -> dict[str, Any]:
    """
    Return me (masked), counters, switches, templates to ask for, the dictionaries' version.

    Works logged-out: then `me` is null and the counters are nought. At most eight statements.
    """
    return {
        "me": residents.me(residents.of_account(account)) if account else None,
        "counters": _counters(account),
        "dictionaries": _dictionaries(int(time.monotonic() // _KEPT)),
        "features": FEATURES,
        "subscribe": subscriptions(account),
        "server_time": now,
    }


def etag(page: dict[str, Any]) -> str:
    """Return the page's tag; the hour alone makes no new page."""
    told = {key: value for key, value in page.items() if key != "server_time"}
    body = orjson.dumps(told, option=orjson.OPT_SORT_KEYS, default=str)
    return f'"{hashlib.sha256(body).hexdigest()[:32]}"'


def subscriptions(account: Account | None) -> dict[str, Any]:
    """订阅: which templates to ask for by scene, and how many reminders each still lets through."""
    grants = notices.grants_of(account)
    return {
        "scenes": {scene: notices.templates_to_ask(grants, scene=scene) for scene in kinds.SCENES},
        "grants": [
            {
                "template_id": grant.template_id,
                "template": grant.template_key,
                "type": grant.type,
                "left": grant.left,
                "text": left_text(grant.type, grant.left),
            }
            for grant in grants
        ],
    }


def left_text(kind: str, left: int) -> str:
    """Say how many reminders are left; 用户常以为点一次永久有效 (领域说明 §2.15)."""
    if kind == "long":
        return "已长期订阅" if left else "还没有订阅"
    return f"还剩 {left} 次提醒" if left else "没有剩余提醒, 下次办理时请点“允许”"


def _counters(account: Account | None) -> dict[str, int]:
    if account is None:
        return {"open_cases": 0, "to_mend": 0, "unread": 0, "drafts": 0}
    return {
        **cases.counts(account),
        "unread": notices.unread_count(account),
        "drafts": cases.draft_count(account),
    }


@functools.lru_cache(maxsize=1)
def _dictionaries(_age: int) -> dict[str, str]:
    """Return versions of what a phone may keep; a minute late at most."""
    return {"items": catalogue.edition(), "divisions": organisation.edition()}


def forget() -> None:
    """Read the versions anew on the next question, after items or divisions were changed."""
    _dictionaries.cache_clear()
