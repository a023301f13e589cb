"""我的材料 over HTTP: what was not asked for, what may come later, and handing it in."""

import pytest

from miniprogram_api import materials as door
from tests.cases.test_submit_materials import INCOME, PHOTO, SHARED
from tests.factories import world
from tests.factories.materials import a_file
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db


@pytest.fixture
def resident():
    return world.a_resident()


@pytest.fixture
def phone(client_of, resident):
    return client_of(resident.account)


@pytest.fixture
def case(resident):
    version = world.an_item(materials=[SHARED, PHOTO, INCOME])
    chosen = {
        "photo": {"by": "upload", "file": a_file(resident.account).uid},
        "income": {"by": "deferred"},
    }
    return world.submitted(version=version, applicant=resident, materials=chosen)


def hand(phone, case, key, **body):
    return phone.post(f"/api/v1/cases/{case.number}/materials/{key}", body, format="json")


def test_shows_what_was_not_asked_for_and_what_is_still_due(phone, case):
    rows = phone.get(f"/api/v1/cases/{case.number}/materials").json()
    for one in rows:
        assert_holds(door.LedgerOut, one)
    by_key = {one["key"]: one for one in rows}
    assert by_key["id_card"]["verbs"] == []
    assert by_key["income"]["verbs"] == ["hand_in"]
    assert by_key["income"]["due_on"]
    assert by_key["photo"]["file"]["state"] == "clean"


def test_hands_in_what_was_put_off(phone, case, resident):
    file = str(a_file(resident.account).uid)
    answer = hand(phone, case, "income", by="upload", file=file)
    assert answer.status_code == 200, answer.content
    income = next(one for one in answer.json() if one["key"] == "income")
    assert (income["by"], income["file"]["uid"]) == ("upload", file)
    assert income["before"][0]["by"] == "deferred"
    again = hand(phone, case, "income", by="upload", file=file)
    assert (again.status_code, again.json()["code"]) == (409, "material_not_wanted")


def test_says_what_is_wrong_with_it(phone, case):
    answer = hand(phone, case, "income", by="upload")
    assert (answer.status_code, answer.json()["codes"]) == (422, {"income": "no_such_file"})
    assert hand(phone, case, "income", by="magic").status_code == 400
    assert hand(phone, case, "nothing", by="upload").status_code == 404


def test_reads_ones_own_file_by_leave(phone, case):
    answer = phone.post(f"/api/v1/cases/{case.number}/materials/photo/link")
    assert answer.status_code == 200
    assert answer.json()["token"]


def test_costs_the_same_whatever_there_is(phone, case, django_assert_max_num_queries):
    phone.get(f"/api/v1/cases/{case.number}/materials")
    with django_assert_max_num_queries(6):
        phone.get(f"/api/v1/cases/{case.number}/materials")
