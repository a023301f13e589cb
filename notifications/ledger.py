"""
The quota ledger (额度账): WeChat keeps the true balance and tells nobody, so we keep our own.

Every change is an entry whose source counts once, and the deltas of a quota's entries always add up
to its balance. Unknown outcomes keep their hold; a hold ends as consumed or released.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from django.db import connection
from django.db.models import F

from notifications.models import Quota, QuotaEntry

Act, Origin = QuotaEntry.Act, QuotaEntry.Origin
Outcome = Literal["consume", "release", "zero"]
_SAME_TAP = timedelta(seconds=60)
"""The client's report and WeChat's own push of one tap lie no further apart than this."""

_STORE = """
UPDATE notifications_quota q SET balance = r.balance, held = r.held
FROM unnest(%s::bigint[], %s::int[], %s::int[]) AS r(id, balance, held) WHERE q.id = r.id
"""


@dataclass(frozen=True, slots=True)
class Grant:
    """What a resident answered about one template, as the client or WeChat itself told it."""

    identity_id: int
    template_id: str
    type: str
    act: str
    origin: str
    source: str
    at: datetime


def end_holds(ended: Iterable[tuple[int, Outcome, str]], *, at: datetime) -> None:
    """
    销占用: end one hold for each (quota id, outcome, source). Needs a transaction.

    `zero` is WeChat's own word that nothing is left (43101); `source` names the send.
    """
    outcomes = sorted(ended)
    locked = Quota.objects.select_for_update().order_by("pk")
    quotas = {row.pk: row for row in locked.filter(pk__in={row[0] for row in outcomes})}
    entries = []
    for quota_id, outcome, source in outcomes:
        quota = quotas[quota_id]
        quota.held = max(quota.held - 1, 0)
        if outcome == "release":
            continue
        used = min(quota.balance, 1) if quota.type == Quota.Type.ONCE else 0
        delta = -quota.balance if outcome == "zero" else -used
        quota.balance += delta
        act = Act.ZERO if outcome == "zero" else Act.CONSUME
        entries.append(
            QuotaEntry(
                quota_id=quota_id, act=act, origin=Origin.SEND, delta=delta, source=source, at=at
            )
        )
    QuotaEntry.objects.bulk_create(entries)
    if quotas:
        rows = list(quotas.values())
        columns = [[getattr(row, name) for row in rows] for name in ("pk", "balance", "held")]
        with connection.cursor() as cursor:
            cursor.execute(_STORE, columns)


def note(grant: Grant) -> bool:
    """
    记授权: enter what a resident answered; False when this source was entered before.

    An accept told by both sides counts once: the second report is paired with the first. Needs a
    transaction.
    """
    key = {"identity_id": grant.identity_id, "template_id": grant.template_id}
    Quota.objects.bulk_create([Quota(type=grant.type, **key)], ignore_conflicts=True)
    quota = Quota.objects.select_for_update().get(**key)
    if QuotaEntry.objects.filter(source=grant.source).exists():
        return False
    first = _told_before(quota, grant) if grant.act == Act.ACCEPT else None
    delta = 0 if first else _delta(quota, grant.act)
    QuotaEntry.objects.create(
        quota=quota,
        act=grant.act,
        origin=grant.origin,
        delta=delta,
        source=grant.source,
        at=grant.at,
        pair=first,
    )
    Quota.objects.filter(pk=quota.pk).update(balance=F("balance") + delta, type=grant.type)
    return True


def _told_before(quota: Quota, grant: Grant) -> QuotaEntry | None:
    """Find the other side's report of the same tap, if nobody is its pair yet."""
    other = Origin.CLIENT if grant.origin == Origin.SERVER else Origin.SERVER
    near = quota.entries.filter(
        act=Act.ACCEPT,
        origin=other,
        pair=None,
        told_again=None,
        at__range=(grant.at - _SAME_TAP, grant.at + _SAME_TAP),
    )
    return min(near, key=lambda entry: abs(entry.at - grant.at), default=None)


def _delta(quota: Quota, act: str) -> int:
    """Return the change: a one-time accept adds one, a long-term one stands until taken back."""
    long_term = quota.type == Quota.Type.LONG
    if act == Act.ACCEPT:
        return 1 - quota.balance if long_term else 1
    if act == Act.ZERO or (act == Act.REJECT and long_term):
        return -quota.balance
    return 0
