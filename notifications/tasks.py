"""The doorbell (门铃): tells a worker that rows wait. The rows themselves are PostgreSQL's."""

import time

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

from notifications import marks

_JOBS = {
    "rt": "clock.dispatch_rt",
    "due": "clock.dispatch_due",
    "bulk": "clock.dispatch_bulk",
    "cb": "clock.apply_callbacks",
}
_DEAF_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class _Broker:
    """What this process believes of the broker: until when it need not be tried."""

    deaf_until = 0.0


def ring(lane: str) -> None:
    """
    敲门: wake the worker of a lane, once however many rows arrive together.

    It never raises. While the broker is down it is tried once in five seconds, for at most half a
    second: beat rings every two seconds anyhow.
    """
    if time.monotonic() < _Broker.deaf_until:
        return
    try:
        if marks.hang_bell(lane):
            current_app.send_task(_JOBS[lane], queue=lane, expires=10, retry=False)
    except (marks.Lost, OperationalError, OSError) as fault:
        _Broker.deaf_until = time.monotonic() + _DEAF_SECONDS
        _log.warning("doorbell_unheard", lane=lane, fault=type(fault).__name__)
