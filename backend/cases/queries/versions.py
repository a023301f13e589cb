"""Running cases and a newer version (换版): how each stands, and the report as staff read it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from django.db.models import Count, Sum
from django.utils import timezone

from backend.cases import versions, workflow
from backend.cases.lifecycle import BEFORE, RUNNING, Status
from backend.cases.models import (
    Case,
    CaseStep,
    ClockStop,
    Defect,
    Extension,
    MovedCase,
    VersionMove,
)
from backend.cases.versions import Clock, Seen, Verdict, World
from backend.catalogue import forms
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceVersion
from backend.core.errors import NotFound
from backend.organisation import queries as organisation
from backend.organisation.queries import Territory

MOVABLE = BEFORE | RUNNING  # before a decision; what is decided stays as it is


class MoveNotFound(NotFound):
    code, title = "move_not_found", "没有这份换版报告, 请从列表中重新打开"


@dataclass
class Whole:
    """A case with the rows a move looks at and changes."""

    case: Case
    steps: list[CaseStep] = field(default_factory=list)
    stops: list[ClockStop] = field(default_factory=list)
    extended: int = 0
    asked: frozenset[tuple[str, str]] = frozenset()

    @property
    def territory(self) -> Territory:
        case = self.case
        return Territory(case.county_code, case.town_code, case.village_code)


def whole(cases: Sequence[Case]) -> list[Whole]:
    """Return cases with their rows, in four statements however many they are."""
    found = {case.pk: Whole(case) for case in cases}
    for step in CaseStep.objects.filter(case__in=found).order_by("pk"):
        found[step.case_id].steps.append(step)
    timed = [case.pk for case in cases if case.clock_from]
    if timed:
        for stop in ClockStop.objects.filter(case__in=timed).order_by("pk"):
            found[stop.case_id].stops.append(stop)
        given = Extension.objects.filter(case__in=timed, state=Extension.State.APPROVED)
        for pk, days in given.values_list("case").annotate(Sum("days")).order_by("case"):
            found[pk].extended = days
    _ask(found)
    return list(found.values())


def _ask(found: Mapping[int, Whole]) -> None:
    waiting = [
        pk
        for pk, one in found.items()
        if one.case.status in (Status.SUPPLEMENTING, Status.AWAITING)
    ]
    if not waiting:
        return
    asked: dict[int, set[tuple[str, str]]] = {}
    rows = Defect.objects.filter(supplement__case__in=waiting, supplement__state="open")
    for pk, on, key in rows.values_list("supplement__case_id", "on", "key"):
        asked.setdefault(pk, set()).add((on, key))
    for pk, keys in asked.items():
        found[pk].asked = frozenset(keys)


class Target:
    """The version cases are to move to, with its form as each place has it."""

    def __init__(self, version: ServiceVersion) -> None:
        self.version = version
        self.calendar = organisation.calendar()
        self._forms: dict[tuple[str, ...], list[dict[str, Any]]] = {}

    def verdict(self, one: Whole) -> Verdict:
        """Say what would change for a case, and what forbids it."""
        case = one.case
        answers = case.answers
        facts = {**answers, **case.circumstances}
        submitted = timezone.localdate(case.submitted_at)
        clock = Clock(
            began=case.clock_from,
            submitted=submitted,
            promised=case.promised_total,
            statutory=case.statutory_total,
            due_on=case.promised_due_on,
            limit_on=case.statutory_due_on,
            extended=one.extended,
            stops=one.stops,
        )
        seen = Seen(facts, answers, one.steps, one.asked, clock)
        old = catalogue.frozen(case.version_id)
        return versions.compare(seen, old, self.version, self._world(one))

    def _world(self, one: Whole) -> World:
        territory = one.territory
        offices = organisation.offices(territory)

        def office(step: workflow.Step) -> int | None:
            place = step["place"] if step["place"] != workflow.SYSTEM else "county"
            return offices.get((step["department"], territory.at(place)))

        def unfit(answers: Mapping[str, Any]) -> Mapping[str, str]:
            return self._unfit(one, answers)

        return World(self.calendar, office, unfit)

    def _unfit(self, one: Whole, answers: Mapping[str, Any]) -> Mapping[str, str]:
        day = timezone.localdate(one.case.submitted_at)
        chain = tuple(one.territory.chain())
        if chain not in self._forms:
            self._forms[chain] = catalogue.form_of(self.version, chain, on=timezone.localdate())
        context = forms.Context(organisation.level_of, one.case.applicant.id_number)
        try:
            forms.check(fields=self._forms[chain], answers=answers, today=day, context=context)
        except forms.FormRejected as refused:
            told: Mapping[str, str] = refused.extra["fields"]  # type: ignore[assignment]
            return told
        return {}


# ── pages for staff ─────────────────────────────────────────────────────────────────────────


def find(code: str, uid: UUID) -> VersionMove:
    """
    Return a report of an item.

    :raises MoveNotFound: there is none.
    """
    rows = VersionMove.objects.filter(uid=uid, item__code=code)
    move = rows.select_related("item", "version").first()
    if move is None:
        raise MoveNotFound
    return move


def report(code: str, uid: UUID) -> dict[str, Any]:
    """
    换版报告: what the dry run counted, and how far the move has come.

    :raises MoveNotFound: there is none.
    """
    move = find(code, uid)
    tally = move.rows.values_list("state").annotate(Count("pk")).order_by("state")
    done = dict(tally)
    counts = {"total": 0, "can": 0, "better": 0, "told": 0, "reasons": {}, **move.counts}
    return {
        "uid": move.uid,
        "item": code,
        "version": move.version.number,
        "state": move.state,
        "state_label": move.get_state_display(),
        "reason": move.reason,
        "asked_at": move.asked_at,
        "office": move.office,
        "total": counts["total"],
        "can": counts["can"],
        "cannot": counts["total"] - counts["can"],
        "better": counts["better"],
        "told": counts["told"],
        "reasons": [{"code": key, "count": n} for key, n in sorted(counts["reasons"].items())],
        "results": {state.value: done.get(state.value, 0) for state in MovedCase.State},
    }


def rows(
    code: str,
    uid: UUID,
    *,
    can: bool | None = None,
    state: str = "",
    after: tuple[int] | None = None,
    size: int,
) -> list[tuple[tuple[int], dict[str, Any]]]:
    """
    换版办件: return up to `size` + 1 (key, row) pairs of a report, in the order it was made.

    :raises MoveNotFound: there is none.
    """
    found = find(code, uid).rows.all()
    if can is not None:
        found = found.filter(can=can)
    if state:
        found = found.filter(state=state)
    if after:
        found = found.filter(pk__gt=after[0])
    page = found.order_by("pk").values(
        *("pk", "case__number", "case__status", "before__number", "can", "blocks", "changes"),
        *("state", "why", "done_at"),
    )[: size + 1]
    return [((row["pk"],), _row(row)) for row in page]


def _row(row: Mapping[str, Any]) -> dict[str, Any]:
    changes = row["changes"]
    return {
        "number": row["case__number"],
        "status": row["case__status"],
        "status_label": Status(row["case__status"]).label,
        "before": row["before__number"],
        "can": row["can"],
        "blocks": row["blocks"],
        **{key: changes.get(key, []) for key in ("appear", "vanish", "missed")},
        **{key: changes.get(key, []) for key in ("fields", "materials")},
        "promised_days": changes.get("promised_days", ["", ""]),
        "due_on": changes.get("due_on", [None, None]),
        "state": row["state"],
        "state_label": MovedCase.State(row["state"]).label,
        "why": row["why"],
        "done_at": row["done_at"],
    }
