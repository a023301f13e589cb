"""The clock, with the oracles of the brief (领域说明 §2.17)."""

from dataclasses import dataclass
from datetime import date

import pytest

from backend.cases import deadlines
from backend.core.workdays import WorkCalendar
from backend.seeds import calendar as seeds

CALENDAR = WorkCalendar.from_rows(
    (row.day, row.is_workday, row.provisional) for row in seeds.seed_rows()
)


@dataclass
class Stop:
    began_on: date
    ended_on: date | None = None


@dataclass
class Timed:
    clock_from: date | None = None
    promised_total: int = 0
    statutory_total: int = 0
    promised_due_on: date | None = None
    statutory_due_on: date | None = None
    warn_on: date | None = None
    paused_on: date | None = None
    provisional: bool = False


def accepted(today: date, promised: int, statutory: int = 60, kind: str = "working") -> Timed:
    case = Timed()
    deadlines.start(
        case, on=today, promised=promised, statutory=statutory, kind=kind, calendar=CALENDAR
    )
    return case


@pytest.mark.parametrize(
    ("on", "days", "kind", "due"),
    [
        (date(2026, 2, 13), 5, "working", date(2026, 2, 27)),
        (date(2026, 9, 18), 5, "working", date(2026, 9, 24)),
        (date(2026, 9, 24), 10, "working", date(2026, 10, 15)),
        (date(2026, 4, 30), 1, "working", date(2026, 5, 6)),
        (date(2026, 9, 24), 15, "calendar", date(2026, 10, 9)),
    ],
)
def test_promises_the_day_the_oracle_says(on, days, kind, due):
    case = accepted(on, days, kind=kind)
    assert case.promised_due_on == due
    assert not case.provisional


def test_is_provisional_where_the_calendar_is_not_out():
    case = accepted(date(2026, 12, 24), 6, statutory=6)
    assert case.promised_due_on == date(2027, 1, 4)
    assert case.provisional


def stood(case: Timed, *stops: tuple[date, date | None]) -> date | None:
    spans = [Stop(began, ended) for began, ended in stops]
    deadlines.reckon(case, stops=spans, kind="working", calendar=CALENDAR)
    return case.promised_due_on


def test_does_not_count_the_days_it_stood():
    case = accepted(date(2026, 6, 1), 10)
    assert case.promised_due_on == date(2026, 6, 15)
    assert stood(case, (date(2026, 6, 5), date(2026, 6, 17))) == date(2026, 6, 26)


def test_a_stop_of_no_day_moves_nothing():
    case = accepted(date(2026, 6, 1), 10)
    assert stood(case, (date(2026, 6, 5), date(2026, 6, 5))) == date(2026, 6, 15)


def test_a_stop_that_has_not_ended_moves_nothing_yet():
    case = accepted(date(2026, 6, 1), 10)
    assert stood(case, (date(2026, 6, 5), None)) == date(2026, 6, 15)


def test_two_stops_add_up():
    case = accepted(date(2026, 6, 1), 10)
    stops = [(date(2026, 6, 3), date(2026, 6, 5)), (date(2026, 6, 8), date(2026, 6, 9))]
    assert stood(case, *stops) == date(2026, 6, 18)


@pytest.mark.parametrize(
    ("today", "light"),
    [
        (date(2026, 6, 1), "green"),
        (date(2026, 6, 10), "green"),
        (date(2026, 6, 11), "yellow"),
        (date(2026, 6, 15), "yellow"),
        (date(2026, 6, 16), "red"),
    ],
)
def test_lights_turn_with_the_days(today, light):
    case = accepted(date(2026, 6, 1), 10)
    seen = deadlines.light(
        today=today, due_on=case.promised_due_on, warn_on=case.warn_on, paused=False
    )
    assert seen == light


def test_a_stopped_clock_is_blue():
    seen = deadlines.light(
        today=date(2026, 7, 1), due_on=date(2026, 6, 1), warn_on=None, paused=True
    )
    assert seen == "blue"
