"""The press's bell (敲门): tells a worker that orders wait. The orders are PostgreSQL's."""

import time

from backend.files import tasks

_QUIET_SECONDS = 1.0


class _Bell:
    """When this process may ring again."""

    next_at = 0.0


def ring() -> None:
    """Wake the press; never raises, and rings once for all that arrives within a second."""
    if time.monotonic() < _Bell.next_at:
        return
    _Bell.next_at = time.monotonic() + _QUIET_SECONDS
    tasks.send("clock.typeset", expires=10)
