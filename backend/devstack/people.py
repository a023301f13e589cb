"""The demo residents (演示居民) as the sandboxes see them: owners of phones, rows of a registry."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import yaml

SEEDS = Path(__file__).resolve().parents[1] / "seeds" / "data" / "people.yaml"


@dataclass(frozen=True, slots=True)
class Person:
    """One resident: what a phone shows (key, name, phone) and what a registry holds."""

    key: str
    name: str
    id_number: str = ""
    id_type: str = "id_card"
    gender: str = ""
    birth_on: str = ""
    phone: str = ""
    hukou_division: str = ""
    hukou_address: str = ""
    residence_division: str = ""
    residence_address: str = ""
    id_card_expires_on: str = ""
    ethnicity: str = ""
    education: str = ""
    alive: bool = True
    statuses: tuple[str, ...] = ()


def load(path: Path | None) -> list[Person]:
    """Read the residents; no file means a city without demo residents, and is said."""
    path = path or SEEDS
    if not path.exists():
        print(f"没有演示居民文件 {path.name}, 沙箱以空名单启动", file=sys.stderr)
        return []
    content = yaml.safe_load(path.read_text(encoding="utf-8")) or []
    rows = content.get("people", []) if isinstance(content, Mapping) else content
    return [_person(row) for row in rows if isinstance(row, Mapping) and row.get("key")]


def _person(row: Mapping[str, Any]) -> Person:
    address = _text(row, "address", "residence_address")
    hukou = _text(row, "hukou_division", "hukou")
    return Person(
        key=_text(row, "key"),
        name=_text(row, "name"),
        id_number=_text(row, "id_number"),
        id_type=_text(row, "id_type") or "id_card",
        gender=_text(row, "gender"),
        birth_on=_text(row, "birth_on", "birth"),
        phone=_text(row, "phone"),
        hukou_division=hukou,
        hukou_address=_text(row, "hukou_address") or address,
        residence_division=_text(row, "residence_division", "residence") or hukou,
        residence_address=_text(row, "residence_address") or address,
        id_card_expires_on=_text(row, "id_card_expires_on"),
        ethnicity=_text(row, "ethnicity") or "汉族",
        education=_text(row, "education"),
        alive=row.get("alive", True) not in (False, "false", "no", 0),
        statuses=tuple(_text(one, "kind") for one in row.get("statuses") or ()),
    )


def _text(row: Mapping[str, Any], *names: str) -> str:
    """Return the first of `names` that is given, as text; YAML may have read a date or a number."""
    for name in names:
        value = row.get(name)
        if value not in (None, ""):
            return value.isoformat() if isinstance(value, date) else str(value)
    return ""
