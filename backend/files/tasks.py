"""The doorbell (门铃): a file waits to be searched. Only its id crosses the queue."""

import functools
import os
import time

import redis
import structlog
from celery import current_app
from django.conf import settings
from kombu.exceptions import OperationalError
from redis.backoff import NoBackoff
from redis.retry import Retry

_DEAF_SECONDS, _PATIENCE = 5.0, 0.25
_log = structlog.get_logger(__name__)


class _Broker:
    """What this process believes of the broker: until when it need not be tried."""

    deaf_until = 0.0


def ring(file_id: int) -> None:
    """敲门: have a file searched soon."""
    send("clock.scan_file", file_id, expires=60)


def send(task: str, *args: int, expires: int) -> None:
    """
    Ask the maintenance lane for `task`; never raises, for the clock asks for all of it anyhow.

    While the broker is down it is tried once in five seconds, for a quarter of a second: Celery
    itself would keep the person who hands something in waiting for several.

    :param expires: seconds after which nobody need do it any more.
    """
    if time.monotonic() < _Broker.deaf_until:
        return
    try:
        _client(os.getpid(), settings.REDIS_URL).ping()
        current_app.send_task(task, args, queue="maint", expires=expires, retry=False)
    except (redis.RedisError, OperationalError, OSError) as fault:
        _Broker.deaf_until = time.monotonic() + _DEAF_SECONDS
        _log.warning("doorbell_unheard", task=task, fault=type(fault).__name__)


@functools.cache
def _client(_process: int, url: str) -> redis.Redis:
    return redis.Redis.from_url(
        url,
        socket_timeout=_PATIENCE,
        socket_connect_timeout=_PATIENCE,
        socket_keepalive=True,
        retry=Retry(NoBackoff(), 0),
    )
