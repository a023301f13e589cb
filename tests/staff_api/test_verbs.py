"""The verbs over HTTP: what happens, and how each refusal looks."""

import pytest

from backend.cases import actions
from backend.cases.models import Case, CaseStep
from tests.factories import world

pytestmark = pytest.mark.django_db

CASES = "/api/staff/v1/cases"


@pytest.fixture
def people():
    return {
        "worker": world.staff("community_worker", "ZD"),
        "reviewer": world.staff("town_reviewer", "SW"),
        "decider": world.staff("county_reviewer", "MZ"),
    }


@pytest.fixture
def desks(client_of, people):
    return {who: client_of(account) for who, account in people.items()}


def act(desk, case, verb, **body):
    return desk.post(f"{CASES}/{case.number}/{verb}", body, format="json")


def status_of(case):
    return Case.objects.get(pk=case.pk).status


def a_case_with_last_step_of_people():
    pay = world.step("s4", "county_reviewer", "MZ", "county", phase="delivery", actions=["close"])
    pay["role"] = "window_clerk"
    pay["department"], pay["place"] = "BM", "town"
    return world.submitted(
        version=world.an_item(steps=[world.INTAKE, world.REVIEW, world.DECISION, pay])
    )


def test_carries_a_case_from_acceptance_to_its_end(desks, client_of):
    case = a_case_with_last_step_of_people()
    clerk = client_of(world.staff("window_clerk", "BM"))
    said = [
        act(desks["worker"], case, "accept", opinion="材料齐全"),
        act(desks["reviewer"], case, "steps/s2/claim"),
        act(desks["reviewer"], case, "steps/s2/pass", opinion="属实"),
        act(desks["decider"], case, "decide", outcome="granted", reason="符合条件"),
        act(clerk, case, "deliver", note="已领取"),
        act(clerk, case, "conclude"),
    ]
    assert [answer.status_code for answer in said] == [200] * 6
    assert [answer.json()["status"] for answer in said] == [
        "accepted", "accepted", "accepted", "decided", "delivered", "concluded",
    ]  # fmt: skip
    assert said[-1].json()["outcome"] == "granted"


def test_finishes_an_instant_item_in_one_act(desks):
    case = world.submitted(version=world.an_instant_item())
    answer = act(desks["worker"], case, "finish", opinion="当场办结")
    assert answer.json()["status"] == "concluded"


def test_declines_with_reason_and_remedy(desks):
    case = world.submitted()
    answer = act(desks["worker"], case, "decline", reason="户籍不在本市", remedy="")
    assert answer.json()["status"] == "declined"
    assert "复议" in case.events.get(verb="decline").details["remedy"]


@pytest.mark.parametrize(
    ("verb", "body", "field"),
    [
        ("decline", {}, "reason"),
        ("decide", {"reason": "x"}, "outcome"),
        ("decide", {"outcome": "maybe"}, "outcome"),
        ("steps/s1/reject", {}, "opinion"),
        ("steps/s1/return", {"opinion": ""}, "opinion"),
        ("accept", {"opinion": "长" * 2001}, "opinion"),
    ],
)
def test_names_the_field_that_is_wrong(desks, verb, body, field):
    case = world.submitted()
    answer = act(desks["worker"], case, verb, **body)
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == [field]
    assert status_of(case) == "submitted"


def test_refuses_with_the_state_and_who_changed_it(desks, client_of):
    case = world.submitted()
    act(desks["worker"], case, "accept")
    late = act(desks["worker"], case, "accept")
    assert late.status_code == 409
    problem = late.json()
    assert problem["code"] == "illegal_move"
    assert problem["state"] == "accepted"
    assert problem["status_label"] == "办理中"
    assert problem["changed_by"] == "前进村便民服务站"
    assert problem["changed_at"]
    assert late["Content-Type"].startswith("application/problem+json")


def test_refuses_who_sees_but_may_not(client_of, desks):
    case = world.submitted()
    supervisor = client_of(world.staff("supervisor", "MZ"))
    answer = act(supervisor, case, "accept")
    assert answer.status_code == 403
    assert answer.json()["code"] == "not_your_duty"


def test_refuses_who_does_not_see_as_if_nothing_were_there(client_of):
    case = world.submitted()
    elsewhere = client_of(world.staff("community_worker", "ZD", world.OTHER_VILLAGE))
    assert act(elsewhere, case, "accept").status_code == 404
    assert status_of(case) == "submitted"


def test_wants_a_decision_where_a_decision_is_due(desks, people):
    case = world.submitted()
    actions.accept(actor=people["worker"], number=case.number)
    actions.pass_step(actor=people["reviewer"], number=case.number, step="s2")
    answer = act(desks["decider"], case, "steps/s3/pass")
    assert (answer.status_code, answer.json()["code"]) == (409, "decision_step")


def test_sends_a_step_back_with_an_opinion(desks, people):
    case = world.submitted()
    actions.accept(actor=people["worker"], number=case.number)
    actions.pass_step(actor=people["reviewer"], number=case.number, step="s2")
    answer = act(desks["decider"], case, "steps/s3/return", opinion="请补充入户记录")
    assert answer.status_code == 200
    again = CaseStep.objects.get(case=case, state="open")
    assert (again.key, again.round) == ("s2", 2)


def test_leaves_a_colleagues_claim_alone(desks, client_of):
    case = world.submitted()
    colleague = client_of(world.staff("community_worker", "ZD"))
    assert act(desks["worker"], case, "steps/s1/claim").status_code == 200
    taken = act(colleague, case, "steps/s1/claim")
    assert (taken.status_code, taken.json()["code"]) == (409, "claimed_by_other")
    assert act(desks["worker"], case, "steps/s1/release").status_code == 200
    assert act(colleague, case, "steps/s1/claim").status_code == 200


def test_says_that_a_step_is_not_there(desks):
    case = world.submitted()
    answer = act(desks["worker"], case, "steps/nowhere/claim")
    assert (answer.status_code, answer.json()["code"]) == (409, "step_not_open")


@pytest.mark.parametrize(
    ("body", "code"),
    [(b"{", "not_json"), (b'{"opinion": "\\u0000"}', "not_json"), (b"[1]", "malformed")],
)
def test_reads_no_nonsense(desks, body, code):
    case = world.submitted()
    answer = desks["worker"].post(
        f"{CASES}/{case.number}/accept", body, content_type="application/json"
    )
    assert answer.status_code == 400
    assert answer.json()["code"] == code
    assert status_of(case) == "submitted"


def test_keeps_letters_of_four_bytes(desks):
    case = world.submitted()
    act(desks["worker"], case, "accept", opinion="𠮷祥")
    assert case.events.get(verb="accept").details["opinion"] == "𠮷祥"
