"""Who sees which draft (草稿), how it is shown, and what the last version was written as."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet

from backend.catalogue.definition import Definition, Fault, choices, source
from backend.catalogue.lifecycle import DRAFTS
from backend.catalogue.models import CatalogueEvent, ServiceItem, ServiceVersion, VersionDraft
from backend.catalogue.queries import procedures, signatures
from backend.core.errors import NotFound
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post

Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]
_WATCH = frozenset({Post.Role.SUPERVISOR, Post.Role.AUDITOR})
_VERSION = ("legal_days", "promised_days", "day_kind", "authority", "realname_level", "online")


class DraftNotFound(NotFound):
    code, title = "version_draft_not_found", "没有找到这份事项草稿, 请核对编号"


def visible(posts: Sequence[HeldPost]) -> QuerySet[VersionDraft]:
    """Return all drafts for who writes, publishes or watches; a department's own for its head."""
    wanted = Q(pk__in=[])
    for post in posts:
        if post.has(Duty.CONFIGURE) or post.role in _WATCH or post.has(Duty.VET):
            wanted |= Q(pk__gt=0)
        elif post.has(Duty.SIGN_OFF):
            wanted |= Q(item__department_code=post.department_code)
    return VersionDraft.objects.filter(wanted)


def page(
    posts: Sequence[HeldPost], *, state: str = "", after: tuple[int] | None = None, size: int
) -> Pairs:
    """Return up to `size` + 1 (key, row) pairs, the newest first; in one statement."""
    found = visible(posts).select_related("item", "edited_by__staff", "version")
    if state:
        found = found.filter(state=state)
    if after:
        found = found.filter(pk__lt=after[0])
    rows = found.defer("definition").order_by("-pk")[: size + 1]
    return [((one.pk,), row(one)) for one in rows]


def find(posts: Sequence[HeldPost], uid: UUID) -> VersionDraft:
    """
    Return a draft with its item.

    :raises DraftNotFound: unknown, or out of sight.
    """
    found = visible(posts).select_related("item", "edited_by__staff", "version")
    draft = found.filter(uid=uid).first()
    if draft is None:
        raise DraftNotFound
    return draft


def page_of(posts: Sequence[HeldPost], uid: UUID) -> dict[str, Any]:
    """Return a draft whole, if it is in sight."""
    return detail(find(posts, uid))


def made(draft: VersionDraft) -> dict[str, Any]:
    """Return what a new draft begins with."""
    return {"uid": draft.uid, "revision": draft.revision, "definition": draft.definition}


def checked(
    draft: VersionDraft, faults: Sequence[Fault], warnings: Sequence[Fault]
) -> dict[str, Any]:
    """Return what stands against a draft's revision."""
    return {"revision": draft.revision, "faults": told(faults), "warnings": told(warnings)}


def detail(draft: VersionDraft) -> dict[str, Any]:
    """Return a draft whole: its text, who signed which revision, its trail, what may be done."""
    offs = draft.sign_offs.select_related("signer__staff", "office").order_by("pk")
    return row(draft) | {
        "definition": draft.definition,
        "sign_offs": [
            {
                "revision": one.revision,
                "current": one.revision == draft.revision,
                "signer": procedures.name_of(one.signer),
                "office": one.office.name if one.office else "",
                "signed_at": one.signed_at,
                "digest": bytes(one.whole_digest).hex(),
                "holds": signatures.holds(one),
            }
            for one in offs
        ],
        "trail": procedures.trail(CatalogueEvent.Subject.DRAFT, draft.uid),
        "verbs": DRAFTS.verbs_from(draft.state),
    }


def row(one: VersionDraft) -> dict[str, Any]:
    return {
        "uid": str(one.uid),
        "item": one.item.code,
        "item_name": one.item.name,
        "item_status": one.item.status,
        "state": one.state,
        "state_label": one.get_state_display(),
        "revision": one.revision,
        "edited_by": procedures.name_of(one.edited_by),
        "edited_at": one.edited_at,
        "version": one.version.number if one.version else None,
    }


def written(item: ServiceItem) -> dict[str, Any]:
    """Return what the next version begins with: the last one's definition, or what is known."""
    last = item.versions.order_by("-number").first()
    if last is None:
        return {
            "code": item.code,
            "name": item.name,
            "theme": item.theme,
            "department": item.department_code,
            "level": item.level,
            "kind": item.kind,
        }
    made = source.of(whole_of(item, last))
    return made | {"form": choices.fields(made["form"])}


def whole_of(item: ServiceItem, version: ServiceVersion) -> Definition:
    """Return a version as the whole definition it was made from; the item's columns as they are."""
    columns = ("code", "name", "theme", "kind", "level", "audience", "aliases", "department_code")
    return Definition(
        item={name: getattr(item, name) for name in columns},
        version={name: getattr(version, name) for name in _VERSION},
        form=version.form,
        materials=version.materials,
        steps=version.steps,
        guide=version.guide,
    )


def told(faults: Sequence[Fault]) -> list[dict[str, Any]]:
    """Shape faults for a door: where, on which line of a text, and why."""
    return [{"path": one.path, "line": one.line, "reason": one.reason} for one in faults]
