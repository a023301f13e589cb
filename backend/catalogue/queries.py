"""What others ask of the catalogue: the version in force, and where it is open."""

import functools
from collections.abc import Sequence

from backend.catalogue.models import Rollout, ServiceItem, ServiceVersion


def published(code: str) -> ServiceVersion | None:
    """
    Return the version in force of an item, with `item.status` as it is now.

    The content is kept in the process once read: a published version never changes.
    """
    row = (
        ServiceVersion.objects.filter(
            item__code=code, published_at__isnull=False, retired_at__isnull=True
        )
        .values_list("pk", "item__status")
        .first()
    )
    if row is None:
        return None
    version = frozen(row[0])
    version.item.status = row[1]
    return version


@functools.lru_cache(maxsize=256)
def frozen(pk: int) -> ServiceVersion:
    """Return a published version with its item; kept, because the database refuses its change."""
    return ServiceVersion.objects.select_related("item").get(pk=pk)


def forget() -> None:
    """Drop what was kept; tests begin each with an empty city."""
    frozen.cache_clear()


def is_offered(item: ServiceItem, chain: Sequence[str], capability: str = "online") -> bool:
    """
    Say whether an item is open in a place: the nearest entry up the tree counts (领域说明 §1.6).

    `chain` holds the division codes from the nearest up; an entry of the item itself goes before
    one for all items of the same division; without any entry the item is open.
    """
    entries = Rollout.objects.filter(
        division__code__in=chain, capability=capability, item_id__in=[item.pk]
    ) | Rollout.objects.filter(
        division__code__in=chain, capability=capability, item__isnull=True
    )
    found = {
        (code, item_id is not None): stage
        for code, item_id, stage in entries.values_list("division__code", "item_id", "stage")
    }
    for code in chain:
        for own in (True, False):
            if (code, own) in found:
                return found[code, own] != Rollout.Stage.OFF
    return True
