"""离岗交接: when staff leave, nothing they had in hand is left to nobody (领域说明 §4 离职即断)."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.actions import moves, telling
from backend.cases.actions.moves import State, Turn
from backend.cases.actions.review import CLAIM
from backend.cases.models import Case, CaseStep, HandOver, HandOverLine
from backend.organisation import actions as organisation
from backend.organisation import holders
from backend.organisation.actions.staffing import StaffNotFound
from backend.organisation.models import StaffMember
from notifications import actions as notifications


@transaction.atomic
def hand_over(*, actor: Account, staff: int, reason: str, to: int | None = None) -> HandOver:
    """
    离岗交接: end a person's posts, account and sessions; give on what they had claimed.

    What the named colleague's post may do goes to them for a lease; the rest, and all where nobody
    is named, goes back to its office. Return the list, which stays on record.

    :param to: staff id of the colleague; None for the office.
    :raises OwnLeave: nobody sends themselves off.
    :raises StaffNotFound: one of the two is not in service.
    """
    gone = organisation.leave(actor=actor, staff=staff)
    colleague = _account_of(to) if to else None
    now, left = timezone.now(), gone.member.account_id
    done = HandOver.objects.create(account_id=left, by=actor, reason=reason, at=now)
    claimed = CaseStep.objects.filter(claimed_by=left, state=State.OPEN)
    for pk in sorted(set(claimed.values_list("case", flat=True))):
        case = moves.lock(Case.objects.filter(pk=pk)).get()
        turn = Turn(actor=actor, case=case, now=now, posts=[], post=gone.by)
        steps = list(claimed.filter(case=pk).select_related("department"))
        for step in steps:
            _give_on(turn, step, colleague, done)
        moves.write(turn)
        telling.nobody_left(case, steps, today=turn.today)
    if colleague and (given := done.lines.filter(to=colleague).count()):
        notifications.send(
            to=Account(pk=colleague, kind=Account.Kind.STAFF),
            kind="staff.handed_over",
            params={"count": str(given)},
        )
    return done


def _give_on(turn: Turn, step: CaseStep, colleague: int | None, done: HandOver) -> None:
    fit = colleague if _may_have(turn, step, colleague, today=turn.today) else None
    until = turn.now + CLAIM if fit else None
    CaseStep.objects.filter(pk=step.pk).update(claimed_by=fit, claimed_until=until)
    HandOverLine.objects.create(hand_over=done, step=step, to_id=fit)
    moves.record(turn, "hand_over", step=step.key, left=done.account_id, to=fit)


def _may_have(turn: Turn, step: CaseStep, colleague: int | None, *, today: date) -> bool:
    if colleague is None:
        return False
    held = holders.of_offices({step.department_id}, today=today)
    away = turn.case.recusals.filter(account=colleague, lifted_at__isnull=True)
    return colleague in held.get((step.department_id, step.role), ()) and not away.exists()


def _account_of(staff: int) -> int:
    found = StaffMember.objects.filter(pk=staff, account__is_active=True)
    account = found.values_list("account", flat=True).first()
    if account is None:
        raise StaffNotFound
    return account
