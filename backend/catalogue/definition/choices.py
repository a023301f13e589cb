"""Choices (选择项) of a form as a list: a JSON object forgets the order of its keys. Pure."""

from collections.abc import Iterable, Mapping
from typing import Any

Entry = Mapping[str, Any]


def fields(form: Iterable[Entry]) -> list[dict[str, Any]]:
    """Return fields whose choices are lists of value and label."""
    return [_field(one) for one in form]


def _field(field: Entry) -> dict[str, Any]:
    made = dict(field)
    if isinstance(made.get("options"), Mapping):
        made["options"] = [
            {"value": value, "label": label} for value, label in made["options"].items()
        ]
    if isinstance(made.get("columns"), list):
        made["columns"] = [
            _field(one) if isinstance(one, Mapping) else one for one in made["columns"]
        ]
    return made
