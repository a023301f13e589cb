"""装载基础数据: divisions, custody, offices and the calendar, any number of times."""

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import transaction

from backend.core.errors import Invalid
from backend.organisation import queries
from backend.organisation.actions.merging import Tally, merge
from backend.organisation.models import CalendarDay, Custody, Department, Division

_ORDER = tuple(Division.Level.values)  # province … village: parents before children
_CODE = 12


class BadReference(Invalid):
    """`extra["faults"]` lists {line, reason}: nothing of the file was loaded."""

    code, title = "bad_reference", "基础数据有误, 请按所列行号和原因修改后重新装载"


@dataclass(frozen=True, slots=True)
class Place:
    """One row of the divisions; `parent` and `successor` are codes, "" for none."""

    line: int
    code: str
    name: str
    short_name: str
    level: str
    parent: str
    valid_from: date
    valid_to: date | None = None
    successor: str = ""


@dataclass(frozen=True, slots=True)
class Custodian:
    """One row of custody: `authority`, a zone, acts for `node`, a town or village."""

    line: int
    node: str
    authority: str
    valid_from: date
    valid_to: date | None = None
    evidence: str = ""


@dataclass(frozen=True, slots=True)
class Office:
    """One kind of office: it stands in every division of a level."""

    level: str
    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Day:
    """One day of the work calendar."""

    day: date
    is_workday: bool
    label: str
    provisional: bool
    source: str


@transaction.atomic
def load_divisions(*, places: Sequence[Place]) -> Tally:
    """
    装载区划: bring the divisions up to `places`; parents may stand anywhere in the list.

    A division that is not in the list stays: cases hang on it. End it with `valid_to`.

    :raises BadReference: with the line of every row that cannot be.
    """
    _refuse(_place_faults(places))
    repeated = _repeated(places)
    names = {place.code: place.short_name for place in places}
    tally = Tally()
    for level in _ORDER:
        rows = [place for place in places if place.level == level]
        above = {place.parent for place in rows}
        parents = {
            one.code: one for one in Division.objects.filter(code__in=above, valid_to__isnull=True)
        }
        wanted = {
            (place.code, place.valid_to is None): {
                **_fields(place, parents.get(place.parent)),
                "full_name": names.get(place.parent, "") + place.short_name
                if place.short_name in repeated and place.level == Division.Level.VILLAGE
                else place.short_name,
            }
            for place in rows
        }
        tally += merge(Division.objects, _standing(rows), wanted)
    _link_successors(places)
    queries.forget()
    return tally


@transaction.atomic
def load_custody(*, custodians: Sequence[Custodian]) -> Tally:
    """
    装载托管: who acts for whom since when; the tree of divisions stays as it is.

    :raises BadReference: with the line of every row that cannot be.
    """
    places = {one.code: one for one in Division.objects.filter(valid_to__isnull=True)}
    _refuse(_custody_faults(custodians, places))
    standing = {(one.node_id, one.valid_from): one for one in Custody.objects.all()}
    wanted = {
        (places[row.node].pk, row.valid_from): {
            "node_id": places[row.node].pk,
            "authority_id": places[row.authority].pk,
            "valid_from": row.valid_from,
            "valid_to": row.valid_to,
            "evidence": row.evidence,
        }
        for row in custodians
    }
    return merge(Custody.objects, standing, wanted)


@transaction.atomic
def load_departments(
    *, offices: Sequence[Office], names: Mapping[tuple[str, str], str] | None = None
) -> Tally:
    """
    装载部门: put one office of each kind in every division of its level.

    :param names: (office code, division code) → name, where it is not 区划名 + 部门名.
    """
    called = names or {}
    by_level: dict[str, list[Office]] = {}
    for office in offices:
        by_level.setdefault(office.level, []).append(office)
    standing = {(one.code, one.division_id): one for one in Department.objects.all()}
    wanted = {
        (office.code, place.pk): {
            "code": office.code,
            "division_id": place.pk,
            "name": called.get((office.code, place.code)) or f"{place.full_name}{office.name}",
        }
        for place in Division.objects.filter(valid_to__isnull=True, level__in=by_level)
        for office in by_level[place.level]
    }
    return merge(Department.objects, standing, wanted)


@transaction.atomic
def load_calendar(*, days: Iterable[Day]) -> Tally:
    """
    装载工作日历: bring the days up to date; days the city itself has set stay as they are.

    A day is the city's own when its source is none of the loaded ones.
    """
    rows = {row.day: row for row in days}
    ours = {row.source for row in rows.values()}
    standing = {one.day: one for one in CalendarDay.objects.all()}
    wanted = {
        day: {
            "day": day,
            "is_workday": row.is_workday,
            "label": row.label,
            "provisional": row.provisional,
            "source": row.source,
        }
        for day, row in rows.items()
        if day not in standing or standing[day].source in ours
    }
    tally = merge(CalendarDay.objects, standing, wanted, fixed=("day",))
    queries.forget()
    return tally


def _refuse(faults: Iterator[tuple[int, str]]) -> None:
    found = sorted(faults)
    if found:
        told = "; ".join(f"第{line}行 {reason}" for line, reason in found)
        raise BadReference(
            f"{BadReference.title}: {told}",
            faults=[{"line": line, "reason": reason} for line, reason in found],
        )


def _place_faults(places: Sequence[Place]) -> Iterator[tuple[int, str]]:
    levels = {place.code: place.level for place in places}
    times = Counter((place.code, place.valid_to) for place in places)
    for place in places:
        top, above = place.level == _ORDER[0], levels.get(place.parent)
        cannot = {
            "区划代码应为12位数字": len(place.code) != _CODE or not place.code.isdigit(),
            f"区划代码 {place.code} 重复": times[place.code, place.valid_to] > 1,
            "缺少名称或简称": not place.name or not place.short_name,
            f"不认识的级别 {place.level}": place.level not in _ORDER,
            f"上级 {place.parent or '(空)'} 不存在, 或级别不高于本级": not top
            and not _is_under(place.level, above),
            f"承继区划 {place.successor} 不存在": bool(place.successor)
            and place.successor not in levels,
            "停用日早于启用日": bool(place.valid_to and place.valid_to < place.valid_from),
        }
        yield from ((place.line, reason) for reason, holds in cannot.items() if holds)


def _is_under(level: str, above: str | None) -> bool:
    if level not in _ORDER or above not in _ORDER:
        return False
    return _ORDER.index(above) < _ORDER.index(level)


def _custody_faults(
    custodians: Sequence[Custodian], places: Mapping[str, Division]
) -> Iterator[tuple[int, str]]:
    level = Division.Level
    for row in custodians:
        node, authority = places.get(row.node), places.get(row.authority)
        if node is None or node.level not in (level.TOWN, level.VILLAGE):
            yield row.line, f"被托管的 {row.node} 不是现有的乡镇(街道)或村(社区)"
        if authority is None or authority.level != level.ZONE:
            yield row.line, f"托管方 {row.authority} 不是现有的功能区"


def _repeated(places: Sequence[Place]) -> Collection[str]:
    """Return the village names more than one town has (全市71个), as they stand today."""
    times = Counter(
        place.short_name
        for place in places
        if place.level == Division.Level.VILLAGE and place.valid_to is None
    )
    return {name for name, count in times.items() if count > 1}


def _fields(place: Place, parent: Division | None) -> dict[str, Any]:
    level = Division.Level
    county = parent.county_code if parent else ""
    town = parent.town_code if parent else ""
    return {
        "code": place.code,
        "name": place.name,
        "short_name": place.short_name,
        "level": place.level,
        "parent_id": parent.pk if parent else None,
        "county_code": place.code if place.level == level.COUNTY else county,
        "town_code": place.code if place.level in (level.TOWN, level.ZONE) else town,
        "valid_from": place.valid_from,
        "valid_to": place.valid_to,
    }


def _standing(rows: Sequence[Place]) -> dict[tuple[str, bool], Division]:
    """Return what stands under the codes; a row that ends now is the one that stood until now."""
    codes = [row.code for row in rows]
    found = {
        (one.code, one.valid_to is None): one for one in Division.objects.filter(code__in=codes)
    }
    for row in rows:
        ended, current = (row.code, False), (row.code, True)
        if row.valid_to and ended not in found and current in found:
            found[ended] = found.pop(current)
    return found


def _link_successors(places: Sequence[Place]) -> None:
    wanted = {place.code: place.successor for place in places if place.successor}
    if not wanted:
        return
    current = {
        one.code: one.pk
        for one in Division.objects.filter(code__in=wanted.values(), valid_to__isnull=True)
    }
    changed = []
    for one in Division.objects.filter(code__in=wanted, valid_to__isnull=False):
        if one.successor_id != current.get(wanted[one.code]):
            one.successor_id = current.get(wanted[one.code])
            changed.append(one)
    Division.objects.bulk_update(changed, ["successor"])
