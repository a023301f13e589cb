"""退出涉及的办件: what still runs of an item that leaves; numbers and offices, nobody's data."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from backend.cases.lifecycle import OPEN, Status
from backend.cases.models import Case
from backend.catalogue.models import Exit
from backend.catalogue.queries import procedures
from backend.organisation.duties import HeldPost

Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]


def by_exit(
    posts: Sequence[HeldPost], *, uid: UUID, after: tuple[int] | None = None, size: int
) -> Pairs:
    """
    Return up to `size` + 1 (key, row) pairs of running cases of the item, the oldest first.

    :raises ProcedureNotFound: no such exit, or out of sight.
    """
    leaving = procedures.visible(Exit, posts).filter(uid=uid).first()
    if leaving is None:
        raise procedures.ProcedureNotFound
    rows = Case.objects.filter(item=leaving.item_id, status__in=sorted(OPEN))
    if after:
        rows = rows.filter(pk__gt=after[0])
    found = rows.order_by("pk").values_list(
        "pk", "number", "status", "version__number", "department__name", "submitted_at",
        "promised_due_on",
    )  # fmt: skip
    return [
        (
            (pk,),
            {
                "number": number,
                "status": status,
                "status_label": Status(status).label,
                "version": version,
                "department": office,
                "submitted_at": submitted,
                "promised_due_on": due,
            },
        )
        for pk, number, status, version, office, submitted, due in found[: size + 1]
    ]
