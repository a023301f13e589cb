"""Where an item is open: inherited down the tree, moved step by step, each step on record."""

import pytest
from django.db import DatabaseError, transaction

from backend.accounts import actions as accounts
from backend.catalogue import actions, queries
from backend.catalogue.actions import rollout as acts
from backend.catalogue.models import Rollout, RolloutChange
from backend.catalogue.queries import rollout as pages
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.organisation.models import Division
from tests.factories import world

pytestmark = pytest.mark.django_db

CITY, COUNTY, TOWN, VILLAGE = world.CITY, world.COUNTY, world.TOWN, world.VILLAGE
TOWN_CHAIN = [VILLAGE, TOWN, COUNTY, CITY]
STAGES = ("off", "pilot", "live")
LEGAL = {("off", "pilot"), ("pilot", "live"), ("pilot", "off"), ("live", "off")}


@pytest.fixture
def item():
    world.a_city()
    return world.an_item(code="T-1").item


def put(division, stage, *, by=None, item="T-1", capability="online"):
    return actions.set_rollout(
        actor=by or accounts.system_account(),
        division=division,
        stage=stage,
        reason="推广",
        item_code=item,
        capability=capability,
    )


def unset(division, **more):
    actions.unset_rollout(
        actor=accounts.system_account(), division=division, reason="推广", item_code="T-1", **more
    )


def stage_at(item, chain, capability="online"):
    return queries.standings({item.code: chain}, capability)[item.code].stage


def test_is_open_where_nobody_has_said_anything(item):
    assert stage_at(item, TOWN_CHAIN) == "live"


def test_the_nearest_entry_counts_and_the_items_own_goes_first(item):
    put(CITY, "off", item="")
    put(COUNTY, "pilot")
    put(TOWN, "off")
    assert stage_at(item, TOWN_CHAIN) == "off"
    assert stage_at(item, [world.OTHER_TOWN, COUNTY, CITY]) == "pilot"
    assert stage_at(item, ["512021000000", CITY]) == "off"
    put(TOWN, "pilot", item="")
    assert stage_at(item, TOWN_CHAIN) == "off"


def test_capabilities_stand_apart(item):
    put(TOWN, "off", capability="booking")
    assert stage_at(item, TOWN_CHAIN, "booking") == "off"
    assert (stage_at(item, TOWN_CHAIN), stage_at(item, TOWN_CHAIN, "proxy")) == ("live", "live")


def test_a_village_in_custody_follows_its_zone(item):
    county = Division.objects.get(code=COUNTY)
    zone = world._division("512002902000", "临空经济区", Division.Level.ZONE, county)
    village = Division.objects.get(code=VILLAGE)
    village.custodies.create(authority=zone, valid_from=world._SINCE)
    organisation.forget()
    put(zone.code, "off")
    today = world._SINCE
    assert not queries.is_offered(item, pages.chain_of(village, today=today))
    assert queries.is_offered(item, [world.OTHER_VILLAGE, world.OTHER_TOWN, COUNTY, CITY])


@pytest.mark.parametrize("after", STAGES)
@pytest.mark.parametrize("before", STAGES)
@pytest.mark.parametrize("inherited", [True, False])
def test_goes_on_step_by_step_or_back_to_closed(item, before, after, inherited):
    """The stage that holds now tells what may follow, whether it is one's own or inherited."""
    place = Division.objects.get(code=COUNTY if inherited else TOWN)
    Rollout.objects.create(item=item, division=place, stage=before)
    if before == after or (before, after) in LEGAL:
        put(TOWN, after)
        assert stage_at(item, TOWN_CHAIN) == after
        return
    with pytest.raises(acts.StageSkipped) as refused:
        put(TOWN, after)
    assert refused.value.extra["state"] == before
    assert not RolloutChange.objects.exists()


def test_unsetting_follows_what_holds_above(item):
    put(TOWN, "off")
    with pytest.raises(acts.StageSkipped):  # off beneath live: it must go on trial first
        unset(TOWN)
    put(TOWN, "pilot")
    unset(TOWN)
    assert stage_at(item, TOWN_CHAIN) == "live"
    assert not Rollout.objects.exists()
    with pytest.raises(acts.NotSetHere):
        unset(TOWN)


def test_every_step_leaves_a_trail_that_only_grows(item):
    put(TOWN, "off")
    put(TOWN, "off")  # says nothing new
    put(TOWN, "pilot")
    unset(TOWN)
    told = [(row["before"], row["after"]) for _, row in pages.changes(item="T-1", size=9)]
    assert told == [("pilot", ""), ("off", "pilot"), ("", "off")]
    page = pages.changes(item="T-1", size=1)
    assert next(row["after"] for _, row in pages.changes(after=page[0][0], size=1)) == "pilot"
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        RolloutChange.objects.all().delete()


def test_an_administrator_opens_their_own_territory_only(item):
    county = world.staff("item_admin", "MZ")
    put(TOWN, "off", by=county)
    with pytest.raises(NotYourDuty):
        put(CITY, "off", by=county)
    with pytest.raises(NotYourDuty):
        put(TOWN, "pilot", by=world.staff("department_head", "MZ"))
    with pytest.raises(queries.ItemNotFound):
        put(TOWN, "off", item="X-9")


def test_the_chart_counts_open_villages(item, django_assert_num_queries):
    put(CITY, "off")
    put(COUNTY, "pilot")
    put(world.OTHER_TOWN, "off")
    today = world._SINCE
    chart = pages.chart(item="T-1", today=today)
    rows = {row["division"]: row for row in chart["results"]}
    assert list(rows) == [CITY, COUNTY]
    assert (rows[CITY]["opened"], rows[CITY]["villages"]) == (1, 2)
    assert (rows[COUNTY]["own"], rows[COUNTY]["from_division"]) == ("pilot", COUNTY)
    below = pages.chart(item="T-1", division=COUNTY, today=today)["results"]
    assert [(row["name"], row["stage"], row["opened"]) for row in below] == [
        ("雁江区", "pilot", 1),
        ("雁江镇", "pilot", 1),
        ("松涛镇", "off", 0),
    ]
    with django_assert_num_queries(1):
        pages.chart(item="T-1", division=COUNTY, today=today)


def test_tells_people_where_it_is_open(item):
    put(CITY, "off")
    put(COUNTY, "pilot")
    put(TOWN, "pilot")  # as the county: not worth a line
    put(world.OTHER_TOWN, "off")
    told = queries.open_in(queries.entries_of("T-1"), "T-1", today=world._SINCE)
    assert [(one["name"], one["stage_label"]) for one in told] == [
        ("资阳市", "关闭"),
        ("雁江区", "试点"),
        ("松涛镇", "关闭"),
    ]
