"""The screen of `make run` (进度): one Chinese line a step, with the seconds since the start."""

import time
import unicodedata


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

    def row(self, label: str, value: str) -> None:
        """Print a label and its value in two columns; a Chinese character is two wide."""
        width = sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in label)
        print(f"{label}{' ' * max(1, 16 - width)}{value}", flush=True)

    def plain(self, text: str = "") -> None:
        print(text, flush=True)
