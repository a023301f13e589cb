"""Roll-out at the staff door: the chart, each step with its reason, and the trail."""

import pytest

from backend.staff_api.catalogue import rollout
from tests.factories import world

pytestmark = pytest.mark.django_db

BASE = "/api/staff/v1/catalogue/rollout"


@pytest.fixture
def desk(client_of):
    world.an_item(code="T-1")
    return client_of(world.staff("item_admin", "MZ"))


def put(desk, division=world.TOWN, stage="off", **more):
    body = {"item": "T-1", "division": division, "stage": stage, "reason": "推广", **more}
    return desk.post(BASE, body, format="json")


def test_shows_the_tree_with_its_progress(desk, django_assert_max_num_queries):
    chart = put(desk).json()
    rollout.RolloutChartOut(data=chart).is_valid(raise_exception=True)
    assert (chart["results"][0]["name"], chart["results"][0]["stage"]) == ("雁江镇", "off")
    with django_assert_max_num_queries(4):
        chart = desk.get(BASE, {"item": "T-1", "division": world.COUNTY}).json()
    assert [(row["name"], row["opened"], row["villages"]) for row in chart["results"]] == [
        ("雁江区", 1, 2),
        ("雁江镇", 0, 1),
        ("松涛镇", 1, 1),
    ]


def test_refuses_a_leap_with_where_it_stands(desk):
    put(desk)
    refused = put(desk, stage="live")
    assert (refused.status_code, refused.json()["code"]) == (409, "rollout_stage_skipped")
    assert refused.json()["state"] == "off"
    assert put(desk, stage="pilot").status_code == 200
    assert put(desk, stage="live").status_code == 200


def test_unsets_and_tells_the_trail(desk):
    put(desk)
    put(desk, stage="pilot")
    body = {"item": "T-1", "division": world.TOWN, "reason": "随县里"}
    assert desk.post(BASE + "/unset", body, format="json").status_code == 200
    assert desk.post(BASE + "/unset", body, format="json").json()["code"] == "rollout_not_set"
    page = desk.get(BASE + "/changes", {"item": "T-1", "limit": 2}).json()
    assert [row["reason"] for row in page["results"]] == ["随县里", "推广"]
    rest = desk.get(BASE + "/changes", {"limit": 2, "after": page["next"]}).json()
    assert len(rest["results"]) == 1
    rollout.RolloutChangeOut(data=rest["results"][0]).is_valid(raise_exception=True)


def test_is_for_the_administrators_of_the_place(desk):
    assert put(desk, division=world.CITY).status_code == 403
    assert put(desk, reason="").status_code == 400
    assert put(desk, item="X-1").status_code == 404
