"""导入事项: a definition of the founding list becomes a published version."""

from collections.abc import Mapping
from typing import Any

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import definition as definitions
from backend.catalogue.actions import signing, versions
from backend.catalogue.definition import Definition, Fault, Lines
from backend.catalogue.lifecycle import ITEMS
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
    导入事项: publish a definition of the founding list as the item's next version, if it is new.

    The founding list (首批事项清单) was confirmed on paper by every department before the platform
    began (资府办发〔2016〕60号), so the system signs for it and says so; everything later goes
    through drafts, sign-off and a second person. A suspended or exited item stays so.

    :param definition: as `files.read` returns it (领域说明 §2.2).
    :param lines: path → line of the file, so that a refusal can name it.
    :raises BadDefinition: everything that is wrong with it, at once.
    :raises NotYourDuty: `actor` is not the system.
    """
    if actor.kind != Account.Kind.SYSTEM:
        raise duties.NotYourDuty
    known = set(Department.objects.values_list("code", flat=True).distinct())
    if faults := definitions.faults(definition, lines=lines, departments=known, file=file):
        raise BadDefinition(faults)
    if faults := unknown_parts(definition, lines=lines, file=file):
        raise BadDefinition(faults)
    whole, now = definitions.complete(definition), timezone.now()
    item = _item(whole)
    version = versions.put_in_force(item, whole, now=now)
    signed = item.sign_offs.filter(version_digest=version.digest)
    if not signed.exists():
        signing.sign(item, whole, by=signing.By(actor), at=now)
    return version


def unknown_parts(
    definition: Mapping[str, Any], *, lines: Lines | None = None, file: str = ""
) -> list[Fault]:
    """Return the parts of a bundle that are no items in force, or bundles themselves."""
    codes = [part["item"] for part in definition.get("parts", [])]
    in_force = ServiceVersion.objects.filter(
        item__code__in=codes, published_at__isnull=False, retired_at__isnull=True
    )
    known = {
        code
        for code, guide in in_force.values_list("item__code", "guide")
        if not guide.get("parts")
    }
    return [
        Fault(
            path=f"parts[{number}].item",
            reason=f"没有在用的事项 {code}, 或它本身就是一件事",
            line=(lines or {}).get(("parts", number, "item")),
            file=file,
        )
        for number, code in enumerate(codes)
        if code not in known
    ]


def _item(whole: Definition) -> ServiceItem:
    """Return the item, made or brought up to date, and locked."""
    code = whole.item["code"]
    fields = {key: value for key, value in whole.item.items() if key != "code"}
    ServiceItem.objects.get_or_create(code=code, defaults={**fields, "search_text": ""})
    item = ServiceItem.objects.select_for_update().get(code=code)
    changed = versions.describe(item, whole)
    if item.status == ServiceItem.Status.DRAFT:
        item.status = ITEMS.move("found", item.status).target
        changed.add("status")
    if changed:
        item.save(update_fields=sorted(changed))
    return item
