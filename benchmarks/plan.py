"""How much of everything (规模), and whose case number `i` is: the same in every process."""

import math
import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from benchmarks.people import mix

RESIDENTS, CASES, TOKENS = 300_000, 1_000_000, 60_000
DAYS = 400
_HEAVY = (0, 3, 6)  # of every ten cases, these belong to the few who apply for a lot
_LIGHT = (1, 2, 4, 5, 7, 8, 9)
_HEAVY_SHARE = 0.04  # 4 % of the people make 30 % of the cases: some 25 each
_FADE = 63.0  # days; with 400 days this leaves 15 % of all cases open
_WEEKEND = 0.3
_ORDERS = 512


@dataclass(frozen=True)
class Plan:
    """The sizes at a scale. `today` is the day of seeding; cases came in up to the day before."""

    scale: float
    seed: int
    today: date

    @cached_property
    def residents(self) -> int:
        return max(round(RESIDENTS * self.scale), 50)

    @cached_property
    def cases(self) -> int:
        return max(round(CASES * self.scale), 100)

    @cached_property
    def tokens(self) -> int:
        """How many residents have a token in hand."""
        return min(max(round(TOKENS * self.scale), 2_000), self.residents)

    @cached_property
    def heavy(self) -> int:
        return max(round(self.residents * _HEAVY_SHARE), 1)

    @cached_property
    def first_cases(self) -> list[int]:
        """The number of each day's first case, and at the end the number of all."""
        weights = [
            _WEEKEND if (self.day(n).weekday() >= 5) else 1.0  # people apply online on Sundays too
            for n in range(DAYS)
        ]
        total, so_far, starts = sum(weights), 0.0, [0]
        for weight in weights:
            so_far += weight
            starts.append(round(self.cases * so_far / total))
        return starts

    def day(self, n: int) -> date:
        return self.today - timedelta(days=DAYS - n)

    def applicant(self, i: int) -> tuple[int, int]:
        """Return who made case `i`, and how many this person had made before."""
        ten, place = divmod(i, 10)
        if place in _HEAVY:
            turn = ten * len(_HEAVY) + _HEAVY.index(place)
            before, spot = divmod(turn, self.heavy)
            return _shuffled(spot, self.heavy), before
        turn = ten * len(_LIGHT) + _LIGHT.index(place)
        light = self.residents - self.heavy
        before, spot = divmod(turn, light)
        return self.heavy + _shuffled(spot, light), before

    def is_open(self, i: int, n: int) -> bool:
        """Say whether case `i`, which came in on day number `n`, is still under way."""
        chance = 0.95 * math.exp(-(DAYS - n) / _FADE)
        return mix(i, self.seed + 2) % 100_000 < chance * 100_000

    def orders(self, kinds: int) -> list[Sequence[int]]:
        """Return ways a life may ask for the items: the popular early, none twice."""
        rng = random.Random(self.seed)
        weights = [1 / (place + 1.5) for place in range(kinds)]
        return [
            sorted(range(kinds), key=lambda kind: rng.random() ** (1 / weights[kind]), reverse=True)
            for _ in range(_ORDERS)
        ]

    def order_of(self, resident: int) -> int:
        return mix(resident, self.seed + 3) % _ORDERS


def _shuffled(spot: int, among: int) -> int:
    """Return another spot for each, none twice: a step prime to the number of spots."""
    step = 7_368_787
    while math.gcd(step, among) > 1:
        step += 2
    return spot * step % among
