"""
The fold of a trace (痕迹还原): events in, the state a case must be in out. Pure.

Every act leaves in its last event what it did to the steps and the clock (`details["then"]`), so
the chain alone tells where a case stands; a state that differs was changed behind its back.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from backend.cases.lifecycle import CLOSED, LIFECYCLE, Status

THEN = "then"
Clock = tuple[str | None, int, int, str | None]
"""Where it began, days promised, days of the law, since when it stands."""
NO_CLOCK: Clock = (None, 0, 0, None)
_ACCEPTING = frozenset({"accept", "deem_accepted"})


class BrokenWalk(ValueError):
    """An event that cannot follow the one before; `str` says why."""


@dataclass(slots=True)
class Folded:
    """What the events up to now say; `open` is None for chains from before steps were kept."""

    status: str = ""
    outcome: str = ""
    open: set[str] | None = None
    clock: Clock = NO_CLOCK
    stood: list[tuple[str, str]] = field(default_factory=list)
    decided_at: int | None = None
    closed_at: int | None = None

    def take(self, event: Mapping[str, Any]) -> None:
        """
        Follow one event, as `trace.canonical` shapes it.

        :raises BrokenWalk: the lifecycle has no such way, or a step ends that was not open.
        """
        verb, after, details = event["verb"], event["status"], event["details"]
        if not is_step(verb, self.status, after):
            raise BrokenWalk(f"状态不能由“{self.status or '无'}”经 {verb} 变为“{after}”")
        self.status = after
        if verb == "decide":
            self.outcome, self.decided_at = details.get("outcome", ""), event["at"]
        if after in CLOSED and self.closed_at is None:
            self.closed_at = event["at"]
        if then := details.get(THEN):
            self._steps(then)
            if "clock" in then:
                self._clock(tuple(then["clock"]), then["on"])

    def _steps(self, then: Mapping[str, Any]) -> None:
        if "open" in then:
            self.open = set(then["open"])
            return
        ends, opens = set(then.get("ends", ())), set(then.get("opens", ()))
        if not ends and not opens:
            return
        standing = self.open or set()
        if odd := sorted(ends - standing):
            raise BrokenWalk(f"环节 {'、'.join(odd)} 并没有在办, 却记为办完")
        self.open = (standing - ends) | opens

    def _clock(self, clock: Any, on: str) -> None:
        stood_since, stands_since = self.clock[3], clock[3]
        if stood_since and stood_since != stands_since and stood_since < on:
            self.stood.append((stood_since, on))
        self.clock = clock


def fold(events: Iterable[Mapping[str, Any]]) -> Folded:
    """
    Return the state that events, in order, lead to.

    :raises BrokenWalk: one of them cannot follow.
    """
    state = Folded()
    for event in events:
        state.take(event)
    return state


_NAMES = {
    "status": "状态",
    "outcome": "结果",
    "decided_at": "决定时间",
    "closed_at": "结束时间",
    "clock": "时限",
    "open": "待办环节",
    "stood": "停表",
}


def differences(folded: Folded, stands: Mapping[str, Any]) -> Iterator[str]:
    """
    Say where a case stands elsewhere than its events led.

    :param stands: the case as it is: `status`, `outcome`, `decided_at`, `closed_at` (microseconds),
        and what only newer chains tell: `clock`, `open` (keys), `stood` (pairs of days).
    """
    told: dict[str, Any] = {
        "status": folded.status,
        "outcome": folded.outcome,
        "decided_at": folded.decided_at,
        "closed_at": folded.closed_at,
    }
    if folded.open is not None:
        told |= {"open": sorted(folded.open), "clock": list(folded.clock)}
        told["stood"] = [list(span) for span in folded.stood]
    for name, led in told.items():
        is_now = stands.get(name)
        if name in ("open", "stood"):
            is_now = sorted(is_now or [])
        if is_now != led:
            yield f"{_NAMES[name]}应为 {led}, 却是 {is_now}"


def is_step(verb: str, before: str, after: str) -> bool:
    """Say whether `verb` may lead from one status to the other; "" stands before submission."""
    if verb == "submit" or not before:
        return verb == "submit" and not before and after == Status.SUBMITTED
    rows = LIFECYCLE.moves.get(verb, ())
    return (
        after == before
        if not rows
        else any(before in row.sources and after == row.target for row in rows)
    )


def then_of(
    *,
    on: date,
    clock: Clock | None = None,
    open_: Iterable[str] | None = None,
    ends: Iterable[str] = (),
    opens: Iterable[str] = (),
) -> dict[str, Any]:
    """
    Shape what an act did, for its last event.

    :param open_: all that is open after it, where single ends are not known.
    """
    told: dict[str, Any] = {}
    if open_ is not None:
        told["open"] = sorted(open_)
    else:
        told |= {"ends": sorted(ends)} if ends else {}
        told |= {"opens": sorted(opens)} if opens else {}
    if clock is not None:
        told |= {"clock": list(clock), "on": on.isoformat()}
    return told
