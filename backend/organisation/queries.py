"""What others ask of the organisation: whose territory, which office acts, which days count."""

import functools
import hashlib
import time
from dataclasses import dataclass
from datetime import date

from django.db.models import Count, Max, Q

from backend.accounts.models import Account
from backend.core.workdays import WorkCalendar
from backend.organisation import atlas, names
from backend.organisation.models import (
    CalendarDay,
    Custody,
    Division,
    StaffMember,
)

CITY_CODE = "512000000000"
_KEPT = 300  # seconds


@dataclass(frozen=True, slots=True)
class Territory:
    """Who acts for a place: level codes of the acting authority, custody already applied."""

    county_code: str
    town_code: str
    village_code: str

    def at(self, place: str) -> str:
        """Return the code of the division an office of `place` stands in."""
        return {
            "village": self.village_code,
            "town": self.town_code,
            "county": self.county_code,
            "city": CITY_CODE,
        }.get(place, self.county_code)

    def chain(self) -> list[str]:
        """Return the codes from the nearest up to the city."""
        codes = (self.village_code, self.town_code, self.county_code, CITY_CODE)
        return [code for code in codes if code]


def division_of(code: str) -> Division | None:
    """Return a division in force, to be read only."""
    return atlas.division(code)


def territory_of(division: Division, *, today: date) -> Territory:
    """Return who acts for `division`: the custody overlay first, then the tree (领域说明 §4)."""
    level = Division.Level
    county, town = division.county_code, division.town_code
    village = division.code if division.level == level.VILLAGE else ""
    if division.level in (level.TOWN, level.ZONE):
        town = division.code
    elif division.level == level.COUNTY:
        county = division.code
    by_level = {hold.level: hold for hold in atlas.holds({village, town}, on=today)}
    if acting := by_level.get(level.VILLAGE) or by_level.get(level.TOWN):
        town, county = acting.authority, acting.county or county
    return Territory(county, town, village)


def offices(territory: Territory) -> dict[tuple[str, str], int]:
    """Return every office that may act in a territory: (code, division) → id."""
    return atlas.offices(territory.chain())


def calendar() -> WorkCalendar:
    """Return the city's working days, at most five minutes old."""
    return _calendar(_age())


def calendar_now() -> tuple[WorkCalendar, bytes]:
    """Return the working days as they stand at this moment, and a digest that tells them apart."""
    rows = list(CalendarDay.objects.values_list("day", "is_workday", "provisional").order_by("day"))
    told = "".join(f"{day:%Y%m%d}{work:d}{guess:d}" for day, work, guess in rows)
    return WorkCalendar.from_rows(rows), hashlib.sha256(told.encode()).digest()


def level_of(code: str) -> str:
    """Return the level of a division in force, "" for an unknown code; at most five minutes old."""
    return _levels(_age()).get(code, "")


def _age() -> int:
    return int(time.monotonic() // _KEPT)


@functools.lru_cache(maxsize=1)
def _calendar(_at: int) -> WorkCalendar:
    return WorkCalendar.from_rows(
        CalendarDay.objects.values_list("day", "is_workday", "provisional").order_by("day")
    )


@functools.lru_cache(maxsize=1)
def _levels(_at: int) -> dict[str, str]:
    return dict(Division.objects.filter(valid_to__isnull=True).values_list("code", "level"))


def forget() -> None:
    """Read calendar, levels and names anew on the next question, after they were changed."""
    _calendar.cache_clear()
    _levels.cache_clear()
    names.forget()
    atlas.forget()


def staff_name(account: Account) -> str:
    return StaffMember.objects.filter(account=account).values_list("name", flat=True).first() or ""


def divisions(
    *, today: date, parent: str = "", q: str = "", most: int = 100
) -> list[dict[str, str]]:
    """
    Return the divisions below `parent` (the counties by default), or those whose name has `q`.

    `full_name` carries the parent's name where a name repeats; `acting` names the functional zone
    that acts for the place, where one does. Zones themselves are nobody's address.
    """
    rows = Division.objects.filter(valid_to__isnull=True).exclude(level=Division.Level.ZONE)
    if q:
        rows = rows.filter(Q(name__icontains=q) | Q(full_name__icontains=q))
    else:
        rows = rows.filter(parent__code=parent or CITY_CODE, parent__valid_to__isnull=True)
    found = list(
        rows.order_by("code").values("code", "short_name", "full_name", "level", "town_code")[:most]
    )
    acting = _acting_for(
        {code for row in found for code in (row["code"], row["town_code"])}, today=today
    )
    return [
        {
            "code": row["code"],
            "name": row["short_name"],
            "full_name": row["full_name"],
            "level": row["level"],
            "acting": acting.get(row["code"]) or acting.get(row["town_code"], ""),
        }
        for row in found
    ]


def _acting_for(codes: set[str], *, today: date) -> dict[str, str]:
    """Return the zone in charge of each of `codes` that is in custody today."""
    rows = Custody.objects.filter(
        node__code__in=codes - {""}, valid_from__lte=today, valid_to__isnull=True
    )
    return dict(rows.values_list("node__code", "authority__full_name"))


def edition() -> str:
    """Return a word that changes whenever the divisions do, for phones that keep the tree."""
    told = Division.objects.aggregate(
        rows=Count("pk"), newest=Max("pk"), ended=Count("valid_to"), since=Max("valid_from")
    )
    return hashlib.sha256(str(told).encode()).hexdigest()[:12]
