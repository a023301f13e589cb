"""
What crossed a line (亮灯): open steps and whole cases whose light is further than was told.

Read by key and page, so that what cannot be told stands in nobody's way. A step stands only while
the case waits for papers or a special procedure; on show (公示) the case stands and the step runs.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.cases import workflow
from backend.cases.lifecycle import STANDING, Status
from backend.cases.models import Case, CaseStep

PAGE = 500
YELLOW, RED, OVERSEEN = 1, 2, 3


@dataclass(frozen=True, slots=True)
class Hand:
    """Who has a step: its office and role, and who claimed it."""

    department_id: int
    role: str
    claimed_by_id: int | None


@dataclass(frozen=True, slots=True)
class Crossing:
    """One light that is further than `told`, and whom it concerns."""

    pk: int
    level: int
    told: int
    name: str
    due_on: date
    hands: tuple[Hand, ...]
    lead_id: int
    county_code: str
    number: str
    item: str
    together: bool = False
    """Side by side with other offices: the lead office and supervision see it as well."""

    @property
    def office_id(self) -> int:
        return self.hands[0].department_id if self.hands else self.lead_id

    @property
    def is_step(self) -> bool:
        return bool(self.name)


def _level(due_on: date, today: date, late_by: date) -> int:
    return OVERSEEN if due_on <= late_by else RED if due_on < today else YELLOW


def _further(due: str, *, today: date, late_by: date) -> Q:
    return (
        Q(alerted=0)
        | Q(alerted=YELLOW, **{f"{due}__lt": today})
        | Q(alerted=RED, **{f"{due}__lte": late_by})
    )


def steps(*, today: date, late_by: date) -> Iterator[list[Crossing]]:
    """
    Yield pages of steps whose light went on.

    :param late_by: due on this day or before, supervision hears (逐级升级, 领域说明 §2.7).
    """
    beside = CaseStep.objects.filter(
        case=OuterRef("case"), stage=OuterRef("stage"), round=OuterRef("round")
    ).exclude(pk=OuterRef("pk"))
    rows = (
        CaseStep.objects.filter(
            _further("due_on", today=today, late_by=late_by),
            state=CaseStep.State.OPEN,
            alerted__lt=OVERSEEN,
            warn_on__lte=today,
        )
        .exclude(role=workflow.SYSTEM)
        .exclude(case__status__in=STANDING)
        .annotate(together=Exists(beside))
    )
    for page in _pages(rows, *_STEP):
        yield [
            Crossing(
                pk=pk,
                level=_level(due_on, today, late_by),
                told=told,
                name=name,
                due_on=due_on,
                hands=(Hand(office, role, claimed),),
                lead_id=lead,
                county_code=county,
                number=number,
                item=item,
                together=together,
            )
            for (pk, told, name, due_on, office, role, claimed, county, number, lead, item,
                 together) in page
        ]  # fmt: skip


_STEP = (
    "pk", "alerted", "name", "due_on", "department_id", "role", "claimed_by_id", "county_code",
    "case__number", "case__department_id", "case__item__name", "together",
)  # fmt: skip


def cases(*, today: date, late_by: date) -> Iterator[list[Crossing]]:
    """Yield pages of cases whose own light went on, by the promised day (全件灯)."""
    rows = Case.objects.filter(
        _further("promised_due_on", today=today, late_by=late_by),
        status=Status.ACCEPTED,
        alerted__lt=OVERSEEN,
        paused_on__isnull=True,
        warn_on__lte=today,
    )
    for page in _pages(rows, *_CASE):
        hands = _hands([row[0] for row in page])
        yield [
            Crossing(
                pk=pk,
                level=_level(due_on, today, late_by),
                told=told,
                name="",
                due_on=due_on,
                hands=tuple(hands.get(pk, ())),
                lead_id=lead,
                county_code=county,
                number=number,
                item=item,
            )
            for pk, told, due_on, lead, county, number, item in page
        ]


_CASE = (
    "pk", "alerted", "promised_due_on", "department_id", "county_code", "number", "item__name",
)  # fmt: skip


def _hands(ids: list[int]) -> dict[int, list[Hand]]:
    """Return who has each of these cases now."""
    found: dict[int, list[Hand]] = {}
    held = CaseStep.objects.filter(case__in=ids, state=CaseStep.State.OPEN).order_by("pk")
    rows = held.values_list("case_id", "department_id", "role", "claimed_by_id")
    for case, office, role, claimed in rows:
        found.setdefault(case, []).append(Hand(office, role, claimed))
    return found


def _pages(rows: QuerySet[Any, Any], *columns: str) -> Iterator[list[tuple[Any, ...]]]:
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list(*columns)[:PAGE]):
        last = page[-1][0]
        yield page
