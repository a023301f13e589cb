"""Claiming (取件): take due deliveries by lease, hold their quota, gather what a call needs."""

import secrets
import time
import uuid
from collections.abc import Collection
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from django.conf import settings
from django.db import connection, transaction

from backend.residents.models import Resident
from notifications import marks
from notifications.dispatch import verdicts
from notifications.models import Channel, Delivery, Preference

# One statement: the oldest due row of each person (so nobody has two calls at once, and notices
# keep their order), locked past other dispatchers' rows; then one unit of each one's quota, locked
# in order; then the lease. The correlated look-up stays an index probe whatever the statistics say.
_CLAIM = """
WITH due AS MATERIALIZED (
    SELECT d.id, d.account_id, d.channel, n.template_key
    FROM notifications_delivery d
    JOIN notifications_notification n ON n.id = d.notification_id
    WHERE d.lane = %(lane)s AND d.state IN ('waiting', 'retry') AND d.next_at <= %(now)s
      AND d.channel <> ALL(%(still)s) AND d.channel || ':' || n.template_key <> ALL(%(still)s)
      AND d.id = (
        SELECT e.id FROM notifications_delivery e
        WHERE e.account_id = d.account_id AND e.lane = d.lane
          AND e.state IN ('waiting', 'retry', 'claimed')
          AND (e.state = 'claimed' OR e.next_at <= %(soon)s)
        ORDER BY e.id LIMIT 1)
    ORDER BY d.next_at, d.id LIMIT %(room)s
    FOR UPDATE OF d SKIP LOCKED
), open AS MATERIALIZED (
    SELECT q.id, due.id AS delivery_id
    FROM due
    JOIN accounts_wechatidentity i ON i.account_id = due.account_id
    JOIN unnest(%(keys)s::text[], %(templates)s::text[]) AS t(key, id) ON t.key = due.template_key
    JOIN notifications_quota q ON q.identity_id = i.id AND q.template_id = t.id
    WHERE due.channel = 'wechat'
      AND q.balance > CASE WHEN q.type = 'once' THEN q.held ELSE 0 END
    ORDER BY q.id FOR UPDATE OF q
), held AS (
    UPDATE notifications_quota q SET held = q.held + 1 FROM open WHERE q.id = open.id
    RETURNING q.id, open.delivery_id
), hold AS (
    SELECT jsonb_object_agg(held.delivery_id::text, held.id) AS of FROM held
)
UPDATE notifications_delivery d
SET state = 'claimed', claimed_at = %(now)s, lease_until = %(until)s, lease_owner = %(token)s,
    lease_epoch = %(epoch)s, quota_id = (hold.of ->> d.id::text)::bigint
FROM due, hold
WHERE d.id = due.id
RETURNING d.id
"""
_FIELDS = (
    "pk",
    "attempts",
    "channel",
    "quota_id",
    "account_id",
    "notification_id",
    "notification__state",
    "notification__kind_group",
    "notification__title",
    "notification__statutory",
    "notification__needs_sms",
    "notification__params",
    "notification__template_key",
    "notification__expires_at",
    "account__wechat__pk",
    "account__wechat__openid",
    "account__wechat__is_valid",
    "account__resident__uid",
    "account__resident__sealed_name",
    "account__resident__sealed_phone",
    "account__resident__deceased_on",
)
_NOBODY = uuid.UUID(int=0)
_ORDER_WITHIN = timedelta(minutes=1)
"""A notice waits for the person's earlier one if that is due within this; not for longer."""


@dataclass(frozen=True, slots=True)
class Row:
    """What the database knows of a claimed delivery, in the order of `_FIELDS`."""

    pk: int
    attempts: int
    channel: str
    quota_id: int | None
    account_id: int
    notification_id: int
    notice_state: str
    kind_group: str
    title: str
    statutory: bool
    needs_sms: bool
    params: dict[str, str]
    template_key: str
    expires_at: datetime | None
    identity_id: int | None
    openid: str | None
    openid_valid: bool | None
    resident_uid: uuid.UUID | None
    sealed_name: bytes | None
    sealed_phone: bytes | None
    deceased_on: date | None

    @property
    def resident(self) -> Resident:
        """Return the person, able to open the own name and phone; nothing is open before."""
        return Resident(
            uid=self.resident_uid or _NOBODY,
            sealed_name=self.sealed_name,
            sealed_phone=self.sealed_phone,
        )


@dataclass(frozen=True, slots=True)
class Job:
    """One claimed delivery with all that a call needs; it lives in this process's memory only."""

    claim: marks.Claim
    row: Row
    switched_off: bool
    begin_before: float
    """On the monotonic clock: later than this no call may begin, the lease would not last."""

    @property
    def delivery_id(self) -> int:
        return self.row.pk

    @property
    def step(self) -> verdicts.Step:
        row = self.row
        return verdicts.Step(self.claim, row.channel, row.attempts, row.template_key, row.needs_sms)


def take(*, lane: str, room: int, still: Collection[str], epoch: str, now: datetime) -> list[Job]:
    """
    取件: claim at most `room` due deliveries of a lane, one a person, in a transaction of its own.

    :param still: what is paused: `wechat`, `sms`, `wechat:A` …
    """
    started, token = time.monotonic(), secrets.token_hex(16)
    templates = settings.WECHAT_TEMPLATES
    lease = settings.NOTIFY_LEASE_SECONDS
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute(
            _CLAIM,
            {
                "lane": lane,
                "room": room,
                "still": sorted(still),
                "now": now,
                "soon": now + _ORDER_WITHIN,
                "until": now + timedelta(seconds=lease),
                "token": token,
                "epoch": epoch,
                "keys": list(templates),
                "templates": [template_id for _how, template_id in templates.values()],
            },
        )
        ids = [row[0] for row in cursor.fetchall()]
    if not ids:
        return []
    found = Delivery.objects.filter(pk__in=ids).order_by("next_at", "pk").values_list(*_FIELDS)
    rows = [Row(*values) for values in found]
    off = _switched_off({row.account_id for row in rows})
    latest = started + lease - min(lease / 4, 15)
    return [
        Job(
            claim=marks.Claim(row.pk, token, epoch, _reader(row)),
            row=row,
            switched_off=(row.account_id, row.kind_group, row.channel) in off,
            begin_before=latest,
        )
        for row in rows
    ]


def _reader(row: Row) -> str:
    """Name whom only one call at a time may go to, by our own numbers."""
    if row.channel == Channel.WECHAT:
        return f"wechat:{row.identity_id}"
    return f"sms:{row.account_id}"


def _switched_off(accounts: Collection[int]) -> set[tuple[int, str, str]]:
    choices = Preference.objects.filter(account__in=accounts, is_on=False)
    return set(choices.values_list("account_id", "kind_group", "channel"))
