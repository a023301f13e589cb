"""Answers as people may see them (申报内容): labels beside values, sensitive ones masked."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from backend.catalogue import forms
from backend.core import crypto
from backend.organisation import names as places

Masks = Mapping[str, Callable[[str], str]]

# By type of field. Residents see the names they wrote; staff ask for them (领域说明 §4 默认掩码).
FOR_RESIDENTS: Masks = {
    "id_no": crypto.mask_id_number,
    "phone": crypto.mask_phone,
    "bank_account": lambda text: "*" * max(len(text) - 4, 0) + text[-4:],
}
FOR_STAFF: Masks = {**FOR_RESIDENTS, "name": crypto.mask_name}
_BOOLS = {True: "是", False: "否"}
PERSON = (
    {"key": "name", "label": "姓名", "type": "name"},
    {"key": "relation", "label": "关系", "type": "text"},
    {"key": "id_no", "label": "证件号码", "type": "id_no"},
    {"key": "phone", "label": "电话", "type": "phone"},
)


def lines(
    form: Sequence[Mapping[str, Any]],
    answers: Mapping[str, Any],
    *,
    masks: Masks = FOR_RESIDENTS,
) -> list[dict[str, Any]]:
    """
    Return `{key, label, value}` for every answered field, in the form's order.

    Divisions get their names; no masks is for forms, never for lists.
    """
    names = _division_names(form, answers)
    return [
        {
            "key": field["key"],
            "label": field["label"],
            "value": _text(field, answers[field["key"]], names, masks),
        }
        for field in form
        if answers.get(field["key"]) not in (None, "", [])
    ]


def _division_names(
    form: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]
) -> dict[str, str]:
    codes = {answers.get(field["key"]) for field in form if field["type"] == "division"}
    return {code: name for code in codes if code and (name := places.division(code))}


def _text(field: Mapping[str, Any], value: Any, names: Mapping[str, str], masks: Masks) -> str:
    if isinstance(value, bool):
        return _BOOLS[value]
    if isinstance(value, list):
        parts = [_text(field, one, names, masks) for one in value]
        return ("; " if field["type"] == "table" else "、").join(parts)
    if isinstance(value, Mapping):
        return _row(field, value, names, masks)
    text = forms.options_of(field).get(str(value)) or names.get(str(value), str(value))
    hide = masks.get(field["type"])
    return hide(text) if hide else text


def _row(
    field: Mapping[str, Any], row: Mapping[str, Any], names: Mapping[str, str], masks: Masks
) -> str:
    """Say one row of a table, or one person, by its columns; an undeclared part is not shown."""
    columns = {one["key"]: one for one in field.get("columns") or PERSON}
    return " ".join(
        _text(columns[key], value, names, masks)
        for key, value in row.items()
        if key in columns and value not in (None, "", [])
    )


def for_staff(
    form: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]
) -> list[dict[str, Any]]:
    """Return `{key, label, value, clear}`, masked and plain side by side; `clear` never leaves."""
    plain, names = lines(form, answers, masks={}), _division_names(form, answers)
    fields = {field["key"]: field for field in form}
    return [
        {
            **line,
            "value": _text(fields[line["key"]], answers[line["key"]], names, FOR_STAFF),
            "clear": line["value"],
        }
        for line in plain
    ]
