"""
Reminder rules (提醒规则, 领域说明 §5): data, read; and the days they fall on. Pure.

A rule hangs on a day in a person's life (the anchor) and speaks some days before or after it, at
a time of day. What to look for is asked by window: every occurrence in (last run, now], so a
missed day is made up for and a second look finds nothing new.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

SHANGHAI = ZoneInfo("Asia/Shanghai")
RUN_ELSEWHERE = frozenset({"step_light", "version_moved", "case_date"})
"""Anchors whose rows are found by another job, which sends by itself."""
_SEND_AT = time(9)
_QUIET_FROM, _QUIET_TO = time(22), time(8)
_DEADLINES = frozenset({"到期", "期限"})
_KEPT_IN_MIND = 31
"""Days a rule that has never run looks back, and no further than its first day."""


@dataclass(frozen=True, slots=True)
class Rule:
    """One version of a rule, as the engine needs it."""

    key: str
    version: int
    title: str
    category: str
    anchor: Mapping[str, Any]
    offsets: tuple[int, ...]
    at: time
    where: Mapping[str, Any]
    unless: tuple[str, ...]
    template: str
    thing: str
    note: str
    opens: str
    consent: str
    since: date
    until: date | None

    @property
    def needs_sms(self) -> bool:
        """Only what has a deadline is worth an SMS (领域说明 §5, 通道阶梯)."""
        return self.category in _DEADLINES

    @property
    def item(self) -> str:
        return self.opens.removeprefix("item:") if self.opens.startswith("item:") else ""


@dataclass(frozen=True, slots=True)
class Occurrences:
    """The anchors, first to last, for which a rule speaks `offset` days later in one window."""

    offset: int
    first: date
    last: date


def read(data: Mapping[str, Any], *, version: int, since: date, until: date | None) -> Rule:
    """Return the rule that loaded data describe; `until` is the first day it no longer holds."""
    hour, minute = str(data.get("at", f"{_SEND_AT:%H:%M}")).split(":")
    return Rule(
        key=data["key"],
        version=version,
        title=data["title"],
        category=data["category"],
        anchor=data["anchor"],
        offsets=tuple(data["offsets"]),
        at=time(int(hour), int(minute)),
        where=data.get("where", {}),
        unless=tuple(data.get("unless", ())),
        template=data["template"],
        thing=data["thing"],
        note=data["note"],
        opens=f"item:{data['item']}" if data.get("item") else f"link:{data.get('link', '')}",
        consent=data["consent"],
        since=since,
        until=until,
    )


def occurrences(rule: Rule, *, after: datetime, upto: datetime) -> Iterator[Occurrences]:
    """Yield what falls into the window (after, upto], for each offset; both moments are aware."""
    first = _first_day_after(after, rule.at)
    last = _first_day_after(upto, rule.at) - timedelta(days=1)
    first = max(first, rule.since)
    last = min(last, rule.until - timedelta(days=1)) if rule.until else last
    if first > last:
        return
    for offset in rule.offsets:
        shift = timedelta(days=offset)
        yield Occurrences(offset, first - shift, last - shift)


def _first_day_after(moment: datetime, at: time) -> date:
    """Return the first day whose `at` lies after a moment, in Shanghai."""
    local = moment.astimezone(SHANGHAI)
    return local.date() + timedelta(days=0 if local.time() < at else 1)


def beginning(rule: Rule, *, now: datetime) -> datetime:
    """Return from when a rule that has never run looks: its first day, or a month ago."""
    today = now.astimezone(SHANGHAI).date()
    first = max(rule.since, today - timedelta(days=_KEPT_IN_MIND))
    return datetime.combine(first, time(), SHANGHAI)


def anniversary(born: date, years: int) -> date:
    """
    Return the day somebody turns `years` (周岁).

    Born on 29 February, one turns older on 1 March of a common year (领域说明 §2.17).
    """
    try:
        return born.replace(year=born.year + years)
    except ValueError:
        return date(born.year + years, 3, 1)


def born_between(first: date, last: date, years: int) -> tuple[date, date]:
    """Return the first and last birthday whose `years`-th anniversary is in first … last."""
    return _earliest_born(first, years), _earliest_born(last + timedelta(days=1), years) - _DAY


_DAY = timedelta(days=1)


def _earliest_born(turning_on: date, years: int) -> date:
    """Return the first birthday whose anniversary is on that day or later."""
    try:
        born = turning_on.replace(year=turning_on.year - years)
    except ValueError:  # 29 February, and the birth year had none
        return date(turning_on.year - years, 3, 1)
    before = born - _DAY
    return before if anniversary(before, years) >= turning_on else born


def still_useful(offset: int, anchor_on: date, today: date) -> bool:
    """Say whether a late reminder helps: what warns of a day does not, once the day is over."""
    return offset >= 0 or today <= anchor_on


def overtaken(rule: Rule, offset: int, anchor_on: date, now: datetime) -> bool:
    """Say whether a later reminder of the same day is due as well: then that one speaks alone."""
    spoken_by = _first_day_after(now, rule.at) - timedelta(days=1)
    return any(
        offset < later and anchor_on + timedelta(days=later) <= spoken_by for later in rule.offsets
    )


def waking(now: datetime) -> datetime:
    """Return `now`, or 08:00 when it is between 22:00 and then (静默, 领域说明 §5)."""
    local = now.astimezone(SHANGHAI)
    if _QUIET_TO <= local.time() < _QUIET_FROM:
        return now
    day = local.date() + timedelta(days=1 if local.time() >= _QUIET_FROM else 0)
    return datetime.combine(day, _QUIET_TO, SHANGHAI)


def dedupe_key(rule: Rule, resident_id: int, anchor_on: date, offset: int) -> str:
    """Return what makes a reminder one: rule, person, day and offset; never the version."""
    return f"rule:{rule.key}:{resident_id}:{anchor_on:%Y%m%d}:{offset}"
