"""
Definitions of items (事项定义): plain data in; faults with path, line and reason, or a whole
definition with every default written out. No database here.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any

from backend.catalogue.definition import sense, words
from backend.catalogue.definition.shapes import Path
from backend.catalogue.forms import options_of

__all__ = [
    "DEFAULTS",
    "VERSION_KEYS",
    "Definition",
    "Fault",
    "Lines",
    "complete",
    "faults",
    "written",
]

Lines = Mapping[Path, int]

_ITEM_KEYS = ("code", "name", "theme", "kind", "level")
VERSION_KEYS = (
    "legal_days",
    "promised_days",
    "day_kind",
    "authority",
    "realname_level",
    "online",
)
DEFAULTS: Mapping[str, Any] = {
    "aliases": [],
    "audience": [],
    "department_note": "",
    "item_type": "",
    "official_ref": "",
    "extend_days": 0,
    "publicity": None,
    "window": None,
    "joins": {},
    "tracks": [],
    "authority_field": "",
    "cross_region": "",
    "realname_level": 2,
    "online": True,
    "bookable": False,
    "max_onsite": 0,
    "proxy_allowed": True,
    "kin_statement": False,
    "once_a_household": False,
    "bundle": [],
    "parts": [],
    "excludes": [],
    "params": [],
    "fee": {"charged": False},
    "validity": "",
    "renewal": None,
    "reminders": [],
    "evidence": [],
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing that is wrong: where (`steps[2].days`), on which line of the file, and why."""

    path: str
    reason: str
    line: int | None = None
    file: str = ""

    def __str__(self) -> str:
        where = f"{self.file}第{self.line}行 " if self.line else self.file
        return f"{where}{self.path}: {self.reason}"


@dataclass(frozen=True, slots=True)
class Definition:
    """A whole definition, as the models keep it; the guide is all that is told and not run."""

    item: dict[str, Any]
    version: dict[str, Any]
    form: list[dict[str, Any]]
    materials: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    guide: dict[str, Any]


def faults(
    data: object,
    *,
    lines: Lines | None = None,
    departments: Collection[str] | None = None,
    file: str = "",
) -> list[Fault]:
    """
    Return all that is wrong with a definition, in the order of its lines; [] if it can work.

    :param lines: path → line, where it was read from a file.
    :param departments: the codes in use; None leaves departments unchecked.
    """
    told = list(words.ITEM.faults(data, ()))
    if not told and isinstance(data, Mapping):
        told = list(sense.faults(data, departments))
    found = [
        Fault(path=written(path), reason=reason, line=_line(path, lines or {}), file=file)
        for path, reason in told
    ]
    return sorted(found, key=lambda fault: (fault.line or 0, fault.path, fault.reason))


def complete(data: Mapping[str, Any]) -> Definition:
    """Return a definition without faults with every default written out."""
    whole = {**DEFAULTS, **data}
    params = {one["key"]: one["value"] for one in whole["params"]}
    form = [_field(field, params) for field in whole["form"]]
    taken = {*_ITEM_KEYS, *VERSION_KEYS, "department", "audience", "aliases"}
    taken |= {"form", "materials", "steps"}
    return Definition(
        item={key: whole[key] for key in (*_ITEM_KEYS, "audience", "aliases")}
        | {"department_code": whole["department"]},
        version={key: whole[key] for key in VERSION_KEYS},
        form=form,
        materials=[_material(material) for material in whole["materials"]],
        steps=[_step(step, whole) for step in whole["steps"]],
        guide={key: value for key, value in whole.items() if key not in taken},
    )


def _field(field: Mapping[str, Any], params: Mapping[str, Any]) -> dict[str, Any]:
    """Write the choices out as a list, because a JSON object forgets the order of its keys."""
    made = dict(field)
    if "options_param" in field:
        made["options"] = params[field["options_param"]]
    if "options" in made:
        choices = options_of(made).items()
        plain = all(value == label for value, label in choices)
        made["options"] = [
            value if plain else {"value": value, "label": label} for value, label in choices
        ]
    if "columns" in field:
        made["columns"] = [_field(column, params) for column in field["columns"]]
    return made


def _material(material: Mapping[str, Any]) -> dict[str, Any]:
    default = {"copies": 1, "deferrable": False, "commitment": False, "form": "electronic"}
    return {**default, **material}


def _step(step: Mapping[str, Any], whole: Mapping[str, Any]) -> dict[str, Any]:
    """Write out what a step takes from the item: its way of counting, its publicity, its join."""
    made = {"counts": True, "decides": False, "day_kind": whole["day_kind"], **step}
    if step.get("publicity"):
        made |= {key: whole["publicity"][key] for key in ("days", "day_kind", "counts")}
    if step.get("group") in whole["joins"]:
        made["join"] = whole["joins"][step["group"]]
    return made


def written(path: Path) -> str:
    """Write a path as people do: `steps[2].days`."""
    parts = (f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)
    return "".join(parts).lstrip(".") or "(整个文件)"


def _line(path: Path, lines: Lines) -> int | None:
    """Return the line of a path, or of the nearest thing around it."""
    for end in range(len(path), -1, -1):
        if path[:end] in lines:
            return lines[path[:end]]
    return None
