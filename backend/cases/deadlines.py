"""
The clock of a case and of its steps (时限): days only, pure; the calendar is handed in.

The day after acceptance is day 1. The promised and the statutory limit run side by side; both
stand still while only steps that do not count are open (公示、特别程序, 行政许可法 §45).
"""

from datetime import date, timedelta
from typing import Literal, Protocol

from backend.core.workdays import DayKind, Due, WorkCalendar

Light = Literal["green", "yellow", "red", "blue"]
_DAY = timedelta(days=1)
_SHARE = 0.2  # 黄灯: 剩余 ≤1 日或 ≤20% (领域说明 §2.7)


class Timed(Protocol):
    promised_due_on: date | None
    statutory_due_on: date | None
    warn_on: date | None
    paused_on: date | None
    provisional: bool


def start(
    case: Timed,
    *,
    today: date,
    promised: int,
    statutory: int,
    kind: DayKind,
    calendar: WorkCalendar,
) -> None:
    """受理: both limits begin; `promised` and `statutory` are days of `kind`."""
    due = calendar.add(today, promised, kind)
    limit = calendar.add(today, statutory, kind)
    case.promised_due_on, case.statutory_due_on = due.day, limit.day
    case.provisional = due.provisional or limit.provisional
    case.warn_on = warn_day(today, due.day, kind, calendar)


def pause(case: Timed, *, today: date) -> None:
    """停表: from `today` on no day counts; a clock that stands already stays as it is."""
    if case.promised_due_on and case.paused_on is None:
        case.paused_on = today


def resume(case: Timed, *, today: date, kind: DayKind, calendar: WorkCalendar) -> None:
    """恢复计时: both limits move by the days of `kind` from the stop up to yesterday."""
    if case.paused_on is None:
        return
    stood = calendar.remaining(case.paused_on - _DAY, today - _DAY, kind)
    case.paused_on = None
    if stood > 0 and case.promised_due_on and case.statutory_due_on:
        due = calendar.add(case.promised_due_on, stood, kind)
        limit = calendar.add(case.statutory_due_on, stood, kind)
        case.promised_due_on, case.statutory_due_on = due.day, limit.day
        case.provisional = case.provisional or due.provisional or limit.provisional
        case.warn_on = warn_day(today, due.day, kind, calendar)


def stop(case: Timed) -> None:
    """停止: a decision or a withdrawal ends the clock; the days stay for the record."""
    case.paused_on = None


def step_due(opened_on: date, days: int, kind: DayKind, calendar: WorkCalendar) -> Due:
    """Return the last day of a step that came in on `opened_on`."""
    return calendar.add(opened_on, days, kind)


def warn_day(start: date, due: date, kind: DayKind, calendar: WorkCalendar) -> date:
    """Return the first day on which a fifth of the time, or one day, is left."""
    most = max(1, int(calendar.remaining(start, due, kind) * _SHARE))
    day = due
    while day > start and calendar.remaining(day - _DAY, due, kind) <= most:
        day -= _DAY
    return day


def light(*, today: date, due_on: date | None, warn_on: date | None, paused: bool) -> Light:
    """红黄灯: blue while the clock stands, red after the last day, yellow when it is near."""
    if paused:
        return "blue"
    if due_on and today > due_on:
        return "red"
    return "yellow" if warn_on and today >= warn_on else "green"
