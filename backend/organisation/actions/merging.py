"""Bring a table up to what a file says (批量更新): add what is new, change what differs."""

from collections.abc import Collection, Hashable, Mapping
from dataclasses import dataclass
from typing import Any, TypeVar

from django.db import models

_Row = TypeVar("_Row", bound=models.Model)
_Key = TypeVar("_Key", bound=Hashable)
_BATCH = 2000


@dataclass(frozen=True, slots=True)
class Tally:
    """What a load did: rows added, changed, and left as they were."""

    added: int = 0
    changed: int = 0
    same: int = 0

    def __add__(self, other: "Tally") -> "Tally":
        return Tally(self.added + other.added, self.changed + other.changed, self.same + other.same)

    def __str__(self) -> str:
        return f"新增{self.added} 更新{self.changed} 未变{self.same}"


def merge(
    objects: models.Manager[_Row],
    standing: Mapping[_Key, _Row],
    wanted: Mapping[_Key, dict[str, Any]],
    *,
    fixed: Collection[str] = (),
) -> Tally:
    """
    Write `wanted` (key → every field) over `standing`, in bulk; what is not wanted stays.

    Changes go before additions, so that a code can end and begin anew in one load.

    :param fixed: fields that are the key itself and never change.
    """
    fresh = [objects.model(**fields) for key, fields in wanted.items() if key not in standing]
    changed, names = [], set[str]()
    for key, fields in wanted.items():
        row = standing.get(key)
        if row is None:
            continue
        differing = [name for name, value in fields.items() if getattr(row, name) != value]
        for name in differing:
            setattr(row, name, fields[name])
        if differing:
            changed.append(row)
            names.update(name.removesuffix("_id") for name in differing)
    if changed:
        objects.bulk_update(changed, sorted(names - set(fixed)), batch_size=_BATCH)
    objects.bulk_create(fresh, batch_size=_BATCH)
    return Tally(len(fresh), len(changed), len(wanted) - len(fresh) - len(changed))
