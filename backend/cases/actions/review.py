"""承办与审核: claim a step, pass it, reject it, or give it back."""

from datetime import timedelta

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import moves
from backend.cases.actions.intake import ReasonMissing
from backend.cases.actions.moves import State, Turn
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.core.errors import Conflict
from backend.core.lifecycle import IllegalMove

CLAIM = timedelta(minutes=30)
_WORKING = (Status.ACCEPTED, Status.DECIDED, Status.DELIVERED)


class DecisionStep(Conflict):
    code, title = "decision_step", "这是决定环节, 请作出准予或不予的决定"


class NoWayBack(Conflict):
    code, title = "no_way_back", "该环节不能退回, 请通过或写明不予通过的理由"


def claim(*, actor: Account, number: str, step: str) -> Case:
    """认领: hold an open step for thirty minutes; a colleague's running lease is respected."""
    with moves.acting(actor=actor, number=number) as turn:
        row = moves.open_step(turn, step)
        moves.may(turn, workflow.duty_in(row.phase, row.role), row)
        CaseStep.objects.filter(pk=row.pk, state=State.OPEN).update(
            claimed_by=turn.actor, claimed_until=turn.now + CLAIM
        )
    return turn.case


def release(*, actor: Account, number: str, step: str) -> Case:
    """放回: give a claimed step back to the office."""
    with moves.acting(actor=actor, number=number) as turn:
        row = moves.open_step(turn, step)
        moves.may(turn, workflow.duty_in(row.phase, row.role), row)
        CaseStep.objects.filter(pk=row.pk, claimed_by=turn.actor).update(
            claimed_by=None, claimed_until=None
        )
    return turn.case


def pass_step(*, actor: Account, number: str, step: str, opinion: str = "") -> Case:
    """
    通过: end a step; when the last of its stage ends, the next stage opens.

    :raises DecisionStep: this step wants a decision.
    """
    with moves.acting(actor=actor, number=number) as turn:
        row = _step_in_work(turn, step)
        if _is_deciding(turn, row):
            raise DecisionStep
        moves.close_step(turn, row, State.PASSED, opinion)
        moves.record(turn, "pass_step", step=row.key, opinion=opinion)
        _go_on(turn, row)
    return turn.case


def reject_step(*, actor: Account, number: str, step: str, opinion: str) -> Case:
    """
    不予通过: object in this step; once its stage has spoken, the deciding step has the word.

    :raises ReasonMissing: no reason.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if not opinion.strip():
            raise ReasonMissing
        row = _step_in_work(turn, step)
        if _is_deciding(turn, row):
            raise DecisionStep
        moves.close_step(turn, row, State.REJECTED, opinion)
        moves.record(turn, "reject_step", step=row.key, opinion=opinion)
        _go_on(turn, row)
    return turn.case


def return_step(*, actor: Account, number: str, step: str, opinion: str) -> Case:
    """
    退回上一环节: the stage before gets the case again, in a new round.

    :raises NoWayBack: the item does not let this step return, or nothing lies before it.
    :raises ReasonMissing: no reason.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if not opinion.strip():
            raise ReasonMissing
        row = _step_in_work(turn, step)
        if not workflow.may_return(turn.plan, row.stage, row.key):
            raise NoWayBack
        before = row.stage - 1
        turn.case.steps.filter(stage=row.stage, state=State.OPEN).exclude(pk=row.pk).update(
            state=State.CANCELLED, done_at=turn.now
        )
        moves.close_step(turn, row, State.RETURNED, opinion)
        moves.record(turn, "return_step", step=row.key, opinion=opinion)
        moves.open_stage(turn, before, round_=_rounds(turn, before) + 1)
    return turn.case


def _step_in_work(turn: Turn, key: str) -> CaseStep:
    if turn.case.status not in _WORKING:
        raise moves.late(IllegalMove, turn.case)
    row = moves.open_step(turn, key)
    moves.may(turn, workflow.duty_in(row.phase, row.role), row)
    return row


def _is_deciding(turn: Turn, row: CaseStep) -> bool:
    return turn.case.status == Status.ACCEPTED and row.stage == workflow.decides_at(turn.plan)


def _rounds(turn: Turn, stage: int) -> int:
    rounds = turn.case.steps.filter(stage=stage).values_list("round", flat=True)
    return max(rounds, default=0)


def _go_on(turn: Turn, row: CaseStep) -> None:
    """Join the stage; open what follows, in its next round if it was here before."""
    states = list(
        turn.case.steps.filter(stage=row.stage, round=row.round).values_list("state", flat=True)
    )
    joined = workflow.join(states)
    following = None if joined == "wait" else workflow.after(turn.plan, row.stage, joined)
    if following is not None:
        moves.tell(turn, "case.step_passed", step_name=row.name)
        moves.open_stage(turn, following, round_=_rounds(turn, following) + 1)
