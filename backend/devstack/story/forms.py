"""How the story's phones read forms: what is filled already, and a sensible answer for the rest."""

import datetime as dt
import io
import uuid
from collections.abc import Mapping
from typing import Any

from PIL import Image

from backend.devstack.story.stage import today

_ANYBODY = {"name": "陈小丽", "id_no": "512000198001011023"}


def prefilled(form: Mapping[str, Any]) -> tuple[dict[str, Any], list[tuple[str, str]]]:
    """Return what the city filled in, and (label, source) of each."""
    fields = [field for field in form["fields"] if field.get("value") not in (None, "")]
    filled = {field["key"]: field["value"] for field in fields}
    return filled, [(field["label"], str(field.get("source_label"))) for field in fields]


def complete(form: Mapping[str, Any], person: Mapping[str, Any]) -> dict[str, Any]:
    """Return answers: what was filled in, and what a person would add to be done."""
    answers, _ = prefilled(form)
    for field in form["fields"]:
        if field["key"] not in answers and field.get("required") and not field.get("when"):
            answers[field["key"]] = _answer(field, person)
    return answers


def asked(form: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return the materials a person has to see to: what no registry answers for."""
    return [
        one
        for one in form["materials"]
        if one["required"] and not one["by"] and not one.get("when")
    ]


def choices(form: Mapping[str, Any], photo: str = "") -> dict[str, Any]:
    """Return how each material is given: the picture `photo`, or brought to the window."""
    chosen: dict[str, Any] = {}
    for one in asked(form):
        ways = [way["by"] for way in one["choices"]]
        upload = {"by": "upload", "file": photo}
        chosen[one["key"]] = upload if photo and "upload" in ways else {"by": ways[-1]}
    return chosen


def a_photo() -> bytes:
    """Return a picture as a phone takes it."""
    held = io.BytesIO()
    Image.new("RGB", (480, 640), (90, 140, 200)).save(held, "JPEG")
    return held.getvalue()


def _answer(field: Mapping[str, Any], person: Mapping[str, Any]) -> Any:
    kind, rules = field["type"], field.get("rules") or {}
    if kind in ("enum", "multi_enum"):
        first = next(iter(field["options"]))
        value = first["value"] if isinstance(first, Mapping) else first
        return [value] if kind == "multi_enum" else value
    if kind == "table":
        wanted = [column for column in field["columns"] if column.get("required")]
        return [{column["key"]: _cell(column, person) for column in wanted}]
    if kind == "date":
        latest = today() + dt.timedelta(days=min(rules.get("not_after_days", 0), 0))
        return latest.isoformat()
    simple = {
        "consent": True,
        "bool": False,
        "phone": person.get("phone"),
        "id_no": person["id_number"],
        "division": person["residence_division"],
        "address": person["residence_address"],
        "bank_account": person.get("bank_account"),
        "money": "1000",
        "decimal": "20.5",
        "int": 1,
        "name": person["name"],
        "image": "photo-on-file",
        "person_ref": _ANYBODY,
    }
    return simple.get(kind, "如实填写")


def _cell(column: Mapping[str, Any], person: Mapping[str, Any]) -> Any:
    return _ANYBODY.get(column["key"]) or _answer(column, person)


def template_ids(body: Any) -> list[str]:
    """Return the template ids of an answer, however it wraps them."""
    rows = body if isinstance(body, list) else body.get("templates") or body.get("results") or []
    return [row if isinstance(row, str) else row["template_id"] for row in rows]


def step_key(row: Mapping[str, Any]) -> str:
    step = row.get("step_key") or row["step"]
    return str(step["key"] if isinstance(step, Mapping) else step)


def fresh_uid() -> str:
    return str(uuid.uuid4())
