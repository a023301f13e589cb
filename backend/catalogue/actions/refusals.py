"""拒办: a community says no to work that is not admitted; civil affairs sees it and answers."""

from dataclasses import dataclass
from datetime import date
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import trail
from backend.catalogue.actions.procedures import OpinionMissing, Subject
from backend.catalogue.lifecycle import TAKES_CASES
from backend.catalogue.models import Refusal, ServiceItem
from backend.catalogue.queries import procedures as queries
from backend.core.errors import Conflict, Invalid
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.organisation.models import Department
from notifications import actions as notifications


class WorkIsAdmitted(Conflict):
    code, title = "work_is_admitted", "该事项已经准入并在办理, 不能拒办; 有困难请向民政部门反映"


class AskedLater(Invalid):
    code, title = "asked_later", "交办日不能晚于今天, 请核对"


class AlreadySeen(Conflict):
    code, title = "already_seen", "民政部门已经处理过这条拒办, 请刷新后再看"


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """交办: which office asked, on what day, for what work, and what shows it."""

    asked_by: str
    asked_on: date
    work: str
    evidence: str


def refuse_work(*, actor: Account, demand: Demand, item_code: str = "") -> Refusal:
    """
    拒办: keep on the record that a community was asked for work nobody admitted, and refused.

    :param item_code: the item the office named, if it named one.
    :raises WorkIsAdmitted: that item is in the catalogue and open: it must be done.
    :raises AskedLater: the day lies ahead.
    :raises NotYourDuty: not a community worker.
    """
    post, now = duties.hold(duties.posts_of(actor), Duty.REFUSE_WORK), timezone.now()
    today = timezone.localdate(now)
    item = ServiceItem.objects.filter(code=item_code).first() if item_code else None
    if item and item.status in TAKES_CASES:
        raise WorkIsAdmitted(item=item.code, state=item.status)
    if demand.asked_on > today:
        raise AskedLater
    office = Department.objects.select_related("division").get(pk=post.department_id)
    with transaction.atomic():
        one = Refusal.objects.create(
            division=office.division,
            office=office,
            asked_by=demand.asked_by,
            asked_on=demand.asked_on,
            work=demand.work,
            evidence=demand.evidence,
            refused_by=actor,
            refused_at=now,
        )
        trail.record(
            Subject.REFUSAL, one.uid, "refuse_work", by=(actor, post), at=now, item=item,
            status="refused",
        )  # fmt: skip
        _tell(one, today)
    return one


def answer_refusal(*, actor: Account, uid: UUID, finding: str) -> Refusal:
    """
    处理拒办: civil affairs says what follows: to be admitted properly, or stopped.

    :raises AlreadySeen: a colleague answered.
    :raises OpinionMissing: no finding.
    """
    posts, now = duties.posts_of(actor), timezone.now()
    with transaction.atomic():
        seen = queries.refusals(posts).filter(uid=uid).select_for_update(of=("self",))
        one = seen.select_related("division", "office").first()
        if one is None:
            raise queries.RefusalNotFound
        post = duties.hold(posts, Duty.VET)
        if one.seen_at:
            raise AlreadySeen(changed_at=one.seen_at)
        if not finding.strip():
            raise OpinionMissing
        one.seen_by, one.seen_at, one.finding = actor, now, finding
        one.save(update_fields=["seen_by", "seen_at", "finding"])
        trail.record(
            Subject.REFUSAL, one.uid, "answer_refusal", by=(actor, post), at=now, status="answered"
        )
    return one


def _tell(one: Refusal, today: date) -> None:
    posts = queries.who_vets(one.office, today=today)
    for account in posts.values_list("staff__account", flat=True).distinct():
        notifications.send(
            to=Account(pk=account, kind=Account.Kind.STAFF),
            kind="staff.work_refused",
            params={"place": one.division.full_name, "asked_by": one.asked_by},
            dedupe_key=f"refusal:{one.uid}:{account}",
        )
