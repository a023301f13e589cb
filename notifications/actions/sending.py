"""The one way to tell somebody something (告知)."""

import functools
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.db import connection, transaction
from django.utils import timezone

from backend.accounts.models import Account
from notifications import kinds, tasks
from notifications.kind import Kind
from notifications.models import Channel, Notification

S = Notification.State
_PUSH_FOR = timedelta(days=3)
"""After so long a push says nothing new, unless the law wants it told; the inbox keeps it."""

# One round trip for the notice and its first delivery, one row or thousands. The ORM twin of it
# stands in tests/notifications/test_send.py.
_INSERT = """
WITH notice AS (
    INSERT INTO notifications_notification (
        account_id, kind, kind_group, priority, lane, title, body, params, case_number,
        template_key, needs_sms, statutory, due_at, expires_at, state, reason, dedupe_key,
        created_at)
    SELECT r.account_id, r.kind, r.kind_group, r.priority, r.lane, r.title, r.body, r.params,
        r.case_number, r.template_key, r.needs_sms, r.statutory, r.due_at, r.expires_at, r.state,
        '', r.dedupe_key, r.created_at
    FROM jsonb_to_recordset(%s::jsonb) AS r(
        account_id bigint, kind text, kind_group text, priority smallint, lane text, title text,
        body text, params jsonb, case_number text, template_key text, needs_sms boolean,
        statutory boolean, due_at timestamptz, expires_at timestamptz, state text,
        dedupe_key text, created_at timestamptz)
    ON CONFLICT (dedupe_key) DO NOTHING
    RETURNING id, account_id, lane, template_key, due_at, dedupe_key
), step AS (
    INSERT INTO notifications_delivery (
        notification_id, account_id, step_no, channel, lane, state, reason, attempts, next_at,
        lease_owner, lease_epoch, rid, provider_id)
    SELECT id, account_id, 1, %s, lane, 'waiting', '', 0, due_at, '', '', '', ''
    FROM notice WHERE template_key <> ''
)
SELECT id, dedupe_key FROM notice
"""


@dataclass(frozen=True, slots=True)
class Letter:
    """One notice to one account; of a kind from the table, or made from a rule's data."""

    account_id: int
    kind: Kind
    params: Mapping[str, str] = field(default_factory=dict)
    case_number: str = ""
    dedupe_key: str | None = None
    due_at: datetime | None = None
    expires_at: datetime | None = None


def send(
    *,
    to: Account,
    kind: str,
    params: Mapping[str, str],
    case_number: str = "",
    dedupe_key: str | None = None,
    due_at: datetime | None = None,
) -> Notification | None:
    """
    告知: lay a notice into the inbox with the caller's transaction; push it after the commit.

    :param params: number, item, short_item, days, due_on (ISO), status_text, outcome, reason …
    :param dedupe_key: the same cause never tells twice.
    :returns: the notice, or None when `dedupe_key` has told before.
    """
    letter = Letter(
        account_id=to.pk,
        kind=kinds.KINDS[kind],
        params=params,
        case_number=case_number,
        dedupe_key=dedupe_key,
        due_at=due_at,
    )
    row = _row(letter, timezone.now())
    ids = _insert([row])
    return Notification(pk=ids[0], **row) if ids else None


def send_many(*, letters: Iterable[Letter]) -> int:
    """群发告知: the same for many, in one statement. Return how many had not been told before."""
    now = timezone.now()
    return len(_insert([_row(letter, now) for letter in letters]))


def _row(letter: Letter, now: datetime) -> dict[str, Any]:
    kind, due = letter.kind, letter.due_at or now
    text = kinds.write(kind, letter.params, now=timezone.localtime(max(due, now)))
    state = S.RELEASED if kind.template else S.DONE
    return {
        "account_id": letter.account_id,
        "kind": kind.key,
        "kind_group": kind.group,
        "priority": kind.priority,
        "lane": kind.lane,
        "title": text.title[:40],
        "body": text.body,
        "params": text.values,
        "case_number": letter.case_number,
        "template_key": kind.template,
        "needs_sms": kind.needs_sms,
        "statutory": kind.statutory,
        "due_at": due,
        "expires_at": letter.expires_at or (None if kind.statutory else due + _PUSH_FOR),
        "state": S.PLANNED if due > now else state,
        "dedupe_key": letter.dedupe_key,
        "created_at": now,
    }


def _insert(rows: list[dict[str, Any]]) -> list[int]:
    """Write the rows whose dedupe key is new, ring for those due at once; return their ids."""
    if not rows:
        return []
    with connection.cursor() as cursor:
        cursor.execute(_INSERT, [orjson.dumps(rows).decode(), Channel.WECHAT.value])
        ids = [row[0] for row in cursor.fetchall()]
    pushed = {row["lane"] for row in rows if row["template_key"] and row["state"] == S.RELEASED}
    for lane in sorted(pushed) if ids else ():
        transaction.on_commit(functools.partial(tasks.ring, lane), robust=True)
    return ids
