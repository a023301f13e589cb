"""
Versions (换版): what moving one running case to another version would change, and what forbids it.

Pure: the case and its rows in, a verdict out; the dry run and the move itself both ask here, so the
report is the result. Nothing of what was done or decided is looked at again; a promise may only
become better for the resident.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Protocol

from backend.cases import deadlines, workflow
from backend.core.workdays import DayKind, WorkCalendar

Offices = Mapping[tuple[str, str], int]
Form = Sequence[Mapping[str, Any]]


class Version(Protocol):
    """What of a version a move looks at."""

    @property
    def workflow(self) -> list[dict[str, Any]]: ...
    @property
    def days(self) -> DayKind: ...

    guide: Any
    form: Any
    materials: Any
    promised_days: int
    legal_days: int


class Row(Protocol):
    """An opened step, done or not."""

    key: str
    name: str
    phase: str
    stage: int
    round: int
    state: str


class Stop(Protocol):
    @property
    def began_on(self) -> date: ...
    @property
    def ended_on(self) -> date | None: ...


@dataclass(frozen=True, slots=True)
class Clock:
    """How the case's clock stands: days given, when it stood, when it ends."""

    began: date | None  # 受理日; None before acceptance
    submitted: date
    promised: int
    statutory: int
    due_on: date | None
    limit_on: date | None
    extended: int
    stops: Sequence[Stop]


@dataclass(frozen=True, slots=True)
class Seen:
    """A case as it stands."""

    facts: Mapping[str, object]
    answers: Mapping[str, Any]
    rows: Sequence[Row]
    asked: frozenset[tuple[str, str]]  # (field or material, key) of the open notice
    clock: Clock


@dataclass(frozen=True, slots=True)
class World:
    """What both sides of a move need to know of the place."""

    calendar: WorkCalendar
    office: Callable[[workflow.Step], int | None]
    unfit: Callable[[Mapping[str, Any]], Mapping[str, str]]
    """Answers → key of each that the new form refuses, or asks and does not have → the sentence."""


@dataclass(slots=True)
class Verdict:
    """What a move would change, and why it cannot be."""

    blocks: list[dict[str, str]] = field(default_factory=list)
    changes: dict[str, Any] = field(default_factory=dict)
    stages: dict[str, int] = field(default_factory=dict)  # step → its stage in the new plan
    opens: list[workflow.Step] = field(default_factory=list)
    stage: int = 0
    promised: int = 0
    statutory: int = 0
    department: int | None = None

    @property
    def can(self) -> bool:
        return not self.blocks

    @property
    def matters(self) -> bool:
        """Say whether the applicant would notice anything."""
        due = self.changes.get("due_on") or [None, None]
        told = ("appear", "vanish", "fields", "materials")
        return due[0] != due[1] or any(self.changes.get(key) for key in told)

    def block(self, code: str, why: str) -> None:
        self.blocks.append({"code": code, "why": why})


def plan_of(version: Version, facts: Mapping[str, object]) -> workflow.Plan:
    """Return the stages of a case under a version, its track applied."""
    track = workflow.track_of(version.guide, facts)
    return workflow.plan(version.workflow, facts, days=track.get("days"))


def compare(seen: Seen, old: Version, new: Version, world: World) -> Verdict:
    """Say what would change if a case went on under `new` instead of `old`."""
    verdict = Verdict()
    _steps(verdict, seen, plan_of(old, seen.facts), plan_of(new, seen.facts), world)
    _answers(verdict, seen, old, new, world)
    _promise(verdict, seen, old, new, world.calendar)
    return verdict


# ── steps ───────────────────────────────────────────────────────────────────────────────────


def _steps(
    verdict: Verdict, seen: Seen, before: workflow.Plan, after: workflow.Plan, world: World
) -> None:
    now = [row for row in seen.rows if row.state == "open"]
    verdict.stages = {step["key"]: n for n, stage in enumerate(after) for step in stage}
    at = _standing(verdict, now, after)
    known = {row.key for row in seen.rows}
    was = {step["key"]: step for step in _from(before, min((row.stage for row in now), default=0))}
    will = {step["key"]: step for step in _from(after, at)}
    verdict.stage = at
    verdict.opens = [
        step for step in (after[at] if at < len(after) else []) if step["key"] not in known
    ]
    verdict.changes |= {
        "appear": _named(step for key, step in will.items() if key not in was and key not in known),
        "vanish": _named(step for key, step in was.items() if key not in will),
        "missed": _named(
            step for stage in after[:at] for step in stage if step["key"] not in known
        ),
    }
    _offices(verdict, will.values(), after, world)


def _standing(verdict: Verdict, now: Sequence[Row], after: workflow.Plan) -> int:
    """Return the stage of the new plan in which the case would stand."""
    found: set[int] = set()
    for row in now:
        index = workflow.stage_of(after, row.key)
        if index < 0:
            verdict.block("step_gone", f"现在的环节“{row.name}”在新版中没有对应")
        elif workflow.step_of(after, index, row.key)["phase"] != row.phase:
            verdict.block("step_changed", f"环节“{row.name}”在新版中属于另一阶段")
        else:
            found.add(index)
    if not now:
        verdict.block("step_gone", "没有待办环节")
    if len(found) > 1:
        verdict.block("stage_split", "现在同时办理的环节, 在新版中有先有后")
    return min(found, default=0)


def _from(plan: workflow.Plan, index: int) -> Iterable[workflow.Step]:
    return (step for stage in plan[index:] for step in stage)


def _named(steps: Iterable[workflow.Step]) -> list[dict[str, str]]:
    return [{"step": step["key"], "name": step["name"]} for step in steps]


def _offices(
    verdict: Verdict, ahead: Iterable[workflow.Step], after: workflow.Plan, world: World
) -> None:
    """Every step still to come needs an office there, and the case goes to who decides it."""
    if without := sorted({step["name"] for step in ahead if world.office(step) is None}):
        verdict.block("no_office", f"当地没有承办部门: {'、'.join(without)}")
    if after:
        verdict.department = world.office(after[workflow.decides_at(after)][0])


# ── answers and materials ───────────────────────────────────────────────────────────────────


def _answers(verdict: Verdict, seen: Seen, old: Version, new: Version, world: World) -> None:
    labels = {one["key"]: one["label"] for one in new.form}
    told: Mapping[str, str] = {}
    if new.form != old.form:
        told = world.unfit({key: one for key, one in seen.answers.items() if key in labels})
    keys = dict.fromkeys(where.split("[")[0] for where in told)
    unfit = [labels.get(key, key) for key in keys if key in seen.answers]
    if unfit:
        verdict.block("answers_unfit", f"已填内容不符合新表单: {'、'.join(unfit)}")
    verdict.changes["fields"] = [labels.get(key, key) for key in keys if key not in seen.answers]
    had = {one["key"] for one in old.materials}
    verdict.changes["materials"] = [
        one["name"]
        for one in new.materials
        if one["key"] not in had and workflow.asks_for(one, seen.facts)
    ]
    there = {("field", key) for key in labels} | {("material", one["key"]) for one in new.materials}
    if seen.asked - there:
        verdict.block("supplement_unfit", "正在补正的内容在新版中没有了, 请等补正结束")


# ── the promise ─────────────────────────────────────────────────────────────────────────────


def _promise(
    verdict: Verdict, seen: Seen, old: Version, new: Version, calendar: WorkCalendar
) -> None:
    clock = seen.clock
    days = [_days(version, seen.facts) for version in (old, new)]
    verdict.changes["promised_days"] = [f"{days[0]} {old.days}", f"{days[1]} {new.days}"]
    if clock.began is None or clock.due_on is None or clock.limit_on is None:
        ends = [
            calendar.add(clock.submitted, days[n], one.days).day for n, one in enumerate((old, new))
        ]
        if ends[1] > ends[0]:
            verdict.block("promise_longer", "还没有受理, 新版的承诺时限更长")
        verdict.changes["due_on"] = [None, None]
        return
    stopped = deadlines.spans(clock.stops)

    def ends_on(total: int) -> date:
        return calendar.add(clock.began, total, new.days, stopped=stopped).day  # type: ignore[arg-type]

    same = old.days == new.days
    wanted = days[1] + clock.extended, new.legal_days + clock.extended
    verdict.promised = _no_later(ends_on, wanted[0], clock.due_on, clock.promised if same else None)
    verdict.statutory = _no_later(
        ends_on, wanted[1], clock.limit_on, clock.statutory if same else None
    )
    due = ends_on(verdict.promised)
    verdict.changes["due_on"] = [clock.due_on.isoformat(), due.isoformat()]


def _days(version: Version, facts: Mapping[str, object]) -> int:
    track = workflow.track_of(version.guide, facts)
    return int(track.get("promised_days") or version.promised_days)


def _no_later(ends_on: Callable[[int], date], days: int, latest: date, stands: int | None) -> int:
    """
    Return `days`, or as many as still end on `latest` or before.

    :param stands: the days that end on `latest`, where they are known.
    """
    if stands is not None:
        return min(days, stands)
    least, most = 0, days
    if ends_on(most) <= latest:
        return most
    while least < most:
        middle = (least + most + 1) // 2
        least, most = (middle, most) if ends_on(middle) <= latest else (least, middle - 1)
    return least
