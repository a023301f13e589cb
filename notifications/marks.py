"""
Marks (标记): what is written to Valkey around a call, and the bells that wake the dispatchers.

Nothing here is the only copy of anything. A lost mark makes an outcome unknown, a lost bell is late
by one beat.
"""

import functools

import redis
from django.conf import settings
from redis.backoff import NoBackoff
from redis.retry import Retry

Lost = redis.RedisError
"""What every function here raises when Valkey does not answer."""

_BELL_MS = 2000


@functools.cache
def _client(seconds: float) -> redis.Redis:
    """Return the client whose waits end after `seconds`; no retries, so nothing runs twice."""
    return redis.Redis.from_url(
        settings.REDIS_URL,
        socket_timeout=seconds,
        socket_connect_timeout=seconds,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )


def hang_bell(lane: str) -> bool:
    """Say whether `lane` must be rung: nobody rang since its dispatcher last woke."""
    return bool(_client(0.25).set(f"cps:bell:{lane}", b"1", nx=True, px=_BELL_MS))


def answer_bell(lane: str) -> None:
    """Take the bell down: the dispatcher is awake, and whoever commits from now on rings again."""
    _client(2.0).delete(f"cps:bell:{lane}")
