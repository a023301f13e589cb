"""提醒: what the clock says before a last day passes, and after an expected one has."""

from datetime import timedelta

from backend.accounts.models import Account
from backend.cases.actions import moves
from backend.cases.actions.moves import Turn
from backend.cases.actions.supplements import legal
from backend.cases.models import CaseStep, ClockStop, Supplement
from backend.organisation import duties, holders
from backend.organisation import queries as organisation
from backend.organisation.models import Post
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

SOON, LAST = 3, 1  # 到期前几个工作日 (领域说明 §2.5)
_MAY_PROLONG = "来不及的可以申请延期一次"


def remind_supplement(*, actor: Account, number: str) -> bool:
    """提醒补正: three working days before the last day, and again one before; say if it did."""
    with moves.acting(actor=actor, number=number) as turn:
        _only_the_clock(turn)
        legal(turn, "supplement")
        notice = turn.case.supplements.get(state=Supplement.State.OPEN)
        level = _level(turn, notice)
        if level <= notice.reminded or notice.due_on is None:
            return False
        notice.reminded = level
        notice.save(update_fields=["reminded"])
        left = notice.defects.filter(answered_at__isnull=True).count()
        moves.tell(
            turn,
            "case.supplement_due",
            left=str(left),
            due_on=notice.due_on.isoformat(),
            advice=notice.note.strip(),
            may_prolong="" if notice.prolonged else _MAY_PROLONG,
        )
        due_on = notice.due_on.isoformat()
        moves.record(turn, "remind_supplement", step=notice.step, due_on=due_on, left=left)
        return True


def _level(turn: Turn, notice: Supplement) -> int:
    if notice.due_on is None or notice.due_on < turn.today:
        return 0
    left = organisation.calendar().remaining(turn.today, notice.due_on)
    return 2 if left <= LAST else 1 if left <= SOON else 0


def tell_overlong(*, actor: Account, number: str) -> bool:
    """提示: a special procedure takes longer than was told; the office hears of it, once."""
    with moves.acting(actor=actor, number=number) as turn:
        _only_the_clock(turn)
        legal(turn, "resume")
        stop = turn.case.stops.get(ended_on__isnull=True)
        last = stop.began_on + timedelta(days=stop.expected_days or 0)
        if stop.overlong_told or last >= turn.today:
            return False
        stop.overlong_told = True
        stop.save(update_fields=["overlong_told"])
        _tell_office(turn, stop, moves.open_step(turn, stop.step))
        return True


def _tell_office(turn: Turn, stop: ClockStop, step: CaseStep) -> None:
    """Tell who holds the step, or its whole post, and the head."""
    found = holders.of_offices([step.department_id], today=turn.today)
    post = found.get((step.department_id, step.role), [])
    mine = [step.claimed_by_id] if step.claimed_by_id in post else post
    heads = found.get((step.department_id, Post.Role.DEPARTMENT_HEAD), [])
    params = {
        "number": turn.case.number,
        "item": turn.case.item.name,
        "step_name": step.name,
        "why": str(stop.get_reason_display()),
        "stood_days": str((turn.today - stop.began_on).days),
        "expected_days": str(stop.expected_days),
    }
    letters = [
        Letter(
            account_id=account,
            kind=kinds.KINDS["staff.overlong"],
            params=params,
            case_number=turn.case.number,
            dedupe_key=f"overlong:{stop.pk}:{account}",
        )
        for account in dict.fromkeys([*mine, *heads])
        if account
    ]
    notifications.send_many(letters=letters)


def _only_the_clock(turn: Turn) -> None:
    if turn.actor.kind != Account.Kind.SYSTEM:
        raise duties.NotYourDuty
