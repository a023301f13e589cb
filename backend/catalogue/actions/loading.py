"""导入事项: a definition becomes a published version."""

import hashlib
from collections.abc import Mapping
from typing import Any

import orjson
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import definition as definitions
from backend.catalogue import pinyin
from backend.catalogue.definition import Definition, Fault, Lines
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.core.errors import Invalid
from backend.organisation import duties
from backend.organisation.models import Department


class BadDefinition(Invalid):
    """`extra["faults"]` lists {file, line, path, reason}, in the order of the lines."""

    code, title = "bad_definition", "事项定义有误, 请按所列行号和原因修改后重新导入"

    def __init__(self, faults: list[Fault]) -> None:
        told = "; ".join(str(fault) for fault in faults)
        super().__init__(
            f"{self.title}: {told}",
            faults=[
                {
                    "file": fault.file,
                    "line": fault.line,
                    "path": fault.path,
                    "reason": fault.reason,
                }
                for fault in faults
            ],
        )


@transaction.atomic
def load_item(
    *, actor: Account, definition: Mapping[str, Any], lines: Lines | None = None, file: str = ""
) -> ServiceVersion:
    """
    导入事项: publish a definition as the item's next version, if it says anything new.

    The version in force is retired in the same moment; cases keep the version they began with.
    A suspended or exited item stays so. Loading the same content again changes nothing.

    :param definition: as `files.read` returns it (领域说明 §2.2).
    :param lines: path → line of the file, so that a refusal can name it.
    :raises BadDefinition: everything that is wrong with it, at once.
    :raises NotYourDuty: `actor` is neither an item administrator nor the system.
    """
    _may_publish(actor)
    known = set(Department.objects.values_list("code", flat=True).distinct())
    if faults := definitions.faults(definition, lines=lines, departments=known, file=file):
        raise BadDefinition(faults)
    whole = definitions.complete(definition)
    return _publish(_item(whole), whole)


def _may_publish(actor: Account) -> None:
    if actor.kind == Account.Kind.SYSTEM:
        return
    if not any(post.role == duties.Role.ITEM_ADMIN for post in duties.posts_of(actor)):
        raise duties.NotYourDuty


def _item(whole: Definition) -> ServiceItem:
    """Return the item, made or brought up to date, and locked."""
    names = [whole.item["name"], whole.guide["short_name"], *whole.item["aliases"]]
    fields = {**whole.item, "search_text": pinyin.search_text(names)}
    code = fields.pop("code")
    ServiceItem.objects.get_or_create(code=code, defaults=fields)
    item = ServiceItem.objects.select_for_update().get(code=code)
    changed = [name for name, value in fields.items() if getattr(item, name) != value]
    for name in changed:
        setattr(item, name, fields[name])
    if item.status == ServiceItem.Status.DRAFT:
        item.status = ServiceItem.Status.PUBLISHED
        changed.append("status")
    if changed:
        item.save(update_fields=changed)
    return item


def _publish(item: ServiceItem, whole: Definition) -> ServiceVersion:
    content = {
        **whole.version,
        "form": whole.form,
        "materials": whole.materials,
        "steps": whole.steps,
        "guide": whole.guide,
    }
    digest = hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()
    last = item.versions.order_by("-number").first()
    current = item.versions.filter(published_at__isnull=False, retired_at__isnull=True).first()
    if current and bytes(current.digest) == digest:
        return current
    now = timezone.now()
    if current:
        current.retired_at = now
        current.save(update_fields=["retired_at"])
    return ServiceVersion.objects.create(
        item=item,
        number=last.number + 1 if last else 1,
        digest=digest,
        published_at=now,
        **content,
    )
