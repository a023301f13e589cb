"""材料待办: deferred papers by their last day, doubts to settle, promises to look into."""

from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db.models import QuerySet

from backend.accounts.models import Account
from backend.cases.lifecycle import OPEN, Status
from backend.cases.models import Case, CaseMaterial
from backend.cases.queries import ledger, scope
from backend.organisation import names
from backend.organisation.duties import HeldPost

By, State, Verification = CaseMaterial.By, CaseMaterial.State, CaseMaterial.Verification
DUE = ("deferred", "overdue")
QUEUES = (*DUE, "doubtful", "promises")
LIVE = sorted(OPEN | {Status.CONCLUDED})
Key = tuple[Any, ...]


def queue(
    account: Account, posts: Sequence[HeldPost], *, kind: str, after: Key | None = None, size: int
) -> list[tuple[Key, dict[str, Any]]]:
    """
    Return up to `size` + 1 (key, row) pairs of what one may see, the most urgent first.

    :param kind: one of QUEUES; DUE are by their last day, the others by their age.
    """
    rows = _of(kind).filter(case__in=_in_sight(account, posts)).select_related("case__item", "file")
    if kind in DUE:
        rows = rows.order_by("due_on", "pk")
        if after:
            rows = rows.filter(due_on__gte=after[0]).exclude(due_on=after[0], pk__lte=after[1])
    else:
        rows = rows.order_by("pk")
        if after:
            rows = rows.filter(pk__gt=after[0])
    return [(_key(kind, line), _row(line)) for line in rows[: size + 1]]


def _of(kind: str) -> QuerySet[CaseMaterial]:
    """Each in the words of its own partial index."""
    lines = CaseMaterial.objects
    if kind == "deferred":
        return lines.filter(resolved_by=By.DEFERRED, state=State.WANTED)
    if kind == "overdue":
        return lines.filter(resolved_by=By.DEFERRED, state=State.OVERDUE)
    if kind == "promises":
        return lines.filter(verification=Verification.AFTERWARDS)
    doubts = (Verification.DIFFERENT, Verification.MANUAL)
    return lines.filter(verification__in=doubts, state=State.GIVEN, resolved_by__in=ledger.ASKED)


def _in_sight(account: Account, posts: Sequence[HeldPost]) -> QuerySet[Case]:
    return Case.objects.filter(scope.listed(posts), ~scope.recused(account), status__in=LIVE)


def _key(kind: str, line: CaseMaterial) -> Key:
    return (line.due_on or date.max, line.pk) if kind in DUE else (line.pk,)


def _row(line: CaseMaterial) -> dict[str, Any]:
    case = line.case
    return {
        "number": case.number,
        "item": case.item.code,
        "item_name": case.item.name,
        "department": names.office(case.department_id).name,
        "status": case.status,
        "status_label": Status(case.status).label,
        **ledger.shown(line),
    }
