"""Overlap (重复与重叠): what stands of the same person that a new application may collide with."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Case as Choose
from django.db.models import F, Q, Subquery, When

from backend.cases.lifecycle import CLOSED, OPEN, Status
from backend.cases.models import Case
from backend.cases.queries import kin
from backend.catalogue.models import ServiceVersion
from backend.core import crypto

FAMILY = "同户家庭成员已申请同一事项"


@dataclass(frozen=True, slots=True)
class Overlap:
    """One case of an item that excludes this one; `refuses` where both may not run together."""

    number: str
    item_name: str
    status: str
    granted: bool
    refuses: bool
    why: str


def standing(applicant: int, version: ServiceVersion) -> list[Overlap]:
    """
    Return the applicant's cases, open or granted, of items that exclude this one.

    Whether a benefit granted once still runs is for staff to see: it warns, and never refuses.
    """
    told = {one["item"]: one for one in version.guide.get("excludes") or []}
    if not told:
        return []
    rows = Case.objects.filter(
        Q(status__in=OPEN) | Q(outcome=Case.Outcome.GRANTED),
        applicant=applicant,
        item__code__in=list(told),
    )
    found = rows.order_by("-submitted_at", "-pk").values_list(
        "number", "item__code", "item__name", "status", "outcome"
    )
    return [
        Overlap(
            number=number,
            item_name=name,
            status=status,
            granted=outcome == Case.Outcome.GRANTED,
            refuses=bool(told[code].get("refuse")) and status in OPEN,
            why=told[code].get("why", ""),
        )
        for number, code, name, status, outcome in found
    ]


def of_household(
    applicant: int, version: ServiceVersion, answers: Mapping[str, Any]
) -> list[Overlap]:
    """
    Return open cases of the same item by people whom the form names as one's family (同户).

    Asked of items a household applies for; two of one family name each other, so either finds the
    other's.
    """
    if not _is_a_households(version):
        return []
    named = {crypto.digest(one, index="id_number") for one in kin.numbers_in(version.form, answers)}
    if not named:
        return []
    rows = Case.objects.filter(
        applicant__id_digest__in=list(named), item=version.item_id, status__in=OPEN
    ).exclude(applicant=applicant)
    return [
        Overlap(
            number=number,
            item_name=version.item.name,
            status=status,
            granted=False,
            refuses=bool(version.guide.get("once_a_household")),
            why=FAMILY,
        )
        for number, status in rows.order_by("-submitted_at", "-pk").values_list("number", "status")
    ]


def _is_a_households(version: ServiceVersion) -> bool:
    return "household" in version.guide.get("applicants", ())


def shown(case: Case) -> list[dict[str, Any]]:
    """Return what staff see of it on a case's page."""
    family: list[Overlap] = []
    if _is_a_households(case.version):
        family = of_household(case.applicant_id, case.version, case.answers)
    return [
        {
            "number": one.number,
            "item_name": one.item_name,
            "status_label": Status(one.status).label,
            "granted": one.granted,
            "why": one.why,
        }
        for one in [*standing(case.applicant_id, case.version), *family]
    ]


def previous(applicant: int, item: int) -> Subquery:
    """
    Name the case that a new one takes up again: the latest of the item, if it came to nothing.

    An expression, so that the new case's own INSERT looks it up.
    """
    rows = Case.objects.filter(applicant=applicant, item=item, status__in=CLOSED)
    nothing = Choose(When(~Q(outcome=Case.Outcome.GRANTED), then=F("pk")))
    return Subquery(rows.order_by("-submitted_at", "-pk").values_list(nothing)[:1])


def number_of(pk: int | None) -> str:
    """Return the number of an earlier case, "" for none."""
    rows = Case.objects.filter(pk=pk) if pk else Case.objects.none()
    return rows.values_list("number", flat=True).first() or ""
