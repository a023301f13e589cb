"""承办与审核: claim a step, pass it, reject it, or give it back."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta

from django.db import transaction

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import moves
from backend.cases.actions.intake import ReasonMissing
from backend.cases.actions.moves import State, Turn
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.core.errors import Conflict
from backend.core.lifecycle import IllegalMove
from backend.organisation import duties

CLAIM = timedelta(minutes=30)
_WORKING = (Status.ACCEPTED, Status.DECIDED, Status.DELIVERED)


class DecisionStep(Conflict):
    code, title = "decision_step", "这是决定环节, 请作出准予或不予的决定"


class LastStep(Conflict):
    code, title = "last_step", "这是最后一个环节, 请送达、办结"


class DecisionMade(Conflict):
    code, title = "decision_made", "决定已经作出, 送达环节不能不予通过; 请送达、办结"


class NoWayBack(Conflict):
    code, title = "no_way_back", "该环节不能退回, 请通过或写明不予通过的理由"


class ReturnedTooOften(Conflict):
    code, title = "returned_too_often", "该环节退回次数已到上限, 请通过或写明不予通过的理由"


class LeadSpeaksLast(Conflict):
    code, title = "lead_speaks_last", "同组其他部门还没有全部答复, 请等答复后再由牵头部门裁定"


class PublicityRunning(Conflict):
    code, title = (
        "publicity_running",
        "公示期未满, 期满当天起才能通过; 有异议成立的可写明理由不予通过",
    )


def claim(*, actor: Account, number: str, step: str) -> Case:
    """
    认领: hold an open step for thirty minutes; a colleague's running lease is respected.

    The account is kept in use until the commit, so that nobody who is sent off this moment is
    left with work in hand; it is locked before the case, as a hand-over does.
    """
    with transaction.atomic(), _staying(actor), moves.acting(actor=actor, number=number) as turn:
        row = moves.open_step(turn, step)
        moves.may(turn, workflow.duty_in(row.phase, row.role), row)
        CaseStep.objects.filter(pk=row.pk, state=State.OPEN).update(
            claimed_by=turn.actor, claimed_until=turn.now + CLAIM
        )
    return turn.case


@contextmanager
def _staying(actor: Account) -> Iterator[None]:
    if actor.kind == Account.Kind.STAFF and not accounts.still_open(account=actor):
        raise duties.NotYourDuty
    yield


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
    通过: end a step; when the last its stage waits for ends, the next stage opens.

    :raises DecisionStep: this step wants a decision.
    :raises LastStep: it would leave the case with nothing to do and no end.
    :raises LeadSpeaksLast: others of its group have not spoken yet.
    :raises PublicityRunning: what is on show stays there for its days.
    """
    with moves.acting(actor=actor, number=number) as turn:
        row = _step_in_work(turn, step)
        if _is_deciding(turn, row):
            raise DecisionStep
        if workflow.is_last(turn.plan, row.stage):
            raise LastStep
        _heard(turn, row)
        rule = workflow.step_of(turn.plan, row.stage, row.key)
        if rule.get("publicity") and turn.today < row.due_on:
            raise PublicityRunning(until=row.due_on)
        moves.close_step(turn, row, State.PASSED, opinion)
        moves.record(turn, "pass_step", step=row.key, opinion=opinion)
        _go_on(turn, row)
    return turn.case


def reject_step(*, actor: Account, number: str, step: str, opinion: str) -> Case:
    """
    不予通过: object in this step; once its stage has spoken, the deciding step has the word.

    :raises ReasonMissing: no reason.
    :raises DecisionMade: what is decided is handed over, not objected to.
    :raises LeadSpeaksLast: others of its group have not spoken yet.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if not opinion.strip():
            raise ReasonMissing
        row = _step_in_work(turn, step)
        if _is_deciding(turn, row):
            raise DecisionStep
        if row.phase == workflow.DELIVERY:
            raise DecisionMade
        _heard(turn, row)
        moves.close_step(turn, row, State.REJECTED, opinion)
        moves.record(turn, "reject_step", step=row.key, opinion=opinion)
        _go_on(turn, row)
    return turn.case


def return_step(*, actor: Account, number: str, step: str, opinion: str) -> Case:
    """
    退回: the stage before, or the step the item names, gets the case again, in a new round.

    :raises NoWayBack: the item does not let this step return, or nothing lies before it.
    :raises ReturnedTooOften: it has sent the case back as often as the item allows.
    :raises ReasonMissing: no reason.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if not opinion.strip():
            raise ReasonMissing
        row = _step_in_work(turn, step)
        if not workflow.may_return(turn.plan, row.stage, row.key):
            raise NoWayBack
        most = workflow.most_returns(workflow.step_of(turn.plan, row.stage, row.key))
        sent = turn.case.steps.filter(key=row.key, state=State.RETURNED)
        if most is not None and sent.count() >= most:
            raise ReturnedTooOften
        before, only = workflow.returns(turn.plan, row.stage, row.key)
        moves.cancel(turn, turn.case.steps.exclude(pk=row.pk))
        moves.close_step(turn, row, State.RETURNED, opinion)
        moves.record(turn, "return_step", step=row.key, opinion=opinion)
        moves.open_stage(turn, before, round_=_rounds(turn, before) + 1, only=only)
    return turn.case


def _step_in_work(turn: Turn, key: str) -> CaseStep:
    if turn.case.status not in _WORKING:
        raise moves.late(IllegalMove, turn.case)
    row = moves.open_step(turn, key)
    moves.may(turn, workflow.duty_in(row.phase, row.role), row)
    return row


def _is_deciding(turn: Turn, row: CaseStep) -> bool:
    return turn.case.status == Status.ACCEPTED and row.stage == workflow.decides_at(turn.plan)


def _heard(turn: Turn, row: CaseStep) -> None:
    """Let a lead speak after its group."""
    first = workflow.heard_first(turn.plan, row.stage, row.key)
    if first and turn.case.steps.filter(key__in=first, state=State.OPEN).exists():
        raise LeadSpeaksLast


def _rounds(turn: Turn, stage: int) -> int:
    keys = [step["key"] for step in turn.plan[stage]]
    rounds = turn.case.steps.filter(key__in=keys).values_list("round", flat=True)
    return max(rounds, default=0)


def _go_on(turn: Turn, row: CaseStep) -> None:
    """Join the stage; open what follows, in its next round if it was here before."""
    if not workflow.blocks(turn.plan, row.stage, row.key):
        return
    if row.state == State.PASSED and (spared := workflow.rivals(turn.plan, row.stage, row.key)):
        moves.cancel(turn, turn.case.steps.filter(key__in=spared))
    asked = turn.case.steps.filter(stage=row.stage, round=row.round)
    end = workflow.joined(turn.plan[row.stage], dict(asked.values_list("key", "state")))
    following = None if end == "wait" else workflow.after(turn.plan, row.stage, end)
    if following is not None:
        moves.tell(turn, "case.step_passed", step_name=row.name)
        moves.open_stage(turn, following, round_=_rounds(turn, following) + 1)
