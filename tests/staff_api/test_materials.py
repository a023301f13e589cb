"""材料台账 over HTTP: who gave what, the verbs, the queues, and leave to read a file."""

import pytest

from backend.staff_api import materials as door
from tests.cases.test_hand_in import in_doubt
from tests.cases.test_submit_materials import INCOME, PHOTO, SHARED
from tests.factories import world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db
BASE = "/api/staff/v1"


@pytest.fixture
def desk(client_of):
    return client_of(world.staff("community_worker", "ZD"))


@pytest.fixture
def case():
    version = world.an_item(materials=[SHARED, PHOTO, INCOME])
    chosen = {"photo": {"by": "paper"}, "income": {"by": "deferred"}}
    return world.submitted(version=version, materials=chosen)


def act(desk, case, key, verb, status=200, **body):
    url = f"{BASE}/cases/{case.number}/materials/{key}/{verb}"
    answer = desk.post(url, body, format="json")
    assert answer.status_code == status, answer.content
    return answer.json()


def row(rows, key):
    return next(one for one in rows if one["key"] == key)


def test_shows_the_ledger_as_declared(desk, case):
    rows = desk.get(f"{BASE}/cases/{case.number}/materials").json()
    for one in rows:
        assert_holds(door.LedgerOut, one)
    assert row(rows, "id_card")["says"] == "正在向共享数据核验, 不用申请人提供"
    assert row(rows, "income")["by_label"] == "容缺后补"


def test_a_paper_is_taken_and_looked_at(desk, case):
    rows = act(desk, case, "photo", "receive", note="原件")
    assert row(rows, "photo")["state"] == "given"
    rows = act(desk, case, "photo", "verify")
    assert row(rows, "photo")["state"] == "verified"
    assert act(desk, case, "photo", "receive", 409)["code"] == "material_not_wanted"


def test_a_difference_wants_a_reason(desk, case):
    in_doubt(case)
    act(desk, case, "id_card", "settle", 400)
    act(desk, case, "id_card", "settle", 400, reason=" ")
    rows = act(desk, case, "id_card", "settle", reason="已与派出所核实")
    assert row(rows, "id_card")["state"] == "verified"


def test_says_what_keeps_it_from_being_accepted(desk, case):
    refused = desk.post(f"{BASE}/cases/{case.number}/accept", {}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (409, "materials_wanted")
    assert [one["key"] for one in refused.json()["materials"]] == ["photo"]
    page = desk.get(f"{BASE}/cases/{case.number}").json()
    accept = next(one for one in page["verbs"] if one["verb"] == "accept")
    assert (accept["code"], accept["why"]) == ("materials_wanted", "还没有交: 近期照片")


def test_the_queues_are_paged(desk, case):
    version = world.an_item(materials=[INCOME])
    for _ in range(2):
        world.submitted(version=version, applicant=world.a_resident(),
                        materials={"income": {"by": "deferred"}})  # fmt: skip
    first = desk.get(f"{BASE}/materials", {"queue": "deferred", "limit": 2}).json()
    assert len(first["results"]) == 2
    for one in first["results"]:
        assert_holds(door.QueueRow, one)
    rest = desk.get(
        f"{BASE}/materials", {"queue": "deferred", "limit": 2, "after": first["next"]}
    ).json()
    assert (len(rest["results"]), rest["next"]) == (1, None)
    assert desk.get(f"{BASE}/materials", {"queue": "doubtful"}).json()["results"] == []
    assert desk.get(f"{BASE}/materials", {"queue": "x"}).status_code == 400


def test_a_file_is_read_by_leave_for_a_purpose(desk):
    case = world.submitted(version=world.an_item(materials=[PHOTO]))
    act(desk, case, "photo", "link", 400)
    told = act(desk, case, "photo", "link", purpose="核对照片")
    assert set(told) == {"token", "expires_at"}
    assert "核对照片" not in told["token"]
