"""Parameters at the staff door: the county sets its own, and everybody sees who differs."""

import copy

import pytest

from backend.accounts import actions as accounts
from backend.catalogue import actions as catalogue
from backend.staff_api.catalogue import params
from tests.catalogue.test_params import PARAMS, PLAIN
from tests.factories import world

pytestmark = pytest.mark.django_db

BASE = "/api/staff/v1/catalogue/items/T-1/parameters"


@pytest.fixture
def desk(client_of):
    world.a_city()
    whole = {**copy.deepcopy(PLAIN), "params": PARAMS, "conditions": ["每月{amount}"]}
    catalogue.load_item(actor=accounts.system_account(), definition=whole)
    return client_of(world.staff("item_admin", "MZ"))


def put(desk, **changes):
    body = {"division": world.COUNTY, "key": "amount", "value": 250, "reason": "县政府文件"}
    return desk.post(BASE, {**body, **changes}, format="json")


def test_sets_and_shows_a_value_beside_the_standard(desk):
    answer = put(desk)
    assert answer.status_code == 200, answer.json()
    row = next(one for one in answer.json() if one["key"] == "amount")
    params.ParamOut(data=row).is_valid(raise_exception=True)
    assert (row["standard"], row["value"], row["text"]) == (100, 250, "250元")
    assert row["division"] == world.COUNTY
    below = desk.get(BASE, {"division": world.VILLAGE}).json()
    assert next(one for one in below if one["key"] == "amount")["value"] == 250
    city = desk.get(BASE).json()
    assert next(one for one in city if one["key"] == "amount")["value"] == 100


def test_shows_where_places_differ_and_what_was_ever_set(desk, django_assert_max_num_queries):
    put(desk)
    put(desk, division=world.TOWN, key="bands", value={"80-89": 1, "90-99": 2})
    with django_assert_max_num_queries(6):
        page = desk.get(BASE + "/diff", {"limit": 1}).json()
    (row,) = page["results"]
    params.DifferenceOut(data=row).is_valid(raise_exception=True)
    assert (row["division_name"], row["text"], row["standard_text"]) == ("雁江区", "250元", "100元")
    rest = desk.get(BASE + "/diff", {"limit": 1, "after": page["next"]}).json()
    assert [one["key"] for one in rest["results"]] == ["bands"]
    assert rest["next"] is None
    told = desk.get(BASE + "/history", {"key": "amount"}).json()["results"]
    assert [one["reason"] for one in told] == ["县政府文件"]
    params.SettingOut(data=told[0]).is_valid(raise_exception=True)


def test_unsets_a_value(desk):
    put(desk)
    body = {"division": world.COUNTY, "key": "amount", "reason": "随全市"}
    rows = desk.post(BASE + "/unset", body, format="json").json()
    assert next(one for one in rows if one["key"] == "amount")["value"] == 100


def test_says_all_that_is_wrong_with_a_value(desk):
    refused = put(desk, key="bands", value={"80-89": "x", "90-99": -1})
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_param_value")
    assert {one["path"] for one in refused.json()["faults"]} == {"80-89", "90-99"}
    assert put(desk, reason=" ").status_code == 400
    assert put(desk, key="nothing").status_code == 404


def test_residents_read_their_own_countys_standard(desk, client, client_of):
    put(desk)
    mine = client_of(world.a_resident().account).get("/api/v1/items/T-1").json()
    assert mine["conditions"] == ["每月250元"]
    amount = next(one for one in mine["amounts"] if one["key"] == "amount")
    assert (amount["text"], amount["local"]) == ("250元", True)
    visitor = client.get("/api/v1/items/T-1").json()
    assert visitor["conditions"] == ["每月100元"]


@pytest.mark.parametrize(
    ("who", "status"), [("county", 200), ("city", 200), ("town", 403), ("reviewer", 403)]
)
def test_is_for_item_administrators_of_the_place(desk, client_of, who, status):
    posts = {
        "county": ("item_admin", "MZ"),
        "city": ("item_admin", "MZ", world.CITY),
        "town": ("item_admin", "SW"),
        "reviewer": ("county_reviewer", "MZ"),
    }
    assert put(client_of(world.staff(*posts[who]))).status_code == status
