"""
Simulation (模拟运行): a process walked day by day for one sample case; nothing is written. Pure.

The same plan, joins and clock as real cases: what opens when, whose turn it is, each last day,
and when the whole would end, given how long every step takes and when the clock stands.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import Any, cast

from backend.cases import deadlines, workflow
from backend.core.workdays import DayKind, WorkCalendar

SPECIAL, SUPPLEMENT, STEP = "special", "supplement", "step"


@dataclass(frozen=True, slots=True)
class Stop:
    """停表: so many days into a step, for so many calendar days."""

    after: int
    days: int
    kind: str = SPECIAL


@dataclass(frozen=True, slots=True)
class Doing:
    """How one step is done: in how many of its days (all, if not said), and with what end."""

    takes: int | None = None
    passes: bool = True
    stops: Sequence[Stop] = ()


@dataclass(frozen=True, slots=True)
class Terms:
    """What the version promises: days, and how they are counted."""

    promised: int
    legal: int
    kind: DayKind


@dataclass
class Stood:
    began_on: date
    ended_on: date | None
    kind: str


@dataclass(frozen=True, slots=True)
class Turn:
    """One step's turn: opened, its last day, done, and how it ended."""

    step: Mapping[str, Any]
    opened_on: date
    due_on: date
    done_on: date | None
    state: str
    provisional: bool

    @property
    def late(self) -> bool:
        return self.done_on is not None and self.done_on > self.due_on


@dataclass
class Clock:
    clock_from: date | None = None
    promised_total: int = 0
    statutory_total: int = 0
    promised_due_on: date | None = None
    statutory_due_on: date | None = None
    warn_on: date | None = None
    paused_on: date | None = None
    provisional: bool = False


@dataclass
class Walk:
    """A sample case on its way through a plan."""

    plan: workflow.Plan
    terms: Terms
    calendar: WorkCalendar
    doings: Mapping[str, Doing]
    granted: bool = True
    turns: list[Turn] = field(default_factory=list)
    stops: list[Stood] = field(default_factory=list)
    clock: Clock = field(default_factory=Clock)
    decided_on: date | None = None
    ended_on: date | None = None

    def run(self, start_on: date) -> "Walk":
        """Walk from the day of submission to the end."""
        index: int | None = 0
        day = start_on
        while index is not None:
            day, end = self._stage(index, day)
            if index == 0:
                self._accept(day)
            self._decide(index, day)
            index = workflow.after(self.plan, index, end)
            if self.decided_on and not self.granted:
                day, index = self._refuse(day), None
        self.ended_on = day
        self._reckon()
        return self

    def _accept(self, day: date) -> None:
        deadlines.start(
            self.clock,
            on=day,
            promised=self.terms.promised,
            statutory=self.terms.legal,
            kind=self.terms.kind,
            calendar=self.calendar,
        )

    def _decide(self, index: int, day: date) -> None:
        if index == workflow.decides_at(self.plan) and self.decided_on is None:
            self._go_on(day)
            self.decided_on = day

    def _refuse(self, day: date) -> date:
        step = workflow.NOTICE_OF_REFUSAL
        done = self._finish(step, day, self.doings.get(step["key"], Doing(takes=0)))
        self._note(step, day, done, "passed", [])
        return done

    def _stage(self, index: int, opened: date) -> tuple[date, workflow.Joined]:
        """Open a stage, let its steps end in the order of their days, and join them."""
        stage = self.plan[index]
        if index > 0 and self.decided_on is None:
            self._run_or_stand(stage, opened)
        stood = [stop for step in stage for stop in self._stand(step, opened)]
        ends = {step["key"]: self._finish(step, opened, self._doing(step)) for step in stage}
        for step in stage:
            first = workflow.heard_first(self.plan, index, step["key"])
            ends[step["key"]] = max([ends[step["key"]], *(ends[key] for key in first)])
        day, end, states = self._joined(index, ends)
        for step in stage:
            state = states[step["key"]]
            done = day if state == "cancelled" else ends[step["key"]]
            self._note(step, opened, done, state, stood)
        return day, end

    def _joined(
        self, index: int, ends: Mapping[str, date]
    ) -> tuple[date, workflow.Joined, dict[str, str]]:
        stage = self.plan[index]
        states = {step["key"]: "open" for step in stage}
        ended: tuple[date, workflow.Joined] | None = None
        order = sorted(stage, key=lambda step: (ends[step["key"]], bool(step.get("lead"))))
        for step in order:
            key = step["key"]
            if states[key] == "cancelled":
                continue
            states[key] = "passed" if self._doing(step).passes else "rejected"
            if states[key] == "passed":
                states |= dict.fromkeys(
                    (
                        one
                        for one in workflow.rivals(self.plan, index, key)
                        if states[one] == "open"
                    ),
                    "cancelled",
                )
            end = workflow.joined(stage, states)
            if ended is None and workflow.blocks(self.plan, index, key) and end != "wait":
                ended = ends[key], end
        day, end = ended or (max(ends.values()), "passed")
        return day, end, states

    def _doing(self, step: Mapping[str, Any]) -> Doing:
        given = self.doings.get(step["key"], Doing())
        return Doing(given.takes, self.granted, given.stops) if step.get("decides") else given

    def _finish(self, step: Mapping[str, Any], opened: date, doing: Doing) -> date:
        takes = int(step["days"]) if doing.takes is None else doing.takes
        kind, stood = self._kind(step), [self._stood(step, opened, one) for one in doing.stops]
        done = self.calendar.add(opened, takes, kind, stopped=deadlines.spans(stood)).day
        if step.get("publicity"):  # 公示期满当天起才能通过
            due = deadlines.step_due(opened, int(step["days"]), kind, self.calendar, stops=stood)
            return max(done, due.day)
        return done

    def _stand(self, step: Mapping[str, Any], opened: date) -> list[Stood]:
        made = [self._stood(step, opened, one) for one in self._doing(step).stops]
        if self.clock.clock_from and self.decided_on is None and step.get("counts", True):
            self.stops += made
        return made

    def _stood(self, step: Mapping[str, Any], opened: date, stop: Stop) -> Stood:
        began = self.calendar.add(opened, stop.after, self._kind(step)).day
        return Stood(began, began + timedelta(days=stop.days), stop.kind)

    def _run_or_stand(self, stage: Sequence[Mapping[str, Any]], day: date) -> None:
        if workflow.counts(stage):
            self._go_on(day)
        elif self.clock.paused_on is None:
            self.clock.paused_on = day
            self.stops.append(Stood(day, None, STEP))

    def _go_on(self, day: date) -> None:
        for stop in self.stops:
            stop.ended_on = stop.ended_on or day
        self.clock.paused_on = None

    def _note(
        self,
        step: Mapping[str, Any],
        opened: date,
        done: date,
        state: str,
        stood: Sequence[Stood],
    ) -> None:
        due = deadlines.step_due(
            opened, int(step["days"]), self._kind(step), self.calendar, stops=stood
        )
        self.turns.append(Turn(step, opened, due.day, done, state, due.provisional))

    def _kind(self, step: Mapping[str, Any]) -> DayKind:
        return cast(DayKind, step.get("day_kind") or self.terms.kind)

    def _reckon(self) -> None:
        deadlines.reckon(self.clock, stops=self.stops, kind=self.terms.kind, calendar=self.calendar)
