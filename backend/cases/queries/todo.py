"""What waits for the clock (时钟待办)."""

from backend.cases import workflow
from backend.cases.models import CaseStep


def system_steps(*, most: int) -> list[int]:
    """Return the ids of open steps the platform does itself, the oldest first."""
    rows = CaseStep.objects.filter(state=CaseStep.State.OPEN, role=workflow.SYSTEM)
    return list(rows.order_by("pk").values_list("pk", flat=True)[:most])
