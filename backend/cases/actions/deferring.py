"""容缺: what may come later has a last day; before it people are reminded, after it told (R39)."""

from datetime import timedelta

from django.db.models import QuerySet

from backend.accounts.models import Account
from backend.cases.actions import moves
from backend.cases.actions.moves import Turn
from backend.cases.models import CaseMaterial
from backend.cases.queries.material_queues import LIVE
from backend.organisation import duties, holders
from backend.organisation.models import Post
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

By, State = CaseMaterial.By, CaseMaterial.State
DAYS = (5, 1)
"""到期前几天提醒 (领域说明 §5 R39)."""


def remind_materials(*, actor: Account, number: str) -> bool:
    """提醒补交: five days before the last day and one before, once each; say if anything is due."""
    with moves.acting(actor=actor, number=number) as turn:
        _only_the_clock(turn)
        days = [turn.today + timedelta(days=left) for left in DAYS]
        due = list(_deferred(turn).filter(state=State.WANTED, due_on__in=days))
        letters = [_letter(turn, line) for line in due if turn.case.applicant.account_id]
        notifications.send_many(letters=letters)
        return bool(due)


def overdue_materials(*, actor: Account, number: str) -> bool:
    """
    容缺逾期: the last day has passed; the applicant and whoever holds the case are told, once.

    What follows is for people: they wait, refuse, or the head ends the case.
    """
    with moves.acting(actor=actor, number=number) as turn:
        _only_the_clock(turn)
        late = list(_deferred(turn).filter(state=State.WANTED, due_on__lt=turn.today))
        if not late:
            return False
        CaseMaterial.objects.filter(pk__in=[line.pk for line in late]).update(
            state=State.OVERDUE, updated_at=turn.now, updated_by=turn.actor
        )
        moves.record(turn, "material_overdue", materials=[line.key for line in late])
        named = "、".join(line.name for line in late)
        moves.tell(turn, "case.material_overdue", material=named)
        alert(turn, "staff.material_overdue", f"overdue:{late[0].pk}", material=named)
        return True


def _deferred(turn: Turn) -> QuerySet[CaseMaterial]:
    live = turn.case.status in LIVE
    lines = turn.case.materials.filter(resolved_by=By.DEFERRED).order_by("pk")
    return lines if live else lines.none()


def _letter(turn: Turn, line: CaseMaterial) -> Letter:
    case = turn.case
    return Letter(
        account_id=case.applicant.account_id or 0,
        kind=kinds.KINDS["case.material_due"],
        params={
            "number": case.number,
            "item": case.item.name,
            "short_item": case.version.guide.get("short_name") or case.item.name,
            "material": line.name,
            "due_on": line.due_on.isoformat() if line.due_on else "",
        },
        case_number=case.number,
        dedupe_key=f"R39:{line.pk}:{turn.today.isoformat()}",
    )


def alert(turn: Turn, kind: str, key: str, **params: str) -> None:
    """Tell who holds an open step of the case, and the head of its office."""
    open_steps = list(
        turn.case.steps.filter(state=moves.State.OPEN).values_list("department_id", "role")
    )
    office = turn.case.department_id
    found = holders.of_offices({office, *(one for one, _ in open_steps)}, today=turn.today)
    away = set(turn.case.recusals.filter(lifted_at__isnull=True).values_list("account", flat=True))
    told = [account for step in open_steps for account in found.get(step, [])]
    told += found.get((office, Post.Role.DEPARTMENT_HEAD), [])
    letters = [
        Letter(
            account_id=account,
            kind=kinds.KINDS[kind],
            params={"number": turn.case.number, "item": turn.case.item.name, **params},
            case_number=turn.case.number,
            dedupe_key=f"{key}:{account}",
        )
        for account in dict.fromkeys(told)
        if account not in away
    ]
    notifications.send_many(letters=letters)


def _only_the_clock(turn: Turn) -> None:
    if turn.actor.kind != Account.Kind.SYSTEM:
        raise duties.NotYourDuty
