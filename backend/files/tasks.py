"""The doorbell (门铃): a file waits to be searched. Only its id crosses the queue."""

import time

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

_DEAF_SECONDS = 5.0
_log = structlog.get_logger(__name__)


class _Broker:
    """What this process believes of the broker: until when it need not be tried."""

    deaf_until = 0.0


def ring(file_id: int) -> None:
    """敲门: have a file searched soon. It never raises: the clock asks for all of them anyhow."""
    if time.monotonic() < _Broker.deaf_until:
        return
    try:
        current_app.send_task("clock.scan_file", [file_id], queue="maint", expires=60, retry=False)
    except (OperationalError, OSError) as fault:
        _Broker.deaf_until = time.monotonic() + _DEAF_SECONDS
        _log.warning("doorbell_unheard", lane="maint", fault=type(fault).__name__)
