"""How the story speaks: acts, what each side sees, and what must be true."""

import sys
import time
from collections.abc import Callable

_DIM, _BOLD, _GREEN, _RED, _END = "\033[2m", "\033[1m", "\033[32m", "\033[31m", "\033[0m"


class StoryBroken(Exception):
    """Something the city promised did not happen."""


class Voice:
    """Tells the story on a terminal, and keeps count of what was checked."""

    def __init__(self) -> None:
        self.checked = 0
        self._coloured = sys.stdout.isatty()

    def act(self, title: str) -> None:
        print(f"\n{self._paint(_BOLD, f'── {title}')}", flush=True)

    def says(self, who: str, what: str) -> None:
        print(f"   {who}: {what}", flush=True)

    def sees(self, what: str) -> None:
        for line in what.splitlines():
            print(self._paint(_DIM, f"     │ {line}"), flush=True)

    def holds(self, claim: str, truth: object, shown: object = "") -> None:
        """
        Check a promise and say so.

        :raises StoryBroken: it does not hold.
        """
        if not truth:
            print(self._paint(_RED, f"     ✗ {claim}"), flush=True)
            raise StoryBroken(f"{claim}\n{str(shown)[:2000]}")
        self.checked += 1
        print(self._paint(_GREEN, f"     ✓ {claim}"), flush=True)

    def waits(self, claim: str, look: Callable[[], object], *, seconds: float = 30) -> object:
        """Look again until something has come, and return it; then it holds."""
        deadline = time.monotonic() + seconds
        found = look()
        while not found and time.monotonic() < deadline:
            time.sleep(0.3)
            found = look()
        self.holds(claim, found)
        return found

    def _paint(self, colour: str, text: str) -> str:
        return f"{colour}{text}{_END}" if self._coloured else text
