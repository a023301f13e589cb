"""What WeChat pushes to us (微信推送): kept at once, applied in batches by a worker."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Literal, cast

import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import WeChatIdentity
from backend.core import crypto, wechat
from notifications import ledger, tasks
from notifications.dispatch import confirming
from notifications.models import CallbackRaw, QuotaEntry, callback_context

S = CallbackRaw.State
Verdict = Literal["applied", "ignored", "later", "failed"]
_AT_ONCE = 500
_AGAIN = timedelta(seconds=5)
_WAIT_FOR = timedelta(minutes=10)
"""So long an event may wait for what it speaks of to be written."""
_MOST_TRIES = 5
_GRANTS = {"subscribe_msg_popup_event": "accept", "subscribe_msg_change_event": "zero"}
_SENT = "subscribe_msg_sent_event"
_log = structlog.get_logger(__name__)


def keep_callback(*, callback: wechat.Callback) -> None:
    """收推送: keep one push, sealed; the same one told again is kept once."""
    digest = bytes.fromhex(callback["digest"])
    now = timezone.now()
    raw = CallbackRaw(
        hash=digest,
        sealed_body=crypto.seal_json(callback, context=callback_context(digest)),
        next_at=now,
        received_at=now,
    )
    CallbackRaw.objects.bulk_create([raw], ignore_conflicts=True)
    transaction.on_commit(lambda: tasks.ring("cb"), robust=True)


def apply_callbacks(*, at_once: int = _AT_ONCE) -> int:
    """应用推送: work through what was kept, in order of arrival; return how many were looked at."""
    seen = 0
    while batch := _apply_batch(at_once):
        seen += batch
        if batch < at_once:
            break
    return seen


@transaction.atomic
def _apply_batch(at_once: int) -> int:
    now = timezone.now()
    rows = list(
        CallbackRaw.objects.select_for_update(skip_locked=True)
        .filter(state=S.NEW, next_at__lte=now)
        .order_by("next_at", "pk")[:at_once]
    )
    opened = [_Opened(row, cast("wechat.Callback", row.body)) for row in rows]
    people = _people({one.said["openid"] for one in opened})
    verdicts = _apply_sent([one for one in opened if one.said["event"] == _SENT], people, now)
    for one in opened:
        if one.row.pk not in verdicts:
            verdicts[one.row.pk] = _apply_alone(one, people)
    for row in rows:
        _file(row, verdicts[row.pk], now)
    CallbackRaw.objects.bulk_update(rows, ["state", "tries", "next_at"])
    return len(rows)


@dataclass(frozen=True, slots=True)
class _Opened:
    row: CallbackRaw
    said: wechat.Callback

    @property
    def at(self) -> datetime:
        return datetime.fromtimestamp(self.said["created_at"], UTC)


def _people(openids: Iterable[str]) -> dict[str, WeChatIdentity]:
    found = WeChatIdentity.objects.filter(app_id=settings.WECHAT_APP_ID, openid__in=openids)
    return {identity.openid: identity for identity in found}


def _apply_sent(
    events: Iterable[_Opened], people: Mapping[str, WeChatIdentity], now: datetime
) -> dict[int, Verdict]:
    """Confirm sends in bulk: one event each for hundreds of messages a second."""
    words: list[confirming.Word] = []
    verdicts: dict[int, Verdict] = {}
    for one in events:
        verdicts[one.row.pk] = "ignored"
        if identity := people.get(one.said["openid"]):
            verdicts[one.row.pk] = "applied"
            who = identity.account_id
            words += [confirming.Word(one.row.pk, who, one.at, item) for item in one.said["items"]]
    for unclear in confirming.confirm(words, now=now):
        verdicts[unclear] = "later"
    return verdicts


def _apply_alone(one: _Opened, people: Mapping[str, WeChatIdentity]) -> Verdict:
    if one.said["event"] not in _GRANTS:
        return "ignored"
    identity = people.get(one.said["openid"])
    if identity is None:
        return "later"
    try:
        with transaction.atomic():
            for i, item in enumerate(one.said["items"]):
                _apply_grant(one, identity, item, i)
    except (KeyError, ValueError) as fault:
        _log.warning("callback_unreadable", callback=one.row.pk, fault=type(fault).__name__)
        return "failed"
    return "applied"


def _apply_grant(one: _Opened, identity: WeChatIdentity, item: Mapping[str, str], i: int) -> None:
    """Enter one template's answer; a template that is not ours to send by is left out."""
    ours = {template_id: how for how, template_id in settings.WECHAT_TEMPLATES.values()}
    template_id, result = item["template_id"], item["result"]
    if template_id not in ours:
        return
    act = result if one.said["event"] == "subscribe_msg_popup_event" else "zero"
    ledger.note(
        ledger.Grant(
            identity_id=identity.pk,
            template_id=template_id,
            type=ours[template_id],
            act=QuotaEntry.Act(act),
            origin=QuotaEntry.Origin.SERVER,
            source=f"push:{one.said['digest']}:{i}",
            at=one.at,
        )
    )


def _file(row: CallbackRaw, verdict: Verdict, now: datetime) -> None:
    row.tries += 1
    too_late = now - row.received_at > _WAIT_FOR
    if verdict == "applied":
        row.state = S.APPLIED
    elif verdict == "ignored" or (verdict == "later" and too_late):
        row.state = S.IGNORED
    elif verdict == "failed" and row.tries >= _MOST_TRIES:
        row.state = S.FAILED
    else:
        row.next_at = now + _AGAIN
