"""The screen of `make run` (进度): one Chinese line a step, with the seconds since the start."""

import time


class Console:
    """Prints lines a newcomer reads; everything else goes to the logs."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def elapsed(self) -> float:
        """Return the seconds since the start."""
        return time.monotonic() - self._began

    def step(self, text: str) -> None:
        print(f"[{self.elapsed():6.1f} 秒] {text}", flush=True)

    def detail(self, text: str) -> None:
        print(f"{'':13}{text}", flush=True)

    def plain(self, text: str = "") -> None:
        print(text, flush=True)
