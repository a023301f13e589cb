"""
The WeChat channel (微信渠道): what an answer means, as data, and values that fit their fields.

Pure. The table is the error table of the subscribe-message send page; the field rules are those of
its parameter table.
"""

from dataclasses import dataclass, replace
from typing import Final, Literal

from backend.core.wechat import SendOutcome
from notifications.channels.fields import FieldRejected, fit

__all__ = ["FieldRejected", "Verdict", "fit", "verdict"]

Sent = Literal["yes", "no", "unknown"]
Quota = Literal["keep", "release", "zero", "consume", "hold"]
"""keep the hold for the retry; release it; the balance is 0; it is spent; hold it, unknown."""
Action = Literal["done", "settle", "retry", "refresh", "pause", "breaker", "next_channel", "dead"]
Scope = Literal["", "template", "global"]
Pause = Literal["", "second", "minute", "day"]
Alert = Literal["", "ops", "template_owner", "content_owner"]


@dataclass(frozen=True, slots=True)
class Verdict:
    """
    What to do about one answer.

    :ivar sent: whether it may lie in the resident's phone.
    :ivar quota: what becomes of the unit held for it.
    :ivar delays: seconds before each retry; after the last, the next channel.
    :ivar counts: whether a retry uses up one of the delays.
    :ivar ladder: the next channel takes over (with dead: False, the same text must not go out).
    :ivar binding_invalid: this openid is nobody's any more.
    :ivar drop_page: retry without the page.
    """

    sent: Sent
    quota: Quota
    action: Action
    alert: Alert = ""
    delays: tuple[float, ...] = ()
    counts: bool = True
    ladder: bool = False
    breaker: Scope = ""
    pause: Pause = ""
    binding_invalid: bool = False
    drop_page: bool = False


_BACKOFF: Final = (1.0, 5.0, 30.0)
_ACCEPTED = Verdict("yes", "consume", "done")
_UNKNOWN = Verdict("unknown", "hold", "settle")
_UNREACHED = Verdict("no", "keep", "retry", delays=_BACKOFF, ladder=True)
_TOKEN = Verdict("no", "keep", "refresh", delays=_BACKOFF, ladder=True, alert="ops")
_CLOSED = Verdict("no", "keep", "breaker", breaker="global", alert="ops", delays=_BACKOFF)
_STRANGE = Verdict("no", "release", "next_channel", ladder=True, alert="ops")
"""A refusal the table does not know: certainly not sent, and somebody should look."""


def _paused(window: Pause) -> Verdict:
    return Verdict("no", "keep", "pause", pause=window, counts=False, ladder=True)


TABLE: Final[dict[int, Verdict]] = {
    0: _ACCEPTED,
    -1: _UNREACHED,
    40001: _TOKEN,
    40014: _TOKEN,
    42001: _TOKEN,
    43108: Verdict("no", "keep", "retry", delays=(1.0, 2.0), counts=False),
    44990: _paused("second"),
    44991: _paused("minute"),
    45011: _paused("minute"),
    44993: _paused("day"),
    45009: _paused("day"),
    43101: Verdict("no", "zero", "next_channel", ladder=True),
    40003: Verdict("no", "release", "next_channel", ladder=True, binding_invalid=True),
    40037: Verdict("no", "release", "breaker", breaker="template", ladder=True, alert="ops"),
    41030: Verdict("no", "release", "retry", delays=(0.0,), drop_page=True, alert="ops"),
    47003: Verdict("no", "release", "dead", ladder=True, alert="template_owner"),
    45168: Verdict("no", "release", "dead", alert="content_owner"),
    43107: Verdict("no", "release", "breaker", breaker="template", ladder=True, alert="ops"),
    **dict.fromkeys((40164, 61004, 89503, 89506, 89507), _CLOSED),
    **dict.fromkeys((48001, 48004, 50002, 40013, 40125, 40243), _CLOSED),
}


def verdict(outcome: SendOutcome) -> Verdict:
    """Return what one send's outcome means for quota, retry, ladder and alarms."""
    if outcome.status == "accepted":
        return _ACCEPTED
    if outcome.status == "unknown":
        return _UNKNOWN
    if outcome.errcode is None:
        return _UNREACHED
    return TABLE.get(outcome.errcode, _STRANGE)


def delay(found: Verdict, tries: int, *, jitter: float = 0.0) -> float | None:
    """
    Return the seconds before the next try, or None when there is none left.

    :param tries: counted tries so far, at least 1.
    :param jitter: 0 to 1; up to a fifth is added.
    """
    if not found.delays:
        return None
    if not found.counts:
        tries = min(tries, len(found.delays))
    if tries > len(found.delays):
        return None
    return found.delays[tries - 1] * (1 + jitter / 5)


def without_page(found: Verdict) -> Verdict:
    """Return what a second 41030 means: the page was not the reason; next channel."""
    return replace(found, action="next_channel", delays=(), drop_page=False, ladder=True)
