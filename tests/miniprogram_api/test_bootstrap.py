"""首页一次取齐 over HTTP, and one's own card."""

import uuid

import pytest

from backend.cases.queries import bootstrap as pages
from backend.residents.models import Resident
from miniprogram_api.me import BootstrapOut, MeOut
from tests.factories import notices, world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db
URL = "/api/v1/bootstrap"


@pytest.fixture
def resident():
    return world.a_resident(openid="o" + "x" * 27)


@pytest.fixture
def phone(client_of, resident):
    return client_of(resident.account)


def test_works_logged_out(client):
    page = client.get(URL)
    assert page.status_code == 200
    assert_holds(BootstrapOut, page.json())
    assert page.json()["me"] is None
    assert page.json()["subscribe"]["scenes"]["submit"]


def test_tells_me_masked_and_what_waits(phone, resident):
    world.submitted(applicant=resident)
    body = {"item": world.an_item().item.code, "answers": {}, "revision": 0}
    phone.put(f"/api/v1/drafts/{uuid.uuid4()}", body, format="json")
    page = phone.get(URL)
    assert_holds(BootstrapOut, page.json())
    assert page.json()["counters"] == {
        "open_cases": 1, "to_mend": 0, "unread": 1, "drafts": 1,
    }  # fmt: skip
    assert page.json()["me"]["realname_label"] == "已实名"
    text = page.content.decode()
    for secret in (resident.name, resident.id_number, resident.phone):
        assert secret not in text


def test_tells_how_many_reminders_are_left(client_of):
    page = client_of(notices.reader(grants=2)).get(URL).json()
    texts = {grant["template"]: grant["text"] for grant in page["subscribe"]["grants"]}
    assert texts["A"] == "还剩 2 次提醒"
    assert "允许" in texts["B"]


def test_is_small_and_costs_eight_statements(phone, resident, django_assert_max_num_queries):
    for _ in range(3):
        world.submitted(applicant=resident)
    pages.forget()
    with django_assert_max_num_queries(8):
        page = phone.get(URL)
    assert len(page.content) <= 50 * 1024


@pytest.mark.parametrize("who", ["visitor", "resident"])
def test_says_unchanged_until_something_changes(client, phone, resident, who):
    reader = client if who == "visitor" else phone
    tag = reader.get(URL)["ETag"]
    again = reader.get(URL, HTTP_IF_NONE_MATCH=tag)
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", tag)
    if who == "resident":
        world.submitted(applicant=resident)
    else:
        world.an_item()
        pages.forget()
    assert reader.get(URL, HTTP_IF_NONE_MATCH=tag).status_code == 200


def test_the_dictionaries_version_follows_items_and_divisions(client):
    seen = set()
    for change in (world.a_city, world.an_item, world.an_item):
        change()
        pages.forget()
        seen.add(str(client.get(URL).json()["dictionaries"]))
    assert len(seen) == 3


def test_shows_and_keeps_preferences(client_of):
    account = world.an_account()
    phone = client_of(account)
    assert_holds(MeOut, phone.get("/api/v1/me").json())
    answer = phone.post("/api/v1/me/preferences", {"elder": True}, format="json")
    assert answer.status_code == 204
    phone.post("/api/v1/me/preferences", {"personalised": False}, format="json")
    me = phone.get("/api/v1/me").json()
    assert (me["elder"], me["personalised"], me["realname_level"]) == (True, False, 0)
    assert Resident.objects.filter(account=account).count() == 1


def test_no_page_of_a_person_is_kept_by_anybody(phone):
    assert phone.get("/api/v1/me")["Cache-Control"] == "no-store"
    assert phone.get(URL)["Cache-Control"] == "private, no-cache"
