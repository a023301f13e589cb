"""
The atlas (区划图): divisions, custody and offices, kept in the process, at most five minutes old.

Every application asks where it belongs; the answer changes a few times a year.
"""

import functools
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import date

from backend.organisation.models import Custody, Department, Division

_KEPT = 300  # seconds
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Hold:
    """托管: who acts for a node, and from when to when."""

    node: str
    level: str
    authority: str
    county: str
    since: date
    until: date | None

    def on(self, day: date) -> bool:
        return self.since <= day and (self.until is None or day <= self.until)


@dataclass(frozen=True, slots=True)
class _Atlas:
    by_id: dict[int, Division]
    by_code: dict[str, Division]
    offices: dict[str, dict[str, int]]
    holds: list[Hold]


def division(code: str) -> Division | None:
    """Return a division in force; read it, never change it. One set up just now is found too."""
    if code not in (atlas := _atlas(_age())).by_code and time.monotonic() > _Missed.until:
        _Missed.until = time.monotonic() + _PATIENCE
        _atlas.cache_clear()
        atlas = _atlas(_age())
    return atlas.by_code.get(code)


def standing() -> Collection[Division]:
    """Return every division in force; read them, never change them."""
    return _atlas(_age()).by_code.values()


def numbered(pk: int | None) -> Division | None:
    """Return a division by its id, in force or not; read it, never change it."""
    if pk is None:
        return None
    if pk not in (atlas := _atlas(_age())).by_id:
        _atlas.cache_clear()
        atlas = _atlas(_age())
    return atlas.by_id[pk]


def holds(codes: Collection[str], *, on: date) -> Iterator[Hold]:
    """Return the custodies of these nodes on a day."""
    return (hold for hold in _atlas(_age()).holds if hold.node in codes and hold.on(on))


def offices(places: Collection[str]) -> dict[tuple[str, str], int]:
    """Return the offices in these divisions: (code, division) → id."""
    by_place = _atlas(_age()).offices
    return {(code, place): pk for place in places for code, pk in by_place.get(place, {}).items()}


class _Missed:
    """Until when an unknown division is not looked for again."""

    until = 0.0


def forget() -> None:
    """Read the atlas anew on the next question."""
    _Missed.until = 0.0
    _atlas.cache_clear()


def _age() -> int:
    return int(time.monotonic() // _KEPT)


@functools.lru_cache(maxsize=1)
def _atlas(_at: int) -> _Atlas:
    divisions = list(Division.objects.all())
    offices: dict[str, dict[str, int]] = {}
    standing = Department.objects.filter(division__valid_to__isnull=True)
    for code, place, pk in standing.values_list("code", "division__code", "pk"):
        offices.setdefault(place, {})[code] = pk
    custody = Custody.objects.values_list(
        "node__code",
        "node__level",
        "authority__code",
        "authority__county_code",
        "valid_from",
        "valid_to",
    )
    return _Atlas(
        by_id={one.pk: one for one in divisions},
        by_code={one.code: one for one in divisions if one.valid_to is None},
        offices=offices,
        holds=[Hold(*row) for row in custody],
    )
