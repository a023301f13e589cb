"""补正期限: the applicant asks for more days, once, or lets the last one pass."""

from django.conf import settings

from backend.accounts.models import Account
from backend.cases.actions import mending, moves
from backend.cases.actions.supplements import legal
from backend.cases.lifecycle import BEFORE
from backend.cases.models import Case, Supplement
from backend.core.errors import Conflict
from backend.organisation import duties
from backend.organisation import queries as organisation

S = Supplement.State
LAPSED = "到期没有补齐告知的内容"


class AlreadyProlonged(Conflict):
    code, title = "already_prolonged", "补正期限只能延一次, 来不及的请到窗口说明情况"


class NotYetLapsed(Conflict):
    code, title = "not_yet_lapsed", "补正期限还没有到"


def prolong_supplement(*, actor: Account, number: str) -> Case:
    """
    补正延期: as many working days again from the last day, once, for the asking.

    :raises AlreadyProlonged: it was before.
    """
    with moves.acting(actor=actor, number=number) as turn:
        legal(turn, "supplement")
        mending.for_the_applicant(turn)
        notice = turn.case.supplements.get(state=S.OPEN)
        if notice.prolonged or notice.due_on is None:
            raise AlreadyProlonged
        due = organisation.calendar().add(notice.due_on, settings.SUPPLEMENT_DAYS)
        notice.due_on, notice.prolonged, notice.reminded = due.day, True, 0
        notice.save(update_fields=["due_on", "prolonged", "reminded"])
        until = due.day.isoformat()
        moves.record(turn, "prolong_supplement", step=notice.step, due_on=until)
    return turn.case


def lapse(*, actor: Account, number: str) -> Case:
    """
    逾期未补正: before acceptance the case ends; after it, it goes on with what is there.

    :raises NotYetLapsed: the last day has not passed, or was put off.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if actor.kind != Account.Kind.SYSTEM:
            raise duties.NotYourDuty
        legal(turn, "lapse")
        notice = turn.case.supplements.get(state=S.OPEN)
        if notice.due_on is None or notice.due_on >= turn.today:
            raise NotYetLapsed
        notice.state, notice.done_at = S.LAPSED, turn.now
        notice.save(update_fields=["state", "done_at"])
        early = turn.case.status in BEFORE
        moves.move(turn, "lapse")
        if early:
            moves.cancel(turn, turn.case.steps.all())
            moves.halt(turn)
            turn.set(closed_at=turn.now, reason=LAPSED)
        else:
            mending.go_on(turn, notice.step)
        moves.record(turn, "lapse", step=notice.step, ordinal=notice.ordinal, went_on=not early)
    return turn.case
