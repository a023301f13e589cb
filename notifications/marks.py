"""
Marks (标记): what is written to Valkey around a call, and the bells that wake the dispatchers.

A mark lives under the token of one claim. Before a call it is set to `started`, after it to what
came of it; a reaper that finds none sets `fenced`, and from then on nobody can start that call.
Nothing here is the only copy of anything: a lost mark makes an outcome unknown, a lost bell is late
by one beat. Every function raises `Lost` when Valkey does not answer.
"""

import functools
import os
import secrets
from collections.abc import Sequence
from dataclasses import dataclass

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

Lost = redis.RedisError

STARTED, FENCED = b"started", b"fenced"
_EPOCH, _BELL, _MARK, _BUSY, _PAUSE = (
    f"cps:notices:{name}" for name in ("epoch", "bell:", "mark:", "busy:", "pause:")
)
_BELL_MS = 2000
_BUSY_MS = 8000
"""One request at a time for an openid (43108); a dead dispatcher blocks it no longer than this."""
_KEPT_SECONDS = 86_400

# Valkey's life: its run id, and a key of ours that vanishes with its data.
_EPOCH_NOW = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local found = redis.call('GET', KEYS[1])
if found and string.sub(found, 1, #run) == run then return found end
redis.call('SET', KEYS[1], run .. ':' .. ARGV[1])
return run .. ':' .. ARGV[1]
"""
# A call may begin only in the epoch of its claim, for nobody's second call at once, and only once.
_BEGIN = """
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 'other epoch' end
if not redis.call('SET', KEYS[2], ARGV[2], 'NX', 'PX', ARGV[3]) then return 'busy' end
if not redis.call('SET', KEYS[3], 'started', 'NX', 'EX', ARGV[4]) then
    redis.call('DEL', KEYS[2])
    return 'fenced'
end
return 'ok'
"""
_END = """
redis.call('SET', KEYS[2], ARGV[2], 'EX', ARGV[3])
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 'ok'
"""
# Nobody began: fence it off. Somebody did: say how far it came. In another life: nobody knows.
_FENCE = """
local run = string.match(redis.call('INFO', 'server'), 'run_id:(%w+)')
local now = redis.call('GET', KEYS[1])
if now ~= ARGV[1] or string.sub(now, 1, #run) ~= run then return redis.call('GET', KEYS[2]) end
if redis.call('SET', KEYS[2], 'fenced', 'NX', 'EX', ARGV[2]) then return 'fenced' end
return redis.call('GET', KEYS[2])
"""


@dataclass(frozen=True, slots=True)
class Claim:
    """What names one claimed delivery to Valkey; no person shows in it."""

    delivery_id: int
    token: str
    epoch: str
    reader: str

    @property
    def mark(self) -> str:
        return f"{_MARK}{self.token}:{self.delivery_id}"


def _client(seconds: float = 2.0) -> redis.Redis:
    """Return the client whose waits end after `seconds`; no retries, so nothing runs twice."""
    return _client_of(os.getpid(), settings.REDIS_URL, seconds)


@functools.cache
def _client_of(_process: int, url: str, seconds: float) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )


def _run(script: str, keys: Sequence[str], *args: str | bytes | int) -> bytes:
    answer = _client().eval(script, len(keys), *keys, *args)
    return answer if isinstance(answer, bytes) else b""


def hang_bell(lane: str) -> bool:
    """Say whether `lane` must be rung: nobody rang since its dispatcher last woke."""
    return bool(_client(0.25).set(_BELL + lane, b"1", nx=True, px=_BELL_MS))


def answer_bell(lane: str) -> None:
    """Take the bell down: the dispatcher is awake, and whoever commits from now on rings again."""
    _client().delete(_BELL + lane)


def epoch() -> str:
    """
    Return the name of this life of Valkey.

    It changes when the server restarts and when its data are gone, so that marks that were lost
    are never taken for marks that were never written.
    """
    return _run(_EPOCH_NOW, [_EPOCH], secrets.token_hex(8)).decode()


def begin(claim: Claim) -> str:
    """Mark a call as started: `ok`, or why it must not start (busy, fenced, other epoch)."""
    keys = [_EPOCH, _BUSY + claim.reader, claim.mark]
    return _run(_BEGIN, keys, claim.epoch, claim.token, _BUSY_MS, _KEPT_SECONDS).decode()


def end(claim: Claim, result: bytes) -> None:
    """Keep what came of a call, and let the next call for the same reader begin."""
    _run(_END, [_BUSY + claim.reader, claim.mark], claim.token, result, _KEPT_SECONDS)


def fence(claim: Claim) -> bytes:
    """
    Return how far a claimed call came; if it never began, see to it that it never will.

    :returns: FENCED (it did not and will not begin), STARTED or b"" (nobody knows), or the result.
    """
    return _run(_FENCE, [_EPOCH, claim.mark], claim.epoch, _KEPT_SECONDS)


def results(claims: Sequence[Claim]) -> list[bytes]:
    """Return the mark of each claim as it stands, b"" for none."""
    found = _client().mget([claim.mark for claim in claims]) if claims else []
    return [mark if isinstance(mark, bytes) else b"" for mark in found]


def forget(claims: Sequence[Claim]) -> None:
    """Drop the marks of calls whose outcome stands in PostgreSQL."""
    if claims:
        _client().unlink(*(claim.mark for claim in claims))


def pause(name: str, seconds: float) -> None:
    """Keep a channel, or a channel's template (`wechat:A`), still for a while."""
    _client().set(_PAUSE + name, b"1", px=max(int(seconds * 1000), 1))


def paused(names: Sequence[str]) -> set[str]:
    """Return which of these are being kept still."""
    found = _client().mget([_PAUSE + name for name in names])
    return {name for name, mark in zip(names, found, strict=True) if mark}
