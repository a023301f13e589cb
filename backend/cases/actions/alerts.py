"""
红黄灯与逐级升级 (R37, 领域说明 §2.7): each light is told once, to who can still do something.

Yellow to who has it in hand; red to them and the head; some working days later, or at once where
there is no head, to supervision. A step beside other offices' is seen at once by the lead office
and by supervision (§1.3).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from itertools import groupby
from typing import Any

import structlog
from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backend.cases.models import Case, CaseStep
from backend.cases.queries import crossings
from backend.cases.queries.crossings import OVERSEEN, RED, Crossing
from backend.organisation import holders
from backend.organisation import queries as organisation
from backend.organisation.models import Post
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

_HEAD = Post.Role.DEPARTMENT_HEAD
_WORDS = {1: "即将到期", 2: "已经超期", 3: "已经超期, 报监察督办"}
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class _Staff:
    """Who holds the posts that a page of crossings asks for."""

    posts: dict[tuple[int, str], list[int]]
    supervisors: dict[str, list[int]]

    def in_hand(self, crossing: Crossing) -> list[int]:
        found = []
        for hand in crossing.hands:
            post = self.posts.get((hand.department_id, hand.role), [])
            found += [hand.claimed_by_id] if hand.claimed_by_id in post else post
        return [account for account in found if account]

    def heads(self, crossing: Crossing) -> list[int]:
        """Return the head of the office that is late; beside others, the lead office's as well."""
        found = self.posts.get((crossing.office_id, _HEAD), []) if crossing.is_step else []
        if crossing.together or not crossing.is_step:
            found = found + self.posts.get((crossing.lead_id, _HEAD), [])
        return found

    def above(self, crossing: Crossing) -> list[int]:
        return self.supervisors.get(crossing.county_code, [])


def alert_lights(*, today: date | None = None) -> int:
    """
    亮灯: tell of every step and every whole case that crossed a line; return how many.

    Each office is a transaction of its own; where one breaks, each of its lights is, so that what
    cannot be told keeps nobody else from hearing.
    """
    today = today or timezone.localdate()
    late_by = _late_by(today)
    told = 0
    for found in (crossings.steps, crossings.cases):
        for page in found(today=today, late_by=late_by):
            told += _alert(page, today)
    return told


def _late_by(today: date) -> date:
    """Return the last due day for which the head's days to act are over."""
    day, calendar = today - timedelta(days=1), organisation.calendar()
    while calendar.working_days_between(day, today) <= settings.ESCALATE_DAYS:
        day -= timedelta(days=1)
    return day


def _alert(page: Sequence[Crossing], today: date) -> int:
    offices = {hand.department_id for one in page for hand in one.hands}
    staff = _Staff(
        posts=holders.of_offices(offices | {one.lead_id for one in page}, today=today),
        supervisors=holders.supervisors({one.county_code for one in page}, today=today),
    )
    ordered = sorted(page, key=lambda one: one.office_id)
    groups = (list(group) for _, group in groupby(ordered, key=lambda one: one.office_id))
    return sum(_each_apart(group, lambda some: _tell(some, staff)) for group in groups)


def _each_apart(group: list[Crossing], tell: Callable[[list[Crossing]], int]) -> int:
    """Tell a group in one transaction; if it breaks, each of it in its own."""
    try:
        with transaction.atomic():
            return tell(group)
    except Exception as fault:  # whatever it is, it is this office's alone
        _log.error("light_broke", case=group[0].number, fault=type(fault).__name__)
    if len(group) == 1:
        return 0
    return sum(_each_apart([one], tell) for one in group)


def _tell(group: list[Crossing], staff: _Staff) -> int:
    reached = {one.pk: _reached(one, staff) for one in group}
    mine = _take(group, reached)
    taken = [one for one in group if one.pk in mine]
    letters = [
        _letter(one, reached[one.pk], account)
        for one in taken
        for account in _told(one, reached[one.pk], staff)
    ]
    notifications.send_many(letters=letters)
    return len(taken)


def _reached(crossing: Crossing, staff: _Staff) -> int:
    """Return the rung it goes to; past a head who is not there, and at once beside others."""
    late = crossing.level >= RED
    return OVERSEEN if late and (crossing.together or not staff.heads(crossing)) else crossing.level


def _take(group: Sequence[Crossing], reached: dict[int, int]) -> set[int]:
    """Mark what nobody marked before us; what an act holds at this moment waits a ring."""
    if group[0].is_step:
        return _take_of(CaseStep.objects.all(), "due_on", group, reached)
    return _take_of(Case.objects.all(), "promised_due_on", group, reached)


def _take_of(
    rows: QuerySet[Any], due: str, group: Sequence[Crossing], reached: dict[int, int]
) -> set[int]:
    seen = {(one.pk, one.told, one.due_on) for one in group}
    mine = rows.filter(pk__in=reached).order_by("pk").select_for_update(skip_locked=True)
    taken = {row[0] for row in mine.values_list("pk", "alerted", due) if row in seen}
    for level in set(reached.values()):
        rows.filter(pk__in=[pk for pk in taken if reached[pk] == level]).update(alerted=level)
    return taken


def _told(crossing: Crossing, reached: int, staff: _Staff) -> list[int]:
    """Return who hears: of each rung it newly came to, and the next where a rung is empty."""
    in_hand, heads, above = staff.in_hand(crossing), staff.heads(crossing), staff.above(crossing)
    told: list[int] = []
    if crossing.told < RED:
        told += in_hand
        if reached >= RED or not in_hand:
            told += heads
    if reached == OVERSEEN or not told:
        told += above
    return list(dict.fromkeys(told))


def _letter(crossing: Crossing, reached: int, account: int) -> Letter:
    kind = "staff.light" if crossing.is_step else "staff.case_light"
    return Letter(
        account_id=account,
        kind=kinds.KINDS[kind],
        params={
            "number": crossing.number,
            "item": crossing.item,
            "step_name": crossing.name,
            "due_on": crossing.due_on.isoformat(),
            "light_text": _WORDS[reached],
        },
        case_number=crossing.number,
        dedupe_key=f"R37:{kind}:{crossing.pk}:{reached}:{crossing.due_on}:{account}",
    )
