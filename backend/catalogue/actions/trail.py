"""记痕: one link of the catalogue's trail; texts people wrote stay with what they wrote them on."""

from datetime import datetime

from backend.accounts.models import Account
from backend.catalogue.models import CatalogueEvent, ServiceItem
from backend.organisation.duties import HeldPost


def record(
    about: CatalogueEvent.Subject,
    key: object,
    verb: str,
    *,
    by: tuple[Account, HeldPost | None],
    at: datetime,
    item: ServiceItem | None = None,
    status: str = "",
    **details: object,
) -> CatalogueEvent:
    """
    记痕: who (and for which office) did what, and how the subject stands after it.

    :param details: what was done, in plain data; `note` is a text somebody wrote, kept apart.
    """
    actor, post = by
    note = str(details.pop("note", ""))
    return CatalogueEvent.objects.create(
        subject=about,
        key=str(key),
        item=item,
        verb=verb,
        status=status,
        actor=actor,
        office=post.department_name if post else "系统",
        at=at,
        details=details,
        note=note,
    )
