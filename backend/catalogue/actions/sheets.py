"""
导入表格 (CSV): many rows at once, each checked; every fault with its line, and nothing by halves.

A trial load (试导) says what would happen; only a load without a fault is put in force.
"""

import csv
import io
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import pinyin, queries
from backend.catalogue.actions import rollout
from backend.catalogue.definition import params
from backend.catalogue.models import Capability, LocalParam, ServiceItem, ServiceVersion, Stage
from backend.catalogue.queries import config
from backend.catalogue.queries import rollout as standing
from backend.core.errors import Invalid
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Division

MOST_ROWS = 10_000
MOST_ALIASES = 40
PARAMETERS, ROLLOUT, ALIASES = "parameters", "rollout", "aliases"
COLUMNS: Mapping[str, tuple[str, ...]] = {
    PARAMETERS: ("item", "key", "division", "value"),
    ROLLOUT: ("item", "division", "capability", "stage"),
    ALIASES: ("item", "alias"),
}
OPTIONAL: Mapping[str, tuple[str, ...]] = {PARAMETERS: ("from",), ROLLOUT: (), ALIASES: ()}
Row = Mapping[str, str]
Complaints = Iterator[tuple[str, str]]  # (column, reason)


class BadSheet(Invalid):
    """`extra["faults"]` lists {line, column, reason} of every row that cannot be."""

    code, title = "bad_sheet", "表格有误, 请按所列行号和原因修改后重新导入"


@dataclass
class Sheet:
    """A sheet as read: what each good row would write, and what is wrong with the others."""

    kind: str
    rows: int = 0
    faults: list[dict[str, Any]] = field(default_factory=list)
    writes: list[Any] = field(default_factory=list)
    applied: bool = False


@dataclass
class _World:
    """What rows are checked against, read once."""

    actor: Account
    posts: list[HeldPost]
    today: date
    versions: dict[str, ServiceVersion]
    definitions: dict[str, dict[str, Any]] = field(default_factory=dict)
    entries: dict[tuple[str, str], dict[tuple[str, str | None], str]] = field(default_factory=dict)
    seen: dict[tuple[str, ...], int] = field(default_factory=dict)

    def may(self, place: Division) -> bool:
        if self.actor.kind == Account.Kind.SYSTEM:
            return True
        try:
            duties.require_for(self.posts, Duty.CONFIGURE, place)
        except duties.NotYourDuty:
            return False
        return True


def load_sheet(*, actor: Account, kind: str, text: str, reason: str, apply: bool = False) -> Sheet:
    """
    导入表格: local values, roll-out or popular names (参数、开通、俗名), row by row.

    Lists are written `甲、乙`, tables `80-89=50;90-99=100`. Rows of the roll-out move step by step
    in the order they stand. Without `apply` nothing is written.

    :raises BadSheet: it is no such sheet; or, with `apply`, any row cannot be.
    :raises NotYourDuty: not an item administrator anywhere.
    """
    posts = duties.posts_of(actor) if actor.kind == Account.Kind.STAFF else []
    if actor.kind != Account.Kind.SYSTEM:
        duties.hold(posts, Duty.CONFIGURE)
    with transaction.atomic():
        sheet = _read(_World(actor, posts, timezone.localdate(), _versions()), kind, text)
        if apply and sheet.faults:
            raise BadSheet(faults=sheet.faults, rows=sheet.rows)
        if apply:
            _WRITE[kind](actor, sheet.writes, reason)
            sheet.applied = True
    return sheet


def _versions() -> dict[str, ServiceVersion]:
    rows = ServiceVersion.objects.filter(published_at__isnull=False, retired_at__isnull=True)
    return {row.item.code: row for row in rows.select_related("item")}


def _read(world: _World, kind: str, text: str) -> Sheet:
    sheet = Sheet(kind)
    reader = csv.DictReader(io.StringIO(text.removeprefix("\ufeff"), newline=""), strict=True)
    try:
        heading = [name.strip() for name in reader.fieldnames or ()]
        wanted, free = set(COLUMNS[kind]), set(OPTIONAL[kind])
        if not wanted <= set(heading) <= wanted | free:
            reason = f"第一行应为列名: {', '.join((*COLUMNS[kind], *OPTIONAL[kind]))}"
            raise BadSheet(faults=[{"line": 1, "column": "", "reason": reason}], rows=0)
        reader.fieldnames = heading
        for row in reader:
            within = sum(str(cell).count("\n") for cell in row.values())
            _take(world, sheet, reader.line_num - within, row)
    except csv.Error:
        sheet.faults.append(
            {"line": reader.reader.line_num, "column": "", "reason": "引号没有配对, 没有往下读"}
        )
    return sheet


def _take(world: _World, sheet: Sheet, line: int, row: Mapping[Any, Any]) -> None:
    sheet.rows += 1
    if sheet.rows > MOST_ROWS:
        raise BadSheet(
            faults=[{"line": line, "column": "", "reason": f"一次最多{MOST_ROWS}行"}],
            rows=MOST_ROWS,
        )
    if None in row or None in row.values():
        sheet.faults.append({"line": line, "column": "", "reason": "列数与第一行不一致"})
        return
    clean = {name: value.strip() for name, value in row.items()}
    found: list[Any] = []
    told = list(_CHECK[sheet.kind](world, clean, found))
    key = tuple(clean[name] for name in _KEYS[sheet.kind])
    if not told and sheet.kind != ROLLOUT and (first := world.seen.setdefault(key, line)) != line:
        told = [("", f"与第{first}行重复")]
    if not told:
        sheet.writes += found
    sheet.faults += [{"line": line, "column": column, "reason": why} for column, why in told]


_KEYS = {
    PARAMETERS: ("item", "key", "division"),
    ROLLOUT: ("item", "division", "capability"),
    ALIASES: ("item", "alias"),
}


# ── parameters ──────────────────────────────────────────────────────────────────────────────


def _param(world: _World, row: Row, writes: list[Any]) -> Complaints:
    version, place = world.versions.get(row["item"]), organisation.division_of(row["division"])
    param = _named(version, row["key"])
    if version is None:
        yield "item", "没有这个事项"
    elif param is None:
        yield "key", "该事项没有这个参数"
    yield from _not_here(world, place)
    if place and param and not params.may_be_set_at(param, place.level):
        yield "division", "该参数在这一级不能单独设定"
    since = _day(row.get("from", ""), world.today)
    if since is None:
        yield "from", "应为今天或以后的日期, 如 2027-01-01"
    if version and param:
        value, why = _value(param, row["value"])
        reasons = config.param_faults(_definition(world, version), param, value)
        yield from (("value", reason) for reason in ([why] if why else reasons))
        writes.append((version, place, row["key"], value, since))


def _named(version: ServiceVersion | None, key: str) -> dict[str, Any] | None:
    known = queries.params_of(version) if version else []
    return next((one for one in known if one["key"] == key), None)


def _not_here(world: _World, place: Division | None) -> Complaints:
    if place is None:
        yield "division", "没有这个区划"
    elif not world.may(place):
        yield "division", "不在您管理的区划内"


def _definition(world: _World, version: ServiceVersion) -> dict[str, Any]:
    code = version.item.code
    if code not in world.definitions:
        world.definitions[code] = queries.definition_of(version)
    return world.definitions[code]


def _day(text: str, today: date) -> date | None:
    if not text:
        return today
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    return day if day >= today else None


def _value(param: Mapping[str, Any], text: str) -> tuple[Any, str]:
    """Read a cell as the kind of the standard; with the reason where it cannot be."""
    standard = param["value"]
    if isinstance(standard, list):
        return [part.strip() for part in text.split("、") if part.strip()], ""
    if isinstance(standard, Mapping):
        return _table(text)
    if isinstance(standard, bool):
        words = {"是": True, "true": True, "否": False, "false": False}
        return (words[text], "") if text in words else (None, "应为 是 或 否")
    return (text, "") if isinstance(standard, str) else _number(text)


def _table(text: str) -> tuple[Any, str]:
    made: dict[str, Any] = {}
    for part in filter(None, (one.strip() for one in text.split(";"))):
        key, sign, amount = part.partition("=")
        value, why = _number(amount.strip()) if amount.strip() else (None, "")
        if not sign or why:
            return None, "应写为 名称=数字;名称=数字"
        made[key.strip()] = value
    return made, ""


def _number(text: str) -> tuple[Any, str]:
    try:
        return (int(text), "") if text.lstrip("-").isdecimal() else (float(text), "")
    except ValueError:
        return None, "应为数字"


# ── roll-out ────────────────────────────────────────────────────────────────────────────────


def _opened(world: _World, row: Row, writes: list[Any]) -> Complaints:
    version, place = world.versions.get(row["item"]), organisation.division_of(row["division"])
    capability, stage = row["capability"] or Capability.ONLINE.value, row["stage"]
    told = list(_not_here(world, place))
    if row["item"] and version is None:
        told.append(("item", "没有这个事项"))
    for column, word, known in (
        ("capability", capability, Capability.values),
        ("stage", stage, Stage.values),
    ):
        if word not in known:
            told.append((column, f"应为 {'、'.join(known)}"))
    if place and not told:
        told += _leaps(world, place, row["item"], capability, stage)
    yield from told
    writes.append((version.item if version else None, place, capability, stage))


def _leaps(world: _World, place: Division, item: str, capability: str, stage: str) -> Complaints:
    """Follow the rows so far: each may only be the next step from where they have come to."""
    if (item, capability) not in world.entries:
        world.entries[item, capability] = dict(standing.entries_of(item or None, capability))
    entries = world.entries[item, capability]
    chain = standing.chain_of(place, today=world.today)
    now = standing.standing(entries, item or None, chain).stage
    if rollout.may_follow(now, stage):
        entries[place.code, item or None] = stage
    else:
        yield "stage", f"现在是{Stage(now).label}, 不能直接改为{Stage(stage).label}"


# ── popular names ───────────────────────────────────────────────────────────────────────────


def _alias(world: _World, row: Row, writes: list[Any]) -> Complaints:
    version, alias = world.versions.get(row["item"]), row["alias"]
    city = organisation.division_of(organisation.CITY_CODE)
    if version is None:
        yield "item", "没有这个事项"
    if city is None or not world.may(city):
        yield "item", "俗名全市通用, 由市级事项管理员设定"
    if not 1 <= len(alias) <= 32 or not alias.isprintable():
        yield "alias", "应为1至32个字"
    elif version and alias in (version.item.name, *version.item.aliases):
        yield "alias", "已经有这个名称"
    writes.append((version, alias))


_CHECK: Mapping[str, Callable[[_World, Row, list[Any]], Complaints]] = {
    PARAMETERS: _param,
    ROLLOUT: _opened,
    ALIASES: _alias,
}


# ── writing ─────────────────────────────────────────────────────────────────────────────────


def _write_params(actor: Account, writes: Sequence[Any], reason: str) -> None:
    now = timezone.now()
    LocalParam.objects.bulk_create(
        LocalParam(
            item=version.item,
            division=place,
            key=key,
            value=value,
            valid_from=since,
            set_by=actor,
            set_at=now,
            reason=reason,
        )
        for version, place, key, value, since in writes
    )


def _write_rollout(actor: Account, writes: Sequence[Any], reason: str) -> None:
    for item, place, capability, stage in writes:
        rollout.put(actor, place, item, capability, stage, reason)


def _write_aliases(_actor: Account, writes: Sequence[Any], _reason: str) -> None:
    added: dict[str, tuple[ServiceVersion, list[str]]] = {}
    for version, alias in writes:
        added.setdefault(version.item.code, (version, []))[1].append(alias)
    for version, aliases in added.values():
        item = ServiceItem.objects.select_for_update().get(pk=version.item_id)
        item.aliases = list(dict.fromkeys([*item.aliases, *aliases]))
        names = [item.name, version.guide.get("short_name", ""), *item.aliases]
        item.search_text = pinyin.search_text([name for name in names if name])
        item.save(update_fields=["aliases", "search_text"])


_WRITE: Mapping[str, Callable[[Account, Sequence[Any], str], None]] = {
    PARAMETERS: _write_params,
    ROLLOUT: _write_rollout,
    ALIASES: _write_aliases,
}
