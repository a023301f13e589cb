"""
Parameters (参数): what a division may set of an item, typed and bounded by the standard. Pure.

The city's standard is the `value` of the version; its kind is the kind of every local value: a list
stays a list of names, a table keeps its rows, a number stays within `min` and `max`.
"""

from collections.abc import Iterator, Mapping
from typing import Any

from backend.catalogue.definition.shapes import (
    Complaint,
    Flag,
    ListOf,
    Number,
    OneOf,
    Path,
    Record,
    Shape,
    Text,
)

Param = Mapping[str, Any]

MOST = 10**9
UNKNOWN = "以当地公布为准"
_NAME = Text(most=64)
_MAY_SET: Mapping[str, tuple[str, ...]] = {
    "city": (),
    "county": ("county", "zone"),
    "town": ("county", "zone", "town"),
    "village": ("county", "zone", "town", "village"),
}
"""`per` → the levels whose divisions may have a value of their own; the city's is the standard."""


def may_be_set_at(param: Param, level: str) -> bool:
    """Say whether divisions of a level may have a value of their own."""
    return level in _MAY_SET[param["per"]]


def faults(param: Param, value: object) -> Iterator[Complaint]:
    """Yield why `value` cannot be a local value of a parameter."""
    if value is None:
        yield (), "应写明数值"
        return
    yield from _faults(param, value)


def standard_faults(param: Param, path: Path) -> Iterator[Complaint]:
    """Yield what is wrong with a standard itself; a number nobody has told yet may be null."""
    value = param["value"]
    if param.get("min", 0) > param.get("max", MOST):
        yield (*path, "min"), "下限大于上限"
    elif value is not None:
        yield from (((*path, "value", *where), why) for where, why in _faults(param, value))


def _faults(param: Param, value: object) -> Iterator[Complaint]:
    yield from shape_of(param).faults(value, ())
    if isinstance(value, list) and len({str(one) for one in value}) < len(value):
        yield (), "有重复的项"


def shape_of(param: Param) -> Shape:
    """Return the shape that the standard gives to every value of a parameter."""
    standard = param["value"]
    amount = Number(param.get("min", 0), param.get("max", MOST))
    if isinstance(standard, list):
        return ListOf(_NAME, least=1, most=100)
    if isinstance(standard, Mapping):
        return Record(dict.fromkeys(standard, OneOf((Empty(), amount))))
    if isinstance(standard, bool):
        return Flag()
    return Text(most=300) if isinstance(standard, str) else amount


class Empty:
    """Nothing: a row of a table whose amount nobody has told yet."""

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if value is not None:
            yield path, "应为空"


def fits(param: Param, value: object) -> bool:
    """Say whether a local value still fits a standard that may have changed since."""
    return next(iter(faults(param, value)), None) is None


def spoken(param: Param, value: object) -> str:
    """Return a value as people read it: 80-89: 50元; 90-99: 100元."""
    if isinstance(value, Mapping):
        return "; ".join(f"{key}: {spoken(param, one)}" for key, one in value.items())
    if isinstance(value, list):
        return "、".join(str(one) for one in value)
    if isinstance(value, bool):
        return "是" if value else "否"
    return UNKNOWN if value is None else f"{value}{param.get('unit', '')}"


def set_in(definition: Mapping[str, Any], key: str, value: object) -> dict[str, Any]:
    """Return a definition as it would read with another value of a parameter."""
    changed = [
        {**one, "value": value} if one["key"] == key else one
        for one in definition.get("params", [])
    ]
    made = {**definition, "params": changed}
    publicity = definition.get("publicity") or {}
    if publicity.get("days_param") == key:
        made["publicity"] = {**publicity, "days": value}
    return made
