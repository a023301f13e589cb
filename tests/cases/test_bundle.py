"""一件事: one application, parts in parallel and in turn, partial results, one line of progress."""

import uuid

import pytest

from backend.cases import actions
from backend.cases.actions import filing
from backend.cases.actions.submission import AlreadyOpen
from backend.cases.models import Case
from backend.cases.queries import todo
from backend.core.lifecycle import IllegalMove
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db

API = "/api/v1"
WANTED = {"key": "wanted", "label": "要办哪些", "type": "multi_enum", "required": True,
          "options": ["户口", "医保", "社保卡"]}  # fmt: skip
CHILD = {"key": "child", "label": "新生儿姓名", "type": "name", "required": True}
BANK = {"key": "bank", "label": "开户银行", "type": "text", "required": True}
ALL = ["户口", "医保", "社保卡"]
GATHER = world.step(
    "gather", "system", "MZ", "system", name="汇总", phase="intake", days=0, decides=True
)


@pytest.fixture
def items():
    """户口 first; 医保 and 社保卡 wait for it; each with a form and an office of its own."""
    steps = [world.INTAKE, world.DECISION, world.PAY]
    hukou = world.an_item(code="X-HK", name="户口登记", form=[*world.FORM, CHILD], steps=steps)
    medical = world.an_item(code="X-YB", name="医保参保", form=[*world.FORM, CHILD], steps=steps)
    card = world.an_item(code="X-SK", name="社保卡申领", form=[*world.FORM, BANK], steps=steps)
    whole = world.an_item(
        code="X-YJS",
        name="新生儿一件事",
        kind="instant",
        form=[world.FORM[0], WANTED],
        steps=[GATHER],
        guide={
            "parts": [
                {"key": "hukou", "item": "X-HK", "when": '"户口" in wanted'},
                {"key": "medical", "item": "X-YB", "after": ["hukou"], "when": '"医保" in wanted'},
                {"key": "card", "item": "X-SK", "after": ["hukou"], "when": '"社保卡" in wanted'},
            ]
        },
    )
    return {"hukou": hukou, "medical": medical, "card": card, "whole": whole}


@pytest.fixture
def people():
    return {
        "worker": world.staff("community_worker", "ZD"),
        "decider": world.staff("county_reviewer", "MZ"),
    }


def answered(**changes):
    return {
        "division_code": world.VILLAGE,
        "wanted": ALL,
        "child": "李小禾",
        "bank": "农业银行",
        **changes,
    }


def applied(person, **changes):
    return actions.submit(
        actor=person.account,
        applicant=person,
        item_code="X-YJS",
        answers=answered(**changes),
        token=uuid.uuid4(),
    )


def ring():
    """What the clock does, until nothing moves."""
    for _ in range(4):
        for step in todo.system_steps(most=50):
            actions.run_system_step(step_id=step)
        for pk in todo.bundles():
            actions.settle_bundle(bundle=pk)


def part(case, key):
    return Case.objects.get(bundle=case, bundle_key=key)


def decided(people, one, outcome="granted"):
    actions.accept(actor=people["worker"], number=one.number)
    actions.decide(actor=people["decider"], number=one.number, outcome=outcome, reason="不符合条件")
    ring()


def test_runs_over_http_with_a_dependency_and_a_partial_refusal(client_of, items, people):
    person = world.a_resident()
    phone = client_of(person.account)
    fields = phone.get(f"{API}/items/X-YJS/form").json()["fields"]
    assert [field["key"] for field in fields] == [
        "division_code", "wanted", "home_visit", "child", "bank",
    ]  # fmt: skip
    sent = phone.post(
        f"{API}/cases",
        {"item": "X-YJS", "answers": answered()},
        format="json",
        headers={"Idempotency-Key": "one-bundle"},
    )
    assert sent.status_code == 201, sent.content
    number = sent.json()["number"]

    def page():
        return phone.get(f"{API}/cases/{number}").json()

    assert page()["headline"] == "3 项中 0 项已办结"
    case = Case.objects.get(number=number)
    desks = {who: client_of(account) for who, account in people.items()}

    def act(who, one, verb, **body):
        path = f"/api/staff/v1/cases/{one.number}/{verb}"
        answer = desks[who].post(path, body, format="json")
        assert answer.status_code == 200, answer.content
        ring()

    hukou, medical, card = (part(case, key) for key in ("hukou", "medical", "card"))
    assert len({case.number, hukou.number, medical.number, card.number}) == 4
    assert [one.steps.count() for one in (case, hukou, medical, card)] == [0, 1, 0, 0]
    act("worker", hukou, "accept")
    assert medical.steps.count() == 0
    act("decider", hukou, "decide", outcome="granted")
    assert (medical.steps.count(), card.steps.count()) == (1, 1)
    act("worker", medical, "accept")
    act("worker", card, "accept")
    act("decider", medical, "decide", outcome="granted")
    act("decider", card, "decide", outcome="refused", reason="不符合条件")
    told = page()
    assert (told["status"], told["outcome"]) == ("concluded", "granted")
    assert [(row["key"], row["outcome"], row["ended"]) for row in told["parts"]] == [
        ("hukou", "granted", True),
        ("medical", "granted", True),
        ("card", "refused", True),
    ]
    assert list(checking.of_cases()) == []


def test_each_part_has_its_own_answers_and_no_more(items):
    case = applied(world.a_resident())
    assert set(part(case, "hukou").answers) == {"division_code", "child"}
    assert set(part(case, "card").answers) == {"division_code", "bank"}


def test_asks_only_for_what_was_chosen(items):
    case = applied(world.a_resident(), wanted=["户口"], bank=None)
    assert [one.bundle_key for one in case.parts.all()] == ["hukou"]


def test_a_part_waits_for_nothing_that_was_not_chosen(items):
    case = applied(world.a_resident(), wanted=["社保卡"], child=None)
    assert part(case, "card").steps.count() == 1


def test_is_said_once_and_names_the_whole(items):
    person = world.a_resident()
    case = applied(person)
    notes = Notification.objects.filter(account=person.account, kind="case.submitted")
    assert [note.case_number for note in notes] == [case.number]


def test_halfway_it_says_how_many_are_done(client_of, items, people):
    person = world.a_resident()
    case = applied(person)
    decided(people, part(case, "hukou"))
    page = client_of(person.account).get(f"{API}/cases/{case.number}").json()
    assert page["headline"] == "3 项中 1 项已办结"


def test_what_waits_for_a_refusal_ends_with_the_reason(items, people):
    case = applied(world.a_resident())
    decided(people, part(case, "hukou"), outcome="refused")
    for key in ("medical", "card"):
        one = part(case, key)
        assert (one.status, one.reason) == ("terminated", "前置事项没有办成, 本项无法办理")
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("terminated", "")
    assert list(checking.of_cases()) == []


def test_one_part_may_be_taken_back_and_the_rest_goes_on(items, people):
    case = applied(world.a_resident())
    actions.withdraw(actor=case.submitted_by, number=part(case, "card").number)
    decided(people, part(case, "hukou"))
    decided(people, part(case, "medical"))
    case.refresh_from_db()
    assert (case.status, part(case, "card").status) == ("concluded", "withdrawn")
    assert list(checking.of_cases()) == []


def test_all_may_be_taken_back_at_once(items):
    case = applied(world.a_resident())
    actions.withdraw(actor=case.submitted_by, number=case.number)
    assert {one.status for one in [Case.objects.get(pk=case.pk), *case.parts.all()]} == {
        "withdrawn"
    }
    assert list(checking.of_cases()) == []


def test_what_was_granted_stays_when_the_rest_is_taken_back(items, people):
    case = applied(world.a_resident())
    decided(people, part(case, "hukou"))
    actions.withdraw(actor=case.submitted_by, number=case.number)
    ring()
    case.refresh_from_db()
    assert (case.status, case.outcome) == ("concluded", "granted")
    with pytest.raises(IllegalMove):
        actions.withdraw(actor=case.submitted_by, number=case.number)
    assert list(checking.of_cases()) == []


def test_an_open_case_of_a_part_stops_the_whole(items):
    person = world.a_resident()
    standing = actions.submit(
        actor=person.account,
        applicant=person,
        item_code="X-SK",
        answers={"division_code": world.VILLAGE, "bank": "农业银行"},
        token=uuid.uuid4(),
    )
    with pytest.raises(AlreadyOpen) as refused:
        applied(person)
    assert refused.value.extra["number"] == standing.number
    assert Case.objects.count() == 1


def test_nothing_chosen_is_refused(items):
    parts = [{"key": "hukou", "item": "X-HK", "when": '"别的" in wanted'}]
    whole = world.an_item(form=[world.FORM[0], WANTED], steps=[GATHER], guide={"parts": parts})
    with pytest.raises(filing.NothingChosen):
        world.submitted(version=whole, wanted=["户口"])


def test_a_second_ring_finds_nothing_to_do(items, people):
    case = applied(world.a_resident())
    decided(people, part(case, "hukou"))
    ring()
    assert part(case, "medical").events.filter(verb="begin_part").count() == 1
