"""版本: a whole definition becomes the version in force; what it says is known by its digest."""

from dataclasses import asdict
from datetime import datetime
from typing import Any

from backend.catalogue import pinyin
from backend.catalogue.definition import Definition
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.catalogue.queries.signatures import digest_of


def content_of(whole: Definition) -> dict[str, Any]:
    """Return what a version row keeps of a definition."""
    return {
        **whole.version,
        "form": whole.form,
        "materials": whole.materials,
        "steps": whole.steps,
        "guide": whole.guide,
    }


def whole_digest(whole: Definition) -> bytes:
    """Return the digest of everything a definition says, the item's own name included."""
    return digest_of(asdict(whole))


def describe(item: ServiceItem, whole: Definition) -> set[str]:
    """Bring a locked item's own columns up to date; return those that changed, unsaved."""
    names = [whole.item["name"], whole.guide["short_name"], *whole.item["aliases"]]
    fields = {**whole.item, "search_text": pinyin.search_text(names)}
    changed = {name for name, value in fields.items() if getattr(item, name) != value}
    for name in changed:
        setattr(item, name, fields[name])
    return changed


def put_in_force(item: ServiceItem, whole: Definition, *, now: datetime) -> ServiceVersion:
    """
    Publish a definition as the next version of a locked item, unless it says nothing new.

    The version in force is retired in the same moment; cases keep the one they began with.
    """
    content = content_of(whole)
    digest = digest_of(content)
    current = in_force(item)
    if current and bytes(current.digest) == digest:
        return current
    last = item.versions.order_by("-number").first()
    retire(item, now=now)
    return ServiceVersion.objects.create(
        item=item,
        number=last.number + 1 if last else 1,
        digest=digest,
        published_at=now,
        **content,
    )


def in_force(item: ServiceItem) -> ServiceVersion | None:
    return item.versions.filter(published_at__isnull=False, retired_at__isnull=True).first()


def retire(item: ServiceItem, *, now: datetime) -> None:
    """停用: nothing new begins on the version in force."""
    item.versions.filter(published_at__isnull=False, retired_at__isnull=True).update(retired_at=now)
