"""
Reference data (基础数据): the files of `data/` read, and handed to the actions that load them.

A file that cannot be read stops the load with its name, line and reason, before anything of it
is written.
"""

import csv
from collections.abc import Iterator
from datetime import date
from pathlib import Path
from typing import Any

import yaml

from backend.accounts.models import Account
from backend.cases import actions as cases
from backend.catalogue import actions as catalogue
from backend.catalogue import files
from backend.organisation import actions as organisation
from backend.organisation.actions import Custodian, Day, Office, Place, Tally
from backend.seeds import calendar
from notifications.actions import loading as notifications

DATA = Path(__file__).parent / "data"
OFFICE_LEVELS = ("city", "county", "zone", "town", "village")


def load(*, actor: Account, data: Path = DATA) -> Iterator[tuple[str, str]]:
    """
    Load everything, in the order it leans on itself; yield (what, how much) after each part.

    :raises BadReference: a row of a CSV file cannot be.
    :raises BadDefinition: an item cannot work; earlier items stay loaded.
    :raises BadRule: a reminder rule cannot be.
    :raises Unreadable: a file of an item is no YAML of ours.
    """
    days = (
        Day(row.day, row.is_workday, row.label, row.provisional, row.source)
        for row in calendar.seed_rows()
    )
    yield "工作日历", str(organisation.load_calendar(days=days))
    yield "在办时限", f"重算{cases.recompute_clocks()}件"
    yield "区划", str(organisation.load_divisions(places=places(data)))
    yield "托管", str(organisation.load_custody(custodians=custodians(data)))
    yield "部门", str(_departments(data))
    yield "事项", _items(actor, data)
    yield "提醒规则", _rules(data)


def places(data: Path = DATA) -> list[Place]:
    """Read the divisions and the functional zones."""
    return [
        Place(
            line=line,
            code=row["code"],
            name=row["name"],
            short_name=row["short_name"],
            level=row["level"],
            parent=row["parent"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            successor=row["successor"],
        )
        for name in ("divisions.csv", "zones.csv")
        for line, row in _rows(data / name)
    ]


def custodians(data: Path = DATA) -> list[Custodian]:
    """Read who acts for whom."""
    return [
        Custodian(
            line=line,
            node=row["node"],
            authority=row["authority"],
            valid_from=date.fromisoformat(row["valid_from"]),
            valid_to=_day(row["valid_to"]),
            evidence=row["evidence"],
        )
        for line, row in _rows(data / "custody.csv")
    ]


def _departments(data: Path) -> Tally:
    content: dict[str, list[dict[str, Any]]] = yaml.safe_load(
        (data / "departments.yaml").read_text(encoding="utf-8")
    )
    return organisation.load_departments(
        offices=[
            Office(level, one["code"], one["name"])
            for level in OFFICE_LEVELS
            for one in content.get(level, [])
        ],
        names={(one["code"], one["division"]): one["name"] for one in content.get("names", [])},
    )


def _items(actor: Account, data: Path) -> str:
    versions = [
        catalogue.load_item(actor=actor, definition=file.data, lines=file.lines, file=file.name)
        for file in files.read_items(data / "items")
    ]
    return f"{len(versions)}项已发布"


def _rules(data: Path) -> str:
    rows: list[dict[str, Any]] = yaml.safe_load((data / "rules.yaml").read_text(encoding="utf-8"))
    rules = [notifications.load_rule(data=row) for row in rows]
    return f"{len(rules)}条已装载"


def _rows(path: Path) -> Iterator[tuple[int, dict[str, str]]]:
    """Yield (line, row) of a CSV file; line 1 is the heading."""
    with path.open(encoding="utf-8", newline="") as file:
        yield from enumerate(csv.DictReader(file), start=2)


def _day(text: str) -> date | None:
    return date.fromisoformat(text) if text else None
