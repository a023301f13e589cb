"""Settling (入账): what came of deliveries and all that follows, written in one transaction."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
import structlog
from django.db import connection, transaction

from backend.accounts.models import WeChatIdentity
from notifications import ledger, marks, measures
from notifications.models import Delivery, Notification

S = Delivery.State
FINAL = frozenset({S.ACCEPTED, S.UNCONFIRMED, S.FAILED, S.SKIPPED})
"""The ladder ends here, or goes on to its next step."""

# The token is the fence: a row that was taken from its dispatcher no longer carries it, so whoever
# comes late changes nothing.
_UPDATE = """
WITH r AS MATERIALIZED (
    SELECT * FROM jsonb_to_recordset(%s::jsonb) AS r(
        id bigint, token text, was text, state text, reason text, counted boolean,
        next_at timestamptz, errcode int, rid text, provider_id text, at timestamptz)
), ours AS MATERIALIZED (
    SELECT d.id FROM notifications_delivery d JOIN r ON r.id = d.id
    WHERE d.state = r.was AND d.lease_owner = r.token
    ORDER BY d.id FOR UPDATE OF d
)
UPDATE notifications_delivery d
SET state = r.state, reason = r.reason, attempts = d.attempts + r.counted::int,
    next_at = coalesce(r.next_at, d.next_at), errcode = coalesce(r.errcode, d.errcode),
    rid = CASE WHEN r.rid = '' THEN d.rid ELSE r.rid END,
    provider_id = CASE WHEN r.provider_id = '' THEN d.provider_id ELSE r.provider_id END,
    accepted_at = CASE WHEN r.state = 'accepted' THEN r.at ELSE d.accepted_at END,
    delivered_at = CASE WHEN r.state = 'delivered' THEN r.at ELSE d.delivered_at END,
    lease_until = NULL,
    lease_owner = CASE WHEN r.state = 'unknown' THEN d.lease_owner ELSE '' END
FROM r, ours, notifications_notification n
WHERE d.id = ours.id AND r.id = ours.id AND n.id = d.notification_id
RETURNING d.id, d.notification_id, d.quota_id, d.attempts, greatest(n.due_at, n.created_at), d.lane
"""
_ATTEMPTS = """
INSERT INTO notifications_deliveryattempt (
    delivery_id, n, started_at, ended_at, outcome, errcode, http, latency_ms, worker)
SELECT r.delivery, r.n, r.started_at, r.ended_at, r.outcome, r.errcode, r.http, r.latency_ms, %s
FROM jsonb_to_recordset(%s::jsonb) AS r(
    delivery bigint, n smallint, started_at timestamptz, ended_at timestamptz, outcome text,
    errcode int, http smallint, latency_ms int)
"""
_NEXT_STEP = """
INSERT INTO notifications_delivery (
    notification_id, account_id, step_no, channel, lane, state, reason, attempts, next_at,
    lease_owner, lease_epoch, rid, provider_id)
SELECT d.notification_id, d.account_id, d.step_no + 1, 'sms', d.lane, 'waiting', '', 0, %s,
    '', '', '', ''
FROM notifications_delivery d JOIN notifications_notification n ON n.id = d.notification_id
WHERE d.id = ANY(%s) AND d.channel = 'wechat' AND n.needs_sms
ON CONFLICT (notification_id, step_no) DO NOTHING
RETURNING notification_id, lane
"""
_END_NOTICE = """
UPDATE notifications_notification n SET state = r.state, reason = r.reason
FROM unnest(%s::bigint[], %s::text[], %s::text[]) AS r(id, state, reason)
WHERE n.id = r.id AND n.state IN ('planned', 'released')
"""
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Attempt:
    """One call that was made; `outcome` is the state it led to."""

    started_at: datetime
    outcome: str
    http: int | None = None
    latency_ms: int | None = None


@dataclass(frozen=True, slots=True)
class Result:
    """What a delivery comes to. `ladder`: its next step, if the kind has one, takes over."""

    claim: marks.Claim
    state: str
    at: datetime
    reason: str = ""
    was: str = S.CLAIMED
    counted: bool = False
    next_at: datetime | None = None
    errcode: int | None = None
    rid: str = ""
    provider_id: str = ""
    quota: ledger.Outcome | None = "release"
    ladder: bool = False
    notice_state: str = Notification.State.DONE
    attempt: Attempt | None = None
    binding_invalid: bool = False
    alert: str = ""
    rest: tuple[str, float] | None = None
    """What should be kept still for how many seconds: `wechat`, `sms`, `wechat:A`."""

    @property
    def delivery_id(self) -> int:
        return self.claim.delivery_id

    def row(self) -> dict[str, Any]:
        return {
            "id": self.delivery_id,
            "token": self.claim.token,
            "was": self.was,
            "state": self.state,
            "reason": self.reason,
            "counted": self.counted,
            "next_at": self.next_at,
            "errcode": self.errcode,
            "rid": self.rid[:64],
            "provider_id": self.provider_id[:64],
            "at": self.at,
        }


def write(results: Sequence[Result], *, worker: str) -> set[int]:
    """
    入账: write results; return the deliveries that were still ours to write.

    Quota, ladder and notice follow only for rows that were; an attempt is recorded in any case.
    """
    if not results:
        return set()
    with transaction.atomic():
        ours = _update(results)
        _record_attempts(results, ours, worker)
        ledger.end_holds(_ended(results, ours), at=results[-1].at)
        ended = [r for r in results if r.delivery_id in ours and r.state in FINAL]
        stepped = _climb([result for result in ended if result.ladder])
        _end_notices(ended, ours, stepped)
        _forget_openids([r for r in results if r.binding_invalid and r.delivery_id in ours])
    _measure(results, ours)
    if late := len(results) - len(ours):
        _log.warning("late_results_refused", count=late, worker=worker)
    return set(ours)


@dataclass(frozen=True, slots=True)
class _Row:
    notification_id: int
    quota_id: int | None
    attempts: int
    since: datetime
    lane: str


def _update(results: Iterable[Result]) -> dict[int, _Row]:
    with connection.cursor() as cursor:
        cursor.execute(_UPDATE, [orjson.dumps([result.row() for result in results]).decode()])
        return {row[0]: _Row(*row[1:]) for row in cursor.fetchall()}


def _record_attempts(results: Iterable[Result], ours: dict[int, _Row], worker: str) -> None:
    made = [
        {
            "delivery": result.delivery_id,
            "n": ours[result.delivery_id].attempts if result.delivery_id in ours else 0,
            "started_at": result.attempt.started_at,
            "ended_at": result.at,
            "outcome": result.attempt.outcome,
            "errcode": result.errcode,
            "http": result.attempt.http,
            "latency_ms": result.attempt.latency_ms,
        }
        for result in results
        if result.attempt
    ]
    if made:
        with connection.cursor() as cursor:
            cursor.execute(_ATTEMPTS, [worker, orjson.dumps(made).decode()])


def _ended(
    results: Iterable[Result], ours: dict[int, _Row]
) -> Iterable[tuple[int, ledger.Outcome, str]]:
    for result in results:
        row = ours.get(result.delivery_id)
        if row and row.quota_id and result.quota:
            yield row.quota_id, result.quota, f"send:{result.delivery_id}:{result.claim.token}"


def _climb(results: Collection[Result]) -> set[int]:
    """Open the next step of the ladder; return the notices that have one."""
    if not results:
        return set()
    with connection.cursor() as cursor:
        cursor.execute(
            _NEXT_STEP,
            [max(result.at for result in results), [result.delivery_id for result in results]],
        )
        return {row[0] for row in cursor.fetchall()}


def _end_notices(
    results: Iterable[Result], ours: dict[int, _Row], stepped: Collection[int]
) -> None:
    ended = [
        (ours[result.delivery_id].notification_id, result.notice_state, result.reason)
        for result in results
        if ours[result.delivery_id].notification_id not in stepped
    ]
    if ended:
        with connection.cursor() as cursor:
            cursor.execute(_END_NOTICE, [list(column) for column in zip(*ended, strict=True)])


def _forget_openids(results: Collection[Result]) -> None:
    """WeChat does not know these openids any more (40003)."""
    if results:
        refused = Delivery.objects.filter(pk__in=[result.delivery_id for result in results])
        gone = WeChatIdentity.objects.filter(account__in=refused.values("account"))
        gone.update(is_valid=False)


def _measure(results: Iterable[Result], ours: dict[int, _Row]) -> None:
    for result in results:
        row = ours.get(result.delivery_id)
        if row is None:
            continue
        if result.alert:
            measures.ALARMS.labels(result.reason).inc()
            _log.error("notice_alarm", reason=result.reason, who=result.alert, rid=result.rid)
        measures.OUTCOMES.labels(result.state, str(result.errcode or result.reason or 0)).inc()
        if result.state == S.ACCEPTED:
            waited = (result.at - row.since).total_seconds()
            measures.WAITED.labels(row.lane).observe(max(waited, 0))
