"""
Folders (配置文件): all configuration as YAML texts, and back. Pure.

    manifest.yaml   items/<code>.yaml   parameters.yaml   rollout.yaml   rules.yaml

Equal configurations are equal texts, byte for byte; texts that cannot be are refused with file,
line and reason, everything at once.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import yaml

from backend.catalogue import definition as definitions
from backend.catalogue import files
from backend.catalogue.definition import Fault, Lines, source
from backend.catalogue.definition.shapes import (
    Anything,
    Choice,
    Complaint,
    ListOf,
    Path,
    Record,
    Shape,
    Text,
)
from backend.catalogue.files import ItemFile, Unreadable

FORMAT = 1
MOST_FILES, MOST_BYTES, MOST_ROWS = 2000, 4 * 1024 * 1024, 20_000
MANIFEST, PARAMETERS, ROLLOUT, RULES = (
    f"{name}.yaml" for name in ("manifest", "parameters", "rollout", "rules")
)
_NAME = re.compile(r"items/[A-Za-z0-9-]{1,31}\.yaml|(?:manifest|parameters|rollout|rules)\.yaml")

ParamKey = tuple[str, str, str, str]  # item, parameter, division, first day ("" for at once)
RolloutKey = tuple[str, str, str]  # item ("" for all), division, capability


@dataclass
class Configuration:
    """What can be set without code: items, local values, roll-out, reminder rules."""

    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    params: dict[ParamKey, Any] = field(default_factory=dict)
    rollout: dict[RolloutKey, str] = field(default_factory=dict)
    rules: dict[str, dict[str, Any]] = field(default_factory=dict)


@dataclass
class Reading:
    """A folder as read: the configuration, where each thing stands, and all that is wrong."""

    config: Configuration = field(default_factory=Configuration)
    faults: list[Fault] = field(default_factory=list)
    places: dict[tuple[str, Any], tuple[str, int]] = field(default_factory=dict)
    lines: dict[str, tuple[str, Lines]] = field(default_factory=dict)

    def fault(self, part: str, key: Any, path: str, reason: str) -> None:
        """Note what is wrong with a thing that was read."""
        file, line = self.places[part, key]
        self.faults.append(Fault(path=path, reason=reason, line=line, file=file))


# ── writing ─────────────────────────────────────────────────────────────────────────────────


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Plain YAML: nothing is an anchor."""

    def ignore_aliases(self, _data: object) -> bool:
        return True


def written(config: Configuration) -> dict[str, str]:
    """Return the texts of a configuration: path → YAML."""
    texts = {f"items/{code}.yaml": _yaml(one) for code, one in sorted(config.items.items())}
    return {
        MANIFEST: _yaml({"format": FORMAT}),
        **texts,
        PARAMETERS: _yaml([_param(key, config.params[key]) for key in sorted(config.params)]),
        ROLLOUT: _yaml([_opened(key, config.rollout[key]) for key in sorted(config.rollout)]),
        RULES: _yaml([in_order(config.rules[key]) for key in sorted(config.rules)]),
    }


def _param(key: ParamKey, value: Any) -> dict[str, Any]:
    item, name, division, since = key
    row = {"item": item, "key": name, "division": division, "value": in_order(value)}
    return row | ({"from": since} if since else {})


def _opened(key: RolloutKey, stage: str) -> dict[str, str]:
    item, division, capability = key
    row = {"division": division, "capability": capability, "stage": stage}
    return ({"item": item} if item else {}) | row


def in_order(value: Any) -> Any:
    """Return data with the keys of every mapping in order; a rule's own key stands first."""
    if isinstance(value, Mapping):
        return {key: in_order(value[key]) for key in sorted(value, key=lambda k: (k != "key", k))}
    return [in_order(one) for one in value] if isinstance(value, list) else value


def _yaml(data: Any) -> str:
    text: str = yaml.dump(
        data, Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=100, indent=2
    )
    return text


# ── reading ─────────────────────────────────────────────────────────────────────────────────

_CODE = Text(most=31, pattern="[A-Za-z0-9-]+")
_PLACE = Text(most=12, pattern="[0-9]{12}")
_DAY = Text(most=10, pattern=r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_PARAM = Record(
    {"item": _CODE, "key": Text(most=24), "division": _PLACE, "value": Anything()},
    {"from": _DAY},
)
_OPENED = Record(
    {
        "division": _PLACE,
        "capability": Choice(("online", "booking", "proxy")),
        "stage": Choice(("off", "pilot", "live")),
    },
    {"item": _CODE},
)


def read(texts: Mapping[str, str]) -> Reading:
    """Read a folder; parts that are not there say nothing. Faults come in the order of lines."""
    reading = Reading()
    if len(texts) > MOST_FILES:
        reading.faults.append(Fault("(全部)", f"文件多于{MOST_FILES}个"))
        return reading
    for name in sorted(texts):
        if not _NAME.fullmatch(name):
            reading.faults.append(Fault("(整个文件)", "没有这样的配置文件", 1, name))
            continue
        try:
            file = files.read(name, texts[name].encode(), {}, most=MOST_BYTES)
        except Unreadable as refused:
            reading.faults.append(refused.fault)
            continue
        _PARTS.get(name, _item)(reading, file)
    return reading


def _item(reading: Reading, file: ItemFile) -> None:
    found = definitions.faults(file.data, lines=file.lines, file=file.name)
    reading.faults += found
    if found:
        return
    code = file.data["code"]
    if file.name != f"items/{code}.yaml":
        reading.faults.append(Fault("code", "与文件名不符", file.lines.get(("code",)), file.name))
        return
    reading.config.items[code] = source.of(definitions.complete(file.data))
    reading.places["item", code] = (file.name, 1)
    reading.lines[code] = (file.name, file.lines)


def _manifest(reading: Reading, file: ItemFile) -> None:
    if file.data != {"format": FORMAT}:
        reason = f"不是本平台的配置(应为 format: {FORMAT})"
        reading.faults.append(Fault("format", reason, 1, file.name))


def _params(reading: Reading, file: ItemFile) -> None:
    for line, row in _rows(reading, file, _PARAM):
        key = (row["item"], row["key"], row["division"], row.get("from", ""))
        _keep(reading, "param", key, reading.config.params, row["value"], (file.name, line))


def _rollouts(reading: Reading, file: ItemFile) -> None:
    for line, row in _rows(reading, file, _OPENED):
        key = (row.get("item", ""), row["division"], row["capability"])
        _keep(reading, "rollout", key, reading.config.rollout, row["stage"], (file.name, line))


def _rules(reading: Reading, file: ItemFile) -> None:
    for line, row in _rows(reading, file, _RULE):
        _keep(reading, "rule", row["key"], reading.config.rules, row, (file.name, line))


@dataclass(frozen=True, slots=True)
class _Rule:
    """A reminder rule; what else it must say is known where rules are loaded."""

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Mapping) or not isinstance(value.get("key"), str):
            yield path, "应为一条规则, 写明 key"


_RULE = _Rule()


def _rows(reading: Reading, file: ItemFile, shape: Shape) -> Iterator[tuple[int, dict[str, Any]]]:
    """Yield (line, row) of the rows that have their shape; note what is wrong with the others."""
    rows = file.data or []
    whole = list(ListOf(Anything(), most=MOST_ROWS).faults(rows, ()))
    for path, reason in whole:
        reading.faults.append(Fault(definitions.written(path), reason, 1, file.name))
    for number, row in enumerate([] if whole else rows):
        told = list(shape.faults(row, (number,)))
        for path, reason in told:
            line = next(
                file.lines[path[:end]]
                for end in range(len(path), -1, -1)
                if path[:end] in file.lines
            )
            reading.faults.append(Fault(definitions.written(path), reason, line, file.name))
        if not told:
            yield file.lines[number,], row


def _keep(
    reading: Reading,
    part: str,
    key: Any,
    into: dict[Any, Any],
    value: Any,
    place: tuple[str, int],
) -> None:
    if key in into:
        first = reading.places[part, key][1]
        reading.faults.append(Fault("(整行)", f"与第{first}行重复", place[1], place[0]))
        return
    into[key] = value
    reading.places[part, key] = place


_PARTS: Mapping[str, Callable[[Reading, ItemFile], None]] = {
    MANIFEST: _manifest,
    PARAMETERS: _params,
    ROLLOUT: _rollouts,
    RULES: _rules,
}


# ── comparing ───────────────────────────────────────────────────────────────────────────────


@dataclass(frozen=True, slots=True)
class Difference:
    """One thing that is not the same here and there."""

    part: str  # item, param, rollout, rule
    key: str
    change: str  # added, changed, only_here
    paths: tuple[tuple[str, Any, Any], ...] = ()  # path, here, there


MOST_PATHS = 50


def compare(here: Configuration, there: Configuration) -> list[Difference]:
    """Return what differs, part by part; lists are compared in order, mappings are not."""
    told: list[Difference] = []
    for part, mine, theirs in (
        ("item", here.items, there.items),
        ("param", here.params, there.params),
        ("rollout", here.rollout, there.rollout),
        ("rule", here.rules, there.rules),
    ):
        told += _compare(part, mine, theirs)
    return told


def _compare(part: str, here: Mapping[Any, Any], there: Mapping[Any, Any]) -> Iterator[Difference]:
    for key in sorted({*here, *there}):
        name = key if isinstance(key, str) else " ".join(filter(None, key))
        if key not in here:
            yield Difference(part, name, "added")
        elif key not in there:
            yield Difference(part, name, "only_here")
        elif not same(part, here[key], there[key]):
            paths = tuple(_paths(here[key], there[key], ()))[:MOST_PATHS]
            yield Difference(part, name, "changed", paths)


def same(part: str, here: Any, there: Any) -> bool:
    """Say whether two things are the same; of items, whether loading one would change nothing."""
    if part == "item":
        return definitions.complete(here) == definitions.complete(there)
    return bool(here == there)


def _paths(here: Any, there: Any, path: Path) -> Iterator[tuple[str, Any, Any]]:
    if isinstance(here, Mapping) and isinstance(there, Mapping):
        for key in sorted({*here, *there}):
            yield from _paths(here.get(key), there.get(key), (*path, key))
    elif isinstance(here, list) and isinstance(there, list):
        for number in range(max(len(here), len(there))):
            mine = here[number] if number < len(here) else None
            theirs = there[number] if number < len(there) else None
            yield from _paths(mine, theirs, (*path, number))
    elif here != there:
        yield definitions.written(path), here, there
