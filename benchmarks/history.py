"""The life of a case (办件的一生): which steps it took, when, and the chain of its events. Pure."""

import random
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.cases import deadlines, trace, workflow
from backend.core.workdays import DayKind, Due, WorkCalendar
from backend.organisation.queries import Territory
from benchmarks.city import City, Version
from benchmarks.lives import Asked, Event, Life, Step
from benchmarks.moments import local_day, moment

_DAY = 86_400
_MENDED, _WAITING, _TO_MEND = 0.12, 0.3, 15  # shares, and working days
_OPINION = "材料齐全, 情况属实"
_REFUSED = "经核查不符合条件, 可补充证明后重新申请"
_REMEDY = "如对本决定不服, 可在收到之日起 60 日内申请行政复议, 或在 6 个月内提起行政诉讼。"


@dataclass(slots=True)
class _Tale:
    """What stays the same through one life."""

    version: Version
    stages: workflow.Plan
    deciding: int
    territory: Territory
    rng: random.Random


class _Remembering(WorkCalendar):
    """The city's calendar, asked the same a million times."""

    def __init__(self, calendar: WorkCalendar) -> None:
        self.__dict__.update(calendar.__dict__)
        self._added: dict[tuple[date, int, DayKind], Due] = {}
        self._left: dict[tuple[date, date, DayKind], int] = {}

    def add(self, start: date, days: int, kind: DayKind = "working", **stopped: object) -> Due:
        found = self._added.get((start, days, kind))
        if found is None:
            found = self._added[start, days, kind] = super().add(start, days, kind)
        return found

    def remaining(self, today: date, due: date, kind: DayKind = "working") -> int:
        found = self._left.get((today, due, kind))
        if found is None:
            found = self._left[today, due, kind] = super().remaining(today, due, kind)
        return found


def _span(stage: list[workflow.Step], rng: random.Random) -> float:
    """Return the seconds a stage takes: mostly well within its days, sometimes beyond."""
    days = max(int(step.get("days") or 0) for step in stage)
    return (days * 1.4 * rng.uniform(0.1, 0.9) + rng.uniform(0.01, 0.3)) * _DAY


def _reached(stages: int, rng: random.Random) -> int:
    """Return the stage an open case waits in: a quarter in intake, the rest further on."""
    return 0 if rng.random() < 0.25 or stages == 1 else rng.randrange(1, stages)


class Historian:
    """Writes lives. One a process: what the calendar was asked once is not asked again."""

    def __init__(self, city: City, staff: dict[tuple[int, str], list[int]], now: int) -> None:
        self.city, self.staff, self.now = city, staff, now
        self._limits: dict[tuple[date, int, DayKind], tuple[date, date]] = {}
        self._starts: dict[tuple[date, int], Life] = {}
        self._calendar = _Remembering(city.calendar)

    def life(
        self,
        *,
        number: str,
        account: int,
        version: Version,
        stages: workflow.Plan,
        territory: Territory,
        submitted: int,
        is_open: bool,
        rng: random.Random,
    ) -> Life:
        """Return what became of a case that came in at `submitted` (epoch seconds)."""
        deciding = workflow.decides_at(stages)
        office = self._office(territory, stages[deciding][0])
        life = Life(number, account, office)
        self._record(life, "submit", account, submitted, details={"channel": "miniapp"})
        tale = _Tale(version, stages, deciding, territory, rng)
        self._open(life, tale, 0, submitted)
        spans = [_span(stage, rng) for stage in stages]
        if is_open:
            last = 0 if version.instant else _reached(len(stages), rng)
            squeeze = min(1.0, 0.9 * (self.now - submitted) / max(sum(spans[:last]), 1))
        else:
            last = len(stages)
            squeeze = min(1.0, 0.9 * (self.now - submitted) / sum(spans))
        at = submitted
        for index in range(last):
            done = at + max(int(spans[index] * squeeze), 60)
            if index == 0:
                self._mend(life, tale, at, done)
            if not is_open and self._ends_early(life, tale, index, done):
                return life
            self._pass(life, tale, index, done)
            at = done
            if life.outcome == "refused" or index == len(stages) - 1:
                break
            self._open(life, tale, index + 1, at)
        if is_open and not last and version.form and not version.instant:
            self._wait(life, tale, submitted)
        if life.status == "decided" and not life.waits():
            self._notify(life, tale, len(stages), at + 600, wait=is_open)
        return life

    def _mend(self, life: Life, tale: _Tale, at: int, done: int) -> None:
        """Some applications lack something: asked for once, answered, then taken in."""
        if done - at > _DAY and tale.version.form and tale.rng.random() < _MENDED:
            self._ask(life, tale, at + (done - at) // 4)
            answered = at + (done - at) // 2
            life.status, asked = "submitted", life.asked
            assert asked is not None
            asked.answered = answered
            life.halt(local_day(answered))
            step = life.steps[-1]
            stops, opened = life.stops, local_day(step.opened)
            step.due_on = deadlines.step_due(
                opened, step.days, step.day_kind, self.city.calendar, stops=stops
            ).day
            step.warn_on = deadlines.warn_day(
                opened, step.due_on, step.days, step.day_kind, self._calendar
            )
            told = {"ordinal": 1, "lines": [1]}
            actor = life.applicant_account
            self._record(life, "supplement", actor, answered, step=step.key, details=told)

    def _wait(self, life: Life, tale: _Tale, submitted: int) -> None:
        """Some of those not taken in yet wait for the applicant."""
        at = max(submitted + 3_600, self.now - int(tale.rng.uniform(0, 9) * _DAY))
        if at < self.now and tale.rng.random() < _WAITING:
            self._ask(life, tale, at)

    def _ask(self, life: Life, tale: _Tale, at: int) -> None:
        step = life.steps[-1]
        colleagues = self.staff.get((step.office, step.role))
        actor = tale.rng.choice(colleagues) if colleagues else self.city.system_id
        due_on = self._calendar.add(local_day(at), _TO_MEND).day
        wanted = tale.version.form[0]
        life.asked = Asked(step.key, step.office, actor, at, due_on, wanted)
        life.status = "supplementing"
        life.stand(step.key, local_day(at), kind="supplement")
        self._told(
            life,
            "request_supplement",
            actor,
            at,
            step,
            ordinal=1,
            due_on=due_on.isoformat(),
            opinion="",
            defects=[{"on": "field", "key": wanted["key"], "reason": "wrong"}],
        )

    def _ends_early(self, life: Life, tale: _Tale, index: int, at: int) -> bool:
        """Some cases are not taken in, some are taken back."""
        if index > tale.deciding or life.status not in ("submitted", "accepted"):
            return False
        dice = tale.rng.random()
        if index == 0 and dice < 0.04:
            step = life.steps[-1]
            actor = self._close(step, at, "rejected", _REFUSED, tale)
            life.status, life.reason, life.closed = "declined", _REFUSED, at
            self._record(
                life,
                "decline",
                actor,
                at,
                step=step.key,
                details={
                    "reason": _REFUSED,
                    "remedy": _REMEDY,
                    "office": self.city.office_names[step.office],
                },
            )
            return True
        if dice > 0.99:
            for step in life.steps:
                if step.state == "open":
                    step.state, step.done, step.done_by = "cancelled", at, life.applicant_account
            life.status, life.closed = "withdrawn", at
            life.halt(local_day(at))
            self._record(life, "withdraw", life.applicant_account, at, details={"reason": ""})
            return True
        return False

    def _pass(self, life: Life, tale: _Tale, index: int, at: int) -> None:
        """End every step of a stage, the last of them at `at`."""
        waiting = [step for step in life.steps if step.state == "open"]
        for n, step in enumerate(waiting):
            moment_of_step = at - (len(waiting) - 1 - n) * 30
            actor = self._close(step, moment_of_step, "passed", _OPINION, tale)
            if index == 0:
                self._accept(life, tale, step, actor, moment_of_step)
            elif index == tale.deciding and life.status == "accepted":
                self._decide(life, tale, step, actor, moment_of_step)
            elif index == len(tale.stages) - 1 and n == len(waiting) - 1:
                self._conclude(life, step, actor, moment_of_step)
            else:
                self._told(life, "pass_step", actor, moment_of_step, step, opinion=_OPINION)

    def _accept(self, life: Life, tale: _Tale, step: Step, actor: int, at: int) -> None:
        version = tale.version
        life.status, life.accepted = "accepted", at
        self._start(life, version, local_day(at))
        self._told(life, "accept", actor, at, step, opinion=_OPINION)
        if tale.deciding == 0:
            life.status, life.outcome, life.decided = "decided", "granted", at
            self._told(life, "decide", actor, at, step, outcome="granted")
            if version.instant:
                life.status, life.closed = "concluded", at
                self._told(life, "conclude", actor, at, step)

    def _start(self, life: Life, version: Version, today: date) -> None:
        """Start both clocks, as `deadlines` does; the same day and version need asking once."""
        found = self._starts.get((today, version.pk))
        if found is None:
            model = Life("", 0, 0)
            deadlines.start(
                model,
                on=today,
                promised=version.promised_days,
                statutory=version.legal_days,
                kind=version.days,
                calendar=self._calendar,
            )
            found = self._starts[today, version.pk] = model
        life.clock_from, life.promised_total = found.clock_from, found.promised_total
        life.statutory_total = found.statutory_total
        life.promised_due_on, life.statutory_due_on = found.promised_due_on, found.statutory_due_on
        life.warn_on, life.provisional = found.warn_on, found.provisional

    def _decide(self, life: Life, tale: _Tale, step: Step, actor: int, at: int) -> None:
        granted = tale.rng.random() > 0.05
        life.status, life.decided = "decided", at
        life.halt(local_day(at))
        life.outcome = "granted" if granted else "refused"
        if granted:
            self._told(life, "decide", actor, at, step, outcome="granted", reason="")
            return
        life.reason, step.state, step.opinion = _REFUSED, "rejected", _REFUSED
        self._told(
            life, "decide", actor, at, step, outcome="refused", reason=_REFUSED, remedy=_REMEDY
        )

    def _conclude(self, life: Life, step: Step, actor: int, at: int) -> None:
        life.status = "delivered"
        self._told(life, "deliver", actor, at, step, note="电子送达")
        life.status, life.closed = "concluded", at
        self._told(life, "conclude", actor, at, step, note="")

    def _notify(self, life: Life, tale: _Tale, stage: int, at: int, *, wait: bool) -> None:
        """Nothing is left but to tell: the platform delivers the decision and concludes."""
        rule = workflow.NOTICE_OF_REFUSAL
        life.steps.append(self._step(tale, rule, stage, life.office, at - 600))
        if wait:
            return
        step = life.steps[-1]
        step.state, step.done, step.done_by = "passed", at, self.city.system_id
        self._conclude(life, step, self.city.system_id, at)

    def _open(self, life: Life, tale: _Tale, index: int, at: int) -> None:
        stage = tale.stages[index]
        for rule in stage:
            office = self._office(tale.territory, rule)
            life.steps.append(self._step(tale, rule, index, office, at))
        if life.status == "accepted":
            today = local_day(at)
            if workflow.counts(stage):
                self._go_on(life, tale.version, today)
            else:
                life.stand(stage[-1]["key"], today)

    def _go_on(self, life: Life, version: Version, today: date) -> None:
        if life.paused_on is not None:
            life.halt(today)
            deadlines.reckon(life, stops=life.stops, kind=version.days, calendar=self._calendar)

    def _step(self, tale: _Tale, rule: workflow.Step, stage: int, office: int, at: int) -> Step:
        kind: DayKind = rule.get("day_kind") or tale.version.days
        days = int(rule.get("days") or 0)
        due_on, warn_on = self._limit(local_day(at), days, kind)
        return Step(
            key=rule["key"],
            name=rule["name"],
            phase=rule["phase"],
            stage=stage,
            role=rule["role"],
            office=office,
            counts=rule.get("counts", True),
            opened=at,
            days=days,
            day_kind=kind,
            due_on=due_on,
            warn_on=warn_on,
        )

    def _limit(self, opened: date, days: int, kind: DayKind) -> tuple[date, date]:
        found = self._limits.get((opened, days, kind))
        if found is None:
            due = deadlines.step_due(opened, days, kind, self._calendar).day
            found = due, deadlines.warn_day(opened, due, days, kind, self._calendar)
            self._limits[opened, days, kind] = found
        return found

    def _close(self, step: Step, at: int, state: str, opinion: str, tale: _Tale) -> int:
        colleagues = self.staff.get((step.office, step.role))
        actor = tale.rng.choice(colleagues) if colleagues else self.city.system_id
        step.state, step.done, step.done_by, step.opinion = state, at, actor, opinion
        return actor

    def _office(self, territory: Territory, step: workflow.Step) -> int:
        office = self.city.office(territory, step)
        assert office is not None
        return office

    def _told(self, life: Life, verb: str, actor: int, at: int, step: Step, **details: Any) -> None:
        by_system = actor == self.city.system_id
        details["office"] = "系统" if by_system else self.city.office_names[step.office]
        self._record(life, verb, actor, at, step=step.key, details=details)

    def _record(
        self, life: Life, verb: str, actor: int, at: int, *, details: dict[str, Any], step: str = ""
    ) -> None:
        event = Event(
            len(life.events) + 1, verb, actor, at, life.status, step, details, life.head, b""
        )
        shaped = trace.canonical(
            seq=event.seq,
            verb=verb,
            actor_id=actor,
            at=moment(at),
            status=life.status,
            step=step,
            details=details,
        )
        life.head = event.hash = trace.link(prev=life.head, number=life.number, event=shaped)
        life.events.append(event)
