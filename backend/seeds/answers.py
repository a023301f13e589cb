"""Sample answers (示例答案): a valid form for any item, read from nothing but its fields."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, timedelta
from typing import Any

from stdnum.iso7064 import mod_11_2

from backend.catalogue import conditions, forms, ways

Field = Mapping[str, Any]

# What a demo person knows by the name of the register that would give it.
_KNOWN = {
    "population.name": "name",
    "population.id_type": "id_type",
    "population.id_no": "id_number",
    "population.residence_division": "residence_division",
    "population.hukou_division": "hukou_division",
    "population.hukou_address": "residence_address",
    "account.phone": "phone",
    "geo.address": "residence_address",
    "geo.division": "residence_division",
    "socialcard.bank_account": "bank_account",
    "household.address": "residence_address",
}
_ANYBODY = {"name": "陈小丽", "id_no": "512000198001011026", "relation": "其他", "phone": ""}


def sample(fields: Sequence[Field], person: Mapping[str, Any], *, today: date) -> dict[str, Any]:
    """Return answers to every required field, as `person` (of people.yaml) would give them."""
    answers: dict[str, Any] = {}
    for field in fields:
        facts = {**answers, "applicant": {"by_proxy": False, "local_hukou": True}}
        wanted = field.get("required") or field.get("prefill") in _KNOWN
        if wanted and (not field.get("when") or conditions.holds(field["when"], facts)):
            value = _value(field, person, today)
            if value not in (None, ""):
                answers[field["key"]] = value
    return answers


def papers(
    materials: Sequence[Field], answers: Mapping[str, Any], registries: Sequence[str]
) -> dict[str, dict[str, str]]:
    """Return how each material one is asked for is given: brought to the window, all of them."""
    facts = {**answers, "applicant": {"by_proxy": False, "local_hukou": True}}
    return {
        one["key"]: {"by": ways.in_person(one) or "paper"}
        for one in materials
        if one["required"] and ways.applies(one, facts) and not ways.without_asking(one, registries)
    }


def _value(field: Field, person: Mapping[str, Any], today: date) -> Any:
    known = person.get(_KNOWN.get(field.get("prefill", ""), ""))
    if known:
        return known
    return _BY_TYPE[field["type"]](field, person, today)


def _first_option(field: Field, _person: Mapping[str, Any], _today: date) -> Any:
    return next(iter(forms.options_of(field)))


def _text(field: Field, person: Mapping[str, Any], _today: date) -> str:
    rules = field.get("rules") or {}
    if rules.get("format") == "disability_card":
        return f"{person['id_number']}42"
    if "pattern" in rules or rules.get("format") == "birth_certificate":
        return "Q510000001"
    return "如实填写"


def _number(field: Field, _person: Mapping[str, Any], _today: date) -> int:
    return int((field.get("rules") or {}).get("min", 0)) or 1


def _date(field: Field, _person: Mapping[str, Any], today: date) -> str:
    rules = field.get("rules") or {}
    latest = today + timedelta(days=rules.get("not_after_days", 30))
    return min(latest, today + timedelta(days=30)).isoformat()


def _moment(field: Field, person: Mapping[str, Any], today: date) -> str:
    return f"{min(_date(field, person, today), (today - timedelta(days=3)).isoformat())}T09:00"


def _id_no(field: Field, person: Mapping[str, Any], today: date) -> str:
    """Return the person's own number, or one of somebody of the age the field asks for."""
    oldest = (field.get("rules") or {}).get("age_max")
    if oldest is None:
        return str(person["id_number"])
    born = today.replace(year=today.year - oldest, month=1, day=1)
    body = f"512000{born:%Y%m%d}102"
    return body + mod_11_2.calc_check_digit(body)


def _division(field: Field, person: Mapping[str, Any], _today: date) -> str:
    national = (field.get("rules") or {}).get("scope") == "national"
    return "510100000000" if national else str(person["residence_division"])


def _rows(field: Field, person: Mapping[str, Any], today: date) -> list[dict[str, Any]]:
    if not (field.get("rules") or {}).get("min_rows", 1):
        return []
    row = {}
    for column in field["columns"]:
        value = _ANYBODY.get(column["key"]) or (
            _value(column, person, today) if column.get("required") else None
        )
        if value not in (None, ""):
            row[column["key"]] = value
    return [row]


_BY_TYPE: dict[str, Callable[[Field, Mapping[str, Any], date], Any]] = {
    "text": _text,
    "textarea": _text,
    "name": lambda *_: "陈小丽",
    "enum": _first_option,
    "multi_enum": lambda *given: [_first_option(*given)],
    "bool": lambda *_: False,
    "consent": lambda *_: True,
    "id_no": _id_no,
    "phone": lambda _field, person, _today: person.get("phone") or "02826123456",
    "division": _division,
    "address": lambda _field, person, _today: person["residence_address"],
    "bank_account": lambda _field, person, _today: person.get("bank_account"),
    "uscc": lambda *_: "91512000MA62K0001X",
    "money": _number,
    "decimal": _number,
    "int": _number,
    "date": _date,
    "datetime": _moment,
    "table": _rows,
    "person_ref": lambda *_: {"name": "陈小丽", "id_no": "512000198001011026"},
    "slot": lambda _f, _p, today: f"{(today + timedelta(days=3)).isoformat()}T09:00",
    "image": lambda *_: "photo-on-file",
}
