"""时限 over HTTP: the acts, their refusals, and the page that explains the dates."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.factories import clocks, world

pytestmark = pytest.mark.django_db

STAFF, HOME = "/api/staff/v1/cases", "/api/v1/cases"


@pytest.fixture
def people(client_of):
    accounts = {
        "worker": world.staff("community_worker", "ZD"),
        "town": world.staff("town_reviewer", "SW"),
        "head": world.staff("department_head", "MZ"),
    }
    return accounts | {f"{who}'s desk": client_of(one) for who, one in accounts.items()}


@pytest.fixture
def case(people):
    return clocks.accepted(people["worker"])


def act(desk, case, verb, **body):
    return desk.post(f"{STAFF}/{case.number}/{verb}", body, format="json")


def test_carries_a_case_through_every_act(people, case):
    town, head = people["town's desk"], people["head's desk"]
    said = [
        act(town, case, "suspend", step="s2", reason="testing", expected_days=9),
        act(town, case, "resume"),
        act(town, case, "extensions", step="s2", days=3, reason="等函"),
        act(head, case, "extensions/refuse", note="来得及"),
        act(town, case, "extensions", step="s2", days=2, reason="等函"),
        act(head, case, "extend"),
        act(head, case, "terminate", reason="申请人去世"),
    ]
    assert [answer.status_code for answer in said] == [200] * 7
    assert [answer.json()["status"] for answer in said] == [
        "suspended", "accepted", "accepted", "accepted", "accepted", "accepted", "terminated",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("who", "verb", "body", "status", "code"),
    [
        ("town", "suspend", {"step": "s2", "reason": "rain", "expected_days": 9}, 400, None),
        ("town", "suspend", {"step": "s2", "reason": "testing", "expected_days": 0}, 422,
         "special_unsaid"),
        ("worker", "suspend", {"step": "s2", "reason": "testing", "expected_days": 9}, 403,
         "not_your_duty"),
        ("town", "extensions", {"step": "s2", "days": 99, "reason": "忙"}, 422,
         "extension_unsaid"),
        ("town", "extensions", {"step": "s2", "days": 1}, 400, None),
        ("head", "extend", {}, 409, "no_extension_asked"),
        ("head", "extensions/refuse", {"note": "不"}, 409, "no_extension_asked"),
        ("town", "resume", {}, 409, "illegal_move"),
        ("head", "terminate", {"reason": ""}, 400, None),
        ("town", "terminate", {"reason": "去世"}, 403, "not_your_duty"),
    ],
)  # fmt: skip
def test_refuses_in_the_houses_words(people, case, who, verb, body, status, code):
    answer = act(people[f"{who}'s desk"], case, verb, **body)
    assert answer.status_code == status
    assert code in (None, answer.json()["code"])


def test_explains_the_dates_to_staff_and_to_the_applicant(people, case, client_of):
    town, head = people["town's desk"], people["head's desk"]
    act(town, case, "suspend", step="s2", reason="testing", expected_days=9)
    act(town, case, "resume")
    act(town, case, "extensions", step="s2", days=2, reason="等外地回函")
    act(head, case, "extend", note="下不为例")
    inside = head.get(f"{STAFF}/{case.number}/clock").json()
    outside = client_of(case.applicant.account).get(f"{HOME}/{case.number}/clock").json()
    for page in (inside, outside):
        keys = [line["key"] for line in page["lines"]]
        assert keys[:5] == ["received", "clock_from", "day_one", "promised", "statutory"]
        assert {"stop", "extension", "promised_due_on", "light", "step"} <= set(keys)
        assert "等外地回函" in str(page)
    assert "下不为例" in str(inside)
    assert "下不为例" not in str(outside)
    assert not any(line.get("inner") for line in outside["lines"])


def test_waits_for_an_answer_before_acceptance(people):
    waiting = world.submitted()
    page = people["worker's desk"].get(f"{STAFF}/{waiting.number}/clock").json()
    assert [line["key"] for line in page["lines"]] == ["received", "answer_by", "step"]


def test_asks_as_little_for_a_long_story(people, case):
    desk = people["head's desk"]
    url = f"{STAFF}/{case.number}/clock"
    desk.get(url)
    counts = []
    for _ in range(2):
        with CaptureQueriesContext(connection) as caught:
            assert desk.get(url).status_code == 200
        counts.append(len(caught))
        town = people["town's desk"]
        act(town, case, "suspend", step="s2", reason="testing", expected_days=9)
        act(town, case, "resume")
    assert counts[0] == counts[1] <= 10
