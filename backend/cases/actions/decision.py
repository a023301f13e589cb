"""决定、送达、办结."""

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import delivering, ledger, moves
from backend.cases.actions.intake import REMEDY, ReasonMissing
from backend.cases.actions.moves import State, Turn
from backend.cases.models import Case, CaseStep
from backend.core.errors import Conflict, Invalid
from backend.core.lifecycle import IllegalMove


class OutcomeUnknown(Invalid):
    code, title = "outcome_unknown", "请选择准予或不予"


class StepsLeft(Conflict):
    code, title = "steps_left", "还有环节没有办完, 请先办完再办结"


def decide(*, actor: Account, number: str, outcome: str, reason: str = "") -> Case:
    """
    决定: grant or refuse; a refusal says why and how to object (行政许可法 §38).

    :param outcome: "granted" or "refused".
    :raises ReasonMissing: refused without a reason.
    :raises MaterialsUnsettled: granted on papers that are missing, wrong or in doubt.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if outcome not in Case.Outcome.values:
            raise OutcomeUnknown
        if outcome == Case.Outcome.REFUSED and not reason.strip():
            raise ReasonMissing
        row = moves.move(turn, "decide")
        stages = turn.plan
        index = workflow.decides_at(stages)
        left = list(turn.case.steps.filter(state=State.OPEN).order_by("pk"))
        step = next((one for one in left if one.stage == index), None)
        if step is None:
            raise moves.late(moves.StepNotOpen, turn.case)
        moves.may(turn, row.duty, step)
        granted = outcome == Case.Outcome.GRANTED
        if granted:
            ledger.must_hold(turn)
        if len(left) > 1:  # opinions asked for and not given come too late now
            moves.cancel(turn, turn.case.steps.exclude(pk=step.pk))
        moves.close_step(turn, step, State.PASSED if granted else State.REJECTED, reason)
        moves.halt(turn)
        turn.set(outcome=outcome, reason=reason, decided_at=turn.now)
        remedy = {} if granted else {"remedy": REMEDY}
        moves.record(turn, "decide", step=step.key, outcome=outcome, reason=reason, **remedy)
        if granted and index + 1 < len(stages):
            moves.open_stage(turn, index + 1)
        else:
            moves.open_one(turn, workflow.NOTICE_OF_REFUSAL, len(stages), turn.case.department_id)
    return turn.case


def deliver(*, actor: Account, number: str, note: str = "", mail_number: str = "") -> Case:
    """
    送达: the result goes the way the applicant chose, or waits where the notice says.

    :param mail_number: the post's number, where it goes by mail.
    :raises MailNumberMissing: by mail, and no number.
    """
    with moves.acting(actor=actor, number=number) as turn:
        row = moves.move(turn, "deliver")
        step = _last_step(turn)
        moves.may(turn, row.duty, step)
        delivering.send_out(turn, step, mail_number=mail_number)
        method = turn.said["delivery"].method
        moves.record(turn, "deliver", step=step.key, note=note, method=method)
    return turn.case


def conclude(*, actor: Account, number: str, note: str = "") -> Case:
    """
    办结: close the case with its last step.

    :raises StepsLeft: more steps lie ahead of the open one.
    """
    with moves.acting(actor=actor, number=number) as turn:
        row = moves.move(turn, "conclude")
        step = _last_step(turn)
        moves.may(turn, row.duty, step)
        if workflow.ahead(turn.plan, step.stage) and turn.case.outcome == Case.Outcome.GRANTED:
            raise StepsLeft
        moves.close_step(turn, step, State.PASSED, note)
        turn.set(closed_at=turn.now)
        moves.record(turn, "conclude", step=step.key, note=note)
    return turn.case


def _last_step(turn: Turn) -> CaseStep:
    step = turn.case.steps.filter(state=State.OPEN).order_by("-stage").first()
    if step is None:
        raise moves.late(IllegalMove, turn.case)
    return step
