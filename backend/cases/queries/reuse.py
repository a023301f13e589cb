"""What may stand for a material (可用的文件与历史材料): uploads, and what was given before."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID

from django.conf import settings
from django.db.models import CharField, DateTimeField, QuerySet, UUIDField, Value
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.models import CaseMaterial
from backend.files.models import StoredFile
from backend.residents.models import Resident

By, State = CaseMaterial.By, CaseMaterial.State
HANDED = (StoredFile.State.CLEAN, StoredFile.State.QUARANTINED)
_FILE, _EARLIER, _FALSE = "file", "earlier", "false"
_TEXT = Value("", output_field=CharField())
_NO_UID = Value(UUID(int=0), output_field=UUIDField())
_NEVER = Value(None, output_field=DateTimeField())
Material = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Earlier:
    """以前交过的: a clean material of an earlier case, and the day it was handed in."""

    pk: int
    key: str
    name: str
    file: int
    given_at: datetime

    def serves(self, material: Material, today: date) -> bool:
        """Say whether it is the same material, and still good (`valid_days`, else a setting)."""
        days = material.get("valid_days", settings.MATERIAL_REUSE_DAYS)
        same = (self.key, self.name) == (material.get("key"), material["name"])
        return same and timezone.localdate(self.given_at) + timedelta(days=days) >= today


@dataclass(slots=True)
class Stock:
    """What choices point at, as far as it exists; and whether the person's word still counts."""

    files: dict[UUID, int] = field(default_factory=dict)
    earlier: dict[int, Earlier] = field(default_factory=dict)
    untrusted: bool = False


def stock(actor: Account, applicant: Resident, chosen: Iterable[Material]) -> Stock:
    """
    Return what the choices name, in at most one statement.

    Files are the actor's own, clean or on their way through the scanner; earlier materials the
    applicant's. A stranger's are as if there were none.
    """
    chosen = list(chosen)
    uids = [one["file"] for one in chosen if one.get("file")]
    lines = [one["earlier"] for one in chosen if one.get("earlier")]
    asked: list[QuerySet[Any, Any]] = []
    if uids:
        files = StoredFile.objects.filter(uid__in=uids, owner=actor, state__in=HANDED)
        asked.append(files.values_list(_as(_FILE), "pk", "uid", "pk", _TEXT, _TEXT, "created_at"))
    if lines:
        asked.append(_rows(_EARLIER, _given(applicant).filter(pk__in=lines)))
    if any(one.get("by") == By.COMMITMENT for one in chosen):
        asked.append(_rows(_FALSE, _broken(applicant))[:1])
    return _read(asked)


def offered(applicant: Resident, keys: Sequence[str]) -> Stock:
    """Return what the applicant gave before of these materials, and whether promises count."""
    given = _given(applicant).filter(key__in=keys)
    return _read([_rows(_EARLIER, given), _rows(_FALSE, _broken(applicant))[:1]])


def _as(word: str) -> Value:
    return Value(word, output_field=CharField())


def _given(applicant: Resident) -> QuerySet[CaseMaterial]:
    return CaseMaterial.objects.filter(
        case__applicant=applicant,
        resolved_by=By.UPLOAD,
        state__in=(State.GIVEN, State.VERIFIED),
        file__state=StoredFile.State.CLEAN,
    )


def _broken(applicant: Resident) -> QuerySet[CaseMaterial]:
    return CaseMaterial.objects.filter(
        case__applicant=applicant,
        resolved_by=By.COMMITMENT,
        verification=CaseMaterial.Verification.DIFFERENT,
    )


def _rows(word: str, lines: QuerySet[CaseMaterial]) -> QuerySet[CaseMaterial, Any]:
    file = "file__created_at" if word == _EARLIER else "updated_at"
    return lines.values_list(_as(word), "pk", _NO_UID, "file", "key", "name", file)


def _read(asked: Sequence[QuerySet[Any, Any]]) -> Stock:
    found = Stock()
    if not asked:
        return found
    rows = asked[0].union(*asked[1:], all=True) if len(asked) > 1 else asked[0]
    for word, pk, uid, file, key, name, at in rows:
        if word == _FILE:
            found.files[uid] = pk
        elif word == _EARLIER:
            found.earlier[pk] = Earlier(pk, key, name, file, at)
        else:
            found.untrusted = True
    return found
