"""暂停、恢复办理与结束试运行: an item takes no new case; what runs goes on."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import drafting, signing, trail, versions
from backend.catalogue.actions.procedures import OpinionMissing, Subject
from backend.catalogue.lifecycle import DRAFTS, ITEMS
from backend.catalogue.models import ServiceItem, Suspension, VersionDraft
from backend.catalogue.queries import ItemNotFound
from backend.core.errors import Invalid
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost


class EndsBeforeItBegan(Invalid):
    code, title = "ends_before_it_began", "预计恢复日应晚于今天, 请核对"


def suspend(*, actor: Account, item_code: str, reason: str, expected_on: date) -> ServiceItem:
    """
    暂停办理: by the responsible department, with the reason and the day it should go on.

    :raises IllegalMove: the item is not published.
    :raises OpinionMissing: no reason.
    :raises EndsBeforeItBegan: the expected day is not ahead.
    """
    now = timezone.now()
    if not reason.strip():
        raise OpinionMissing
    if expected_on <= timezone.localdate(now):
        raise EndsBeforeItBegan
    with transaction.atomic():
        item, post = _moved("suspend", actor, item_code)
        Suspension.objects.create(
            item=item, reason=reason, began_at=now, expected_on=expected_on, began_by=actor
        )
        trail.record(
            Subject.ITEM, item.code, "suspend", by=(actor, post), at=now, item=item,
            status=item.status, expected_on=expected_on.isoformat(),
        )  # fmt: skip
    return item


def resume(*, actor: Account, item_code: str) -> ServiceItem:
    """恢复办理: new cases may come again."""
    now = timezone.now()
    with transaction.atomic():
        item, post = _moved("resume", actor, item_code)
        item.suspensions.filter(ended_at__isnull=True).update(ended_at=now, ended_by=actor)
        trail.record(
            Subject.ITEM, item.code, "resume", by=(actor, post), at=now, item=item,
            status=item.status,
        )  # fmt: skip
    return item


def call_off(*, actor: Account, item_code: str, reason: str) -> ServiceItem:
    """
    结束试运行: the item takes no new case and goes back to its draft; what runs finishes.

    :raises IllegalMove: it is not on trial.
    :raises OpinionMissing: no reason.
    """
    now = timezone.now()
    if not reason.strip():
        raise OpinionMissing
    with transaction.atomic():
        tried = VersionDraft.objects.filter(item__code=item_code, state=VersionDraft.State.TRIAL)
        drafts = list(tried.select_for_update(of=("self",)))  # a draft before its item, as all do
        item = _locked(item_code)
        post = drafting.configurer(duties.posts_of(actor), Duty.PUBLISH)
        item.status = ITEMS.move("call_off", item.status).target
        item.save(update_fields=["status"])
        versions.retire(item, now=now)
        for draft in drafts:
            draft.state = DRAFTS.move("call_off", draft.state).target
            draft.save(update_fields=["state"])
        trail.record(
            Subject.ITEM, item.code, "call_off", by=(actor, post), at=now, item=item,
            status=item.status, note=reason,
        )  # fmt: skip
    return item


def _moved(verb: str, actor: Account, code: str) -> tuple[ServiceItem, HeldPost]:
    item = _locked(code)
    post = signing.responsible(duties.posts_of(actor), item)
    item.status = ITEMS.move(verb, item.status).target
    item.save(update_fields=["status"])
    return item, post


def _locked(code: str) -> ServiceItem:
    item = ServiceItem.objects.select_for_update().filter(code=code).first()
    if item is None:
        raise ItemNotFound
    return item
