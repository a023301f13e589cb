"""Progress (进度): one line on stderr with rate and time left; lines in a log stay few."""

import sys
import time
from types import TracebackType
from typing import Self

_WIDTH = 24


class Bar:
    """A bar for `total` things of a kind; in a terminal it redraws, elsewhere it speaks rarely."""

    def __init__(self, label: str, total: int) -> None:
        self.label, self.total, self.done = label, max(total, 1), 0
        self._began = time.monotonic()
        self._spoken = 0.0
        self._live = sys.stderr.isatty()

    def __enter__(self) -> Self:
        self._show()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        self._show(last=True)

    def add(self, amount: int) -> None:
        self.done += amount
        self._show()

    def _show(self, *, last: bool = False) -> None:
        now = time.monotonic()
        if not last and now - self._spoken < (0.1 if self._live else 10.0):
            return
        self._spoken = now
        spent = now - self._began
        rate = self.done / spent if spent > 0 else 0.0
        left = (self.total - self.done) / rate if rate else 0.0
        share = min(self.done / self.total, 1.0)
        bar = "█" * int(share * _WIDTH) + "░" * (_WIDTH - int(share * _WIDTH))
        time_told = f"用时 {spent:.1f} 秒" if last else f"还需约 {left:.0f} 秒"
        text = (
            f"  {self.label} {bar} {share:4.0%} {self.done:,}/{self.total:,}"
            f"  {rate:,.0f}/秒  {time_told}"
        )
        end = "\n" if last or not self._live else ""
        print(f"\r\033[K{text}" if self._live else text, end=end, file=sys.stderr, flush=True)


def say(text: str) -> None:
    print(f"  {text}", file=sys.stderr, flush=True)
