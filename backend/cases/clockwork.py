"""
The clock explained (时限说明): every date of a case, line by line, with how it was counted. Pure.

Nothing here is for staff alone unless it says so: `inner` lines are left out for residents.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from backend.cases import deadlines
from backend.core.workdays import ONE_DAY, SATURDAY, DayKind, WorkCalendar

_WEEK = "一二三四五六日"
UNITS: dict[str, str] = {"working": "个工作日", "calendar": "日"}
_SHADES: dict[str, str] = {
    "green": "绿灯",
    "yellow": "黄灯, 即将到期",
    "red": "红灯, 已超期",
    "blue": "蓝灯, 计时暂停",
}


@dataclass(frozen=True, slots=True)
class Line:
    """One date and how it came about; `on` is empty where a line is about an amount."""

    key: str
    label: str
    on: date | None
    text: str
    inner: bool = False


@dataclass(frozen=True, slots=True)
class Standing:
    """停表: from its first day on; `until` is the day it went on, which counts again."""

    began_on: date
    ended_on: date | None
    why: str
    step: str = ""
    expected_days: int | None = None
    of_step: bool = False
    """Only the whole case stands (公示): the step itself has its days."""


@dataclass(frozen=True, slots=True)
class More:
    """延期: asked for, granted or not, by the head on `on`."""

    days: int
    state: str
    state_label: str
    on: date
    reason: str
    note: str = ""


@dataclass(frozen=True, slots=True)
class Change:
    """日历调整: what the announced calendar did to the days of a case."""

    on: date
    before: date
    after: date
    cut: int = 0


@dataclass(frozen=True, slots=True)
class Turn:
    """环节: one department's days."""

    name: str
    office: str
    came_on: date
    days: int
    kind: DayKind
    due_on: date
    warn_on: date
    done_on: date | None = None
    counts: bool = True
    told: int = 0


@dataclass(frozen=True, slots=True)
class Sheet:
    """All that the dates of one case come from."""

    submitted_on: date
    since: date
    kind: DayKind
    today: date
    clock_from: date | None = None
    deemed: bool = False
    promised_total: int = 0
    statutory_total: int = 0
    promised_due_on: date | None = None
    statutory_due_on: date | None = None
    warn_on: date | None = None
    paused_on: date | None = None
    provisional: bool = False
    decided_on: date | None = None
    ended_on: date | None = None
    stops: Sequence[Standing] = ()
    extensions: Sequence[More] = ()
    changes: Sequence[Change] = ()
    turns: Sequence[Turn] = ()
    answer_days: int = 5


def explain(sheet: Sheet, calendar: WorkCalendar) -> list[Line]:
    """Return every date of the case in the order they were counted, then those of its steps."""
    lines = [Line("received", "收件日", sheet.submitted_on, f"{spoken(sheet.submitted_on)}收件")]
    lines += _begun(sheet, calendar) if sheet.clock_from else _waiting(sheet, calendar)
    lines += _stops(sheet, calendar)
    if sheet.clock_from:
        lines += _lengths(sheet)
        lines += _ends(sheet, sheet.clock_from, calendar)
    return lines + [line for turn in sheet.turns for line in _turn(turn, sheet, calendar)]


def for_resident(lines: Iterable[Line]) -> list[Line]:
    """Leave out what is between offices."""
    return [line for line in lines if not line.inner]


def spoken(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日(周{_WEEK[day.weekday()]})"


def _waiting(sheet: Sheet, calendar: WorkCalendar) -> Iterator[Line]:
    """Before acceptance: the days the office has to answer (行政许可法 §32)."""
    if sheet.ended_on or sheet.paused_on:
        return
    by = calendar.add(sheet.since, sheet.answer_days).day
    text = f"{spoken(sheet.since)}材料收齐, {sheet.answer_days}个工作日内告知是否受理"
    yield Line("answer_by", "最迟答复日", by, f"{text}, 最迟{spoken(by)}")


def _begun(sheet: Sheet, calendar: WorkCalendar) -> Iterator[Line]:
    start = sheet.clock_from
    if start is None:
        return
    why = "逾期没有告知, 自收到材料之日起即为受理" if sheet.deemed else "受理当日不计"
    yield Line("clock_from", "起算日", start, f"{spoken(start)}, {why}, 次日起算")
    first = calendar.add(start, 1, sheet.kind, stopped=_spans(sheet)).day
    yield Line("day_one", "第1日", first, f"{spoken(first)}是第1日")
    granted = sum(one.days for one in sheet.extensions if one.state == "approved")
    cut = sum(one.cut for one in sheet.changes)
    unit = UNITS[sheet.kind]
    for key, label, total, less in (
        ("promised", "承诺时限", sheet.promised_total, cut),
        ("statutory", "法定时限", sheet.statutory_total, 0),
    ):
        given = total - granted + less
        text = f"{given}{unit}"
        if granted:
            text += f", 加批准的延期{granted}{unit}"
        if less:
            text += f", 减因放假安排公布而缩短的{less}{unit}"
        yield Line(key, label, None, text if given == total else f"{text}, 共{total}{unit}")


def _stops(sheet: Sheet, calendar: WorkCalendar) -> Iterator[Line]:
    for stop in sheet.stops:
        where = f"“{stop.step}”" if stop.step else ""
        told = f", 预计{stop.expected_days}天" if stop.expected_days else ""
        if stop.ended_on is None:
            text = f"{spoken(stop.began_on)}起{where}{stop.why}, 暂停计时至今{told}"
        elif stop.ended_on == stop.began_on:
            text = f"{spoken(stop.began_on)}{where}{stop.why}, 当天恢复, 没有停下一天{told}"
        else:
            last = stop.ended_on - ONE_DAY
            lost = calendar.remaining(stop.began_on - ONE_DAY, last, sheet.kind)
            days = f"{spoken(stop.began_on)}至{spoken(last)}"
            text = f"{days}{where}{stop.why}, {lost}{UNITS[sheet.kind]}不计{told}"
        yield Line("stop", "停表", stop.began_on, text)


def _lengths(sheet: Sheet) -> Iterator[Line]:
    for one in sheet.extensions:
        inner = one.state != "approved"
        unit = UNITS[sheet.kind]
        if not inner:
            text = f"{spoken(one.on)}经负责人批准延长{one.days}{unit}, 理由: {one.reason}"
            yield Line("extension", "延期", one.on, text)
        note = f", 意见: {one.note}" if one.note else ""
        asked = f"申请延长{one.days}{unit}, {one.state_label}{note}"
        if inner or note:
            yield Line("extension_asked", "延期申请", one.on, asked, inner=True)
    for change in sheet.changes:
        text = f"{spoken(change.on)}放假安排公布后重算"
        if change.cut:
            text += f", 按新安排会晚于原来的承诺, 改为少算{change.cut}{UNITS[sheet.kind]}"
        moved = f", 承诺办结日由{spoken(change.before)}变为{spoken(change.after)}"
        kept = f", 承诺办结日{spoken(change.after)}不变"
        text += moved if change.before != change.after else kept
        yield Line("calendar", "日历调整", change.on, text)


def _ends(sheet: Sheet, start: date, calendar: WorkCalendar) -> Iterator[Line]:
    unit = UNITS[sheet.kind]
    for key, label, due, total in (
        ("promised_due_on", "承诺办结日", sheet.promised_due_on, sheet.promised_total),
        ("statutory_due_on", "法定办结日", sheet.statutory_due_on, sheet.statutory_total),
    ):
        if due:
            left_out = _left_out(start, due, calendar) if sheet.kind == "working" else ""
            still = ", 暂停期间顺延" if sheet.paused_on else ""
            text = f"从第1日起数满{total}{unit}{left_out}, 到{spoken(due)}{still}"
            yield Line(key, label, due, text)
    if sheet.provisional:
        text = "所跨年份的放假安排国务院尚未公布, 日期暂定; 公布后重算, 承诺的日期只会提前"
        yield Line("provisional", "暂定", None, text)
    if sheet.decided_on and sheet.promised_due_on:
        left = calendar.remaining(sheet.decided_on, sheet.promised_due_on, sheet.kind)
        said = f"比承诺{'早' if left >= 0 else '晚'}{abs(left)}{unit}" if left else "在承诺的当天"
        text = f"{spoken(sheet.decided_on)}作出决定, {said}"
        yield Line("decided", "决定日", sheet.decided_on, text)
    elif not sheet.ended_on:
        yield from _shade(sheet, calendar)


def _shade(sheet: Sheet, calendar: WorkCalendar) -> Iterator[Line]:
    """Say where the whole case stands today."""
    due, paused = sheet.promised_due_on, sheet.paused_on is not None
    if due is None:
        return
    light = deadlines.light(today=sheet.today, due_on=due, warn_on=sheet.warn_on, paused=paused)
    left = calendar.remaining(sheet.paused_on or sheet.today, due, sheet.kind)
    said = f"还剩{left}{UNITS[sheet.kind]}" if left >= 0 else f"已超{-left}{UNITS[sheet.kind]}"
    yield Line("light", "全件", sheet.warn_on, f"{_SHADES[light]}, {said}")


def _left_out(start: date, due: date, calendar: WorkCalendar) -> str:
    """Say how many weekdays were holidays, and how many weekends were worked."""
    days = [start + timedelta(days=n) for n in range(1, (due - start).days + 1)]
    off = [day for day in days if day.weekday() < SATURDAY and not calendar.is_workday(day)]
    worked = [day for day in days if day.weekday() >= SATURDAY and calendar.is_workday(day)]
    said = ["周末"]
    if off:
        said.append(f"节假日{len(off)}天")
    text = f"({'、'.join(said)}不计"
    if worked:
        text += f", 调休上班的{'、'.join(f'{day.month}月{day.day}日' for day in worked)}计入"
    return text + ")"


def _turn(turn: Turn, sheet: Sheet, calendar: WorkCalendar) -> Iterator[Line]:
    unit = UNITS[turn.kind]
    apart = "" if turn.counts else ", 不计入全件时限"
    text = f"{turn.office}, {spoken(turn.came_on)}到达, {turn.days}{unit}{apart}"
    text += f", 最迟{spoken(turn.due_on)}"
    if turn.done_on:
        over = calendar.remaining(turn.done_on, turn.due_on, turn.kind)
        done = f"{spoken(turn.done_on)}办完"
        text += f", {done}" + (f", 超期{-over}{unit}" if over < 0 else "")
    elif not sheet.ended_on:
        paused = any(not stop.of_step for stop in sheet.stops if stop.ended_on is None)
        light = deadlines.light(
            today=sheet.today, due_on=turn.due_on, warn_on=turn.warn_on, paused=paused
        )
        text += f", {_SHADES[light]}"
    yield Line("step", f"环节: {turn.name}", turn.due_on, text)
    if turn.told >= 2:
        whom = "负责人和监察" if turn.told > 2 else "负责人"
        yield Line("escalated", "督办", None, f"“{turn.name}”超期已报{whom}", inner=True)


def _spans(sheet: Sheet) -> list[tuple[date, date]]:
    return deadlines.spans(sheet.stops)
