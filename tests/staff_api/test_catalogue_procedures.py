"""Admission, exit and refusal at the staff's door: what each page shows, and to whom."""

import pytest

from backend.staff_api.catalogue import admissions, exits, refusals
from tests.factories import world
from tests.staff_api.test_permissions import _APPLICATION as ASKED

pytestmark = pytest.mark.django_db

BASE = "/api/staff/v1/catalogue/"


@pytest.fixture
def head(client_of):
    world.a_city()
    return client_of(world.staff("department_head", "CL"))


@pytest.fixture
def civil(client_of):
    return client_of(world.staff("county_reviewer", "MZ"))


def done(answer, code=200):
    assert answer.status_code == code, answer.json()
    return answer.json()


def test_shows_an_admission_whole_and_refuses_it_with_a_reason(head, civil):
    uid = done(head.post(BASE + "admissions", ASKED, format="json"), 201)["uid"]
    page = done(civil.get(BASE + "admissions", {"status": "vetting"}))
    assert set(page["results"][0]) == set(admissions.AdmissionRow().fields)
    whole = done(civil.get(f"{BASE}admissions/{uid}"))
    assert set(whole) == set(admissions.AdmissionOut().fields)
    assert whole["monthly_hours"] == 1.4
    assert whole["verbs"] == ["vet", "send_back", "refuse", "withdraw"]
    refused = done(
        civil.post(f"{BASE}admissions/{uid}/refuse", {"opinion": "可网办"}, format="json")
    )
    assert refused["status_label"] == "未同意"
    late = civil.post(f"{BASE}admissions/{uid}/vet", {"opinion": "可以"}, format="json")
    assert (late.status_code, late.json()["state"]) == (409, "refused")


@pytest.mark.parametrize(
    ("changes", "code", "problem"),
    [
        ({"staff_offered": 0}, 422, "nothing_offered"),
        ({"department_code": "QQ"}, 422, "no_such_department"),
        ({"monthly_cases": 0}, 400, "malformed"),
        ({"yearly_funding": "-1"}, 400, "malformed"),
        ({"code": "编码"}, 400, "malformed"),
    ],
)
def test_says_what_an_application_lacks(head, changes, code, problem):
    answer = head.post(BASE + "admissions", {**ASKED, **changes}, format="json")
    assert (answer.status_code, answer.json()["code"]) == (code, problem)


def test_lists_the_running_cases_an_exit_touches_and_nobody_s_data(head, civil, client_of):
    version = world.an_item()
    cases = [world.submitted(version=version) for _ in range(3)]
    world.submitted()
    body = {
        "item_code": version.item.code,
        "ground": "rare",
        "legal_basis": "近一年不足10件",
        "reason": "由县级窗口办理",
    }
    uid = done(head.post(BASE + "exits", body, format="json"), 201)["uid"]
    assert set(done(civil.get(f"{BASE}exits/{uid}"))) == set(exits.ExitOut().fields)
    page = done(civil.get(f"{BASE}exits/{uid}/cases", {"limit": 2}))
    rest = done(civil.get(f"{BASE}exits/{uid}/cases", {"limit": 2, "after": page["next"]}))
    told = page["results"] + rest["results"]
    assert [one["number"] for one in told] == [case.number for case in cases]
    assert rest["next"] is None
    assert all(set(one) == set(exits.TouchedOut().fields) for one in told)
    stranger = client_of(world.staff("town_reviewer", "SW"))
    assert stranger.get(f"{BASE}exits/{uid}/cases").status_code == 404


def test_a_refusal_reaches_civil_affairs_and_is_answered(civil, client_of):
    worker = client_of(world.staff("community_worker", "ZD"))
    demand = {"asked_by": "某局", "asked_on": "2026-01-05", "work": "登记", "evidence": "群消息"}
    uid = done(worker.post(BASE + "refusals", demand, format="json"), 201)["uid"]
    (row,) = done(civil.get(BASE + "refusals"))["results"]
    assert set(row) == set(refusals.RefusalOut().fields)
    done(civil.post(f"{BASE}refusals/{uid}/answer", {"finding": "已制止"}, format="json"))
    assert done(worker.get(BASE + "refusals"))["results"][0]["finding"] == "已制止"
