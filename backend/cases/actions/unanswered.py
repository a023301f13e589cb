"""取消告知: what was told or proposed, and what nobody has to answer any more."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from backend.cases.models import Case, CaseStep, Supplement

_STANDING = (Supplement.State.PROPOSED, Supplement.State.OPEN)


def shelve(case: Case, *, now: datetime) -> None:
    """Cancel the notice whose step nobody has in hand any more; the act wrote its steps before."""
    held = CaseStep.objects.filter(
        case=OuterRef("case"), key=OuterRef("step"), state=CaseStep.State.OPEN
    )
    standing = case.supplements.filter(~Exists(held), state__in=_STANDING)
    standing.update(state=Supplement.State.CANCELLED, done_at=now)
