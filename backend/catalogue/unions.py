"""
一表申请: one form for a bundle of items (一件事), each field once; pure.

A field that several parts ask for stands once, and is asked where any of those parts was chosen;
what the bundle's own form asks goes before.
"""

from collections.abc import Mapping, Sequence
from typing import Any

Field = Mapping[str, Any]
Part = Mapping[str, Any]


def form(
    own: Sequence[Field], parts: Sequence[tuple[Part, Sequence[Field]]]
) -> list[dict[str, Any]]:
    """Return the fields of a bundle: its own, then those of its parts that it has not."""
    known = {field["key"] for field in own}
    asked: dict[str, list[tuple[Part, Field]]] = {}
    for part, fields in parts:
        for field in fields:
            if field["key"] not in known:
                asked.setdefault(field["key"], []).append((part, field))
    return [*(dict(field) for field in own), *(_one(askers) for askers in asked.values())]


def _one(askers: Sequence[tuple[Part, Field]]) -> dict[str, Any]:
    """Return a field as the first part tells it, asked where any of its parts is wanted."""
    whens = [_both(part.get("when"), field.get("when")) for part, field in askers]
    made = {key: value for key, value in askers[0][1].items() if key != "when"}
    if all(whens):
        made["when"] = whens[0] if len(whens) == 1 else " or ".join(f"({one})" for one in whens)
    return made


def _both(part: str | None, field: str | None) -> str:
    return f"({part}) and ({field})" if part and field else part or field or ""


def answers_of(fields: Sequence[Field], answers: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a part needs of the bundle's answers."""
    keys = {field["key"] for field in fields}
    return {key: value for key, value in answers.items() if key in keys}


def cycle(parts: Sequence[Part]) -> str:
    """Return the key of a part that waits for itself, by whatever way; "" for none."""
    after = {part["key"]: set(part.get("after", ())) for part in parts}
    while free := [key for key, waits in after.items() if not waits & after.keys()]:
        for key in free:
            del after[key]
    return next(iter(after), "")
