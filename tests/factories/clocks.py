"""Cases whose clock can stand, be lengthened or be forgotten, and the people for it."""

from typing import Any

from backend.accounts.models import Account
from backend.cases import actions
from backend.cases.models import Case
from tests.factories import world

TESTED = world.REVIEW | {"actions": ["approve", "reject", "return_prev", "suspend", "resume"]}
PERMIT = {"item_type": "行政许可(01)"}


def an_item(**changes: Any) -> Any:
    """Return a published version whose review may go into a special procedure."""
    steps = changes.pop("steps", [world.INTAKE, TESTED, world.DECISION, world.PAY])
    return world.an_item(steps=steps, **changes)


def a_permit(**changes: Any) -> Any:
    return an_item(guide=PERMIT | changes.pop("guide", {}), **changes)


def accepted(worker: Account, **changes: Any) -> Case:
    version = changes.pop("version", None) or an_item(**changes)
    return actions.accept(actor=worker, number=world.submitted(version=version).number)


def suspended(worker: Account, town: Account, days: int = 10, **changes: Any) -> Case:
    case = accepted(worker, **changes)
    return actions.suspend(
        actor=town, number=case.number, step="s2", reason="appraisal", expected_days=days
    )


def asked(case: Case, town: Account, days: int = 5) -> Case:
    return actions.propose_extension(
        actor=town, number=case.number, step="s2", days=days, reason="等外地档案回函"
    )
