"""The work calendar counts as the State Council's notices and 领域说明 §2.17 say."""

from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from backend.core import workdays
from backend.core.workdays import Due, WorkCalendar
from backend.seeds import calendar as seeds

ROWS = list(seeds.seed_rows())
CITY = WorkCalendar.from_rows((row.day, row.is_workday, row.provisional) for row in ROWS)
ANNOUNCED_ONLY = WorkCalendar.from_rows(
    (row.day, row.is_workday, False) for row in ROWS if not row.provisional
)
EMPTY = WorkCalendar({}, ())


@pytest.mark.parametrize(
    ("start", "days", "kind", "due"),
    [
        pytest.param(date(2026, 2, 13), 5, "working", date(2026, 2, 27), id="spring-festival"),
        pytest.param(date(2026, 9, 18), 5, "working", date(2026, 9, 24), id="working-sunday"),
        pytest.param(date(2026, 9, 24), 10, "working", date(2026, 10, 15), id="two-festivals"),
        pytest.param(date(2026, 4, 30), 1, "working", date(2026, 5, 6), id="labour-day"),
        pytest.param(date(2026, 9, 24), 15, "calendar", date(2026, 10, 9), id="residence-permit"),
        pytest.param(date(2026, 6, 1), 10, "working", date(2026, 6, 15), id="plain"),
        pytest.param(date(2026, 12, 24), 5, "working", date(2026, 12, 31), id="year-end"),
    ],
)
def test_ends_a_period_on_the_known_day(start, days, kind, due):
    assert CITY.add(start, days, kind) == Due(due, provisional=False)


def test_leaves_out_the_days_the_clock_stood_still():
    stopped = [(date(2026, 6, 5), date(2026, 6, 16))]
    assert CITY.add(date(2026, 6, 1), 10, stopped=stopped).day == date(2026, 6, 26)


def test_joins_stops_that_overlap_before_leaving_them_out():
    stopped = [(date(2026, 6, 9), date(2026, 6, 16)), (date(2026, 6, 5), date(2026, 6, 10))]
    assert CITY.add(date(2026, 6, 1), 10, stopped=stopped).day == date(2026, 6, 26)


@pytest.mark.parametrize("calendar", [CITY, ANNOUNCED_ONLY], ids=["guessed rows", "no rows"])
def test_gives_a_provisional_day_where_the_year_is_not_announced(calendar):
    assert calendar.add(date(2026, 12, 24), 6) == Due(date(2027, 1, 4), provisional=True)


def test_is_sure_of_calendar_days_in_any_year():
    assert not EMPTY.add(date(2031, 1, 1), 15, "calendar").provisional


def test_answers_with_no_rows_at_all():
    assert EMPTY.add(date(2030, 9, 30), 1) == Due(date(2030, 10, 4), provisional=True)


def test_a_year_with_one_guessed_day_is_not_announced():
    rows = [(date(2026, 1, 1), False, False), (date(2026, 1, 2), True, True)]
    assert not WorkCalendar.from_rows(rows).is_published(2026)


def test_refuses_a_negative_period():
    with pytest.raises(ValueError, match="负数"):
        CITY.add(date(2026, 1, 1), -1)


@pytest.mark.parametrize(
    ("today", "due", "left"),
    [
        (date(2026, 9, 24), date(2026, 9, 24), 0),
        (date(2026, 9, 23), date(2026, 9, 24), 1),
        (date(2026, 9, 24), date(2026, 9, 28), 1),  # Mid-Autumn 25–27 between
        (date(2026, 9, 28), date(2026, 9, 24), -1),
        (date(2026, 9, 26), date(2026, 9, 24), 0),  # late, but no working day has passed
    ],
)
def test_tells_the_working_days_left(today, due, left):
    assert CITY.remaining(today, due) == left


@pytest.mark.parametrize(
    ("day", "works"),
    [
        (date(2026, 2, 14), True),
        (date(2026, 2, 16), False),
        (date(2026, 10, 10), True),
        (date(2026, 11, 22), False),
        (date(2027, 2, 5), False),  # the eve of the Spring Festival
        (date(2028, 1, 3), False),  # New Year's Day falls on a Saturday
    ],
)
def test_knows_a_working_day(day, works):
    assert CITY.is_workday(day) is works


@pytest.mark.parametrize("year", [2025, 2026])
def test_guesses_as_many_working_days_as_were_announced(year):
    """The rule of the guess, tried on the years whose answer is known."""
    guessed = [row for row in seeds.guessed(year) if row.is_workday]
    announced = [row for row in seeds.announced(year) if row.is_workday]
    assert len(guessed) == len(announced)


def test_makes_up_a_day_two_festivals_share():
    closed = {row.day for row in seeds.guessed(2028) if not row.is_workday and row.label}
    assert {date(2028, 10, day) for day in (1, 2, 3, 4, 5)} <= closed


def test_seeds_every_day_once():
    days = [row.day for row in ROWS]
    assert days[0] == date(2004, 1, 1)
    assert days[-1] == date(2029, 12, 31)
    assert len(days) == len(set(days)) == (days[-1] - days[0]).days + 1


KNOWN = {row.day: row.is_workday for row in ROWS}
days_drawn = st.dates(date(2004, 1, 1), date(2031, 12, 31))


def works(day):
    if day in KNOWN:
        return KNOWN[day]
    closed = workdays.closures(workdays.fixed_festivals(day.year))
    return day.weekday() < 5 and day not in closed


def one_day_at_a_time(start, days, kind, stopped):
    """The slow oracle: walk, and cross off a day when it counts."""
    day, left = start, days
    while left:
        day += timedelta(days=1)
        still = any(first <= day <= last for first, last in stopped)
        left -= not still and (kind == "calendar" or works(day))
    return day


@settings(max_examples=300, deadline=None)
@given(
    start=days_drawn,
    days=st.integers(0, 70),
    kind=st.sampled_from(["working", "calendar"]),
    near=st.lists(st.tuples(st.integers(-20, 120), st.integers(0, 40)), max_size=3),
)
def test_agrees_with_counting_one_day_at_a_time(start, days, kind, near):
    stopped = [(start + timedelta(a), start + timedelta(a + n)) for a, n in near]
    due = CITY.add(start, days, kind, stopped=stopped)
    assert due.day == one_day_at_a_time(start, days, kind, stopped)


@settings(max_examples=200, deadline=None)
@given(start=days_drawn, end=days_drawn)
def test_counts_between_two_days_either_way(start, end):
    first, last = sorted((start, end))
    span = (first + timedelta(n + 1) for n in range((last - first).days))
    slow = sum(works(day) for day in span)
    assert CITY.working_days_between(first, last) == slow
    assert CITY.working_days_between(last, first) == -slow
