"""What is known of a resident, masked unless a form needs it in full (居民档案)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from django.db.models import QuerySet

from backend.accounts.models import Account
from backend.core import crypto, kept
from backend.core.errors import Forbidden, NotFound
from backend.core.kept import Kept
from backend.organisation import atlas
from backend.residents.models import AttributeFact, Resident

LEVELS = {0: "访客", 1: "已绑定手机", 2: "已实名", 3: "已现场核验"}


class RealnameNeeded(Forbidden):
    code, title = "realname_needed", "请先在“我的”中完成实名认证, 再办理"


class PersonNotFound(NotFound):
    code, title = "person_not_found", "没有登记过这个人, 请核对证件号码, 或先为其建档"


@dataclass(frozen=True, slots=True)
class Known:
    """A value, who says so, and when they verified it."""

    value: object
    source: str
    verified_at: datetime | None


def of_account(account: Account) -> Resident | None:
    """Return the person behind an account with their divisions, in one statement."""
    row = _OF_ACCOUNT.one(account=account.pk)
    if row is None:
        return None
    person = kept.read(Resident, row)
    person.account = account
    person.hukou_division = atlas.numbered(person.hukou_division_id)
    person.residence_division = atlas.numbered(person.residence_division_id)
    return person


_OF_ACCOUNT = Kept(
    lambda account: Resident.objects.filter(account=account).values_list(*kept.columns(Resident))[
        :1
    ],
    account=int,
)


def person_of(account: Account) -> Resident:
    """
    Return the person an account acts for.

    :raises RealnameNeeded: nobody is known behind it yet.
    """
    resident = of_account(account)
    if resident is None:
        raise RealnameNeeded
    return resident


def by_identity(id_number: str) -> Resident | None:
    """Return the person of a number, normalised as `identity.id_number` returns it."""
    digest = crypto.digest(id_number, index="id_number")
    return _whole().filter(id_digest=digest).first()


def numbered(uid: UUID) -> Resident | None:
    """Return a person by the id that doors speak of, with account and divisions."""
    return _whole().filter(uid=uid).first()


def _whole() -> QuerySet[Resident]:
    return Resident.objects.select_related("account", "hukou_division", "residence_division")


def me(resident: Resident | None) -> dict[str, Any]:
    """Return one's own card, masked as on every list (领域说明 §4)."""
    person = resident or Resident()
    residence = person.residence_division
    return {
        "name": crypto.mask_name(person.name) if person.sealed_name else "",
        "id_type": person.id_type,
        "id_number": crypto.mask_id_number(person.id_number) if person.sealed_id_number else "",
        "phone": crypto.mask_phone(person.phone) if person.sealed_phone else "",
        "realname_level": person.realname_level,
        "realname_label": LEVELS[person.realname_level],
        "residence_division": residence.code if residence else None,
        "residence_name": residence.full_name if residence else "",
        "elder": person.elder,
        "personalised": person.personalised,
    }


def facts_of(resident_id: int, fields: Iterable[str]) -> dict[str, Known]:
    """Return what is on file of the given fields, opened: at most one value a field."""
    rows = AttributeFact.objects.filter(resident_id=resident_id, field__in=set(fields))
    return {row.field: Known(row.value, row.source, row.verified_at) for row in rows}
