"""Access tokens (接口凭据), by the stable_token page and the older one. Takes `now`."""

import secrets
from dataclasses import dataclass, field
from typing import Final

LIFE: Final = 7200
OVERLAP: Final = 300
"""Seconds before its end in which a token is renewed and both work."""
FORCED_APART: Final = 30
FORCED_A_DAY: Final = 20


@dataclass(slots=True)
class Tokens:
    """Which tokens work, and until when (epoch seconds)."""

    ends: dict[str, float] = field(default_factory=dict)
    stable: str = ""
    legacy: str = ""
    forced_at: float = 0.0

    def fault(self, token: str | None, now: float) -> int:
        """Return 0 for a token that works, else the code WeChat answers."""
        if not token:
            return 41001
        if len(token) < 16:
            return 40014
        end = self.ends.get(token)
        if end is None:
            return 40001
        return 42001 if end <= now else 0

    def take_stable(self, now: float) -> tuple[str, int]:
        """Return the stable token and its seconds left; a new one in the last five minutes."""
        left = self.ends.get(self.stable, 0) - now
        if left <= OVERLAP:
            self.stable = self._new(now)
            left = LIFE
        return self.stable, int(left)

    def force(self, now: float) -> tuple[str, int]:
        """Kill the stable token at once; within 30 s of the last time, nothing is refreshed."""
        if now - self.forced_at >= FORCED_APART:
            self.forced_at = now
            self.ends.pop(self.stable, None)
            self.stable = ""
        return self.take_stable(now)

    def take_legacy(self, now: float) -> tuple[str, int]:
        """Replace the legacy token; the replaced one works five minutes more."""
        if self.legacy in self.ends:
            self.ends[self.legacy] = min(self.ends[self.legacy], now + OVERLAP)
        self.legacy = self._new(now)
        return self.legacy, LIFE

    def kill(self) -> None:
        """End every token at once, as a secret reset in the console does."""
        self.ends.clear()
        self.stable = self.legacy = ""

    def _new(self, now: float) -> str:
        self.ends = {token: end for token, end in self.ends.items() if end > now - LIFE}
        token = f"{secrets.randbelow(90) + 10}_{secrets.token_urlsafe(96)}"
        self.ends[token] = now + LIFE
        return token
