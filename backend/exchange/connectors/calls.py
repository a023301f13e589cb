"""What every registry's connector shares (共享库的调用): one post, and a breaker for who is ill."""

import threading
import time
from collections.abc import Mapping
from typing import Any, Final

import requests
from django.conf import settings

TIMEOUT: Final = (2, 4)
FAILURES: Final = 5
REST: Final = 10.0
"""Seconds without a call after FAILURES in a row; then one call tries."""


class Breaker:
    """Counts failures in a row; all threads of a process share it."""

    def __init__(self) -> None:
        self._gate = threading.Lock()
        self.forget()

    def forget(self) -> None:
        self._failures, self._rest_until = 0, 0.0

    def lets_through(self) -> bool:
        """Say whether to call; after the rest, one caller at a time tries."""
        with self._gate:
            if time.monotonic() < self._rest_until:
                return False
            if self._failures >= FAILURES:
                self._rest_until = time.monotonic() + REST
            return True

    def note(self, *, answered: bool) -> None:
        with self._gate:
            if answered:
                self.forget()
                return
            self._failures += 1
            if self._failures >= FAILURES:
                self._rest_until = time.monotonic() + REST


def post(path: str, body: Mapping[str, str]) -> Mapping[str, Any] | None:
    """Post once; None for whatever is not a JSON object that says ok."""
    try:
        response = requests.post(
            settings.REGISTRY_BASE_URL.rstrip("/") + path,
            json=dict(body),
            headers={"X-Api-Key": settings.REGISTRY_KEY},
            timeout=TIMEOUT,
            allow_redirects=False,
        )
        answer = response.json() if response.status_code == 200 else None
    except (requests.RequestException, ValueError):
        return None
    return answer if isinstance(answer, dict) and answer.get("code") == "ok" else None
