"""
Forms (表单): published fields and a resident's answers in, clean answers out. No database here.

All faults are told at once, each under its field and in words that say what to do; no sentence
repeats what was written. What a clean answer looks like stands with its type in `readers.py`.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

import orjson

from backend.catalogue import conditions
from backend.catalogue.forms import readers
from backend.catalogue.forms.readers import FIELD_TYPES, Scope, options_of
from backend.core.errors import Invalid
from backend.residents import identity

__all__ = ["FIELD_TYPES", "Context", "Field", "FormRejected", "check", "check_some", "options_of"]

Field = Mapping[str, Any]

MOST_BYTES = 64 * 1024
MOST_ROWS = 50
MOST_EXTRAS = 20
WHOLE_FORM = "form"

_ASK = {
    "enum": "请选择",
    "multi_enum": "请至少选择一项",
    "division": "请选择",
    "slot": "请选择",
    "date": "请选择",
    "datetime": "请选择",
    "image": "请上传",
    "file": "请上传",
    "consent": "请阅读并同意",
}


class FormRejected(Invalid):
    """`extra["fields"]` maps each faulty field (`members[0].id_no` in tables) to a sentence."""

    code, title = "form_rejected", "表单填写有误, 请按提示修改后重新提交"


@dataclass(frozen=True, slots=True)
class Context:
    """
    What checks need of the world.

    `division_level` returns the level of a division in force, "" for an unknown code;
    `id_number` is the applicant's verified number, "" where there is none; `facts` are further
    names the conditions of fields may ask.
    """

    division_level: Callable[[str], str]
    id_number: str = ""
    facts: Mapping[str, object] = field(default_factory=dict)


def check(
    *, fields: Sequence[Field], answers: object, today: date, context: Context
) -> dict[str, Any]:
    """
    Check `answers` against the published `fields` and return them clean.

    Clean means: spaces and full-width signs normalised, days as ISO text, amounts as decimal
    text, fields that do not apply left out. Everything in the result can be written as JSON.

    :raises FormRejected: every faulty, missing and unknown field at once.
    """
    given = _readable(answers)
    scope = Scope(today=today, division_level=context.division_level, id_number=context.id_number)
    facts = {**context.facts, **_age(given, context, today)}
    clean, faults = _check_fields(fields, given, scope, facts)
    faults |= _extras(fields, given)
    if faults:
        raise FormRejected(fields=faults)
    return clean


def check_some(
    *,
    fields: Sequence[Field],
    answers: Mapping[str, Any],
    changed: Mapping[str, object],
    today: date,
    context: Context,
) -> dict[str, Any]:
    """
    Check what is `changed` of clean `answers`, and only that; return its clean values.

    What else stands is looked at (the kind of document beside its number), but not judged again: a
    day that was right at submission may have passed. None stands for a value that was taken away.

    :raises FormRejected: every fault of the changed fields at once.
    """
    given = _readable({**answers, **changed})
    scope = Scope(today=today, division_level=context.division_level, id_number=context.id_number)
    facts = {**context.facts, **_age(given, context, today)}
    clean, faults = _check_fields(fields, given, scope, facts)
    faults |= _extras(fields, changed)
    mine = {where: text for where, text in faults.items() if where.split("[")[0] in changed}
    if mine:
        raise FormRejected(fields=mine)
    return {key: clean.get(key) for key in changed}


def _check_fields(
    fields: Sequence[Field], given: Mapping[str, Any], scope: Scope, facts: Mapping[str, object]
) -> tuple[dict[str, Any], dict[str, str]]:
    clean: dict[str, Any] = {}
    faults: dict[str, str] = {}
    for item in fields:
        if not conditions.holds(item.get("when") or "", {**facts, **given, **clean}):
            continue
        key, value = item["key"], given.get(item["key"])
        if _is_empty(value, item):
            if item.get("required"):
                faults[key] = f"{_ASK.get(item['type'], '请填写')}{item['label']}"
            continue
        if item["type"] == "table":
            rows, wrong = _check_table(item, value, scope)
            clean[key] = rows
            faults |= wrong
            continue
        try:
            clean[key] = readers.read(value, item, replace(scope, answers=clean))
        except ValueError as refusal:
            faults[key] = str(refusal)
    return clean, faults


def _check_table(
    item: Field, value: object, scope: Scope
) -> tuple[list[dict[str, Any]], dict[str, str]]:
    """Return the clean rows of a table, and the faults by `key[row].column`."""
    key, label, rules = item["key"], item["label"], item.get("rules") or {}
    if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
        return [], {key: f"{label}的格式不对, 请逐行填写"}
    least, most = rules.get("min_rows", 0), rules.get("max_rows", MOST_ROWS)
    if not least <= len(value) <= most:
        return [], {key: f"{label}应填{least}至{most}行, 请增减后再提交"}
    rows, faults = [], {}
    for number, row in enumerate(value):
        clean, wrong = _check_fields(item["columns"], row, scope, {})
        wrong |= _extras(item["columns"], row)
        rows.append(clean)
        for column, sentence in wrong.items():
            faults[f"{key}[{number}].{column}"] = f"第{number + 1}行: {sentence}"
    unique = rules.get("unique")
    seen = [row.get(unique) for row in rows] if unique else []
    for number, one in enumerate(seen):
        if one is not None and one in seen[:number]:
            faults[f"{key}[{number}].{unique}"] = f"第{number + 1}行与前面重复, 请删除一行"
    return rows, faults


def _readable(answers: object) -> Mapping[str, Any]:
    if not isinstance(answers, Mapping):
        raise FormRejected(fields={WHOLE_FORM: "表单内容应为一组填写项, 请重新填写后提交"})
    try:
        size = len(orjson.dumps(answers))
    except (TypeError, orjson.JSONEncodeError):
        raise FormRejected(
            fields={WHOLE_FORM: "表单中有无法保存的字符, 请删除特殊符号后重新提交"}
        ) from None
    if size > MOST_BYTES:
        raise FormRejected(fields={WHOLE_FORM: "表单内容过大(最多64KB), 请精简文字后重新提交"})
    return answers


def _is_empty(value: object, item: Field) -> bool:
    if isinstance(value, str):
        return not value.strip()
    if item["type"] == "table" and value == []:
        return (item.get("rules") or {}).get("min_rows", 1) > 0 or not item.get("required")
    return value is None or value == []


def _extras(fields: Sequence[Field], given: Mapping[str, Any]) -> dict[str, str]:
    unknown = sorted(str(key) for key in given.keys() - {item["key"] for item in fields})
    return {key[:40]: "表单中没有此项, 请删除后重新提交" for key in unknown[:MOST_EXTRAS]}


def _age(given: Mapping[str, Any], context: Context, today: date) -> dict[str, object]:
    """Return the applicant's age for conditions: by the verified number, else by what is said."""
    said = context.id_number or identity.normalise(str(given.get("id_no") or ""))
    born = identity.birth_on_of(said)
    return {"applicant.age": identity.age_on(born, today)} if born else {}
