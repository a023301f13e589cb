"""How often one may call (频率与配额): windows of a second, a minute and a day. Takes `now`."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Final

SEND: Final = "/cgi-bin/message/subscribe/send"
SECOND, MINUTE, DAY = "second", "minute", "day"
_SHANGHAI: Final = timedelta(hours=8)

# path: ((window, calls, code when exceeded), …)
DOCUMENTED: Final = {
    SEND: ((MINUTE, 120_000, 44991), (DAY, 10_000_000, 45009)),
    "/cgi-bin/stable_token": ((MINUTE, 10_000, 45011), (DAY, 500_000, 45009)),
    "/cgi-bin/token": ((DAY, 2_000, 45009),),
    "/cgi-bin/clear_quota": (("month", 10, 48006),),
    "/wxa/getwxacodeunlimit": ((MINUTE, 5_000, 45009),),
    "/wxa/msg_sec_check": ((MINUTE, 4_000, 45009), (DAY, 2_000_000, 45009)),
    "/wxa/media_check_async": ((MINUTE, 2_000, 45009), (DAY, 200_000, 45009)),
    "/wxa/generate_urllink": ((SECOND, 100, 44990), (DAY, 500_000, 44993)),
    "force_refresh": ((DAY, 20, 45009),),
}
LOGINS_A_MINUTE: Final = 100
CODES: Final = {SECOND: 44990, MINUTE: 44991, DAY: 44993}


def window_of(now: float, window: str) -> int:
    """Return the number of the window `now` falls in; days and months are those of Shanghai."""
    if window == SECOND:
        return int(now)
    if window == MINUTE:
        return int(now // 60)
    day = datetime.fromtimestamp(now, UTC) + _SHANGHAI
    return day.year * 12 + day.month if window == "month" else day.toordinal()


@dataclass(slots=True)
class Limits:
    """Counts per path and window; `set` narrows the documented limits for a test."""

    rules: dict[str, tuple[tuple[str, int, int], ...]] = field(
        default_factory=lambda: dict(DOCUMENTED)
    )
    used: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)

    def set(self, path: str, window: str, calls: int) -> None:
        """
        Allow `calls` a window on `path`.

        :raises KeyError: no such window.
        """
        code = CODES[window]
        others = tuple(rule for rule in self.rules.get(path, ()) if rule[0] != window)
        self.rules[path] = (*others, (window, calls, code))

    def spend(self, path: str, now: float) -> int:
        """Count one call; return 0, or the code of the first window that is full."""
        rules = self.rules.get(path, ())
        for window, calls, code in rules:
            if self.count(path, window, now) >= calls:
                return code
        for window, _calls, _code in rules:
            number = window_of(now, window)
            self.used[path, window] = (number, self.count(path, window, now) + 1)
        return 0

    def count(self, path: str, window: str, now: float) -> int:
        number, count = self.used.get((path, window), (0, 0))
        return count if number == window_of(now, window) else 0

    def clear_quota(self) -> None:
        """Forget the day's counts of every path, but not how often this itself was called."""
        self.used = {
            key: counted for key, counted in self.used.items() if key[0] == "/cgi-bin/clear_quota"
        }
