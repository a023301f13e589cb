"""Names of places and offices (名称), kept in the process: they change a few times a year."""

import functools
import time
from dataclasses import dataclass

from backend.organisation.models import Department, Division

_KEPT = 300  # seconds
_PATIENCE = 10.0


@dataclass(frozen=True, slots=True)
class Office:
    code: str
    name: str
    division: str


def office(pk: int) -> Office:
    """Return an office; one set up a moment ago is found too."""
    if pk not in (found := _offices(_age())):
        _offices.cache_clear()
        found = _offices(_age())
    return found[pk]


def offices_coded(code: str) -> list[int]:
    """Return the ids of the offices of one kind, such as every 民政局; none for an unknown code."""
    return [pk for pk, one in _offices(_age()).items() if one.code == code]


def division(code: str) -> str:
    """
    Return how a division is shown: with its parent's name where the name repeats.

    "" for a code that is none of ours, such as a city elsewhere; that is looked up again, for a
    division set up a moment ago, at most every ten seconds.
    """
    if code not in (found := _divisions(_age())) and time.monotonic() > _Missed.until:
        _Missed.until = time.monotonic() + _PATIENCE
        _divisions.cache_clear()
        found = _divisions(_age())
    return found.get(code, "")


class _Missed:
    """Until when an unknown division is not looked for again."""

    until = 0.0


def forget() -> None:
    """Read the names anew on the next question."""
    _Missed.until = 0.0
    _offices.cache_clear()
    _divisions.cache_clear()


def _age() -> int:
    return int(time.monotonic() // _KEPT)


@functools.lru_cache(maxsize=1)
def _offices(_at: int) -> dict[int, Office]:
    rows = Department.objects.values_list("pk", "code", "name", "division__code")
    return {pk: Office(code, name, division) for pk, code, name, division in rows}


@functools.lru_cache(maxsize=1)
def _divisions(_at: int) -> dict[str, str]:
    current = Division.objects.filter(valid_to__isnull=True)
    return dict(current.values_list("code", "full_name"))
