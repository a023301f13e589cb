"""
The clock of a case and of its steps (时限): days only, pure; the calendar is handed in.

The day after acceptance is day 1. The promised and the statutory limit run side by side; days on
which the clock stands (补充材料、特别程序、公示, 行政许可法 §45) do not count. Every last day is
reckoned anew from where the clock began, how many days were given and when it stood, so that it
can be proved at any time.
"""

from collections.abc import Iterable
from datetime import date, timedelta
from typing import Literal, Protocol

from django.conf import settings

from backend.core.workdays import DayKind, Due, Span, WorkCalendar

Light = Literal["green", "yellow", "red", "blue"]
_DAY = timedelta(days=1)


class Timed(Protocol):
    clock_from: date | None
    promised_total: int
    statutory_total: int
    promised_due_on: date | None
    statutory_due_on: date | None
    warn_on: date | None
    paused_on: date | None
    provisional: bool


class Stop(Protocol):
    @property
    def began_on(self) -> date: ...
    @property
    def ended_on(self) -> date | None: ...


def start(
    case: Timed,
    *,
    on: date,
    promised: int,
    statutory: int,
    kind: DayKind,
    calendar: WorkCalendar,
) -> None:
    """受理: both limits begin the day after `on`; `promised` and `statutory` are days of `kind`."""
    case.clock_from, case.promised_total, case.statutory_total = on, promised, statutory
    reckon(case, stops=(), kind=kind, calendar=calendar)


def reckon(case: Timed, *, stops: Iterable[Stop], kind: DayKind, calendar: WorkCalendar) -> None:
    """Set both last days and the warning from where the clock began, its days and its stops."""
    if case.clock_from is None:
        return
    stopped = spans(stops)
    due = calendar.add(case.clock_from, case.promised_total, kind, stopped=stopped)
    limit = calendar.add(case.clock_from, case.statutory_total, kind, stopped=stopped)
    case.promised_due_on, case.statutory_due_on = due.day, limit.day
    case.provisional = due.provisional or limit.provisional
    case.warn_on = warn_day(case.clock_from, due.day, case.promised_total, kind, calendar)


def spans(stops: Iterable[Stop]) -> list[Span]:
    """Return the days of ended stops, first and last; the day the clock goes on counts again."""
    return [(stop.began_on, stop.ended_on - _DAY) for stop in stops if stop.ended_on]


def stop(case: Timed) -> None:
    """停止: a decision or a withdrawal ends the clock; the days stay for the record."""
    case.paused_on = None


def step_due(
    opened_on: date,
    days: int,
    kind: DayKind,
    calendar: WorkCalendar,
    *,
    stops: Iterable[Stop] = (),
) -> Due:
    """Return the last day of a step that came in on `opened_on`."""
    return calendar.add(opened_on, days, kind, stopped=spans(stops))


def warn_day(start: date, due: date, total: int, kind: DayKind, calendar: WorkCalendar) -> date:
    """Return the first day after `start` on which a share of `total` days, or one, is left."""
    most = max(settings.LIGHT_DAYS, int(total * settings.LIGHT_SHARE))
    day = due
    while day > start and calendar.remaining(day - _DAY, due, kind) <= most:
        day -= _DAY
    return day


def has_passed(case: Timed, *, today: date) -> bool:
    """Say whether the promised day is over; a clock that stands is where it stopped."""
    on = case.paused_on or today
    return case.promised_due_on is None or on > case.promised_due_on


def light(*, today: date, due_on: date | None, warn_on: date | None, paused: bool) -> Light:
    """红黄灯: blue while the clock stands, red after the last day, yellow when it is near."""
    if paused:
        return "blue"
    if due_on and today > due_on:
        return "red"
    return "yellow" if warn_on and today >= warn_on else "green"
