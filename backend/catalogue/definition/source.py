"""
Source (原文): a whole definition back as an item's file would say it. Pure.

What `complete` writes out from defaults or takes from elsewhere in the item is left out again, and
everything stands in the order of `words.ITEM`, so equal definitions are equal texts.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from backend.catalogue.definition import DEFAULTS, Definition
from backend.catalogue.definition.shapes import ListOf, MapOf, OneOf, Record, Shape
from backend.catalogue.definition.words import ITEM

Entry = Mapping[str, Any]

_OF_MATERIAL = {"copies": 1, "deferrable": False, "commitment": False, "form": "electronic"}
_OF_PUBLICITY = ("days", "day_kind", "counts")


def of(whole: Definition) -> dict[str, Any]:
    """Return the file's content of a whole definition: `complete(of(whole)) == whole`."""
    item = {**whole.item, **whole.version, **whole.guide}
    item["department"] = item.pop("department_code")
    item["form"] = [_field(field) for field in whole.form]
    item["materials"] = [_without(row, _OF_MATERIAL) for row in whole.materials]
    item["steps"] = [_step(step, item["day_kind"]) for step in whole.steps]
    made: dict[str, Any] = in_order(ITEM, _without(item, DEFAULTS))
    return made


def _field(field: Entry) -> dict[str, Any]:
    made = dict(field)
    if "options_param" in made:
        made.pop("options", None)
    if isinstance(made.get("options"), Sequence):
        choices = made["options"]
        if choices and all(isinstance(one, Mapping) for one in choices):
            made["options"] = {one["value"]: one["label"] for one in choices}
    if "columns" in made:
        made["columns"] = [_field(column) for column in made["columns"]]
    return made


def _step(step: Entry, day_kind: str) -> dict[str, Any]:
    made = {key: value for key, value in step.items() if key != "join"}
    if made.get("publicity"):
        made = {key: value for key, value in made.items() if key not in _OF_PUBLICITY}
    return _without(made, {"counts": True, "decides": False, "day_kind": day_kind})


def _without(entry: Entry, defaults: Entry) -> dict[str, Any]:
    return {k: v for k, v in entry.items() if k not in defaults or defaults[k] != v}


def in_order(shape: Shape, value: Any) -> Any:
    """Return a value with its keys in the order its shape names them; free keys by name."""
    if isinstance(shape, OneOf):
        fitting = (one for one in shape.shapes if not list(one.faults(value, ())))
        return in_order(next(fitting, shape.shapes[-1]), value)
    if isinstance(shape, ListOf) and isinstance(value, list):
        return [in_order(shape.inner, one) for one in value]
    if isinstance(shape, Record) and isinstance(value, Mapping):
        known = {**shape.needed, **shape.free}
        return {key: in_order(known[key], value[key]) for key in known if key in value}
    if isinstance(shape, MapOf) and isinstance(value, Mapping):
        return {key: in_order(shape.inner, one) for key, one in value.items()}
    if isinstance(value, Mapping):
        return {key: value[key] for key in sorted(value)}
    return value
