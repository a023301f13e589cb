"""Reference data of the organisation loads any number of times, or not at all."""

from datetime import date

import pytest

from backend.organisation import actions, queries
from backend.organisation.actions import Custodian, Day, Office, Place
from backend.organisation.models import CalendarDay, Custody, Department, Division

pytestmark = pytest.mark.django_db

SINCE = date(2023, 6, 30)
CITY, COUNTY, ZONE = "512000000000", "512002000000", "512002902000"
TOWN, VILLAGE = "512002100000", "512002100204"
OTHER_TOWN, OTHER_VILLAGE = "512002102000", "512002102201"


def place(line, code, name, level, parent, **more):
    return Place(line, code, name, more.pop("short_name", name), level, parent, SINCE, **more)


def places():
    return [
        place(7, VILLAGE, "新堰村村民委员会", "village", TOWN, short_name="新堰村"),
        place(2, CITY, "资阳市", "city", "510000000000"),
        place(1, "510000000000", "四川省", "province", ""),
        place(3, COUNTY, "雁江区", "county", CITY),
        place(4, TOWN, "雁江镇", "town", COUNTY),
        place(5, OTHER_TOWN, "宝台镇", "town", COUNTY),
        place(6, ZONE, "临空经济区", "zone", COUNTY),
        place(8, OTHER_VILLAGE, "新堰村村民委员会", "village", OTHER_TOWN, short_name="新堰村"),
        place(9, "512002102202", "石厂村村民委员会", "village", OTHER_TOWN, short_name="石厂村"),
    ]


def division(code):
    return Division.objects.get(code=code, valid_to__isnull=True)


def test_builds_the_tree_whatever_the_order():
    tally = actions.load_divisions(places=places())
    assert (tally.added, tally.changed) == (9, 0)
    village, zone = division(VILLAGE), division(ZONE)
    assert (village.parent.code, village.county_code, village.town_code) == (TOWN, COUNTY, TOWN)
    assert (zone.county_code, zone.town_code) == (COUNTY, ZONE)
    assert (division(COUNTY).county_code, division(CITY).county_code) == (COUNTY, "")


def test_a_name_that_repeats_carries_its_town():
    actions.load_divisions(places=places())
    assert division(VILLAGE).full_name == "雁江镇新堰村"
    assert division(OTHER_VILLAGE).full_name == "宝台镇新堰村"
    assert division("512002102202").full_name == "石厂村"


def test_twice_is_once():
    actions.load_divisions(places=places())
    before = list(Division.objects.order_by("pk").values())
    tally = actions.load_divisions(places=places())
    assert (tally.added, tally.changed, tally.same) == (0, 0, 9)
    assert list(Division.objects.order_by("pk").values()) == before


def test_a_changed_name_is_changed_in_place():
    actions.load_divisions(places=places())
    pk = division(TOWN).pk
    rows = [*places()[:4], place(4, TOWN, "雁江新镇", "town", COUNTY), *places()[5:]]
    assert actions.load_divisions(places=rows).changed == 2  # the town, and the village it names
    assert (division(TOWN).pk, division(TOWN).name) == (pk, "雁江新镇")


def test_a_code_that_ends_leaves_its_row_to_the_cases():
    actions.load_divisions(places=places())
    old = division(VILLAGE)
    ended = place(
        7, VILLAGE, "新堰村村民委员会", "village", TOWN, short_name="新堰村",
        valid_to=date(2026, 12, 31), successor=OTHER_VILLAGE,
    )  # fmt: skip
    actions.load_divisions(places=[ended, *places()[1:]])
    old.refresh_from_db()
    assert old.valid_to == date(2026, 12, 31)
    assert old.successor.code == OTHER_VILLAGE
    assert not Division.objects.filter(code=VILLAGE, valid_to__isnull=True).exists()
    assert division(OTHER_VILLAGE).full_name == "新堰村"  # it repeats no more
    assert actions.load_divisions(places=[ended, *places()[1:]]).changed == 0


def test_a_code_may_end_and_begin_anew_in_one_load():
    actions.load_divisions(places=places())
    old = division(VILLAGE)
    ended = place(
        7, VILLAGE, "新堰村村民委员会", "village", TOWN, short_name="新堰村",
        valid_to=date(2026, 12, 31),
    )  # fmt: skip
    anew = Place(
        10, VILLAGE, "新堰社区居民委员会", "新堰社区", "village", OTHER_TOWN, date(2027, 1, 1)
    )
    actions.load_divisions(places=[ended, anew, *places()[1:]])
    assert division(VILLAGE).pk != old.pk
    assert division(VILLAGE).name == "新堰社区居民委员会"


@pytest.mark.parametrize(
    ("bad", "says"),
    [
        (place(10, "51200210", "短码村", "village", TOWN), "12位"),
        (place(10, VILLAGE, "重码村", "village", TOWN), "重复"),
        (place(10, "512002100999", "", "village", TOWN), "名称"),
        (place(10, "512002100999", "孤村", "village", "512002777000"), "上级"),
        (place(10, "512002100999", "倒村", "town", VILLAGE), "上级"),
        (place(10, "512002100999", "怪村", "hamlet", TOWN), "级别"),
        (place(10, "512002100999", "旧村", "village", TOWN, successor="5"), "承继"),
        (place(10, "512002100999", "短命村", "village", TOWN, valid_to=date(2000, 1, 1)), "早于"),
    ],
)
def test_a_bad_row_is_refused_with_its_line_and_nothing_is_loaded(bad, says):
    with pytest.raises(actions.BadReference) as refused:
        actions.load_divisions(places=[*places(), bad])
    told = refused.value.extra["faults"]
    assert any(one["line"] == 10 and says in one["reason"] for one in told)
    assert not Division.objects.exists()


def test_custody_turns_the_territory_and_not_the_tree():
    actions.load_divisions(places=places())
    row = Custodian(2, VILLAGE, ZONE, date(2018, 9, 28), evidence="报道")
    assert actions.load_custody(custodians=[row]).added == 1
    assert actions.load_custody(custodians=[row]).same == 1
    village = division(VILLAGE)
    acting = queries.territory_of(village, today=date(2026, 11, 22))
    assert (acting.town_code, acting.county_code, acting.village_code) == (ZONE, COUNTY, VILLAGE)
    assert village.parent.code == TOWN


def test_custody_that_ends_ends():
    actions.load_divisions(places=places())
    actions.load_custody(custodians=[Custodian(2, VILLAGE, ZONE, date(2018, 9, 28))])
    ended = Custodian(2, VILLAGE, ZONE, date(2018, 9, 28), date(2026, 1, 1))
    assert actions.load_custody(custodians=[ended]).changed == 1
    assert Custody.objects.get().valid_to == date(2026, 1, 1)
    acting = queries.territory_of(division(VILLAGE), today=date(2026, 11, 22))
    assert acting.town_code == TOWN


@pytest.mark.parametrize(("node", "authority"), [(COUNTY, ZONE), (VILLAGE, TOWN), ("9", ZONE)])
def test_custody_of_the_wrong_kind_is_refused(node, authority):
    actions.load_divisions(places=places())
    with pytest.raises(actions.BadReference, match="第2行"):
        actions.load_custody(custodians=[Custodian(2, node, authority, SINCE)])


def test_offices_stand_in_every_division_of_their_level():
    actions.load_divisions(places=places())
    offices = [Office("village", "ZD", "便民服务站"), Office("county", "GA", "公安局")]
    names = {("GA", COUNTY): "资阳市公安局雁江区分局"}
    assert actions.load_departments(offices=offices, names=names).added == 4
    assert actions.load_departments(offices=offices, names=names).same == 4
    assert Department.objects.get(code="GA").name == "资阳市公安局雁江区分局"
    assert Department.objects.get(division__code=VILLAGE).name == "雁江镇新堰村便民服务站"


def test_the_city_keeps_the_days_it_has_set_itself():
    new_year = Day(date(2027, 1, 1), False, "元旦", True, "推算")
    second = Day(date(2027, 1, 2), False, "", True, "推算")
    actions.load_calendar(days=[new_year, second])
    CalendarDay.objects.filter(day=second.day).update(is_workday=True, source="资阳市通知")
    actions.load_calendar(days=[new_year, second])
    assert CalendarDay.objects.get(day=second.day).is_workday
    assert not queries.calendar().is_workday(new_year.day)


def test_an_announced_day_takes_the_place_of_a_guessed_one():
    guess = Day(date(2027, 2, 5), True, "", True, "推算")
    actions.load_calendar(days=[guess])
    told = Day(date(2027, 2, 5), False, "春节", False, "通知")
    other = Day(date(2027, 2, 4), True, "", True, "推算")
    assert actions.load_calendar(days=[told, other]).changed == 1
    assert CalendarDay.objects.get(day=told.day).label == "春节"
