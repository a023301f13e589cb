"""What there is in the catalogue (事项目录), and the version in force of each item."""

import functools
import hashlib
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.db.models import Count, F, Func, Max, Q, QuerySet, Sum
from django.db.models.fields.json import KT

from backend.catalogue.definition import VERSION_KEYS, Definition, source
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.core.errors import NotFound
from backend.core.kept import Kept


class ItemNotFound(NotFound):
    code, title = "item_not_found", "没有找到该事项, 可能已停办, 请在办事大厅重新查找"


LISTED = (ServiceItem.Status.TRIAL, ServiceItem.Status.PUBLISHED, ServiceItem.Status.SUSPENDED)
MOST_WORDS, MOST_LETTERS = 5, 50


@dataclass(frozen=True, slots=True)
class ItemRow:
    """An item as a list shows it; days are of `day_kind`."""

    code: str
    name: str
    short_name: str
    theme: str
    audience: list[str]
    department_code: str
    kind: str
    level: str
    status: str
    promised_days: int
    day_kind: str
    online: bool
    max_onsite: int
    authority: str
    realname_level: int


def listed(
    *, theme: str = "", audience: str = "", search: str = "", after: str = "", limit: int = 20
) -> list[ItemRow]:
    """
    Return items in force by their code, in one statement (事项目录).

    :param search: words that must all be found in name, popular names, pinyin or first letters.
    :param after: the code the last page ended with.
    """
    words = _words(search)
    by = tuple(
        name
        for name, given in (("theme", theme), ("audience", audience), ("after", after))
        if given
    )
    rows = _LISTED.rows(
        theme=theme,
        audience=[audience],
        after=after,
        by=by,
        words=len(words),
        most=limit,
        **dict(zip(_WORDS, words, strict=False)),
    )
    return [ItemRow(*row) for row in rows]


def _listed(
    theme: str,
    audience: list[str],
    after: str,
    *,
    by: Collection[str],
    words: int,
    most: int,
    **word: str,
) -> QuerySet[ServiceVersion, tuple[Any, ...]]:
    rows = ServiceVersion.objects.filter(
        published_at__isnull=False, retired_at__isnull=True, item__status__in=LISTED
    )
    for name in _WORDS[:words]:
        rows = rows.filter(item__search_text__contains=word[name])
    if "theme" in by:
        rows = rows.filter(item__theme=theme)
    if "audience" in by:
        rows = rows.filter(item__audience__contains=audience)
    if "after" in by:
        rows = rows.filter(item__code__gt=after)
    found = rows.order_by("item__code").values_list(
        "item__code",
        "item__name",
        KT("guide__short_name"),
        "item__theme",
        "item__audience",
        "item__department_code",
        "item__kind",
        "item__level",
        "item__status",
        "promised_days",
        "day_kind",
        "online",
        F("guide__max_onsite"),
        "authority",
        "realname_level",
    )
    return found[:most]


_WORDS = [f"word{n}" for n in range(MOST_WORDS)]
_LISTED = Kept(_listed, theme=str, audience=list[str], after=str, **dict.fromkeys(_WORDS, str))


def themes() -> dict[str, int]:
    """Return the themes of items in force, with how many each has."""
    rows = ServiceItem.objects.filter(status__in=LISTED).values_list("theme").annotate(Count("pk"))
    return dict(rows.order_by("theme"))


def audiences() -> dict[str, int]:
    """Return the groups of people items are meant for, with how many each has."""
    rows = (
        ServiceItem.objects.filter(status__in=LISTED)
        .annotate(group=Func("audience", function="unnest"))
        .values_list("group")
        .annotate(Count("pk"))
    )
    return dict(rows.order_by("group"))


def _words(search: str) -> list[str]:
    text = search.replace("\x00", " ")[:MOST_LETTERS].lower()
    return text.split()[:MOST_WORDS]


def published(code: str) -> ServiceVersion | None:
    """
    Return the version in force of an item, with `item.status` as it is now.

    The content is kept in the process once read: a published version never changes.
    """
    row = _IN_FORCE.one(code=code)
    if row is None:
        return None
    version = frozen(row[0])
    version.item.status = row[1]
    return version


_IN_FORCE = Kept(
    lambda code: ServiceVersion.objects.filter(
        item__code=code, published_at__isnull=False, retired_at__isnull=True
    ).values_list("pk", "item__status")[:1],
    code=str,
)


@functools.lru_cache(maxsize=256)
def frozen(pk: int) -> ServiceVersion:
    """Return a published version with its item; kept, because the database refuses its change."""
    return ServiceVersion.objects.select_related("item").get(pk=pk)


def parts_of(version: ServiceVersion) -> list[tuple[dict[str, Any], ServiceVersion]]:
    """Return the parts of a bundle (一件事), each with its item's version in force."""
    parts = version.guide.get("parts") or []
    found = ((part, published(part["item"])) for part in parts)
    return [(part, one) for part, one in found if one is not None]


def definition_of(version: ServiceVersion) -> dict[str, Any]:
    """Return a version as an item's file would say it; loading it again would change nothing."""
    item = version.item
    return source.of(
        Definition(
            item={
                **{key: getattr(item, key) for key in ("code", "name", "theme", "kind", "level")},
                "department_code": item.department_code,
                "audience": item.audience,
                "aliases": item.aliases,
            },
            version={key: getattr(version, key) for key in VERSION_KEYS},
            form=version.form,
            materials=version.materials,
            steps=version.steps,
            guide=version.guide,
        )
    )


def forget() -> None:
    """Drop what was kept; tests begin each with an empty city."""
    frozen.cache_clear()


def edition() -> str:
    """Return a word that changes whenever an item or a version in force does (字典版本)."""
    told = ServiceItem.objects.aggregate(
        rows=Count("pk", distinct=True),
        listed=Sum("pk", filter=Q(status__in=LISTED)),
        open=Sum("pk", filter=Q(status=ServiceItem.Status.PUBLISHED)),
        newest=Max("versions__pk"),
    )
    return hashlib.sha256(str(told).encode()).hexdigest()[:12]
