"""终止: what ends without a decision, because there is nothing left to decide."""

from backend.accounts.models import Account
from backend.cases.actions import extending, moves
from backend.cases.actions.intake import ReasonMissing
from backend.cases.actions.supplements import legal
from backend.cases.models import Case


def terminate(*, actor: Account, number: str, reason: str) -> Case:
    """
    终止: the head ends a case before its decision, such as after the applicant's death.

    :param reason: in words; it stands on the case and is told, and stays out of the chain.
    :raises ReasonMissing: no reason.
    :raises NotYourDuty: not the head of the office that decides the case.
    """
    with moves.acting(actor=actor, number=number) as turn:
        legal(turn, "terminate")
        turn.post = extending.head_post(turn)
        if not reason.strip():
            raise ReasonMissing
        moves.move(turn, "terminate")
        moves.cancel(turn, turn.case.steps.all())
        moves.halt(turn)
        turn.set(closed_at=turn.now, reason=reason.strip())
        moves.record(turn, "terminate")
    return turn.case
