"""Verdicts (判定): from a channel's outcome to what a delivery comes to. Pure; takes `now`."""

import random
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import cast

import orjson
from django.utils import timezone

from backend.core.wechat import SendOutcome
from notifications import ledger, marks
from notifications.channels import sms, wechat
from notifications.dispatch.settling import Attempt, Result
from notifications.models import Channel, Delivery

S = Delivery.State
Outcome = SendOutcome | sms.SmsOutcome
CONFIRM_WITHIN = timedelta(minutes=10)
"""WeChat's own word settles an unknown within this; then it is unconfirmed."""
MOST_TRIES = 12
_LONGEST_WAIT = 3600.0
_UNREACHED_REST, _CLOSED_REST = 5.0, 300.0
_LIMITED_WAIT, _MOST_LIMITED = 3600.0, 3


@dataclass(frozen=True, slots=True)
class Step:
    """The delivery a verdict is about."""

    claim: marks.Claim
    channel: str
    attempts: int
    template_key: str
    needs_sms: bool
    was: str = S.CLAIMED


@dataclass(frozen=True, slots=True)
class Call:
    """One call that was made, and its outcome."""

    started_at: datetime
    outcome: Outcome


def pack(call: Call) -> bytes:
    """Write a call down for its mark; no person is in it."""
    return orjson.dumps({"at": call.started_at, "said": call.outcome})


def unpack(channel: str, mark: bytes) -> Call:
    """Read what `pack` wrote."""
    kept = orjson.loads(mark)
    kind = SendOutcome if channel == Channel.WECHAT else sms.SmsOutcome
    return Call(datetime.fromisoformat(kept["at"]), kind(**kept["said"]))


def judge(step: Step, call: Call, now: datetime) -> Result:
    """判定: say what the delivery comes to."""
    if call.outcome.status == "unknown":
        return unknown(step, call.started_at, now, call.outcome)
    if isinstance(call.outcome, SendOutcome):
        result = _of_wechat(step, call.outcome, now)
    else:
        result = _of_sms(step, call.outcome, now)
    said = call.outcome
    return replace(
        result,
        was=step.was,
        attempt=Attempt(call.started_at, result.state, said.http, said.latency_ms),
    )


def unknown(step: Step, started_at: datetime, now: datetime, said: Outcome | None = None) -> Result:
    """Nobody can say whether it arrived: wait for WeChat's word, never send it again."""
    return Result(
        step.claim,
        S.UNKNOWN,
        now,
        was=step.was,
        reason="no_answer",
        counted=True,
        next_at=now + CONFIRM_WITHIN,
        quota=None,
        attempt=Attempt(
            started_at, S.UNKNOWN, said.http if said else None, said.latency_ms if said else None
        ),
    )


def again(step: Step, now: datetime, seconds: float, reason: str, *, counted: bool) -> Result:
    """Certainly not sent: once more, later."""
    later = now + timedelta(seconds=seconds)
    return Result(step.claim, S.RETRY, now, reason=reason, next_at=later, counted=counted)


def _of_wechat(step: Step, said: SendOutcome, now: datetime) -> Result:
    found = wechat.verdict(said)
    if found.drop_page:  # it was dropped already, and that did not help
        found = wechat.without_page(found)
    quota = "release" if found.quota == "keep" else found.quota
    base = Result(
        step.claim,
        S.FAILED,
        now,
        reason="unreached" if said.errcode is None else f"wechat_{said.errcode}",
        counted=True,
        errcode=said.errcode,
        rid=said.rid,
        provider_id=said.msgid,
        quota=cast("ledger.Outcome", quota),
        ladder=found.ladder,
        binding_invalid=found.binding_invalid,
        alert=found.alert,
    )
    if found.action == "done":
        return replace(base, state=S.ACCEPTED, reason="", ladder=False)
    if said.errcode is None or found.breaker == "global":
        seconds = _UNREACHED_REST if said.errcode is None else _CLOSED_REST
        return replace(_patient(step, base, now), rest=(Channel.WECHAT.value, seconds))
    if found.breaker == "template":
        return replace(base, rest=(f"{Channel.WECHAT}:{step.template_key}", _CLOSED_REST))
    wait, rest = _wait(step, found, now)
    if wait is None:
        return base
    later = now + timedelta(seconds=wait)
    return replace(base, state=S.RETRY, next_at=later, counted=found.counts, rest=rest)


def _wait(
    step: Step, found: wechat.Verdict, now: datetime
) -> tuple[float | None, tuple[str, float] | None]:
    """Return the seconds until the next try, if there is one, and what rests meanwhile."""
    if found.action == "pause":
        seconds = _until_next(found.pause, now)
        return seconds, (Channel.WECHAT.value, seconds)
    tries = max(step.attempts + found.counts, 1)
    return wechat.delay(found, tries, jitter=random.random()), None  # noqa: S311 (jitter)


def _of_sms(step: Step, said: sms.SmsOutcome, now: datetime) -> Result:
    base = Result(
        step.claim,
        S.FAILED,
        now,
        reason=f"sms_{said.code.rpartition('.')[2].lower()[:24]}",
        counted=True,
        provider_id=said.provider_id,
    )
    if said.status == "accepted":
        return replace(base, state=S.ACCEPTED, reason="")
    if said.limited and step.attempts < _MOST_LIMITED:
        return again(step, now, _LIMITED_WAIT, base.reason, counted=True)
    if said.may_retry:
        rest = None if said.code else (Channel.SMS.value, _UNREACHED_REST)
        return replace(_patient(step, base, now), rest=rest)
    return replace(base, alert="ops")


def _patient(step: Step, base: Result, now: datetime) -> Result:
    """
    Nobody was reached: try on for hours, twice as long apart each time.

    A kind that needs SMS goes there after three tries, so a deadline is not missed meanwhile.
    """
    tries = step.attempts + 1
    if tries >= MOST_TRIES or (step.needs_sms and step.channel == Channel.WECHAT and tries > 3):
        return replace(base, ladder=True)
    wait = min(5 * 2.0 ** (tries - 1), _LONGEST_WAIT) * (1 + random.random() / 5)  # noqa: S311
    return replace(
        base,
        state=S.RETRY,
        next_at=now + timedelta(seconds=wait),
        quota="release",
        ladder=False,
    )


def _until_next(window: str, now: datetime) -> float:
    """Return the seconds to the end of this second, minute, or day of Shanghai."""
    if window == "second":
        return 1.0
    if window == "minute":
        return 60.0 - now.second
    local = timezone.localtime(now)
    midnight = local.replace(hour=0, minute=0, second=0, microsecond=0) + timedelta(days=1)
    return (midnight - local).total_seconds()
