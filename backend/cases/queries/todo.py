"""What waits for the clock (时钟待办): by key and page, so that none stands in another's way."""

from collections.abc import Iterator, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import DateField, Exists, ExpressionWrapper, F, OuterRef, Q, QuerySet
from django.utils import timezone

from backend.cases import workflow
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseMaterial, CaseStep, ClockStop, Delivery, Supplement
from backend.cases.queries.material_queues import LIVE

PAGE = 500
_DAY = timedelta(days=1)


def system_steps(*, most: int) -> list[int]:
    """Return the ids of open steps the platform does itself, the oldest first."""
    rows = CaseStep.objects.filter(state=CaseStep.State.OPEN, role=workflow.SYSTEM)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])


def bundles() -> list[int]:
    """Return the ids of bundles (一件事) that are not over, and whose own step is still to come."""
    rows = Case.objects.filter(bundle__status=Status.SUBMITTED, bundle__isnull=False)
    return sorted({pk for pk in rows.values_list("bundle", flat=True) if pk})


def unanswered(*, came_in_by: date) -> Iterator[str]:
    """Yield the numbers of cases whole by that day, not answered since, and not told of."""
    stops = ClockStop.objects.filter(case=OuterRef("pk"))
    told_before = Exists(stops.filter(ended_on__gte=OuterRef("unanswered_told_on")))
    rows = Case.objects.filter(
        Exists(CaseStep.objects.filter(case=OuterRef("pk"), state=CaseStep.State.OPEN)),
        ~Exists(stops.filter(ended_on__gt=came_in_by)),
        Q(unanswered_told_on__isnull=True) | told_before,
        status=Status.SUBMITTED,
        submitted_at__lt=timezone.make_aware(datetime.combine(came_in_by + _DAY, time.min)),
    )
    return _numbers(rows, "number")


def lapsed(*, today: date) -> Iterator[str]:
    """Yield the numbers of cases whose supplement's last day has passed."""
    rows = Supplement.objects.filter(state=Supplement.State.OPEN, due_on__lt=today)
    return _numbers(rows, "case__number")


def supplements_due(*, today: date, soon: date, last: date) -> Iterator[str]:
    """Yield the numbers of cases to remind: due by `soon`, or by `last` and not told since."""
    standing = Supplement.objects.filter(state=Supplement.State.OPEN, due_on__gte=today)
    rows = standing.filter(Q(due_on__lte=soon, reminded=0) | Q(due_on__lte=last, reminded=1))
    return _numbers(rows, "case__number")


def overlong(*, today: date) -> Iterator[str]:
    """Yield the numbers of cases whose special procedure takes longer than was told."""
    told = ExpressionWrapper(F("began_on") + F("expected_days"), output_field=DateField())
    rows = ClockStop.objects.filter(
        kind=ClockStop.Kind.SPECIAL, ended_on__isnull=True, overlong_told=False
    )
    return _numbers(rows.annotate(told=told).filter(told__lt=today), "case__number")


def uncollected(*, since: datetime) -> Iterator[str]:
    """Yield the numbers of cases whose result waits since before `since`, nobody reminded."""
    rows = Delivery.objects.filter(
        state=Delivery.State.WAITING, reminded=False, ready_at__lte=since
    )
    return _numbers(rows, "case__number")


def materials_due(*, today: date, days: Sequence[int]) -> Iterator[str]:
    """Yield the numbers of cases with a paper that may come later, so many days before its last."""
    due = [today + timedelta(days=left) for left in days]
    return _numbers(_deferred().filter(due_on__in=due), "case__number")


def materials_overdue(*, today: date) -> Iterator[str]:
    """Yield the numbers of cases with a paper whose last day has passed."""
    return _numbers(_deferred().filter(due_on__lt=today), "case__number")


def cases_of_file(file: int) -> Iterator[str]:
    """Yield the numbers of the cases a file was handed in to."""
    return _numbers(CaseMaterial.objects.filter(file=file), "case__number")


def _deferred() -> QuerySet[CaseMaterial]:
    return CaseMaterial.objects.filter(
        resolved_by=CaseMaterial.By.DEFERRED,
        state=CaseMaterial.State.WANTED,
        case__status__in=LIVE,
    )


def _numbers(rows: QuerySet[Any, Any], number: str) -> Iterator[str]:
    last = 0
    while page := list(rows.filter(pk__gt=last).order_by("pk").values_list("pk", number)[:PAGE]):
        last = page[-1][0]
        yield from (found for _, found in page)
