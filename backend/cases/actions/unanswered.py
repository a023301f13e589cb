"""取消: what was told or asked, and what nobody has to answer any more."""

from datetime import datetime

from django.db.models import Exists, OuterRef

from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep, Extension, Supplement

_STANDING = (Supplement.State.PROPOSED, Supplement.State.OPEN)
_CLOCK_STOPPED = (Status.DECIDED, Status.WITHDRAWN, Status.TERMINATED)


def shelve(case: Case, *, now: datetime) -> None:
    """Cancel what waits for an answer nobody needs; the act wrote its steps before."""
    held = CaseStep.objects.filter(
        case=OuterRef("case"), key=OuterRef("step"), state=CaseStep.State.OPEN
    )
    standing = case.supplements.filter(~Exists(held), state__in=_STANDING)
    standing.update(state=Supplement.State.CANCELLED, done_at=now)
    if case.status in _CLOCK_STOPPED:
        asked = case.extensions.filter(state=Extension.State.ASKED)
        asked.update(state=Extension.State.CANCELLED, decided_at=now)
