"""
The population registry (人口库): do a name and a number belong together, and who is it.

Its answers are read as strangers' words: what is missing, of another type or out of range makes the
answer no answer. After five failures in a row nobody is kept waiting for ten seconds.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Final

from backend.core.errors import Unavailable
from backend.exchange.connectors import calls
from backend.residents import identity

RESULTS: Final = ("matched", "different", "not_found")
_GENDERS: Final = ("male", "female", "unknown", "")


class RegistryUnavailable(Unavailable):
    code = "registry_unavailable"
    title = "人口库暂时无法查询, 请稍后再试; 急办可带证件到社区便民服务站, 窗口当场核验"


@dataclass(frozen=True, slots=True)
class PopulationRecord:
    """
    One person of the registry. Divisions are twelve-digit codes; "" and None mean not recorded.

    `gender` is male, female or unknown; `id_type` is one of `identity.ID_TYPES`.
    """

    name: str
    gender: str
    birth_on: date
    id_type: str
    hukou_division: str
    hukou_address: str
    residence_division: str
    residence_address: str
    id_card_expires_on: date | None
    ethnicity: str
    education: str
    alive: bool


BREAKER: Final = calls.Breaker()


def verify(*, name: str, id_number: str, purpose: str, case_number: str = "") -> str:
    """
    Ask whether name and number belong together; return one of RESULTS.

    :raises RegistryUnavailable: no answer, or none we can read.
    """
    body = {"name": name, "id_number": id_number, "purpose": purpose, "case": case_number}
    result = _ask("/population/verify", body).get("result")
    if result not in RESULTS:
        raise RegistryUnavailable
    return str(result)


def person(*, id_number: str, purpose: str, case_number: str = "") -> PopulationRecord | None:
    """
    Ask who a number belongs to; None when it is nobody's.

    :raises RegistryUnavailable: no answer, or none we can read.
    """
    body = {"id_number": id_number, "purpose": purpose, "case": case_number}
    answer = _ask("/population/person", body)
    if answer.get("person", "missing") is None:
        return None
    record = _record(answer.get("person"))
    if record is None:
        raise RegistryUnavailable
    return record


def _ask(path: str, body: Mapping[str, str]) -> Mapping[str, Any]:
    if not BREAKER.lets_through():
        raise RegistryUnavailable
    answer = calls.post(path, body)
    BREAKER.note(answered=answer is not None)
    if answer is None:
        raise RegistryUnavailable
    return answer


def _record(row: object) -> PopulationRecord | None:
    """Return the record a row describes, or None when a field is not what it should be."""
    if not isinstance(row, dict):
        return None
    try:
        return PopulationRecord(
            name=_text(row, "name", least=1, most=50),
            gender=_choice(row, "gender", _GENDERS) or "unknown",
            birth_on=date.fromisoformat(_text(row, "birth_on", least=10, most=10)),
            id_type=_choice(row, "id_type", tuple(identity.ID_TYPES)),
            hukou_division=_division(row, "hukou_division"),
            hukou_address=_text(row, "hukou_address"),
            residence_division=_division(row, "residence_division"),
            residence_address=_text(row, "residence_address"),
            id_card_expires_on=_day(row, "id_card_expires_on"),
            ethnicity=_text(row, "ethnicity", most=20),
            education=_text(row, "education", most=20),
            alive=_truth(row, "alive"),
        )
    except (KeyError, TypeError, ValueError):
        return None


def _text(row: Mapping[str, Any], field: str, *, least: int = 0, most: int = 200) -> str:
    value = row[field]
    if not isinstance(value, str) or not least <= len(value) <= most or "\0" in value:
        raise ValueError(field)
    return value


def _choice(row: Mapping[str, Any], field: str, choices: tuple[str, ...]) -> str:
    value = row[field]
    if value not in choices:
        raise ValueError(field)
    return str(value)


def _division(row: Mapping[str, Any], field: str) -> str:
    code = _text(row, field, most=12)
    if code and not (len(code) == 12 and code.isdecimal()):
        raise ValueError(field)
    return code


def _day(row: Mapping[str, Any], field: str) -> date | None:
    """Return a day; the registry writes 长期 as no day."""
    text = _text(row, field, most=10)
    return date.fromisoformat(text) if text else None


def _truth(row: Mapping[str, Any], field: str) -> bool:
    if not isinstance(row[field], bool):
        raise TypeError(field)
    return bool(row[field])
