"""Moving running cases at the staff door: the dry run, its cases, the order, and the result."""

import pytest

from backend.staff_api.catalogue import moves as door
from tests.factories import world
from tests.factories.versions import accepted, newer

pytestmark = pytest.mark.django_db

BASE = "/api/staff/v1/catalogue/items/T-1/moves"


@pytest.fixture
def desk(client_of):
    world.a_city()
    first, worker = world.an_item(code="T-1"), world.staff("community_worker", "ZD")
    for _ in range(3):
        accepted(first, worker)
    newer(first, promised_days=9)
    return client_of(world.staff("item_admin", "MZ", world.CITY))


def propose(desk):
    return desk.post(BASE, {"reason": "政策调整"}, format="json")


def test_reports_first_and_moves_what_is_chosen(desk, django_assert_max_num_queries):
    answer = propose(desk)
    assert answer.status_code == 201, answer.json()
    report = answer.json()
    door.MoveOut(data=report).is_valid(raise_exception=True)
    assert (report["state"], report["total"], report["can"]) == ("ready", 3, 3)
    url = f"{BASE}/{report['uid']}"
    with django_assert_max_num_queries(6):
        page = desk.get(url + "/cases", {"limit": 2, "can": "true"}).json()
    row = page["results"][0]
    assert set(row) == set(door.MovedCaseOut().fields)
    rest = desk.get(url + "/cases", {"limit": 2, "after": page["next"]}).json()
    assert (len(page["results"]), len(rest["results"]), rest["next"]) == (2, 1, None)
    told = desk.post(url + "/run", {"numbers": [row["number"]]}, format="json").json()
    assert told["results"] == {"waiting": 2, "chosen": 0, "moved": 1, "skipped": 0}
    told = desk.post(url + "/run", {}, format="json").json()
    assert told["results"] == {"waiting": 0, "chosen": 0, "moved": 3, "skipped": 0}
    assert desk.get(url).json()["results"]["moved"] == 3
    assert len(desk.get(url + "/cases", {"state": "moved"}).json()["results"]) == 3


def test_says_what_cannot_be(desk, client_of):
    county = client_of(world.staff("item_admin", "MZ"))
    assert propose(county).status_code == 403
    uid = propose(desk).json()["uid"]
    assert county.post(f"{BASE}/{uid}/run", {}, format="json").status_code == 403
    assert county.get(f"{BASE}/{uid}").status_code == 200
    wrong = desk.post(f"{BASE}/{uid}/run", {"numbers": ["9" * 24]}, format="json")
    assert (wrong.status_code, wrong.json()["numbers"]) == (422, ["9" * 24])
    nowhere = desk.get(f"{BASE}/7b0d6a4e-38d1-4c92-9f6f-0c1d53f0a111")
    assert (nowhere.status_code, nowhere.json()["code"]) == (404, "move_not_found")
    desk.post(f"{BASE}/{uid}/run", {}, format="json")
    assert propose(desk).json()["code"] == "nothing_to_move"
