"""Lives (办件的经过): a case with its steps, events, stops and notice, as rows to be. Pure."""

from dataclasses import dataclass, field
from datetime import date
from typing import Any

from backend.core.workdays import DayKind


@dataclass(slots=True)
class Step:
    """One row of cases_casestep, as `history` decides it."""

    key: str
    name: str
    phase: str
    stage: int
    role: str
    office: int
    counts: bool
    opened: int
    days: int
    day_kind: DayKind
    due_on: date
    warn_on: date
    state: str = "open"
    done: int | None = None
    done_by: int | None = None
    opinion: str = ""


@dataclass(slots=True)
class Event:
    """One row of cases_caseevent."""

    seq: int
    verb: str
    actor: int
    at: int
    status: str
    step: str
    details: dict[str, Any]
    prev: bytes
    hash: bytes


@dataclass(slots=True)
class Stop:
    """One row of cases_clockstop: a step that does not count, or what the applicant mends."""

    step: str
    began_on: date
    ended_on: date | None = None
    kind: str = "step"


@dataclass(slots=True)
class Asked:
    """One row of cases_supplement with its one line, and when it was answered."""

    step: str
    office: int
    actor: int
    at: int
    due_on: date
    field: dict[str, Any]
    answered: int | None = None


@dataclass(slots=True)
class Life:
    """A case so far. Its fields of time are what `deadlines` works on."""

    number: str
    applicant_account: int
    office: int
    status: str = "submitted"
    outcome: str = ""
    reason: str = ""
    accepted: int | None = None
    decided: int | None = None
    closed: int | None = None
    clock_from: date | None = None
    promised_total: int = 0
    statutory_total: int = 0
    promised_due_on: date | None = None
    statutory_due_on: date | None = None
    warn_on: date | None = None
    paused_on: date | None = None
    provisional: bool = False
    head: bytes = b""
    steps: list[Step] = field(default_factory=list)
    events: list[Event] = field(default_factory=list)
    stops: list[Stop] = field(default_factory=list)
    asked: Asked | None = None

    def stand(self, step: str, today: date, kind: str = "step") -> None:
        if self.paused_on is None:
            self.paused_on = today
            self.stops.append(Stop(step, today, kind=kind))

    def halt(self, today: date) -> None:
        if self.paused_on is not None:
            self.stops[-1].ended_on, self.paused_on = today, None

    def waits(self) -> bool:
        """Say whether a step is open."""
        return any(step.state == "open" for step in self.steps)
