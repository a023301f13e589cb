"""Who could act (覆盖): whether a process finds an office and people in every territory."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db.models import Q

from backend.catalogue.definition import Fault
from backend.organisation.models import Department, Division, Post

Step = Mapping[str, Any]
Level = Division.Level
_LEVELS: Mapping[str, tuple[str, ...]] = {
    "village": (Level.VILLAGE,),
    "town": (Level.TOWN, Level.ZONE),
    "county": (Level.COUNTY,),
    "city": (Level.CITY,),
    "system": (Level.COUNTY,),  # the county's office answers for what the platform does
}
_NAMED = 3


@dataclass(frozen=True, slots=True)
class Coverage:
    """What refuses a process, and what only warns: people can be posted before it opens there."""

    faults: list[Fault]
    warnings: list[Fault]


def of(steps: Sequence[Step], *, today: date) -> Coverage:
    """
    Return where a step would find no office, or nobody in the post; in three statements.

    A place without the office, or a post nobody holds anywhere, refuses; a place where nobody
    holds the post yet warns.
    """
    places, codes = _places(), {step["department"] for step in steps}
    offices, posts = _offices(codes), _posts(codes, today)
    faults: list[Fault] = []
    warnings: list[Fault] = []
    names = {pk: name for level in places.values() for pk, name in level.items()}
    for number, step in enumerate(steps):
        wanted = [one for level in _LEVELS[step["place"]] for one in places.get(level, {})]
        held = offices.get(step["department"], set())
        lacking = [names[pk] for pk in wanted if pk not in held]
        if lacking:
            reason = f"{_some(lacking)}没有这个部门, 那里的申请会无人承办"
            faults.append(Fault(path=f"steps[{number}].department", reason=reason))
        elif step["role"] != "system":
            there = posts.get((step["department"], step["role"]), set())
            found = _unmanned(step, number, [names[pk] for pk in wanted if pk not in there])
            if found:
                (warnings if there & set(wanted) else faults).append(found)
    return Coverage(faults, warnings)


def _unmanned(step: Step, number: int, empty: list[str]) -> Fault | None:
    if not empty:
        return None
    role = Post.Role(step["role"]).label
    reason = f"{_some(empty)}没有人担任{role}, 开通前请先安排岗位"
    return Fault(path=f"steps[{number}].role", reason=reason)


def _some(names: list[str]) -> str:
    shown = "、".join(names[:_NAMED])
    return shown if len(names) <= _NAMED else f"{shown}等{len(names)}处"


def _places() -> dict[str, dict[int, str]]:
    """Return the divisions in force: level → id → how it is shown."""
    found: dict[str, dict[int, str]] = {}
    rows = Division.objects.filter(valid_to__isnull=True).order_by("code")
    for level, pk, name in rows.values_list("level", "pk", "full_name"):
        found.setdefault(level, {})[pk] = name
    return found


def _offices(codes: Collection[str]) -> dict[str, set[int]]:
    found: dict[str, set[int]] = {}
    rows = Department.objects.filter(code__in=codes, division__valid_to__isnull=True)
    for code, division in rows.values_list("code", "division_id"):
        found.setdefault(code, set()).add(division)
    return found


def _posts(codes: Collection[str], today: date) -> dict[tuple[str, str], set[int]]:
    """Return where a post is held: (department, role) → divisions."""
    found: dict[tuple[str, str], set[int]] = {}
    rows = Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        department__code__in=codes,
        valid_from__lte=today,
        staff__account__is_active=True,
    )
    told = rows.values_list("department__code", "role", "department__division_id").distinct()
    for code, role, division in told:
        found.setdefault((code, role), set()).add(division)
    return found
