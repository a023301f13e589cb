"""What the place of a case has set (本地参数): its days of publicity, the lists of its form."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from backend.cases.models import Case
from backend.catalogue import queries as catalogue
from backend.organisation.queries import Territory


def step(case: Case, rule: Mapping[str, Any], *, on: date) -> Mapping[str, Any]:
    """Return a step with the days its place has set: publicity may be longer or shorter there."""
    if not rule.get("publicity"):
        return rule
    days = catalogue.publicity_days(case.version, chain_of(case), on=on)
    return {**rule, "days": days} if days else rule


def form(case: Case, *, on: date) -> list[dict[str, Any]]:
    """Return the form of a case as it stands where the case is handled."""
    return catalogue.form_of(case.version, chain_of(case), on=on)


def chain_of(case: Case) -> list[str]:
    """Return the divisions that decide about a case, the nearest first."""
    return Territory(case.county_code, case.town_code, case.village_code).chain()
