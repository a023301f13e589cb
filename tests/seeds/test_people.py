"""The invented residents could be real, and are not."""

from collections import Counter
from datetime import date

import pytest
import yaml

from backend.residents import identity
from backend.seeds import reference

TODAY = date(2026, 11, 22)
PEOPLE = yaml.safe_load((reference.DATA / "people.yaml").read_text(encoding="utf-8"))
PLACES = {place.code: place for place in reference.places()}
by_key = pytest.mark.parametrize("person", PEOPLE, ids=lambda person: person["key"])


@by_key
def test_has_papers_that_hold(person):
    number = person["id_number"]
    assert identity.id_number(number, id_type=person["id_type"], today=TODAY) == number
    assert identity.person_name(person["name"]) == person["name"]
    if identity.birth_on_of(number):
        assert identity.birth_on_of(number) == date.fromisoformat(person["birth_on"])
        assert identity.gender_of(number) == person["gender"]
    if "phone" in person:
        assert identity.mobile(person["phone"]) == person["phone"]
    if "bank_account" in person:
        assert identity.bank_account(person["bank_account"]) == person["bank_account"]
    for status in person.get("statuses", []):
        if status["kind"] == "disability_card":
            assert identity.disability_card(status["value"]["card_no"], today=TODAY)


@by_key
def test_lives_in_a_village_of_the_city(person):
    assert PLACES[person["residence_division"]].level == "village"
    assert PLACES[person.get("hukou_division", "512002100204")].level == "village"


@by_key
def test_carries_a_number_nobody_has(person):
    """512000 is the city itself; numbers are given out by counties."""
    if person["id_type"] in ("id_card", "household_book"):
        assert identity.region_of(person["id_number"]) == "512000"


def test_are_told_apart():
    for field in ("key", "id_number", "phone", "bank_account"):
        values = [person[field] for person in PEOPLE if field in person]
        assert len(values) == len(set(values)), field
    known = {person["key"] for person in PEOPLE}
    related = {one["key"] for person in PEOPLE for one in person.get("relations", [])}
    assert related <= known


def test_somebody_turns_80_in_every_month_for_two_years():
    turning = {identity.birthday(date.fromisoformat(p["birth_on"]), 80) for p in PEOPLE}
    months = {(day.year, day.month) for day in turning}
    wanted = {(2026, 11), (2026, 12), *((y, m) for y in (2027, 2028) for m in range(1, 13))}
    assert wanted <= months


def test_are_of_every_kind_the_platform_must_serve():
    kinds = Counter(person["id_type"] for person in PEOPLE)
    assert set(kinds) == set(identity.ID_TYPES)
    assert any("phone" not in person for person in PEOPLE)
    assert any(identity.MIDDLE_DOT in person["name"] for person in PEOPLE)
    assert any(len(person["name"].encode()) > 3 * len(person["name"]) for person in PEOPLE)
    counties = {person["residence_division"][:6] for person in PEOPLE}
    assert counties == {"512002", "512021", "512022"}
