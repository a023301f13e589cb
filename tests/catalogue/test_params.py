"""A place may have its own amounts, days and lists; the standard's shape binds them all."""

import copy
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from hypothesis import given
from hypothesis import strategies as st

from backend.accounts import actions as accounts
from backend.catalogue import actions, definition, queries
from backend.catalogue.actions import params as acts
from backend.catalogue.definition import params, source
from backend.catalogue.models import LocalParam
from backend.catalogue.queries import params as pages
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.organisation.models import Division
from tests.catalogue.test_load_item import PLAIN
from tests.factories import world

pytestmark = pytest.mark.django_db

OTHER_COUNTY = "512021000000"
PARAMS = [
    {"key": "amount", "label": "月标准", "per": "county", "value": 100, "unit": "元", "max": 5000},
    {"key": "bands", "label": "分档", "per": "town", "value": {"80-89": None, "90-99": 100}},
    {"key": "banks", "label": "银行", "per": "county", "value": ["工商银行", "农业银行"]},
    {"key": "levels", "label": "档次", "per": "city", "value": ["200", "300"]},
]
CITY_CHAIN = [world.CITY]
TOWN_CHAIN = [world.VILLAGE, world.TOWN, world.COUNTY, world.CITY]


def item(**changes):
    whole = {**copy.deepcopy(PLAIN), "params": copy.deepcopy(PARAMS), **changes}
    return actions.load_item(actor=accounts.system_account(), definition=whole)


@pytest.fixture
def city():
    world.a_city()
    city = Division.objects.get(code=world.CITY)
    world._division(OTHER_COUNTY, "安岳县", Division.Level.COUNTY, city)


@pytest.fixture
def admin(city):
    return world.staff("item_admin", "MZ")


def today():
    return timezone.localdate()


def put(admin, key="amount", value=200, division=world.COUNTY, **more):
    return actions.set_param(
        actor=admin,
        item_code="T-1",
        division=division,
        key=key,
        value=value,
        reason="县里定",
        **more,
    )


def holds(version, chain=TOWN_CHAIN, on=None):
    found = queries.in_force(version, chain, on=on or today())
    return {key: (one.value, one.division) for key, one in found.items()}


def test_the_nearest_value_up_the_tree_holds(admin):
    version = item()
    put(admin)
    put(admin, "bands", {"80-89": 50, "90-99": 100})
    put(admin, "bands", {"80-89": 60, "90-99": None}, division=world.TOWN)
    assert holds(version)["amount"] == (200, world.COUNTY)
    assert holds(version)["bands"] == ({"80-89": 60, "90-99": None}, world.TOWN)
    assert holds(version, [world.OTHER_TOWN, world.COUNTY, world.CITY])["bands"][1] == world.COUNTY
    assert holds(version, [OTHER_COUNTY, world.CITY])["amount"] == (100, "")


def test_a_village_in_custody_takes_the_values_of_its_zone(admin):
    version = item()
    county = Division.objects.get(code=world.COUNTY)
    zone = world._division("512002902000", "临空经济区", Division.Level.ZONE, county)
    zone.county_code = world.COUNTY
    zone.save()
    village = Division.objects.get(code=world.VILLAGE)
    village.custodies.create(authority=zone, valid_from=world._SINCE)
    organisation.forget()
    put(admin, value=333, division=zone.code)
    chain = organisation.territory_of(village, today=today()).chain()
    assert holds(version, chain)["amount"] == (333, zone.code)


def test_a_new_standard_reaches_every_county_and_keeps_what_was_set(admin):
    item()
    put(admin)
    changed = copy.deepcopy(PARAMS)
    changed[0]["value"] = 120
    version = item(params=changed)
    assert holds(version)["amount"] == (200, world.COUNTY)
    assert holds(version, [OTHER_COUNTY, world.CITY])["amount"] == (120, "")


def test_a_value_that_no_longer_fits_gives_way_to_the_standard(admin):
    item()
    put(admin, "bands", {"80-89": 50, "90-99": 100})
    changed = copy.deepcopy(PARAMS)
    changed[1]["value"] = {"80-89": 1, "90-99": 2, "100+": 3}
    version = item(params=changed)
    assert holds(version)["bands"] == ({"80-89": 1, "90-99": 2, "100+": 3}, "")
    (row,) = [row for _, row in pages.differing("T-1", on=today(), size=9)]
    assert (row["key"], row["fits"]) == ("bands", False)


def test_a_value_counts_from_its_day_and_the_past_stays(admin):
    version = item()
    put(admin)
    put(admin, value=300, valid_from=today() + timedelta(days=5))
    assert holds(version)["amount"][0] == 200
    assert holds(version, on=today() + timedelta(days=5))["amount"][0] == 300
    with pytest.raises(acts.BeforeToday):
        put(admin, valid_from=today() - timedelta(days=1))


def test_what_is_unset_falls_back_and_stays_on_record(admin):
    version = item()
    put(admin)
    actions.unset_param(
        actor=admin, item_code="T-1", division=world.COUNTY, key="amount", reason="随全市"
    )
    assert holds(version)["amount"] == (100, "")
    told = [(row["value"], row["reason"]) for _, row in pages.history("T-1", size=9)]
    assert told == [(None, "随全市"), (200, "县里定")]


def test_what_was_set_can_be_neither_changed_nor_deleted(admin):
    item()
    row = put(admin)
    for act in (lambda: LocalParam.objects.update(value=1), row.delete):
        with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
            act()


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("amount", None),
        ("amount", "200"),
        ("amount", True),
        ("amount", -1),
        ("amount", 5001),
        ("amount", 0.001),
        ("bands", {"80-89": 1}),
        ("bands", {"80-89": 1, "90-99": "x"}),
        ("bands", {"80-89": 1, "90-99": 2, "100+": 3}),
        ("bands", 7),
        ("banks", []),
        ("banks", ["工商银行", "工商银行"]),
        ("banks", [1]),
        ("banks", "工商银行"),
    ],
)
def test_refuses_what_the_standard_does_not_allow(admin, key, value):
    item()
    with pytest.raises(acts.BadValue) as refused:
        put(admin, key, value)
    assert refused.value.extra["faults"]
    assert not LocalParam.objects.exists()


def test_refuses_a_level_that_may_not_set_it(admin):
    item()
    for key, division in (
        ("amount", world.TOWN),
        ("bands", world.VILLAGE),
        ("levels", world.COUNTY),
    ):
        with pytest.raises(acts.NotSetHere):
            put(admin, key, ["200"], division=division)
    with pytest.raises(acts.NotSetHere):
        put(accounts.system_account(), division=world.CITY)
    with pytest.raises(acts.ParamNotFound):
        put(admin, "nothing")
    with pytest.raises(queries.PlaceNotFound):
        put(admin, division="512099000000")


def test_a_county_administrator_sets_their_county_only(admin):
    item()
    put(admin, "bands", {"80-89": 1, "90-99": 2}, division=world.TOWN)
    with pytest.raises(NotYourDuty):
        put(admin, division=OTHER_COUNTY)
    with pytest.raises(NotYourDuty):
        put(world.staff("county_reviewer", "MZ"))


PUBLICITY = {"days": 7, "day_kind": "calendar", "counts": True, "days_param": "show_days"}
SHOW_DAYS = {"key": "show_days", "label": "公示天数", "per": "county", "value": 7}


def shown_item(**changes):
    steps = copy.deepcopy(PLAIN["steps"])
    review = next(one for one in steps if one["phase"] == "review")
    review.update(publicity=True, actions=["approve", "reject", "publicize"])
    review.pop("days", None)
    return item(steps=steps, publicity=PUBLICITY, params=[SHOW_DAYS], legal_days=60, **changes)


def test_local_publicity_must_still_keep_the_promise(admin):
    shown_item(promised_days=25)
    put(admin, "show_days", 8)
    with pytest.raises(acts.BadValue, match="超过承诺"):
        put(admin, "show_days", 50)
    with pytest.raises(acts.BadValue):
        put(admin, "show_days", 61)


def test_the_standard_of_publicity_days_stands_in_both_places():
    world.a_city()
    with pytest.raises(actions.BadDefinition, match="不一致"):
        item(publicity=PUBLICITY, params=[{**SHOW_DAYS, "value": 9}])


def test_a_text_names_only_parameters_there_are():
    world.a_city()
    item(conditions=["每月{amount}"])
    with pytest.raises(actions.BadDefinition, match="没有 amout"):
        item(conditions=["每月{amout}"])


def test_lists_every_division_that_differs_page_by_page(admin, django_assert_num_queries):
    item()
    put(admin)
    put(admin, "banks", ["建设银行"])
    for code in (world.TOWN, world.OTHER_TOWN):
        put(admin, "bands", {"80-89": 1, "90-99": 2}, division=code)
    put(accounts.system_account(), value=100, division=OTHER_COUNTY)  # as the standard says
    queries.published("T-1")
    whole = [key for key, _ in pages.differing("T-1", on=today(), size=99)]
    assert whole == [
        ("amount", world.COUNTY),
        ("bands", world.TOWN),
        ("bands", world.OTHER_TOWN),
        ("banks", world.COUNTY),
    ]
    paged, after = [], None
    while page := pages.differing("T-1", on=today(), after=after, size=1):
        paged.append(page[0][0])
        after = page[0][0]
    assert paged == whole
    with django_assert_num_queries(2):
        pages.differing("T-1", on=today(), size=99)


def test_asks_at_most_once_however_many_there_are(admin, django_assert_num_queries):
    version = item()
    put(admin)
    organisation.level_of(world.COUNTY)
    with django_assert_num_queries(1):
        holds(version)
    only_city = item(params=PARAMS[3:])
    with django_assert_num_queries(0):
        holds(only_city)


amounts = st.integers(0, 10**9) | st.integers(0, 10**8).map(lambda cents: cents / 100)
names = st.text(st.characters(categories=["Lo", "Nd"]), min_size=1, max_size=10)
standards = st.one_of(
    amounts,
    st.none(),
    st.booleans(),
    names,
    st.lists(names, min_size=1, max_size=5, unique=True),
    st.dictionaries(names, st.none() | amounts, min_size=1, max_size=4),
)


@given(standards, standards)
def test_a_local_value_is_of_the_kind_of_its_standard(standard, value):
    param = {"key": "x", "label": "x", "per": "county", "value": standard}
    assert not list(params.standard_faults(param, ()))

    def kind(one):
        if isinstance(one, dict):
            return ("table", frozenset(one))
        return "number" if one is None or type(one) in (int, float) else type(one).__name__

    fitting = value is not None and kind(value) == kind(standard)
    assert params.fits(param, value) == fitting


def test_a_definition_and_its_source_say_the_same():
    for plain in (PLAIN, {**PLAIN, "params": PARAMS, "aliases": ["老人补贴"]}):
        whole = definition.complete(plain)
        assert definition.complete(source.of(whole)) == whole
        assert not definition.faults(source.of(whole))
