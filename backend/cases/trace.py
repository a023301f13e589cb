"""The chain of events (痕迹链): each link is hashed over the one before, per case."""

import hashlib
from collections.abc import Mapping
from datetime import datetime
from typing import Any, Protocol

import orjson


def link(*, prev: bytes, number: str, event: Mapping[str, object]) -> bytes:
    """Return the 32-byte hash of an event of case `number` that follows the link `prev`."""
    body = orjson.dumps([number, event], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(prev + body).digest()


class Event(Protocol):
    """A row of the chain."""

    seq: int
    verb: str
    actor_id: int
    at: datetime
    status: str
    step: str
    details: Any


def shape_of(event: Event) -> dict[str, object]:
    """Shape a row for hashing."""
    return canonical(
        seq=event.seq,
        verb=event.verb,
        actor_id=event.actor_id,
        at=event.at,
        status=event.status,
        step=event.step,
        details=event.details,
    )


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
