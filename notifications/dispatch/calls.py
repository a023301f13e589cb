"""
Calls (外呼): what one sender thread does with one delivery. Valkey and HTTP only, no database.

Nothing personal outlives the call: openid, phone and name come with the job and go with it.
"""

import random
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import structlog
from django.conf import settings
from django.utils import timezone

from backend.core import wechat as platform
from notifications import kinds, marks
from notifications.channels import sms, wechat
from notifications.dispatch import verdicts
from notifications.dispatch.claims import Job
from notifications.dispatch.settling import Result
from notifications.models import Channel, Delivery, Notification

S, N = Delivery.State, Notification.State
_PAGE = "pages/notice/index?id={}"
_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Stop:
    """Why a delivery is not made, whether the ladder goes on, and what becomes of the notice."""

    reason: str
    holds: Callable[[Job, datetime], bool]
    ladder: bool = False
    notice: str = N.DONE


def _by_wechat(job: Job) -> bool:
    return job.row.channel == Channel.WECHAT


# In this order; the first that holds decides.
STOPS = (
    Stop("withdrawn", lambda job, _: job.row.notice_state in (N.CANCELLED, N.SUPPRESSED)),
    Stop("expired", lambda job, now: (job.row.expires_at or now) < now, notice=N.EXPIRED),
    Stop(
        "deceased",
        lambda job, _: job.row.kind_group == "reminder" and job.row.deceased_on is not None,
        notice=N.SUPPRESSED,
    ),
    Stop("switched_off", lambda job, _: job.switched_off and job.row.statutory, ladder=True),
    Stop("switched_off", lambda job, _: job.switched_off),
    Stop("no_phone", lambda job, _: not _by_wechat(job) and job.row.sealed_phone is None),
    Stop("no_wechat", lambda job, _: _by_wechat(job) and not job.row.openid_valid, ladder=True),
    Stop(
        "no_template",
        lambda job, _: _by_wechat(job) and job.row.template_key not in settings.WECHAT_TEMPLATES,
        ladder=True,
    ),
    Stop(
        "no_quota",
        lambda job, _: (
            _by_wechat(job) and job.row.quota_id is None and settings.NOTIFY_TRUST_LEDGER
        ),
        ladder=True,
    ),
)


def without_a_call(job: Job, now: datetime) -> Result | None:
    """Say what a delivery comes to that must not go out, or None when it must."""
    for stop in STOPS:
        if stop.holds(job, now):
            return Result(
                job.claim,
                S.SKIPPED,
                now,
                reason=stop.reason,
                ladder=stop.ladder,
                notice_state=stop.notice,
            )
    return None


def make(job: Job) -> Result | None:
    """
    外呼: make one call, marked before and after; None when the row is no longer ours.

    A call that may not begin (no Valkey to mark it, a call for the same person in flight, a lease
    about to end) was certainly not made, and comes again.
    """
    step, now = job.step, timezone.now()
    if time.monotonic() > job.begin_before:
        return verdicts.again(step, now, 0, "late", counted=False)
    send = _wechat_call(job) if _by_wechat(job) else _sms_call(job)
    try:
        may = marks.begin(job.claim)
    except marks.Lost:
        return verdicts.again(step, now, 2, "no_valkey", counted=False)
    if may == "fenced":
        return None
    if may != "ok":
        wait = 1 + random.random() if may == "busy" else 0  # noqa: S311 (spreads the crowd)
        return verdicts.again(step, now, wait, may, counted=False)
    call = verdicts.Call(now, send())
    try:
        marks.end(job.claim, verdicts.pack(call))
    except marks.Lost:
        _log.warning("result_unmarked", delivery=job.delivery_id)
    result = verdicts.judge(step, call, timezone.now())
    if result.rest:
        _rest(*result.rest)
    return result


def broken(job: Job, now: datetime) -> Result:
    """Our own code broke around a call: it may have been made, so nobody makes it again."""
    return verdicts.unknown(job.step, now, now)


def _wechat_call(job: Job) -> Callable[[], verdicts.Outcome]:
    """Prepare everything before the mark, so that a bad value breaks nothing that has begun."""
    row = job.row
    _how, template_id = settings.WECHAT_TEMPLATES[row.template_key]
    fields, shown = kinds.TEMPLATES[row.template_key], row.params
    if "name" in fields.values():
        shown = {**shown, "name": row.resident.name}
    data = wechat.fit(fields, shown)

    def send(page: str = _PAGE.format(row.notification_id)) -> platform.SendOutcome:
        outcome = platform.send_subscribe_message(
            openid=row.openid or "", template_id=template_id, data=data, page=page
        )
        return send("") if page and wechat.verdict(outcome).drop_page else outcome

    return send


def _sms_call(job: Job) -> Callable[[], verdicts.Outcome]:
    """Let a case speak by its item, number and state; anything else by its title and note."""
    phone, params = job.row.resident.phone, job.row.params
    if params.get("tail"):
        template, shown = (
            sms.PROGRESS,
            {
                "item": params.get("thing", ""),
                "tail": params["tail"].lstrip("*"),
                "status": params.get("sms") or params.get("status", ""),
            },
        )
    else:
        template, shown = sms.NOTICE, {"title": job.row.title, "note": params.get("note", "")}
    out_id = reference(job.claim)
    return lambda: sms.send(phone=phone, template=template, params=shown, out_id=out_id)


def reference(claim: marks.Claim) -> str:
    """Return what the SMS vendor calls a message by, for receipts: nothing that means anything."""
    return f"{claim.token}-{claim.delivery_id}"


def _rest(name: str, seconds: float) -> None:
    """Keep a channel or template still; if Valkey cannot keep it, the next answer tries again."""
    try:
        marks.pause(name, seconds)
    except marks.Lost:
        _log.warning("rest_not_kept", name=name)
