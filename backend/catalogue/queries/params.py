"""Parameters in force (参数): the nearest local value up the tree, or the city's standard."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from backend.catalogue import unions
from backend.catalogue.definition import params
from backend.catalogue.models import LocalParam, ServiceVersion
from backend.catalogue.queries import items
from backend.core.errors import NotFound
from backend.core.kept import Kept
from backend.organisation import queries as organisation
from backend.organisation.models import Division


class PlaceNotFound(NotFound):
    code, title = "place_not_found", "没有这个区划, 请核对代码后重试"


Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]


@dataclass(frozen=True, slots=True)
class Value:
    """What holds in a place: the value, and the division that set it, "" for the standard."""

    param: Mapping[str, Any]
    value: Any
    division: str = ""

    @property
    def key(self) -> str:
        return str(self.param["key"])

    @property
    def text(self) -> str:
        return params.spoken(self.param, self.value)


def params_of(version: ServiceVersion) -> list[dict[str, Any]]:
    """Return the parameters of a version, each with the city's standard."""
    found: list[dict[str, Any]] = version.guide.get("params") or []
    return found


def in_force(version: ServiceVersion, chain: Sequence[str], *, on: date) -> dict[str, Value]:
    """
    Return every parameter of a version as it holds in a place on a day (领域说明 §1.1).

    `chain` holds the division codes from the nearest up, custody already applied. A local value
    that no longer fits the standard's shape is passed over. At most one statement.
    """
    wanted = params_of(version)
    own = _own(version.item_id, chain, on) if any(one["per"] != "city" for one in wanted) else {}
    return {one["key"]: _nearest(one, chain, own) for one in wanted}


def _own(item: int, chain: Sequence[str], on: date) -> dict[tuple[str, str], Any]:
    rows = _LAST.rows(item=item, places=list(chain), on=on)
    return {(key, division): value for key, division, value in rows if value is not None}


_LAST = Kept(
    lambda item, places, on: (
        LocalParam.objects.filter(item=item, division__code__in=places, valid_from__lte=on)
        .order_by("key", "division_id", "-valid_from", "-pk")
        .distinct("key", "division_id")
        .values_list("key", "division__code", "value")
    ),
    item=int,
    places=list[str],
    on=date,
)


def _nearest(
    param: Mapping[str, Any], chain: Sequence[str], own: Mapping[tuple[str, str], Any]
) -> Value:
    for code in chain:
        value = own.get((param["key"], code))
        if value is None or not params.fits(param, value):
            continue
        if params.may_be_set_at(param, organisation.level_of(code)):
            return Value(param, value, code)
    return Value(param, param["value"])


def form_of(version: ServiceVersion, chain: Sequence[str], *, on: date) -> list[dict[str, Any]]:
    """
    Return the form of a version as it stands in a place: its lists are the place's own.

    A bundle's has the fields of its parts, each once (一表申请).
    """
    fields: list[dict[str, Any]] = version.form
    if has_local_lists(version):
        values = in_force(version, chain, on=on)
        fields = [_local_field(field, values) for field in fields]
    parts = items.parts_of(version)
    if not parts:
        return fields
    return unions.form(fields, [(part, form_of(one, chain, on=on)) for part, one in parts])


def has_local_lists(version: ServiceVersion) -> bool:
    """Say whether the form's lists may differ from place to place."""
    local = {one["key"] for one in params_of(version) if one["per"] != "city"}
    return any(
        field.get("options_param") in local
        for whole in version.form
        for field in (whole, *whole.get("columns", ()))
    )


def _local_field(field: Mapping[str, Any], values: Mapping[str, Value]) -> dict[str, Any]:
    made = dict(field)
    if (key := field.get("options_param")) and key in values:
        made["options"] = values[key].value
    if "columns" in field:
        made["columns"] = [_local_field(column, values) for column in field["columns"]]
    return made


def publicity_days(version: ServiceVersion, chain: Sequence[str], *, on: date) -> int | None:
    """Return how long a case is shown in a place (公示天数), None where nothing is set locally."""
    key = (version.guide.get("publicity") or {}).get("days_param")
    found = in_force(version, chain, on=on).get(key) if key else None
    return int(found.value) if found and found.division else None


# ── pages for staff ─────────────────────────────────────────────────────────────────────────


def here(code: str, *, division: str = "", on: date) -> list[dict[str, Any]]:
    """
    Return every parameter of an item in a place (or the city) with its standard, and who set it.

    :raises ItemNotFound: no such item in force.
    :raises PlaceNotFound: no such division.
    """
    version, chain = in_force_of(code), []
    if division:
        chain = organisation.territory_of(place_of(division), today=on).chain()
    return [
        {
            "key": one.key,
            "label": one.param["label"],
            "per": one.param["per"],
            "unit": one.param.get("unit", ""),
            "note": one.param.get("note", ""),
            "standard": one.param["value"],
            "value": one.value,
            "text": one.text,
            "division": one.division,
        }
        for one in in_force(version, chain, on=on).values()
    ]


_SHOWN = (
    *("pk", "key", "division__code", "division__full_name", "division__level", "value"),
    *("valid_from", "reason", "set_at", "set_by__staff__name"),
)


def in_force_of(code: str) -> ServiceVersion:
    """
    Return the version in force of an item.

    :raises ItemNotFound: there is none.
    """
    version = items.published(code)
    if version is None:
        raise items.ItemNotFound
    return version


def place_of(code: str) -> Division:
    """
    Return a division in force.

    :raises PlaceNotFound: there is none of that code.
    """
    found = organisation.division_of(code)
    if found is None:
        raise PlaceNotFound
    return found


def differing(code: str, *, on: date, after: tuple[str, str] | None = None, size: int) -> Pairs:
    """
    参数差异: return up to `size` + 1 (key, row) pairs of what differs from the standard on a day.

    By parameter and division. A value that fits the standard no longer is shown, and says so.

    :raises ItemNotFound: no such item in force.
    """
    version = in_force_of(code)
    known = {one["key"]: one for one in params_of(version)}
    last = (
        LocalParam.objects.filter(item=version.item_id, valid_from__lte=on)
        .order_by("key", "division_id", "-valid_from", "-pk")
        .distinct("key", "division_id")
        .values("pk")
    )
    rows = LocalParam.objects.filter(pk__in=last, value__isnull=False, key__in=known)
    for key, one in known.items():
        if one["value"] is not None:
            rows = rows.exclude(key=key, value=one["value"])
    if after:
        rows = rows.filter(Q(key__gt=after[0]) | Q(key=after[0], division__code__gt=after[1]))
    page = rows.order_by("key", "division__code").values(*_SHOWN)[: size + 1]
    return [((row["key"], row["division__code"]), _difference(row, known)) for row in page]


def _difference(row: Mapping[str, Any], known: Mapping[str, Any]) -> dict[str, Any]:
    param = known[row["key"]]
    return {
        **_told(row, param),
        "standard": param["value"],
        "standard_text": params.spoken(param, param["value"]),
        "fits": params.fits(param, row["value"]),
    }


def history(
    code: str,
    *,
    key: str = "",
    division: str = "",
    after: tuple[int] | None = None,
    size: int,
) -> Pairs:
    """参数痕迹: return up to `size` + 1 (key, row) pairs of what was ever set, newest first."""
    version = in_force_of(code)
    rows: QuerySet[LocalParam] = LocalParam.objects.filter(item=version.item_id)
    if key:
        rows = rows.filter(key=key)
    if division:
        rows = rows.filter(division__code=division)
    if after:
        rows = rows.filter(pk__lt=after[0])
    known = {one["key"]: one for one in params_of(version)}
    page = rows.order_by("-pk").values(*_SHOWN)[: size + 1]
    return [((row["pk"],), _told(row, known.get(row["key"]))) for row in page]


def _told(row: Mapping[str, Any], param: Mapping[str, Any] | None) -> dict[str, Any]:
    shown = "" if row["value"] is None else str(row["value"])
    return {
        "key": row["key"],
        "label": param["label"] if param else row["key"],
        "division": row["division__code"],
        "division_name": row["division__full_name"],
        "level": row["division__level"],
        "value": row["value"],
        "text": params.spoken(param, row["value"]) if param and shown else shown,
        "valid_from": row["valid_from"],
        "reason": row["reason"],
        "set_at": row["set_at"],
        "set_by": row["set_by__staff__name"] or "系统",
    }
