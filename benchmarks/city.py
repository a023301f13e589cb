"""The city as seeding needs it (参考数据): plain values, read once, handed to every process."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases import workflow
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.core.workdays import DayKind, WorkCalendar
from backend.organisation import queries as organisation
from backend.organisation.models import Department, Division
from backend.organisation.queries import Territory


@dataclass(frozen=True, slots=True)
class Version:
    """A published version: what a case of it looks like."""

    pk: int
    item_id: int
    item_code: str
    item_name: str
    instant: bool
    form: list[dict[str, Any]]
    materials: list[dict[str, Any]]
    steps: list[dict[str, Any]]
    promised_days: int
    legal_days: int
    days: DayKind
    authority: str
    level: int
    online: bool


@dataclass(frozen=True, slots=True)
class Village:
    pk: int
    code: str
    territory: Territory


@dataclass(frozen=True)
class City:
    """Villages, offices with their staff, versions and working days; nothing of Django's."""

    villages: list[Village]
    offices: dict[tuple[str, str], int]
    office_names: dict[int, str]
    versions: list[Version]
    calendar: WorkCalendar
    system_id: int

    def office(self, territory: Territory, step: workflow.Step) -> int | None:
        """Return who acts on a step there, as `cases.actions` finds it; None where nobody can."""
        place = step["place"] if step["place"] != workflow.SYSTEM else "county"
        return self.offices.get((step["department"], territory.at(place)))

    def posts(self) -> set[tuple[int, str]]:
        """Return every (office, role) that some step of some item needs in some village."""
        territories = {village.territory for village in self.villages}
        found = {
            (self.office(territory, step), str(step["role"]))
            for territory in territories
            for version in self.versions
            for step in version.steps
            if step["role"] != workflow.SYSTEM
        }
        return {(office, role) for office, role in found if office is not None}


def read(*, today: date) -> City:
    """Read what `load_reference` loaded; versions nobody could handle everywhere are left out."""
    villages = [
        Village(division.pk, division.code, organisation.territory_of(division, today=today))
        for division in Division.objects.filter(
            level=Division.Level.VILLAGE, valid_to__isnull=True
        ).order_by("code")
    ]
    offices = Department.objects.filter(division__valid_to__isnull=True)
    city = City(
        villages=villages,
        offices={
            (code, place): pk
            for code, place, pk in offices.values_list("code", "division__code", "pk")
        },
        office_names=dict(offices.values_list("pk", "name")),
        versions=[],
        calendar=organisation.calendar(),
        system_id=_system_id(),
    )
    city.versions.extend(version for version in _versions() if _workable(city, version))
    return city


def _system_id() -> int:
    return accounts.system_account().pk


def _versions() -> Iterable[Version]:
    rows = ServiceVersion.objects.filter(
        published_at__isnull=False,
        retired_at__isnull=True,
        item__status=ServiceItem.Status.PUBLISHED,
    ).select_related("item")
    for row in rows.order_by("item__code"):
        yield Version(
            pk=row.pk,
            item_id=row.item_id,
            item_code=row.item.code,
            item_name=row.item.name,
            instant=row.item.kind == ServiceItem.Kind.INSTANT,
            form=row.form,
            materials=row.materials,
            steps=row.steps,
            promised_days=row.promised_days,
            legal_days=row.legal_days,
            days=row.days,
            authority=row.authority,
            level=row.realname_level,
            online=row.online,
        )


def _workable(city: City, version: Version) -> bool:
    return bool(version.steps) and all(
        city.office(village.territory, step) is not None
        for village in (city.villages[0], city.villages[-1])
        for step in version.steps
    )


def resident_kind() -> str:
    return Account.Kind.RESIDENT.value
