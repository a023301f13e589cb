"""
The quota ledger (额度账): WeChat keeps the true balance and tells nobody, so we keep our own.

Every change is an entry whose source counts once, and the deltas of a quota's entries always add up
to its balance. Unknown outcomes keep their hold; a hold ends as consumed or released.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

import orjson
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
_ENTER = """
INSERT INTO notifications_quotaentry (quota_id, act, origin, delta, source, at)
SELECT r.quota, r.act, 'send', r.delta, r.source, %s
FROM jsonb_to_recordset(%s::jsonb) AS r(quota bigint, act text, delta int, source text)
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
    locked = Quota.objects.select_for_update().filter(pk__in={row[0] for row in outcomes})
    rows = locked.order_by("pk").values_list("pk", "type", "balance", "held")
    books = {pk: _Book(how, balance, held) for pk, how, balance, held in rows}
    entries = []
    for quota_id, outcome, source in outcomes:
        delta = books[quota_id].end(outcome)
        if outcome != "release":
            act = Act.ZERO if outcome == "zero" else Act.CONSUME
            entries.append({"quota": quota_id, "act": act, "delta": delta, "source": source})
    if not books:
        return
    with connection.cursor() as cursor:
        columns = zip(*((pk, b.balance, b.held) for pk, b in books.items()), strict=True)
        cursor.execute(_STORE, [list(column) for column in columns])
        cursor.execute(_ENTER, [at, orjson.dumps(entries).decode()])


@dataclass(slots=True)
class _Book:
    """One quota while it is locked."""

    type: str
    balance: int
    held: int

    def end(self, outcome: Outcome) -> int:
        """End one hold; return the change of the balance."""
        self.held = max(self.held - 1, 0)
        once = self.type == Quota.Type.ONCE
        gone = {"release": 0, "zero": self.balance, "consume": min(self.balance, 1) if once else 0}
        self.balance -= gone[outcome]
        return -gone[outcome]


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
