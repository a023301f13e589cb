"""受理: accept, decline, and the instant item that ends in the same act."""

from datetime import date

from backend.accounts.models import Account
from backend.cases import deadlines, workflow
from backend.cases.actions import ledger, moves, timing
from backend.cases.actions.moves import State, Turn
from backend.cases.models import Case, CaseStep
from backend.catalogue.models import ServiceItem
from backend.core.errors import Conflict, Invalid
from backend.organisation import queries as organisation

REMEDY = "如对本决定不服, 可在收到之日起 60 日内申请行政复议, 或在 6 个月内提起行政诉讼。"


class ReasonMissing(Invalid):
    code, title = "reason_missing", "请写明理由, 申请人将看到这段文字"


class InstantItem(Conflict):
    code, title = "instant_item", "即办件请直接办结, 无需单独受理"


class NotInstant(Conflict):
    code, title = "not_instant", "该事项不是即办件, 请先受理再按环节办理"


def accept(*, actor: Account, number: str, opinion: str = "") -> Case:
    """
    受理: start both clocks and hand the case to its next step (行政许可法 §32).

    :raises IllegalMove: it is no longer waiting.
    :raises NotYourDuty: the intake step belongs to another post.
    :raises InstantItem: an instant item is finished, not accepted.
    :raises MaterialsWanted: something it needs is not there and was not put off.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if turn.case.item.kind == ServiceItem.Kind.INSTANT:
            raise InstantItem
        step = _take_in(turn, opinion)
        if _decides(turn, step):
            _grant(turn, step.stage)
        else:
            moves.open_stage(turn, step.stage + 1)
    return turn.case


def decline(*, actor: Account, number: str, reason: str, remedy: str = "") -> Case:
    """
    不予受理: say why and what can be done about it; the law wants both in writing (§32, §38).

    :raises ReasonMissing: no reason.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if not reason.strip():
            raise ReasonMissing
        row = moves.move(turn, "decline")
        step = intake_step(turn)
        moves.may(turn, row.duty, step)
        moves.close_step(turn, step, State.REJECTED, reason)
        turn.set(reason=reason, closed_at=turn.now)
        moves.record(turn, "decline", step=step.key, reason=reason, remedy=remedy or REMEDY)
    return turn.case


def finish(*, actor: Account, number: str, opinion: str = "") -> Case:
    """
    即办: accept, decide and conclude an instant item in one act and one transaction.

    :raises NotInstant: the item promises steps.
    :raises MaterialsUnsettled: a paper is missing, or nobody has settled a doubt about it.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if turn.case.item.kind != ServiceItem.Kind.INSTANT:
            raise NotInstant
        step = _take_in(turn, opinion, quietly=True)
        moves.move(turn, "decide")
        turn.told.clear()
        turn.set(outcome=Case.Outcome.GRANTED, decided_at=turn.now)
        moves.record(turn, "decide", step=step.key, outcome=Case.Outcome.GRANTED)
        moves.move(turn, "conclude")
        turn.set(closed_at=turn.now)
        moves.record(turn, "conclude", step=step.key)
    return turn.case


def _take_in(turn: Turn, opinion: str, *, quietly: bool = False) -> CaseStep:
    row = moves.move(turn, "accept")
    step = intake_step(turn)
    moves.may(turn, row.duty, step)
    if _decides(turn, step):
        ledger.must_hold(turn)
    else:
        ledger.must_be_there(turn)
    moves.close_step(turn, step, State.PASSED, opinion)
    start_clock(turn, on=turn.today)
    turn.set(accepted_at=turn.now)
    if quietly:
        turn.told.clear()
    moves.record(turn, "accept", step=step.key, opinion=opinion)
    return step


def start_clock(turn: Turn, *, on: date) -> None:
    """起算: both limits begin the day after `on`."""
    version = turn.case.version
    deadlines.start(
        turn.case,
        on=on,
        promised=turn.promised_days,
        statutory=version.legal_days,
        kind=version.days,
        calendar=organisation.calendar(),
    )
    turn.changed |= timing.CLOCK


def intake_step(turn: Turn) -> CaseStep:
    """
    Return the open step that takes the case in.

    :raises StepNotOpen: it has been taken in meanwhile.
    """
    step = turn.case.steps.filter(phase=workflow.INTAKE, state=State.OPEN).first()
    if step is None:
        raise moves.late(moves.StepNotOpen, turn.case)
    return step


def _decides(turn: Turn, step: CaseStep) -> bool:
    return workflow.decides_at(turn.plan) == step.stage


def _grant(turn: Turn, stage: int) -> None:
    """Where the law leaves nothing to decide, accepting a complete application grants it."""
    moves.move(turn, "decide")
    turn.set(outcome=Case.Outcome.GRANTED, decided_at=turn.now)
    moves.record(turn, "decide", outcome=Case.Outcome.GRANTED)
    moves.open_stage(turn, stage + 1)
