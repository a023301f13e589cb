"""Where an item is open (开通): the nearest entry up the tree counts (领域说明 §1.6)."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from backend.catalogue.models import Capability, Rollout, RolloutChange, ServiceItem, Stage
from backend.catalogue.queries.params import Pairs, place_of
from backend.core.kept import Kept
from backend.organisation import atlas
from backend.organisation import queries as organisation
from backend.organisation.models import Division

Entries = Mapping[tuple[str, str | None], str]
"""(division, item) → stage; None stands for all items."""


@dataclass(frozen=True, slots=True)
class Standing:
    """How an item stands in a place, and the division that says so; "" where nobody has."""

    stage: str
    division: str = ""
    own: bool = False  # by an entry of the item itself, not one for all items

    @property
    def is_open(self) -> bool:
        return self.stage != Stage.OFF


def standing(entries: Entries, item: str | None, chain: Sequence[str]) -> Standing:
    """
    Say how an item (or all of them, for None) stands in a place.

    `chain` holds the division codes from the nearest up; an entry of the item itself goes before
    one for all items of the same division; without any entry the item is open. Pure.
    """
    for code in chain:
        for name in dict.fromkeys((item, None)):
            if (code, name) in entries:
                return Standing(entries[code, name], code, name == item)
    return Standing(Stage.LIVE)


def is_offered(
    item: ServiceItem, chain: Sequence[str], capability: str = Capability.ONLINE
) -> bool:
    """Say whether an item is open in a place (on trial counts as open)."""
    return offered({item.code: chain}, capability)[item.code]


def offered(
    chains: Mapping[str, Sequence[str]], capability: str = Capability.ONLINE
) -> dict[str, bool]:
    """Say of each item (code → the chain of its place) whether it is open; in one statement."""
    return {item: one.is_open for item, one in standings(chains, capability).items()}


def standings(
    chains: Mapping[str, Sequence[str]], capability: str = Capability.ONLINE
) -> dict[str, Standing]:
    """Say of each item (code → the chain of its place) how it stands there; in one statement."""
    places = {code for chain in chains.values() for code in chain}
    rows = _NEAR.rows(items=list(chains), places=list(places), capability=capability)
    entries = {(division, item): stage for division, item, stage in rows}
    return {item: standing(entries, item, chain) for item, chain in chains.items()}


_NEAR = Kept(
    lambda items, places, capability: Rollout.objects.filter(
        Q(item__code__in=items) | Q(item__isnull=True),
        division__code__in=places,
        capability=capability,
    ).values_list("division__code", "item__code", "stage"),
    items=list[str],
    places=list[str],
    capability=str,
)


def entries_of(item: str | None, capability: str = Capability.ONLINE) -> Entries:
    """Return every entry that says something of an item, anywhere; in one statement."""
    rows = _ALL.rows(item=item or "", capability=capability)
    return {(division, code): stage for division, code, stage in rows}


_ALL = Kept(
    lambda item, capability: Rollout.objects.filter(
        Q(item__code=item) | Q(item__isnull=True), capability=capability
    ).values_list("division__code", "item__code", "stage"),
    item=str,
    capability=str,
)


def chain_of(division: Division, *, today: date) -> list[str]:
    """Return the divisions that decide about one, from itself up, custody first."""
    return organisation.territory_of(division, today=today).chain()


def open_in(entries: Entries, item: str, *, today: date) -> list[dict[str, str]]:
    """
    Return where an item is open as people ask: the city first, then each place that differs.

    One row a division, with the stage that holds from there down.
    """
    city = organisation.CITY_CODE
    top = standing(entries, item, [city])
    rows = [(city, top.stage)]
    for code in sorted({division for division, _ in entries} - {city}):
        place = organisation.division_of(code)
        chain = chain_of(place, today=today) if place else [code]
        here = standing(entries, item, chain).stage
        if here != standing(entries, item, chain[chain.index(code) + 1 :]).stage:
            rows.append((code, here))
    return [{"division": code, "name": _name(code), **_labelled(stage)} for code, stage in rows]


def _name(code: str) -> str:
    found = organisation.division_of(code)
    return found.full_name if found else code


def _labelled(stage: str) -> dict[str, str]:
    return {"stage": stage, "stage_label": Stage(stage).label}


# ── pages for staff ─────────────────────────────────────────────────────────────────────────


def chart(
    *, item: str = "", capability: str = Capability.ONLINE, division: str = "", today: date
) -> dict[str, Any]:
    """
    推广地图: a division and those right below it, each with its own and its inherited stage.

    Progress counts the villages that are open: on trial or live, of all there are.

    :raises PlaceNotFound: no such division.
    """
    place = place_of(division or organisation.CITY_CODE)
    entries = entries_of(item or None, capability)
    opened = _villages(entries, item or None, today)
    below = [one for one in atlas.standing() if one.parent_id == place.pk]
    rows = [place, *sorted(below, key=lambda one: one.code)]
    return {
        "item": item,
        "capability": capability,
        "results": [_row(one, entries, item or None, opened, today) for one in rows],
    }


def _villages(entries: Entries, item: str | None, today: date) -> Counter[tuple[str, str]]:
    """Count villages by every division they lie in, and the stage they stand at."""
    told: Counter[tuple[str, str]] = Counter()
    for village in atlas.standing():
        if village.level != Division.Level.VILLAGE:
            continue
        stage = standing(entries, item, chain_of(village, today=today)).stage
        above = (village.code, village.town_code, village.county_code, organisation.CITY_CODE)
        told.update((code, stage) for code in above)
    return told


def _row(
    place: Division,
    entries: Entries,
    item: str | None,
    told: Mapping[tuple[str, str], int],
    today: date,
) -> dict[str, Any]:
    here = standing(entries, item, chain_of(place, today=today))
    counts = {stage.value: told.get((place.code, stage), 0) for stage in Stage}
    return {
        "division": place.code,
        "name": place.full_name,
        "level": place.level,
        "own": entries.get((place.code, item), ""),
        **_labelled(here.stage),
        "from_division": here.division,
        "opened": counts[Stage.PILOT] + counts[Stage.LIVE],
        "live": counts[Stage.LIVE],
        "villages": sum(counts.values()),
    }


def changes(
    *, item: str = "", division: str = "", after: tuple[int] | None = None, size: int
) -> Pairs:
    """开通痕迹: return up to `size` + 1 (key, row) pairs of who opened what, newest first."""
    rows = RolloutChange.objects.all()
    if item:
        rows = rows.filter(item__code=item)
    if division:
        rows = rows.filter(division__code=division)
    if after:
        rows = rows.filter(pk__lt=after[0])
    page = rows.order_by("-pk").values(
        *("pk", "item__code", "division__code", "division__full_name", "capability"),
        *("before", "after", "reason", "changed_at", "changed_by__staff__name"),
    )
    return list(_changes(page[: size + 1]))


def _changes(rows: Any) -> Iterator[tuple[tuple[int], dict[str, Any]]]:
    for row in rows:
        yield (
            (row["pk"],),
            {
                "item": row["item__code"] or "",
                "division": row["division__code"],
                "division_name": row["division__full_name"],
                "capability": row["capability"],
                "before": row["before"],
                "after": row["after"],
                "reason": row["reason"],
                "changed_at": row["changed_at"],
                "changed_by": row["changed_by__staff__name"] or "系统",
            },
        )
