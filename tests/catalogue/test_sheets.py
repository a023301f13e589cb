"""A thousand rows with planted errors: each told by its line, and nothing written by halves."""

import copy
import random

import pytest

from backend.accounts import actions as accounts
from backend.catalogue import actions, queries
from backend.catalogue.actions.sheets import BadSheet
from backend.catalogue.models import LocalParam, Rollout, RolloutChange, ServiceItem
from backend.organisation.duties import NotYourDuty
from backend.organisation.models import Division
from tests.catalogue.test_load_item import PLAIN
from tests.catalogue.test_params import PARAMS
from tests.factories import world

pytestmark = pytest.mark.django_db

TOWNS = [f"5120022{n:02d}000" for n in range(50)]


@pytest.fixture(autouse=True)
def city():
    world.a_city()
    county = Division.objects.get(code=world.COUNTY)
    for code in TOWNS:
        world._division(code, f"镇{code[6:9]}", Division.Level.TOWN, county)
    for n in range(1, 21):
        whole = {**copy.deepcopy(PLAIN), "code": f"T-{n}", "params": PARAMS}
        actions.load_item(actor=accounts.system_account(), definition=whole)


def load(kind, text, *, by=None, apply=False):
    return actions.load_sheet(
        actor=by or accounts.system_account(), kind=kind, text=text, reason="批量", apply=apply
    )


def table(heading, rows):
    return "\r\n".join([heading, *(",".join(row) for row in rows)]) + "\r\n"


def lines(sheet):
    return {one["line"] for one in sheet.faults}


def good_params():
    return [(f"T-{n}", "bands", town, "80-89=50;90-99=100") for n in range(1, 21) for town in TOWNS]


def test_a_thousand_parameters_with_planted_errors(django_assert_max_num_queries):
    rows, rng = good_params(), random.Random(7)
    assert len(rows) == 1000
    wrong = [
        ("T-99", "bands", TOWNS[0], "80-89=1;90-99=2"),
        ("T-1", "nothing", TOWNS[0], "1"),
        ("T-1", "bands", "512099000000", "80-89=1;90-99=2"),
        ("T-1", "bands", TOWNS[0], "80-89=x;90-99=2"),
        ("T-1", "bands", TOWNS[0], "80-89=1"),
        ("T-1", "amount", TOWNS[0], "1"),
        ("T-1", "amount", world.COUNTY, "99999"),
        ("T-1", "banks", world.COUNTY, "工商银行、工商银行"),
        ("T-1", "bands", TOWNS[0]),
        rows[0],
    ]
    planted = set()
    for at, row in zip(sorted(rng.sample(range(2, 900), len(wrong))), wrong, strict=True):
        rows.insert(at, row)
        planted.add(at + 2)  # the heading, and lines count from 1
    text = table("item,key,division,value", rows)
    with django_assert_max_num_queries(12):
        sheet = load("parameters", text)
    assert (sheet.rows, lines(sheet)) == (1010, planted)
    assert len(sheet.writes) == 1000
    assert not LocalParam.objects.exists()
    with pytest.raises(BadSheet) as refused:
        load("parameters", text, apply=True)
    assert {one["line"] for one in refused.value.extra["faults"]} == planted
    assert not LocalParam.objects.exists()


def test_a_thousand_good_rows_are_loaded_in_few_statements(django_assert_max_num_queries):
    with django_assert_max_num_queries(20):
        sheet = load("parameters", table("item,key,division,value", good_params()), apply=True)
    assert (sheet.applied, sheet.faults, LocalParam.objects.count()) == (True, [], 1000)
    version = queries.in_force_of("T-7")
    held = queries.in_force(
        version, [TOWNS[3], world.COUNTY], on=LocalParam.objects.first().valid_from
    )
    assert held["bands"].value == {"80-89": 50, "90-99": 100}


def test_a_thousand_steps_of_the_roll_out_with_leaps_among_them():
    rows = [(f"T-{n}", town, "online", "off") for n in range(1, 21) for town in TOWNS]
    planted = set()
    for at, row in (
        (100, ("T-1", TOWNS[0], "online", "live")),  # closed above: on trial first
        (200, ("T-1", TOWNS[0], "flying", "off")),
        (300, ("T-1", TOWNS[0], "online", "open")),
        (400, ("T-1", "1", "online", "off")),
        (500, ("T-77", TOWNS[0], "online", "off")),
    ):
        rows.insert(at, row)
        planted.add(at + 2)
    rows.append(("T-1", TOWNS[0], "", "pilot"))  # and the next step of a row before is none
    sheet = load("rollout", table("item,division,capability,stage", rows))
    assert (sheet.rows, lines(sheet)) == (1006, planted)
    good = [row for at, row in enumerate(rows) if at + 2 not in planted]
    load("rollout", table("item,division,capability,stage", good), apply=True)
    assert Rollout.objects.count() == 1000
    assert RolloutChange.objects.count() == 1001
    assert Rollout.objects.get(item__code="T-1", division__code=TOWNS[0]).stage == "pilot"


def test_popular_names_are_found_once_loaded():
    rows = [(f"T-{n % 20 + 1}", f"俗名{n}") for n in range(1000)]
    rows.insert(10, ("T-1", "高龄津贴"))
    rows.insert(20, ("T-99", "没有"))
    rows.insert(30, ("T-1", "字" * 33))
    sheet = load("aliases", table("item,alias", rows))
    assert lines(sheet) == {12, 22, 32}
    good = [row for at, row in enumerate(rows) if at not in (10, 20, 30)]
    load("aliases", table("item,alias", good), apply=True)
    item = ServiceItem.objects.get(code="T-1")
    assert len(item.aliases) == 50
    assert [row.code for row in queries.listed(search="俗名980")] == ["T-1"]


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("", 1),
        ("item,key,division\n", 1),
        ("item,key,division,value,colour\n", 1),
        ('item,key,division,value\nT-1,amount,512002000000,1\nT-1,"amount', 3),
    ],
)
def test_a_sheet_that_is_none_says_so(text, line):
    try:
        told = load("parameters", text).faults
    except BadSheet as refused:
        told = refused.extra["faults"]
    assert [one["line"] for one in told] == [line]


def test_a_sheet_from_a_spreadsheet_is_read():
    text = "\ufeffitem,key,division,value,from\r\nT-1,banks,512002000000,工商银行、建设银行,\r\n"
    load("parameters", text, apply=True)
    assert LocalParam.objects.get().value == ["工商银行", "建设银行"]


def test_rows_beyond_ones_own_territory_are_faults():
    admin = world.staff("item_admin", "SW")
    rows = [("T-1", "bands", world.TOWN, "80-89=1;90-99=2"), ("T-1", "amount", world.COUNTY, "1")]
    sheet = load("parameters", table("item,key,division,value", rows), by=admin)
    assert [(one["line"], one["column"]) for one in sheet.faults] == [(3, "division")]
    with pytest.raises(NotYourDuty):
        load("parameters", "", by=world.staff("town_reviewer", "SW"))
