"""What a window needs before it takes an application in (窗口): the items, the form, the person."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.models import Case
from backend.cases.queries import items, materials, prefill
from backend.catalogue import guides
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceItem
from backend.catalogue.queries import ItemRow
from backend.core import crypto
from backend.organisation import atlas
from backend.organisation.duties import Duty, HeldPost
from backend.residents.models import Resident


def listed(
    *, theme: str = "", audience: str = "", q: str = "", after: tuple[str] | None = None, size: int
) -> list[tuple[tuple[str], dict[str, Any]]]:
    """
    Return up to `size` + 1 (key, row) pairs of the city's items by code.

    What is not online, or not yet rolled out online, is taken at a window all the same.
    """
    rows = catalogue.listed(
        theme=theme,
        audience=audience,
        search=q,
        after=after[0] if after else "",
        limit=size + 1,
    )
    return [((row.code,), _row(row)) for row in rows]


def _row(row: ItemRow) -> dict[str, Any]:
    return {
        "code": row.code,
        "name": row.name,
        "theme": row.theme,
        "kind": row.kind,
        "kind_label": items.KINDS[row.kind],
        "promised": guides.duration(row.promised_days, row.day_kind),
        "realname_level": row.realname_level,
        **_open(row.status),
    }


def form(person: Resident, *, asker: Account, code: str, now: datetime) -> dict[str, Any]:
    """
    Return the form of an item, filled in with what is known of `person`, each with its source.

    :raises ItemNotFound: unknown, not published, or gone.
    """
    version = items.in_force(code)
    known = prefill.prefilled(person, version, now=now, asker=asker)
    return {
        "code": version.item.code,
        "name": version.item.name,
        "kind": version.item.kind,
        **_open(version.item.status),
        **items.filled(
            version, items.fields_for(version, person, now=now), known, prefill.FOR_STAFF
        ),
        "materials": materials.ahead(version, person, today=timezone.localdate(now)),
    }


def _open(status: str) -> dict[str, Any]:
    """Say whether the item takes applications; at a window, only a suspended one does not."""
    suspended = status == ServiceItem.Status.SUSPENDED
    return {"open": not suspended, "why_not": items.SUSPENDED if suspended else ""}


def card(person: Resident) -> dict[str, Any]:
    """Return a person as a window sees them: enough to be sure of the face, and no more."""
    hukou, home = person.hukou_division, person.residence_division
    return {
        "uid": person.uid,
        "name": crypto.mask_name(person.name),
        "id_type": person.id_type,
        "id_number": crypto.mask_id_number(person.id_number) if person.sealed_id_number else "",
        "phone": crypto.mask_phone(person.phone) if person.sealed_phone else "",
        "hukou": hukou.full_name if hukou else "",
        "residence": home.full_name if home else "",
        "realname_level": person.realname_level,
        "reach": reach(person),
    }


def reach(person: Resident) -> str:
    """Say how a person hears of their case: in the mini-program, by telephone, or not at all."""
    if person.account_id:
        return "miniapp"
    return "phone" if person.sealed_phone else "none"


def taken_at(posts: Sequence[HeldPost]) -> QuerySet[Case]:
    """Return what the places of these posts took in for others, wherever it is decided."""
    places = (atlas.division(post.division_code) for post in posts if post.has(Duty.INTAKE))
    ids = sorted({place.pk for place in places if place})
    return Case.objects.filter(intake_division__in=ids).exclude(channel=Case.Channel.MINIAPP)
