"""收件箱与订阅 over HTTP."""

import pytest

from miniprogram_api.inbox import NoticeOut, TemplatesOut
from miniprogram_api.me import GrantOut
from notifications.models import Notification, QuotaEntry
from tests.factories import notices, world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db
URL = "/api/v1/inbox"


@pytest.fixture
def account():
    return notices.reader()


@pytest.fixture
def phone(client_of, account):
    return client_of(account)


def test_shows_the_latest_first_and_turns_pages(phone, account):
    ids = [notices.told(account).pk for _ in range(5)]
    first = phone.get(URL, {"limit": 3}).json()
    second = phone.get(URL, {"limit": 3, "after": first["next"]}).json()
    rows = first["results"] + second["results"]
    assert [row["id"] for row in rows] == ids[::-1]
    assert second["next"] is None
    for row in rows:
        assert_holds(NoticeOut, row)


def test_counts_and_reads(phone, account):
    one, two, _three = (notices.told(account).pk for _ in range(3))
    assert phone.get(f"{URL}/unread-count").json() == {"unread": 3}
    assert phone.post(f"{URL}/{one}/read").json() == {"read": 1}
    assert phone.post(f"{URL}/{one}/read").json() == {"read": 0}
    unread = phone.get(URL, {"unread": "true"}).json()["results"]
    assert len(unread) == 2
    assert phone.post(f"{URL}/{two}/hide").status_code == 204
    assert phone.post(f"{URL}/{two}/hide").status_code == 404
    assert phone.post(f"{URL}/read-all").json() == {"read": 1}
    assert phone.get(f"{URL}/unread-count").json() == {"unread": 0}
    assert len(phone.get(URL).json()["results"]) == 2


def test_another_persons_notice_does_not_exist(phone, client_of):
    theirs = notices.told(notices.reader()).pk
    assert phone.post(f"{URL}/{theirs}/hide").status_code == 404
    phone.post(f"{URL}/{theirs}/read")
    phone.post(f"{URL}/read-all")
    assert Notification.objects.get(pk=theirs).read_at is None
    assert phone.get(URL).json()["results"] == []


def test_asks_for_the_templates_of_a_scene(phone):
    answer = phone.get("/api/v1/subscribe-templates", {"scene": "submit"}).json()
    assert_holds(TemplatesOut, answer)
    assert answer["templates"] == [notices.B, notices.A]  # A is granted once already
    assert phone.get("/api/v1/subscribe-templates?scene=lost").status_code == 400


def test_reports_what_was_granted_once_a_popup(phone):
    body = {"results": {notices.A: "accept", notices.B: "reject"}, "popup": "one-tap"}
    for expected in (2, 0):
        answer = phone.post("/api/v1/subscriptions", body, format="json")
        assert (answer.status_code, answer.json()) == (200, {"new": expected})
    grants = phone.get("/api/v1/subscriptions").json()
    for grant in grants:
        assert_holds(GrantOut, grant)
    assert grants[0]["text"] == "还剩 2 次提醒"
    assert QuotaEntry.objects.filter(origin="client").count() == 2


@pytest.mark.parametrize("results", [{}, {"unknown": "accept"}, {notices.A: "perhaps"}, "accept"])
def test_refuses_answers_wechat_does_not_give(phone, results):
    answer = phone.post("/api/v1/subscriptions", {"results": results}, format="json")
    assert answer.status_code in (400, 422)


def test_says_so_where_no_wechat_is_bound(client_of):
    phone = client_of(world.an_account())
    body = {"results": {notices.A: "accept"}}
    answer = phone.post("/api/v1/subscriptions", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (409, "no_wechat")


@pytest.mark.parametrize("rows", [3, 30])
def test_a_list_costs_the_same_whatever_its_length(phone, account, django_assert_num_queries, rows):
    for _ in range(rows):
        notices.told(account)
    with django_assert_num_queries(2):  # token, rows
        assert len(phone.get(URL, {"limit": 100}).json()["results"]) == rows
