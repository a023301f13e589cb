"""计时: what of a case and of its steps the calendar changes."""

from collections.abc import Iterable
from datetime import date
from typing import cast

from django.utils import timezone

from backend.cases import deadlines, fold
from backend.cases.models import Case, CaseStep
from backend.core.workdays import DayKind, WorkCalendar

CLOCK = {
    "alerted",
    "clock_from",
    "promised_total",
    "statutory_total",
    "promised_due_on",
    "statutory_due_on",
    "warn_on",
    "paused_on",
    "provisional",
}
"""What of a case an act of the clock may change."""


def told(case: Case) -> fold.Clock:
    """Return the clock as the chain keeps it: its parts; the last days follow from them."""
    began, stands = case.clock_from, case.paused_on
    return (
        began.isoformat() if began else None,
        case.promised_total,
        case.statutory_total,
        stands.isoformat() if stands else None,
    )


def time_step(step: CaseStep, calendar: WorkCalendar, stops: Iterable[deadlines.Stop] = ()) -> None:
    """Set a step's last day and its warning; `stops` are those that interrupt a step's work."""
    began, kind = timezone.localdate(step.opened_at), cast(DayKind, step.day_kind)
    step.due_on = deadlines.step_due(began, step.days, kind, calendar, stops=stops).day
    step.warn_on = deadlines.warn_day(began, step.due_on, step.days, kind, calendar)


def relight(timed: Case | CaseStep, today: date) -> None:
    """Let a yellow light that is green again be told anew; red stays on the record."""
    if timed.alerted == 1 and timed.warn_on and timed.warn_on > today:
        timed.alerted = 0
