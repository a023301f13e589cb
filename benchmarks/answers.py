"""Filled forms (填好的表单): answers that fit a version's form, for a person of `people`."""

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from backend.catalogue import conditions
from benchmarks.people import Person, checked

_USCC_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
_USCC_LETTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_FORMATS = {"birth_certificate": "U510123456"}


def filled(
    form: Sequence[Mapping[str, Any]],
    *,
    person: Person,
    division: str,
    today: date,
    variant: int = 0,
    facts: Mapping[str, object] | None = None,
) -> dict[str, object]:
    """
    Answer every field a form asks for under `facts`, and every other optional one.

    :param division: code of the person's village.
    :param variant: which option of a choice is taken.
    """
    answers: dict[str, object] = {}
    for n, field in enumerate(form):
        if not field.get("required") and (n + variant) % 2:
            continue
        when = field.get("when")
        if when and not conditions.holds(when, {**answers, **(facts or {})}):
            continue
        answers[field["key"]] = _value(field, person, division, today, variant)
    return answers


def _value(  # noqa: C901  (one line a type, as the form's language has them)
    field: Mapping[str, Any], person: Person, division: str, today: date, variant: int
) -> object:
    rules = field.get("rules") or {}
    match field["type"]:
        case "name":
            return person.name
        case "id_no":
            return _id_number(field["key"], rules, person, today)
        case "phone":
            return person.phone
        case "division":
            return division
        case "address":
            return "滨江路18号2单元501"
        case "bank_account":
            return luhn("623000" + person.phone.zfill(12))
        case "enum" | "multi_enum" as kind:
            options = list(field.get("options") or ["其他"])
            chosen = options[variant % len(options)]
            return chosen if kind == "enum" else [chosen]
        case "bool" | "consent":
            return True
        case "int":
            return int(rules.get("min", 1))
        case "money" | "decimal":
            return str(rules.get("min", 100))
        case "date":
            return _day(rules, today).isoformat()
        case "datetime":
            return f"{_day(rules, today).isoformat()}T09:30:00+08:00"
        case "uscc":
            return uscc("91512000MA6" + person.phone[-6:])
        case "table":
            row = {
                column["key"]: _value(column, person, division, today, variant)
                for column in field["columns"]
                if column.get("required")
            }
            return [row]
        case "person_ref":
            return person.name
        case _:
            return _FORMATS.get(str(rules.get("format")), "如实填写")


def _id_number(key: str, rules: Mapping[str, Any], person: Person, today: date) -> str:
    """One's own number, or a child's of the age the form wants."""
    if rules.get("format") == "disability_card":
        return person.id_number + "43"
    if key in ("id_no", "rep_id_no") and "age_max" not in rules:
        return person.id_number
    age = int(rules.get("age_max", rules.get("age_min", 20)))
    born = today.replace(day=1) - timedelta(days=366 * age + 40 if age else 60)
    return checked(f"512000{born:%Y%m%d}{1 + int(person.phone) % 998:03d}")


def _day(rules: Mapping[str, Any], today: date) -> date:
    """Return a day the rules allow, offsets counted from today."""
    latest = rules.get("not_after_days")
    earliest = rules.get("not_before_days")
    if latest is not None:
        return today + timedelta(days=int(latest) - 1)
    return today + timedelta(days=int(earliest) + 1) if earliest is not None else today


def luhn(body: str) -> str:
    """Add the check digit of a bank card (ISO/IEC 7812)."""
    total = 0
    for n, digit in enumerate(reversed(body)):
        value = int(digit) * (2 if n % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return body + str(-total % 10)


def uscc(body: str) -> str:
    """Add the check character of a unified social credit code (GB 32100)."""
    total = sum(
        weight * _USCC_LETTERS.index(letter)
        for weight, letter in zip(_USCC_WEIGHTS, body, strict=True)
    )
    return body + _USCC_LETTERS[-total % 31]
