"""
回避: who must keep away from a case, who says so, and who may let them back (领域说明 §4).

A relative's case is declared by oneself, or decided by a head or supervision; one's own is found by
the platform. Whoever keeps away sees the status and nothing else; the step stays with the office.
"""

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.actions import moves, telling
from backend.cases.actions.moves import State, Turn
from backend.cases.lifecycle import CLOSED
from backend.cases.models import Case, KinStatement, Recusal
from backend.core.errors import Conflict, Invalid, NotFound
from backend.core.lifecycle import IllegalMove
from backend.organisation import actions as organisation
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.organisation.models import StaffMember
from backend.residents import actions as residents
from backend.residents.models import Resident

Relation, Found = Recusal.Relation, Recusal.Found


class AlreadyRecused(Conflict):
    code, title = "already_recused", "此人已回避此件, 无需再次登记"


class RecusalNotFound(NotFound):
    code, title = "recusal_not_found", "没有这条回避登记, 可能已经解除"


class RecusalStands(Conflict):
    code, title = "recusal_stands", "本人的件不能解除回避, 请由其他人员办理"


class RelationUnknown(Invalid):
    code, title = "relation_unknown", "请选择与申请人的关系"


class NobodyToRecuse(NotFound):
    code, title = "nobody_to_recuse", "没有这位在岗的工作人员, 请在人员名单中选择"


def recuse(*, actor: Account, number: str, relation: str, staff: int | None = None) -> Case:
    """
    回避: declare a relative's case one's own eyes are not for; or decide so for somebody else.

    :param staff: whom a head or supervision keeps away; None for oneself.
    :raises AlreadyRecused: they keep away already.
    :raises NobodyToRecuse: no such person in service.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if relation not in Relation.values:
            raise RelationUnknown
        who, found = actor.pk, Found.DECLARED
        if staff is None:
            turn.post = turn.posts[0]
        else:
            turn.post = duties.hold(turn.posts, Duty.STAFFING)
            who, found = _account_of(staff), Found.ORDERED
        keep_away(turn, who, relation, found)
    return turn.case


def state_kin(*, actor: Account, number: str, related: bool, relation: str = "") -> Case:
    """
    亲属声明 (登记备案): say, before acting on such an item, whether the applicant is a relative.

    Said once; who is related keeps away from then on (社会救助暂行办法: 近亲属须登记备案).

    :raises RelationUnknown: related, but not how.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if related and relation not in Relation.values:
            raise RelationUnknown
        turn.post = turn.posts[0]
        _, fresh = KinStatement.objects.get_or_create(
            case=turn.case, account=actor, defaults={"related": related, "at": turn.now}
        )
        if fresh:
            moves.record(turn, "state_kin", related=related)
        if related:
            keep_away(turn, actor.pk, relation, Found.DECLARED)
    return turn.case


def lift_recusal(*, actor: Account, number: str, recusal: int, reason: str) -> Case:
    """
    解除回避: a head or supervision lets somebody back, for a reason that stays on record.

    :raises RecusalNotFound: unknown, of another case, or lifted before.
    :raises RecusalStands: it is the person's own case.
    """
    with moves.acting(actor=actor, number=number) as turn:
        turn.post = duties.hold(turn.posts, Duty.STAFFING)
        row = turn.case.recusals.filter(pk=recusal, lifted_at__isnull=True).first()
        if row is None:
            raise RecusalNotFound
        if row.relation == Relation.SELF:
            raise RecusalStands
        row.lifted_at, row.lifted_by, row.reason = turn.now, actor, reason
        row.save(update_fields=["lifted_at", "lifted_by", "reason"])
        moves.record(turn, "lift_recusal", account=row.account_id)
    return turn.case


def identify_staff(*, actor: Account, staff: int, id_number: str = "", phone: str = "") -> None:
    """
    登记回避比对信息: who a staff member is, kept as blind indexes only.

    :raises IdentityRejected: a malformed number or phone, field by field.
    """
    given = {"id_number": id_number} if id_number else {}
    read = residents.readings(
        {**given, "phone": phone}, id_type=Resident.IdType.ID_CARD, today=timezone.localdate()
    )
    organisation.identify(
        actor=actor, staff=staff, id_number=read.get("id_number", ""), phone=read["phone"]
    )


def keep_away(turn: Turn, account: int, relation: str, found: str) -> None:
    """Write a recusal, give back what the person had claimed, and see that somebody is left."""
    case = turn.case
    if case.status in CLOSED:
        raise moves.late(IllegalMove, case)
    if case.recusals.filter(account=account, lifted_at__isnull=True).exists():
        raise AlreadyRecused
    Recusal.objects.create(
        case=case,
        account_id=account,
        relation=relation,
        found=found,
        declared_by=turn.actor,
        at=turn.now,
    )
    moves.record(turn, "recuse", relation=relation, account=account, found=found)
    standing = case.steps.filter(state=State.OPEN)
    standing.filter(claimed_by=account).update(claimed_by=None, claimed_until=None)
    telling.nobody_left(case, list(standing.select_related("department")), today=turn.today)


def _account_of(staff: int) -> int:
    found = StaffMember.objects.filter(pk=staff, account__is_active=True)
    account = found.values_list("account", flat=True).first()
    if account is None:
        raise NobodyToRecuse
    return account
