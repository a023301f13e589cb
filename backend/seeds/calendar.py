"""
Rows of the work calendar (工作日历): what the State Council announced, and a guess beyond.

2004–2026 come from `chinesecalendar`, which follows the yearly notices of the State Council.
The three years after the last announced one are guessed from 《全国年节及纪念日放假办法》
(2024) and marked provisional: New Year 1, Spring Festival 4 (the eve to the third), Qingming 1,
Labour Day 2, Dragon Boat 1, Mid-Autumn 1, National Day 3. Swapped weekends are not guessed.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta

import chinese_calendar
from lunar_python import Lunar

from backend.core import workdays

FIRST_YEAR, LAST_ANNOUNCED_YEAR, GUESSED_YEARS = 2004, 2026, 3

LABELS = {
    "New Year's Day": "元旦",
    "Spring Festival": "春节",
    "Tomb-sweeping Day": "清明节",
    "Labour Day": "劳动节",
    "Dragon Boat Festival": "端午节",
    "National Day": "国庆节",
    "Mid-autumn Festival": "中秋节",
    "Anti-Fascist 70th Day": "抗战胜利纪念日",
}
FIXED_NAMES = {1: "元旦", 5: "劳动节", 10: "国庆节"}


@dataclass(frozen=True, slots=True)
class CalendarRow:
    """One day of the calendar, in the fields of `organisation.CalendarDay`."""

    day: date
    is_workday: bool
    label: str
    provisional: bool
    source: str


def seed_rows() -> Iterator[CalendarRow]:
    """Yield one row for every day from 2004-01-01 to 2029-12-31, in order."""
    for year in range(FIRST_YEAR, LAST_ANNOUNCED_YEAR + 1):
        yield from announced(year)
    for year in range(LAST_ANNOUNCED_YEAR + 1, LAST_ANNOUNCED_YEAR + 1 + GUESSED_YEARS):
        yield from guessed(year)


def announced(year: int) -> Iterator[CalendarRow]:
    """Yield the rows of a year the State Council has announced."""
    for day in _days_of(year):
        off, festival = chinese_calendar.get_holiday_detail(day)
        label = LABELS[festival] if festival else ""
        if label and not off:
            label += "调休上班"
        yield CalendarRow(day, not off, label, provisional=False, source="国务院办公厅放假通知")


def guessed(year: int) -> Iterator[CalendarRow]:
    """Yield the provisional rows of a year that is not announced yet."""
    named = festivals(year)
    names = dict(named)
    closed = workdays.closures(day for day, _ in named)
    for day in _days_of(year):
        off = day in closed or day.weekday() >= workdays.SATURDAY
        label = names.get(day, "补假" if day in closed else "")
        yield CalendarRow(day, not off, label, provisional=True, source="推算,待国务院通知")


def festivals(year: int) -> list[tuple[date, str]]:
    """Return the festival days of `year` by law; a day two festivals share stands twice."""
    eve = _solar(year, 1, 1) - timedelta(days=1)
    return [
        *((day, FIXED_NAMES[day.month]) for day in workdays.fixed_festivals(year)),
        *((eve + timedelta(days=offset), "春节") for offset in range(4)),
        (_qingming(year), "清明节"),
        (_solar(year, 5, 5), "端午节"),
        (_solar(year, 8, 15), "中秋节"),
    ]


def _solar(year: int, month: int, day: int) -> date:
    return date.fromisoformat(Lunar.fromYmd(year, month, day).getSolar().toYmd())


def _qingming(year: int) -> date:
    return date.fromisoformat(Lunar.fromYmd(year, 3, 1).getJieQiTable()["清明"].toYmd())


def _days_of(year: int) -> Iterator[date]:
    first = date(year, 1, 1)
    return (first + timedelta(days=n) for n in range((date(year + 1, 1, 1) - first).days))
