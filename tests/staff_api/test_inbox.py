"""What staff are told: one's own, newest first, marked read."""

import pytest
from django.utils import timezone

from backend.staff_api import inbox
from notifications import actions as notifications
from tests.factories import world

pytestmark = pytest.mark.django_db

INBOX = "/api/staff/v1/inbox"


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


def tell(account, number="512002100202611220000019"):
    notifications.send(
        to=account,
        kind="staff.light",
        params={
            "number": number,
            "item": "高龄津贴",
            "short_item": "高龄津贴",
            "step": "初审",
            "step_name": "初审",
            "light": "红灯",
            "status_text": "超期",
            "due_on": timezone.localdate().isoformat(),
        },
        case_number=number,
    )


def test_shows_one_s_own_as_declared(client_of, worker):
    tell(worker)
    tell(world.staff("community_worker", "ZD"))
    (row,) = client_of(worker).get(INBOX).json()["results"]
    assert set(row) == set(inbox.NoticeOut().fields)
    assert row["read_at"] is None


def test_marks_as_read_what_is_one_s_own(client_of, worker):
    other = world.staff("community_worker", "ZD")
    tell(worker)
    tell(other)
    desk = client_of(worker)
    (theirs,) = client_of(other).get(INBOX).json()["results"]
    assert desk.post(f"{INBOX}/read", {"ids": [theirs["id"]]}, format="json").json() == {"read": 0}
    assert desk.post(f"{INBOX}/read", {}, format="json").json() == {"read": 1}
    assert desk.get(INBOX, {"unread": "true"}).json()["results"] == []
    assert client_of(other).get(INBOX, {"unread": "true"}).json()["results"]


def test_pages_by_key(client_of, worker):
    for _ in range(5):
        tell(worker)
    desk = client_of(worker)
    first = desk.get(INBOX, {"limit": 3}).json()
    second = desk.get(INBOX, {"limit": 3, "after": first["next"]}).json()
    ids = [row["id"] for row in first["results"] + second["results"]]
    assert len(set(ids)) == 5
    assert ids == sorted(ids, reverse=True)
