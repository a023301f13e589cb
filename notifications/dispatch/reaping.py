"""
Reaping (收租): what a dead or sleeping dispatcher left behind, and what nobody ever confirmed.

A row whose lease ran out goes by its mark. No mark, in the same life of Valkey: the call never
began, and is fenced off from ever beginning; back into the queue. A result: that result. Begun
without a result, or the marks lost: unknown, and never sent again by itself.
"""

from datetime import datetime

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet

from notifications import marks, measures
from notifications.channels import sms
from notifications.dispatch import calls, settling, verdicts
from notifications.dispatch.settling import Result
from notifications.models import Channel, Delivery, Lane, Notification

S = Delivery.State
AT_ONCE = 500
_ASKED_AT_ONCE = 50
_FIELDS = (
    "pk",
    "channel",
    "attempts",
    "state",
    "lease_owner",
    "lease_epoch",
    "claimed_at",
    "notification__template_key",
    "notification__needs_sms",
)


def reap(*, now: datetime, worker: str) -> int:
    """
    收租: settle leases that ran out, results that came late, unknowns that waited long enough.

    :raises marks.Lost: Valkey does not answer; the rows wait for it.
    """
    _release(now)
    settled = reap_leases(now=now, worker=worker)
    return settled + len(_late_results(now, worker)) + len(_give_up(now, worker))


def reap_leases(*, now: datetime, worker: str) -> int:
    """
    Settle the leases that ran out, and nothing else: each dispatcher does so before its round.

    :raises marks.Lost: Valkey does not answer; the rows wait for it.
    """
    settled = 0
    while batch := _reap_batch(now, worker):
        settled += batch
        if batch < AT_ONCE:
            break
    return settled


def _release(now: datetime) -> None:
    """Let notices whose time has come be what they are; their deliveries go by their own time."""
    due = Notification.objects.filter(state=Notification.State.PLANNED, due_at__lte=now)
    due.filter(template_key="").update(state=Notification.State.DONE)
    due.exclude(template_key="").update(state=Notification.State.RELEASED)


def _reap_batch(now: datetime, worker: str) -> int:
    with transaction.atomic():
        rows = (
            Delivery.objects.select_for_update(skip_locked=True, of=("self",))
            .filter(state=S.CLAIMED, lease_until__lt=now)
            .select_related("notification")
            .order_by("lease_until")
            .only(*_FIELDS)[:AT_ONCE]
        )
        results = [_judge(row, now) for row in rows]
        settling.write(results, worker=worker)
    return len(results)


def _step(row: Delivery) -> verdicts.Step:
    return verdicts.Step(
        claim=marks.Claim(row.pk, row.lease_owner, row.lease_epoch, ""),
        channel=row.channel,
        attempts=row.attempts,
        template_key=row.notification.template_key,
        needs_sms=row.notification.needs_sms,
        was=row.state,
    )


def _judge(row: Delivery, now: datetime) -> Result:
    step = _step(row)
    mark = marks.fence(step.claim)
    if mark not in (marks.FENCED, marks.STARTED, b""):
        return verdicts.judge(step, verdicts.unpack(row.channel, mark), now)
    if mark == marks.FENCED or not settings.NOTIFY_UNKNOWN_GUARD:
        return verdicts.again(step, now, 0, "lease", counted=False)
    return verdicts.unknown(step, row.claimed_at or now, now)


def _unknown() -> QuerySet[Delivery]:
    rows = Delivery.objects.filter(state=S.UNKNOWN).select_related("notification")
    return rows.order_by("next_at").only(*_FIELDS)


def _late_results(now: datetime, worker: str) -> set[int]:
    """Take the results of callers that slept through their lease, and woke up to leave a mark."""
    rows = list(_unknown()[:AT_ONCE])
    settled = []
    for row, mark in zip(rows, marks.results([_step(row).claim for row in rows]), strict=True):
        if mark not in (marks.STARTED, marks.FENCED, b""):
            result = verdicts.judge(_step(row), verdicts.unpack(row.channel, mark), now)
            settled += [result] if result.state != S.UNKNOWN else []
    return settling.write(settled, worker=worker)


def _give_up(now: datetime, worker: str) -> set[int]:
    """Close what nobody spoke of for ten minutes. The grant counts as used: rather one too few."""
    rows = _unknown().filter(next_at__lte=now)[:_ASKED_AT_ONCE]
    return settling.write([_last_word(row, now) for row in rows], worker=worker)


def _last_word(row: Delivery, now: datetime) -> Result:
    """Ask the SMS vendor; WeChat knows no such question, and had its ten minutes."""
    step = _step(row)
    asked = row.channel == Channel.SMS
    arrived = sms.outcome_of(out_id=calls.reference(step.claim)) if asked else None
    state = {True: S.DELIVERED, False: S.FAILED, None: S.UNCONFIRMED}[arrived]
    return Result(
        step.claim, state, now, was=step.was, reason="no_word", quota="consume", ladder=True
    )


def measure(*, now: datetime) -> None:
    """计量: how much waits in each lane, for how long, and how many outcomes are unknown."""
    for lane in Lane.values:
        due = Delivery.objects.filter(
            lane=lane, state__in=[S.WAITING, S.RETRY], next_at__lte=now
        ).order_by("next_at", "pk")
        oldest = due.values_list("next_at", flat=True).first()
        age = (now - oldest).total_seconds() if oldest else 0
        measures.BACKLOG_SECONDS.labels(lane).set(age)
        measures.BACKLOG.labels(lane).set(due[:10_001].count())
    measures.UNKNOWN.set(Delivery.objects.filter(state=S.UNKNOWN).count())
