"""
一件事: what a bundle of cases does by itself: parts that waited begin, and the whole ends.

The clock does it, parent first and then the parts in their order, so no two lock each other out; a
verb on a part never touches its parent.
"""

from django.db import transaction
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.cases.actions import moves
from backend.cases.actions.moves import Turn
from backend.cases.lifecycle import CLOSED, LIFECYCLE, Status
from backend.cases.models import Case
from backend.core.lifecycle import IllegalMove

GRANTED = Case.Outcome.GRANTED
_NOT_DONE = "前置事项没有办成, 本项无法办理"
_NONE_DONE = "各分项均没有办成"


@transaction.atomic
def settle_bundle(*, bundle: int) -> Case | None:
    """
    推进一件事: open the parts whose turn has come, end those whose turn cannot come any more.

    When all have ended the bundle's own last step opens, or, where none was granted, it ends too.
    """
    case = moves.lock(Case.objects.filter(pk=bundle, status=Status.SUBMITTED)).first()
    if case is None or case.steps.exists():
        return None
    parts = list(moves.lock(case.parts.order_by("pk")))
    after = {part["key"]: part.get("after", []) for part in case.version.guide.get("parts", [])}
    by_key = {part.bundle_key: part for part in parts}
    for part in parts:
        if part.status == Status.SUBMITTED and not part.steps.exists():
            first = [by_key[key] for key in after.get(part.bundle_key, []) if key in by_key]
            _take_turn(part, first)
    if all(part.status in CLOSED for part in parts):
        _end(case, parts)
    return case


def _take_turn(part: Case, first: list[Case]) -> None:
    """Begin a part when all it waits for was granted; end it when one of them was not."""
    turn = _turn(part)
    if all(one.outcome == GRANTED for one in first):
        moves.open_stage(turn, 0)
        moves.record(turn, "begin_part")
    elif any(one.status in CLOSED or one.outcome for one in first if one.outcome != GRANTED):
        _stop(turn, _NOT_DONE)
    moves.write(turn)


def _end(case: Case, parts: list[Case]) -> None:
    turn = _turn(case)
    if any(part.outcome == GRANTED for part in parts):
        moves.open_stage(turn, 0)
        moves.record(turn, "parts_ended", granted=sum(p.outcome == GRANTED for p in parts))
    else:
        _stop(turn, _NONE_DONE)
    moves.write(turn)


def _stop(turn: Turn, why: str) -> None:
    moves.move(turn, "terminate")
    turn.set(closed_at=turn.now, reason=why)
    moves.record(turn, "terminate")


def _turn(case: Case) -> Turn:
    return Turn(actor=accounts.system_account(), case=case, now=timezone.now(), posts=[])


def take_parts_back(turn: Turn, reason: str) -> bool:
    """
    撤回分项: take back the parts of a bundle that may be; say whether the bundle itself stays.

    :raises IllegalMove: every part has been decided already.
    """
    if not turn.case.version.guide.get("parts"):
        return False
    parts = list(moves.lock(turn.case.parts.order_by("pk")))
    going = [part for part in parts if _may_go(part)]
    if parts and not going:
        raise moves.late(IllegalMove, turn.case, verb="withdraw")
    for part in going:
        own = Turn(actor=turn.actor, case=part, now=turn.now, posts=[])
        moves.move(own, "withdraw")
        moves.cancel(own, part.steps.all())
        moves.halt(own)
        own.set(closed_at=own.now, reason=reason)
        moves.record(own, "withdraw", reason=reason)
        moves.write(own)
    return len(going) < len(parts) and any(part.outcome == GRANTED for part in parts)


def _may_go(part: Case) -> bool:
    try:
        LIFECYCLE.move("withdraw", part.status)
    except IllegalMove:
        return False
    return True
