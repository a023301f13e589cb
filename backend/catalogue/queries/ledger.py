"""The catalogue as staff read it (事项清单): how each item stands, its versions, what changed."""

from dataclasses import asdict
from typing import Any

from django.db.models import Max, Q

from backend.catalogue import changes
from backend.catalogue.lifecycle import ITEMS, ItemStatus
from backend.catalogue.models import CatalogueEvent, ServiceItem, ServiceVersion
from backend.catalogue.queries import drafts, procedures
from backend.catalogue.queries.items import ItemNotFound
from backend.core.errors import NotFound

Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]


class VersionNotFound(NotFound):
    code, title = "version_not_found", "没有这个版本, 请从版本列表中选择"


def page(*, status: str = "", after: tuple[str] | None = None, size: int) -> Pairs:
    """Return up to `size` + 1 (key, row) pairs of items by their code; in one statement."""
    found = ServiceItem.objects.all()
    if status:
        found = found.filter(status=status)
    if after:
        found = found.filter(code__gt=after[0])
    rows = found.annotate(
        newest=Max("versions__number", filter=Q(versions__published_at__isnull=False))
    ).order_by("code")[: size + 1]
    return [((one.code,), _row(one) | {"version": one.newest}) for one in rows]


def detail(code: str) -> dict[str, Any]:
    """
    Return an item with its versions, suspensions and trail.

    :raises ItemNotFound: no such item.
    """
    item = _item(code)
    versions = item.versions.filter(published_at__isnull=False).order_by("-number")
    return _row(item) | {
        "versions": [
            {
                "number": one.number,
                "published_at": one.published_at,
                "retired_at": one.retired_at,
                "legal_days": one.legal_days,
                "promised_days": one.promised_days,
                "day_kind": one.day_kind,
            }
            for one in versions.defer("form", "materials", "steps", "guide")
        ],
        "suspensions": [
            {
                "reason": one.reason,
                "began_at": one.began_at,
                "expected_on": one.expected_on,
                "ended_at": one.ended_at,
            }
            for one in item.suspensions.order_by("-pk")
        ],
        "trail": procedures.trail(CatalogueEvent.Subject.ITEM, item.code),
        "verbs": ITEMS.verbs_from(item.status),
    }


def diff(code: str, *, number: int, against: int) -> dict[str, Any]:
    """
    Return what version `number` says otherwise than version `against`, in words.

    :raises ItemNotFound: no such item.
    :raises VersionNotFound: no such version of it.
    """
    item = _item(code)
    found = {one.number: one for one in item.versions.filter(number__in=(number, against))}
    if not {number, against} <= found.keys():
        raise VersionNotFound
    return {"number": number, "against": against, "changes": _changes(item, found, number, against)}


def _changes(
    item: ServiceItem, found: dict[int, ServiceVersion], number: int, against: int
) -> list[dict[str, Any]]:
    told = changes.between(
        drafts.whole_of(item, found[against]), drafts.whole_of(item, found[number])
    )
    return [asdict(one) for one in told]


def _item(code: str) -> ServiceItem:
    item = ServiceItem.objects.filter(code=code).first()
    if item is None:
        raise ItemNotFound
    return item


def _row(item: ServiceItem) -> dict[str, Any]:
    return {
        "code": item.code,
        "name": item.name,
        "theme": item.theme,
        "kind": item.kind,
        "level": item.level,
        "department": item.department_code,
        "status": item.status,
        "status_label": ItemStatus(item.status).label,
    }
