"""
逾期未告知: an application nobody answered for five working days.

A permit counts as accepted from the day its papers came in (行政许可法 §32); of anything else the
head of the office that has it is told. 领域说明 §2.4.
"""

from datetime import date, datetime, time, timedelta

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import intake, moves
from backend.cases.actions.moves import State, Turn
from backend.cases.actions.supplements import legal
from backend.cases.models import Case, CaseStep
from backend.cases.queries.clock import ANSWER_DAYS
from backend.catalogue.models import ServiceItem
from backend.core.errors import Conflict
from backend.organisation import duties, holders
from backend.organisation import queries as organisation
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

PERMIT = "行政许可"
OPINION = "逾期未告知, 自收到申请材料之日起即为受理"


class NotYetSilent(Conflict):
    code, title = "not_yet_silent", "告知期限还没有过, 不能视为受理"


class NotDeemed(Conflict):
    code, title = "not_deemed", "该事项不适用视为受理, 请尽快作出受理或不予受理的决定"


def deem_accepted(*, actor: Account, number: str) -> Case:
    """
    视为受理: the clock accepts a permit nobody answered, from the day its papers came in.

    :raises NotDeemed: no permit; or accepting would decide it, and silence decides nothing.
    :raises NotYetSilent: the five working days are not over.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if actor.kind != Account.Kind.SYSTEM:
            raise duties.NotYourDuty
        legal(turn, "deem_accepted")
        step = intake.intake_step(turn)
        if not is_deemed(turn, step):
            raise NotDeemed
        since = _since(turn)
        if not _is_over(since, turn.today):
            raise NotYetSilent
        moves.move(turn, "deem_accepted")
        moves.close_step(turn, step, State.PASSED, OPINION)
        intake.start_clock(turn, on=since)
        turn.set(accepted_at=_moment(turn, since))
        moves.record(turn, "deem_accepted", step=step.key, since=since.isoformat())
        moves.open_stage(turn, step.stage + 1)
        _alert(turn, step, since, told="已按法律规定视为受理")
    return turn.case


def tell_of_silence(*, actor: Account, number: str) -> bool:
    """提示: the same silence where the law accepts nothing: tell the head, once; say if told."""
    with moves.acting(actor=actor, number=number) as turn:
        if actor.kind != Account.Kind.SYSTEM:
            raise duties.NotYourDuty
        legal(turn, "deem_accepted")
        step, since = intake.intake_step(turn), _since(turn)
        told_on = turn.case.unanswered_told_on
        if not _is_over(since, turn.today) or (told_on and told_on > since):
            return False
        turn.set(unanswered_told_on=turn.today)
        _alert(turn, step, since, told="请立即答复申请人")
        return True


def end_silence(*, actor: Account, number: str) -> Case | bool:
    """逾期未告知: accept the permit, or tell of the rest."""
    try:
        return deem_accepted(actor=actor, number=number)
    except NotDeemed:
        return tell_of_silence(actor=actor, number=number)


def is_deemed(turn: Turn, step: CaseStep) -> bool:
    """Say whether silence accepts: a permit, and one whose acceptance does not decide it."""
    case = turn.case
    return (
        PERMIT in str(case.version.guide.get("item_type", ""))
        and case.item.kind != ServiceItem.Kind.INSTANT
        and workflow.decides_at(turn.plan) != step.stage
    )


def _since(turn: Turn) -> date:
    """Return the day the papers were whole: the submission's, or that of the last supplement."""
    came_in = timezone.localdate(turn.case.submitted_at)
    if turn.case.event_count == 1:  # nothing has happened since it came in
        return came_in
    ended = turn.case.stops.filter(ended_on__isnull=False).order_by("-ended_on").first()
    return ended.ended_on if ended and ended.ended_on else came_in


def _moment(turn: Turn, since: date) -> datetime:
    """Return when it counts as accepted: with the submission, or as the day of mending began."""
    return max(turn.case.submitted_at, timezone.make_aware(datetime.combine(since, time.min)))


def _is_over(since: date, today: date) -> bool:
    return organisation.calendar().add(since, ANSWER_DAYS).day < today


def last_silent_day(today: date) -> date:
    """Return the latest day of receipt whose five working days are over before `today`."""
    day = today - timedelta(days=ANSWER_DAYS)
    while not _is_over(day, today):
        day -= timedelta(days=1)
    return day


def _supervisors(county: str, today: date) -> list[int]:
    return holders.supervisors([county], today=today).get(county, [])


def _alert(turn: Turn, step: CaseStep, since: date, *, told: str) -> None:
    """告警: tell the heads of the office that kept silent; where it has none, supervision."""
    case = turn.case
    heads = holders.heads(step.department_id, today=turn.today)
    above = [] if heads else _supervisors(case.county_code, turn.today)
    params = {
        "number": case.number,
        "item": case.item.name,
        "step_name": step.name,
        "told": told,
    }
    letters = [
        Letter(
            account_id=account,
            kind=kinds.KINDS["staff.unanswered"],
            params=params,
            case_number=case.number,
            dedupe_key=f"unanswered:{case.number}:{since}:{account}",
        )
        for account in heads or above
    ]
    notifications.send_many(letters=letters)
