"""People over HTTP: load, stand-ins, hand-over, recusals; each list held to its shape."""

import datetime as dt

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.organisation.models import Post, StaffMember
from backend.staff_api import people as shapes
from tests.factories import world

pytestmark = pytest.mark.django_db
DOOR = "/api/staff/v1"


@pytest.fixture
def supervisor():
    return world.staff("supervisor", "MZ")


@pytest.fixture
def desk(client_of, supervisor):
    return client_of(supervisor)


def member(account):
    return StaffMember.objects.get(account=account).pk


def rows(desk, path):
    answer = desk.get(f"{DOOR}/{path}")
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def held_to(shape, found):
    assert found
    for row in found:
        assert set(row) == set(shape().fields)


def test_shows_load_per_person(desk):
    worker, case = world.staff("community_worker", "ZD"), world.submitted()
    world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    found = rows(desk, "staff")
    held_to(shapes.PersonLoad, found)
    row = next(row for row in found if row["id"] == member(worker))
    assert (row["claimed"], row["claimed_late"], row["posts"][0]["waiting"]) == (1, 0, 2)


def test_a_head_sees_the_stations_of_the_town_and_no_others(client_of):
    head = client_of(world.staff("department_head", "SW"))
    near = world.staff("community_worker", "ZD")
    world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    world.staff("county_reviewer", "MZ")
    found = {row["id"] for row in rows(head, "staff")}
    assert member(near) in found
    assert len(found) == 2  # the head and the near one


def test_the_list_costs_the_same_for_many(desk):
    def asked():
        with CaptureQueriesContext(connection) as queries:
            rows(desk, "staff")
        return len(queries)

    world.staff("community_worker", "ZD")
    few = asked()
    for _ in range(9):
        world.staff("community_worker", "ZD")
    assert asked() == few <= 9


def test_arranges_and_ends_a_stand_in(desk):
    absent, other = world.staff("county_reviewer", "MZ"), world.staff("county_reviewer", "CL")
    today = timezone.localdate()
    body = {
        "post": Post.objects.get(staff__account=absent).pk,
        "staff": member(other),
        "valid_from": today.isoformat(),
        "valid_to": (today + dt.timedelta(days=3)).isoformat(),
    }
    made = desk.post(f"{DOOR}/stand-ins", body, format="json")
    assert made.status_code == 201, made.content
    found = rows(desk, "stand-ins")
    held_to(shapes.StandInRow, found)
    assert (found[0]["absent"], found[0]["ended_at"]) == (f"职员{absent.pk}", None)
    assert desk.post(f"{DOOR}/stand-ins/{made.json()['id']}/end").status_code == 204
    assert rows(desk, "stand-ins")[0]["ended_at"]


def test_who_stands_in_sees_the_post_marked(desk, client_of):
    absent, other = world.staff("county_reviewer", "MZ"), world.staff("county_reviewer", "CL")
    today = timezone.localdate().isoformat()
    body = {
        "post": Post.objects.get(staff__account=absent).pk,
        "staff": member(other),
        "valid_from": today,
        "valid_to": today,
    }
    assert desk.post(f"{DOOR}/stand-ins", body, format="json").status_code == 201
    posts = client_of(other).get(f"{DOOR}/me").json()["posts"]
    assert [post["standing_for"] for post in posts] == ["", f"职员{absent.pk}"]


def test_hands_over_and_lists_what_was(desk):
    worker, colleague = world.staff("community_worker", "ZD"), world.staff("community_worker", "ZD")
    case = world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    body = {"reason": "调离", "to": member(colleague)}
    answer = desk.post(f"{DOOR}/staff/{member(worker)}/leave", body, format="json")
    assert answer.status_code == 200, answer.content
    assert answer.json()["steps"] == [
        {"number": case.number, "step": "s1", "step_name": "收件受理",
         "to": f"职员{colleague.pk}"}
    ]  # fmt: skip
    found = rows(desk, "hand-overs")
    held_to(shapes.HandOverOut, found)
    assert found == [answer.json()]


def test_declares_lists_and_lifts_a_recusal(desk, client_of):
    worker = world.staff("community_worker", "ZD")
    own, case = client_of(worker), world.submitted()
    path = f"{DOOR}/cases/{case.number}"
    assert own.post(f"{path}/recuse", {"relation": "lineal"}, format="json").status_code == 200
    seen = own.get(path)
    assert (seen.status_code, seen.json()["code"]) == (403, "recused")
    assert seen.json()["state"] == "submitted"
    found = rows(desk, "recusals")
    held_to(shapes.RecusalRow, found)
    lifted = desk.post(f"{path}/recusals/{found[0]['id']}/lift", {"reason": "误报"}, format="json")
    assert lifted.status_code == 200, lifted.content
    assert own.get(path).status_code == 200


def test_keeps_no_number_of_staff_but_their_index(desk):
    worker, number = world.staff("community_worker", "ZD"), world.id_number()
    path = f"{DOOR}/staff/{member(worker)}/identity"
    wrong = desk.post(path, {"id_number": "123"}, format="json")
    assert (wrong.status_code, wrong.json()["code"]) == (422, "identity_rejected")
    assert desk.post(path, {"id_number": number}, format="json").status_code == 204
    row = StaffMember.objects.get(account=worker)
    assert row.id_digest
    assert number.encode() not in bytes(row.id_digest)
