"""
The clock against a slow one that goes day by day, in every year that was ever announced.

The slow clock asks `chinese_calendar` of each day by itself and knows none of our arithmetic.
"""

import functools
from dataclasses import dataclass, field
from datetime import date, timedelta

import chinese_calendar
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from backend.cases import deadlines
from backend.cases.actions.recounting import keep_promise
from backend.core.workdays import WorkCalendar
from backend.seeds import calendar as seeds

YEARS = range(seeds.FIRST_YEAR, seeds.LAST_ANNOUNCED_YEAR + 1)
DAY = timedelta(days=1)
LAST = date(seeds.LAST_ANNOUNCED_YEAR, 12, 31)
EXAMPLES = settings(
    max_examples=25, deadline=None, derandomize=True, suppress_health_check=list(HealthCheck)
)


@functools.cache
def guessed_after(year):
    """What anybody could guess of the next year before it is announced: day → is it worked."""
    if year >= seeds.LAST_ANNOUNCED_YEAR:
        return {}
    return {row.day: row.is_workday for row in seeds.guessed(year + 1)}


worked = functools.cache(chinese_calendar.is_workday)


@functools.cache
def calendars(year):
    """Our calendar with the next year guessed, and with every year announced."""
    rows = [(row.day, row.is_workday, False) for one in YEARS for row in seeds.announced(one)]
    guess = guessed_after(year)
    before = [(day, guess.get(day, work), day in guess) for day, work, _ in rows]
    return WorkCalendar.from_rows(before), WorkCalendar.from_rows(rows)


@dataclass
class Slow:
    """A clock that counts one day after another."""

    year: int
    kind: str
    announced: bool = False

    def counts(self, day):
        if self.kind == "calendar":
            return True
        guess = {} if self.announced else guessed_after(self.year)
        return guess[day] if day in guess else worked(day)

    def due(self, start, total, stops):
        day, counted = start, 0
        while counted < total:
            day += DAY
            stood = any(first <= day < ended for first, ended in stops)
            counted += self.counts(day) and not stood
        return day

    def warn(self, start, due, total):
        """The first day at whose end no more than a fifth, or one, is left."""
        most = max(1, int(total * 0.2))
        left = sum(self.counts(start + n * DAY) for n in range(1, (due - start).days + 1))
        day = start
        while left > most:
            day += DAY
            left -= self.counts(day)
        return day


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


@dataclass
class Life:
    """One case under both clocks at once."""

    year: int
    kind: str
    start: date
    promised: int
    statutory: int
    case: Timed = field(default_factory=Timed)
    stops: list[Stop] = field(default_factory=list)

    def __post_init__(self):
        self.slow = Slow(self.year, self.kind)
        self.calendar, self.full = calendars(self.year)
        self.today = self.start
        deadlines.start(
            self.case, on=self.start, promised=self.promised, statutory=self.statutory,
            kind=self.kind, calendar=self.calendar,
        )  # fmt: skip
        self.agree()

    def act(self, after, what, size):
        self.today += timedelta(days=after)
        {"stop": self.stop, "extend": self.extend, "announce": self.announce}[what](size)

    def stop(self, _):
        if self.stops and self.stops[-1].ended_on is None:
            self.stops[-1].ended_on = self.today
            self.reckon()
        else:
            self.stops.append(Stop(self.today))

    def extend(self, days):
        self.promised += days
        self.statutory += days
        self.case.promised_total += days
        self.case.statutory_total += days
        self.reckon()

    def reckon(self):
        deadlines.reckon(self.case, stops=self.stops, kind=self.kind, calendar=self.calendar)
        self.agree()

    def announce(self, _):
        promise = self.case.promised_due_on
        self.calendar, self.slow.announced = self.full, True
        keep_promise(self.case, stops=self.stops, kind=self.kind, calendar=self.calendar)
        while self.slow.due(self.start, self.promised, self.ended()) > promise:
            self.promised -= 1
        assert self.case.promised_due_on <= promise
        self.agree()

    def ended(self):
        return [(one.began_on, one.ended_on) for one in self.stops if one.ended_on]

    def agree(self):
        case, slow, ended = self.case, self.slow, self.ended()
        assert case.promised_total == self.promised
        assert case.promised_due_on == slow.due(self.start, self.promised, ended)
        assert case.statutory_due_on == slow.due(self.start, self.statutory, ended)
        assert case.warn_on == slow.warn(self.start, case.promised_due_on, self.promised)
        guessed = {day.year for day in guessed_after(self.year)} if not slow.announced else set()
        crossed = set(range(self.start.year, case.statutory_due_on.year + 1))
        assert case.provisional == (self.kind == "working" and bool(guessed & crossed))


ACTS = st.lists(
    st.tuples(
        st.integers(0, 25),
        st.sampled_from(["stop", "stop", "extend", "announce"]),
        st.integers(1, 10),
    ),
    max_size=7,
)
KINDS = st.sampled_from(["working", "working", "calendar"])


@pytest.mark.parametrize("year", YEARS)
@EXAMPLES
@given(data=st.data())
def test_equals_a_clock_that_counts_day_by_day(year, data):
    """Stops, extensions and a calendar that is announced on the way, in any order."""
    latest = 130 if year == seeds.LAST_ANNOUNCED_YEAR else 364
    promised = data.draw(st.integers(0, 30), label="promised")
    life = Life(
        year=year,
        kind=data.draw(KINDS, label="kind"),
        start=date(year, 1, 1) + timedelta(days=data.draw(st.integers(0, latest), label="start")),
        promised=promised,
        statutory=promised + data.draw(st.integers(0, 30), label="more"),
    )
    for act in data.draw(ACTS, label="acts"):
        life.act(*act)
        if max(life.today, life.case.statutory_due_on) > LAST - timedelta(days=60):
            break


@pytest.mark.parametrize("year", YEARS)
@EXAMPLES
@given(data=st.data())
def test_a_step_equals_it_too(year, data):
    latest = 200 if year == seeds.LAST_ANNOUNCED_YEAR else 364
    start = date(year, 1, 1) + timedelta(days=data.draw(st.integers(0, latest)))
    days, kind = data.draw(st.integers(0, 20)), data.draw(KINDS)
    stops, day = [], start
    for gap, long in data.draw(
        st.lists(st.tuples(st.integers(0, 9), st.integers(0, 12)), max_size=3)
    ):
        day += timedelta(days=gap)
        stops.append(Stop(day, day + timedelta(days=long)))
        day += timedelta(days=long)
    slow = Slow(year, kind, announced=True)
    due = deadlines.step_due(start, days, kind, calendars(year)[1], stops=stops)
    assert due.day == slow.due(start, days, [(one.began_on, one.ended_on) for one in stops])


def test_the_slow_clock_knows_the_cases_of_the_brief():
    """领域说明 §2.17, so that two wrong clocks cannot agree."""
    slow = Slow(2026, "working", announced=True)
    assert slow.due(date(2026, 2, 13), 5, []) == date(2026, 2, 27)
    assert slow.due(date(2026, 9, 18), 5, []) == date(2026, 9, 24)
    assert slow.due(date(2026, 9, 24), 10, []) == date(2026, 10, 15)
    assert slow.due(date(2026, 4, 30), 1, []) == date(2026, 5, 6)
    assert slow.due(date(2026, 12, 24), 5, []) == date(2026, 12, 31)
    stop = (date(2026, 6, 5), date(2026, 6, 17))
    assert slow.due(date(2026, 6, 1), 10, [stop]) == date(2026, 6, 26)
    assert Slow(2026, "calendar").due(date(2026, 9, 24), 15, []) == date(2026, 10, 9)


def test_an_off_by_one_would_be_seen():
    """The negative control: a clock that counts the day it went on as standing is found out."""
    late = [(date(2026, 6, 5), date(2026, 6, 18))]
    right = deadlines.step_due(
        date(2026, 6, 1), 10, "working", calendars(2026)[1],
        stops=[Stop(date(2026, 6, 5), date(2026, 6, 17))],
    )  # fmt: skip
    assert right.day != Slow(2026, "working", announced=True).due(date(2026, 6, 1), 10, late)
