"""The chain of events (痕迹链): each link is hashed over the one before, per case."""

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime

import orjson

from backend.cases.lifecycle import LIFECYCLE, Status


def link(*, prev: bytes, number: str, event: Mapping[str, object]) -> bytes:
    """Return the 32-byte hash of an event of case `number` that follows the link `prev`."""
    body = orjson.dumps([number, event], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(prev + body).digest()


def canonical(
    *, seq: int, verb: str, actor_id: int, at: datetime, status: str, step: str, details: object
) -> dict[str, object]:
    """Shape an event for hashing; times as whole microseconds of UTC, so every reader agrees."""
    return {
        "seq": seq,
        "verb": verb,
        "actor": actor_id,
        "at": int(at.timestamp() * 1_000_000),
        "status": status,
        "step": step,
        "details": details,
    }


def fold(moves: Iterable[tuple[str, str]]) -> str:
    """
    Return the status a case has come to by its events, each (verb, status after it), in order.

    :raises BrokenWalk: an event that the lifecycle has no row for, or that changed the status
        without being one of its verbs.
    """
    status = ""
    for n, (verb, after) in enumerate(moves, 1):
        if not is_step(verb, status, after):
            raise BrokenWalk(n)
        status = after
    return status


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


class BrokenWalk(ValueError):
    """`args[0]` is the number of the event that cannot follow the one before."""
