"""人员安排: who stands in for whom, whose kin they are, and what ends when they leave."""

from dataclasses import dataclass
from datetime import date, timedelta

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.core import crypto
from backend.core.errors import Conflict, Invalid, NotFound
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post, StaffMember, StandIn

LONGEST = timedelta(days=180)


class StaffNotFound(NotFound):
    code, title = "staff_not_found", "没有这位在岗的工作人员, 请在人员名单中选择"


class StandInNotFound(NotFound):
    code, title = "stand_in_not_found", "没有这条代岗安排, 可能已经结束"


class StandInSelf(Invalid):
    code, title = "stand_in_self", "本人不能代自己的岗, 请选择另一位同事"


class BadPeriod(Invalid):
    code, title = "bad_period", "代岗从今天或以后开始, 最长 180 天, 止日不早于起日"


class OwnLeave(Conflict):
    code, title = "own_leave", "不能给自己办离岗, 请由负责人或监察办理"


@dataclass(frozen=True, slots=True)
class Gone:
    """Who has left, and who sent them off: what a hand-over goes on from."""

    member: StaffMember
    by: HeldPost


@transaction.atomic
def stand_in(*, actor: Account, post: int, staff: int, valid_from: date, valid_to: date) -> StandIn:
    """
    安排代岗 (AB岗): for these days `staff` holds the duties of `post` beside its holder.

    :param post: id of the post; in an office whose people the actor arranges.
    :raises StaffNotFound: no such post or person in force.
    :raises BadPeriod: in the past, endless, or back to front.
    """
    posts, today = _arranging(actor), timezone.localdate()
    held = _in_force(today).select_related("department__division", "staff").filter(pk=post).first()
    other = _member(staff)
    if held is None:
        raise StaffNotFound
    duties.require_staffing(posts, held.department)
    if held.staff_id == other.pk:
        raise StandInSelf
    if not today <= valid_from <= valid_to <= valid_from + LONGEST:
        raise BadPeriod
    return StandIn.objects.create(
        post=held,
        account=other.account,
        valid_from=valid_from,
        valid_to=valid_to,
        appointed_by=actor,
        at=timezone.now(),
    )


@transaction.atomic
def end_stand_in(*, actor: Account, stand_in: int) -> None:
    """
    结束代岗: from now on, whatever days were left.

    :raises StandInNotFound: unknown, out of the actor's offices, or over.
    """
    posts = _arranging(actor)
    row = (
        StandIn.objects.select_for_update(of=("self",))
        .select_related("post__department__division")
        .filter(pk=stand_in, ended_at__isnull=True)
        .first()
    )
    if row is None:
        raise StandInNotFound
    duties.require_staffing(posts, row.post.department)
    row.ended_at = timezone.now()
    row.save(update_fields=["ended_at"])


@transaction.atomic
def identify(*, actor: Account, staff: int, id_number: str, phone: str) -> None:
    """
    登记回避比对信息: only blind indexes stay, so that one's own and one's family's cases are known.

    :param id_number: normalised; "" leaves what stands there.
    """
    posts, member = _arranging(actor), _member(staff)
    _may_arrange(posts, member)
    if id_number:
        member.id_digest = crypto.digest(id_number, index="id_number")
    if phone:
        member.phone_digest = crypto.digest(phone, index="phone")
    member.save(update_fields=["id_digest", "phone_digest"])


@transaction.atomic
def leave(*, actor: Account, staff: int) -> Gone:
    """
    离岗: end a person's posts, what they stand in for, their account and every session (离职即断).

    The account's row is locked first: whoever claims work at this moment is before or after.

    :raises OwnLeave: nobody sends themselves off.
    :raises NotYourDuty: one of the posts is in an office the actor does not arrange.
    """
    posts, member = _arranging(actor), _member(staff)
    if member.account_id == actor.pk:
        raise OwnLeave
    by = _may_arrange(posts, member)
    now, today = timezone.now(), timezone.localdate()
    accounts.close(account=member.account)
    for post in _in_force(today).filter(staff=member):
        post.valid_to = max(post.valid_from, today - timedelta(days=1))
        post.save(update_fields=["valid_to"])
    StandIn.objects.filter(account=member.account, ended_at__isnull=True).update(ended_at=now)
    return Gone(member, by)


def _in_force(today: date) -> QuerySet[Post]:
    return Post.objects.filter(staff__account__is_active=True).exclude(valid_to__lt=today)


def _member(pk: int) -> StaffMember:
    member = (
        StaffMember.objects.select_related("account").filter(pk=pk, account__is_active=True).first()
    )
    if member is None:
        raise StaffNotFound
    return member


def _arranging(actor: Account) -> list[HeldPost]:
    """Return the actor's posts, one of which arranges people somewhere."""
    posts = duties.posts_of(actor)
    duties.hold(posts, Duty.STAFFING)
    return posts


def _may_arrange(posts: list[HeldPost], member: StaffMember) -> HeldPost:
    """Return the post that arranges all that `member` does."""
    by = duties.hold(posts, Duty.STAFFING)
    held = _in_force(timezone.localdate()).filter(staff=member)
    for post in held.select_related("department__division"):
        by = duties.require_staffing(posts, post.department)
    return by
