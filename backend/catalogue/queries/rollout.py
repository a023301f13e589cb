"""Where an item is open (开通): the nearest entry up the tree counts (领域说明 §1.6)."""

from collections.abc import Mapping, Sequence

from django.db.models import Q

from backend.catalogue.models import Rollout, ServiceItem
from backend.core.kept import Kept


def is_offered(item: ServiceItem, chain: Sequence[str], capability: str = "online") -> bool:
    """
    Say whether an item is open in a place: the nearest entry up the tree counts (领域说明 §1.6).

    `chain` holds the division codes from the nearest up; an entry of the item itself goes before
    one for all items of the same division; without any entry the item is open.
    """
    return offered({item.code: chain}, capability)[item.code]


def offered(chains: Mapping[str, Sequence[str]], capability: str = "online") -> dict[str, bool]:
    """Say of each item (code → the chain of its place) whether it is open; in one statement."""
    places = {code for chain in chains.values() for code in chain}
    entries = _ENTRIES.rows(items=list(chains), places=list(places), capability=capability)
    stages: dict[tuple[str, str | None], str] = {
        (division, item): stage for division, item, stage in entries
    }
    return {item: _is_open(item, chain, stages) for item, chain in chains.items()}


_ENTRIES = Kept(
    lambda items, places, capability: Rollout.objects.filter(
        Q(item__code__in=items) | Q(item__isnull=True),
        division__code__in=places,
        capability=capability,
    ).values_list("division__code", "item__code", "stage"),
    items=list[str],
    places=list[str],
    capability=str,
)


def _is_open(item: str, chain: Sequence[str], stages: Mapping[tuple[str, str | None], str]) -> bool:
    for code in chain:
        for entry in (item, None):
            if (code, entry) in stages:
                return stages[code, entry] != Rollout.Stage.OFF
    return True
