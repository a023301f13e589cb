"""
Ways of delivery (送达方式): which an item offers, and until when the law wants it done; pure.

行政许可法 §44: within ten days of the decision, reckoned in working days (§82).
"""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.cases.models import Delivery
from backend.core.workdays import WorkCalendar
from backend.organisation.duties import HeldPost

DAYS, SOON = 10, 2
MOST_FAILURES = 5
Method = Delivery.Method
_WORDS = (
    ("电子", Method.ELECTRONIC),
    ("短信", Method.ELECTRONIC),
    ("窗口", Method.WINDOW),
    ("现金", Method.WINDOW),
    ("邮寄", Method.MAIL),
    ("社区", Method.COMMUNITY),
    ("村", Method.COMMUNITY),
    ("上门", Method.COMMUNITY),
)


def offered(guide: Mapping[str, Any]) -> list[str]:
    """Return the ways the item's result can reach people; no word means electronically."""
    ways = " ".join(str(way) for way in (guide.get("result") or {}).get("delivery") or ())
    found = [method.value for word, method in _WORDS if word in ways]
    return list(dict.fromkeys(found)) or [Method.ELECTRONIC.value]


def default(guide: Mapping[str, Any], *, online: bool) -> str:
    """
    Return the way of who has chosen none: never by mail, for nobody said where to; and never
    electronically to whom no phone belongs.
    """
    barred = {Method.MAIL.value} if online else {Method.MAIL.value, Method.ELECTRONIC.value}
    return next((way for way in offered(guide) if way not in barred), Method.WINDOW.value)


def is_at(post: HeldPost, delivery: Delivery, village: str) -> bool:
    """Say whether a post stands where a result is handed over, or takes it round its village."""
    if delivery.method == Method.COMMUNITY and village and post.division_code == village:
        return True
    return post.department_id == delivery.place_id


def due(decided_on: date, calendar: WorkCalendar) -> date:
    return calendar.add(decided_on, DAYS).day


def light(decided_on: date, today: date, calendar: WorkCalendar) -> str:
    """Return green, yellow in the last two days, red when the ten days are over."""
    last = due(decided_on, calendar)
    if today > last:
        return "red"
    return "yellow" if calendar.remaining(today, last, "working") <= SOON else "green"
