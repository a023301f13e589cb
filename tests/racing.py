"""What many people do in the same instant."""

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from django.db import connection

from backend.core.errors import DomainError


def together(function: Callable[[int], object], times: int = 10) -> list[object]:
    """Call `function(i)` from `times` threads that start at once; a refusal is returned."""
    gate = threading.Barrier(times)

    def once(i: int) -> object:
        gate.wait()
        try:
            return function(i)
        except DomainError as refusal:
            return refusal
        finally:
            connection.close()

    with ThreadPoolExecutor(times) as pool:
        return list(pool.map(once, range(times)))
