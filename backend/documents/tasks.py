"""The press's bell (敲门): tells a worker that orders wait. The orders are PostgreSQL's."""

import time

import structlog
from celery import current_app
from kombu.exceptions import OperationalError

_QUIET_SECONDS, _DEAF_SECONDS = 1.0, 5.0
_log = structlog.get_logger(__name__)


class _Bell:
    """When this process may ring again: once a second, and less often while nobody hears."""

    next_at = 0.0


def ring() -> None:
    """Wake the press; never raises, and rings once for all that arrives within a second."""
    if time.monotonic() < _Bell.next_at:
        return
    _Bell.next_at = time.monotonic() + _QUIET_SECONDS
    try:
        current_app.send_task("clock.typeset", queue="maint", expires=10, retry=False)
    except (OperationalError, OSError) as fault:
        _Bell.next_at = time.monotonic() + _DEAF_SECONDS
        _log.warning("press_bell_unheard", fault=type(fault).__name__)
