"""
Working days (工作日): which days count, and on which day a period ends.

Pure: the calendar is handed in, no clock is read. The day after `start` is day 1
(领域说明 §2.4). Days the State Council has not announced yet are answered from the weekdays
and the fixed festivals, and an answer that leans on them says so: `provisional`.
"""

from bisect import bisect_right
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Literal, Self

DayKind = Literal["working", "calendar"]
Span = tuple[date, date]

SATURDAY = 5
ONE_DAY = timedelta(days=1)

# 《全国年节及纪念日放假办法》(2024) art. 2; the lunar festivals come with the seeded rows.
FIXED_FESTIVALS = ((1, 1), (5, 1), (5, 2), (10, 1), (10, 2), (10, 3))


@dataclass(frozen=True, slots=True)
class Due:
    """The last day of a period; `provisional` while a year it crosses is not announced."""

    day: date
    provisional: bool


def fixed_festivals(year: int) -> list[date]:
    """Return the festival days of `year` whose date in the civil calendar never moves."""
    return [date(year, month, day) for month, day in FIXED_FESTIVALS]


def closures(festivals: Iterable[date]) -> frozenset[date]:
    """
    Return the weekdays the festival days close.

    A festival day on a weekend, or on a day another festival has taken, is made up on the
    next free weekday (《全国年节及纪念日放假办法》 art. 6). Swapped weekends (调休) cannot be
    foreseen and are left out: the number of working days in the year is right either way.
    """
    taken: set[date] = set()
    for festival in sorted(festivals):
        day = festival
        while day.weekday() >= SATURDAY or day in taken:
            day += ONE_DAY
        taken.add(day)
    return frozenset(taken)


def merged(spans: Iterable[Span]) -> list[Span]:
    """Return `spans` (both ends belong to them) in order, those that meet or overlap joined."""
    joined: list[Span] = []
    for first, last in sorted(span for span in spans if span[0] <= span[1]):
        if joined and first <= joined[-1][1] + ONE_DAY:
            joined[-1] = (joined[-1][0], max(last, joined[-1][1]))
        else:
            joined.append((first, last))
    return joined


class WorkCalendar:
    """The city's calendar: announced days, and an honest guess for the rest."""

    def __init__(self, days: Mapping[date, bool], published_years: Iterable[int]) -> None:
        """Take `days` (day → is it a working day) and the years announced in full."""
        self._days = dict(days)
        self._published = frozenset(published_years)
        self._years: dict[int, tuple[int, ...]] = {}

    @classmethod
    def from_rows(cls, rows: Iterable[tuple[date, bool, bool]]) -> Self:
        """Read (day, is_workday, provisional) rows; a year with a provisional day is not out."""
        days: dict[date, bool] = {}
        provisional: dict[int, bool] = {}
        for day, is_workday, guessed in rows:
            days[day] = is_workday
            provisional[day.year] = provisional.get(day.year, False) or guessed
        return cls(days, (year for year, guessed in provisional.items() if not guessed))

    def is_workday(self, day: date) -> bool:
        """Say whether `day` is a working day."""
        return self._between(day - ONE_DAY, day, "working") == 1

    def is_published(self, year: int) -> bool:
        """Say whether the State Council's announcement for `year` is in."""
        return year in self._published

    def add(
        self, start: date, days: int, kind: DayKind = "working", *, stopped: Iterable[Span] = ()
    ) -> Due:
        """
        Return the last day of a period of `days` that begins the day after `start`.

        :param days: ≥ 0; 0 ends on `start` itself.
        :param kind: "working" counts working days, "calendar" every day.
        :param stopped: spans the clock stood still in (特别程序), both ends included.
        :raises ValueError: `days` is negative.
        """
        if days < 0:
            raise ValueError("时限天数不能为负数")
        pauses = merged(stopped)
        wanted, due = days, self._plus(start, days, kind)
        while wanted != (needed := days + self._lost(start, due, kind, pauses)):
            wanted, due = needed, self._plus(start, needed, kind)
        return Due(due, provisional=kind == "working" and not self._all_published(start, due))

    def working_days_between(self, start: date, end: date) -> int:
        """Return how many working days lie after `start` up to and with `end`; < 0 backwards."""
        return self._between(start, end, "working")

    def remaining(self, today: date, due: date, kind: DayKind = "working") -> int:
        """
        Return the days left after `today`: 0 on the last day, negative when overdue.

        Overdue is counted the same way, so a case due on Friday is −1 on Monday.
        """
        return self._between(today, due, kind)

    def _plus(self, start: date, days: int, kind: DayKind) -> date:
        if kind == "calendar" or days == 0:
            return start + timedelta(days=days)
        year, left = start.year, days
        gone = bisect_right(self._workdays_of(year), start.toordinal())
        while left > len(self._workdays_of(year)) - gone:
            left -= len(self._workdays_of(year)) - gone
            year, gone = year + 1, 0
        return date.fromordinal(self._workdays_of(year)[gone + left - 1])

    def _between(self, start: date, end: date, kind: DayKind) -> int:
        if kind == "calendar":
            return (end - start).days
        if end < start:
            return -self._between(end, start, kind)
        whole = sum(len(self._workdays_of(year)) for year in range(start.year, end.year))
        return whole + self._rank(end) - self._rank(start)

    def _lost(self, start: date, due: date, kind: DayKind, pauses: Sequence[Span]) -> int:
        """Count the days of `pauses` that a period from `start` to `due` would have used."""
        lost = 0
        for first, last in pauses:
            begin, end = max(first - ONE_DAY, start), min(last, due)
            lost += self._between(begin, end, kind) if begin < end else 0
        return lost

    def _rank(self, day: date) -> int:
        """Return how many working days of its year have passed with `day`."""
        return bisect_right(self._workdays_of(day.year), day.toordinal())

    def _workdays_of(self, year: int) -> tuple[int, ...]:
        found = self._years.get(year)
        if found is None:
            first, last = date(year, 1, 1).toordinal(), date(year, 12, 31).toordinal()
            closed = closures(fixed_festivals(year))
            found = tuple(
                ordinal
                for ordinal in range(first, last + 1)
                if self._counts(date.fromordinal(ordinal), closed)
            )
            self._years[year] = found
        return found

    def _counts(self, day: date, closed: frozenset[date]) -> bool:
        known = self._days.get(day)
        return day.weekday() < SATURDAY and day not in closed if known is None else known

    def _all_published(self, start: date, due: date) -> bool:
        first = min(start + ONE_DAY, due)
        return all(year in self._published for year in range(first.year, due.year + 1))
