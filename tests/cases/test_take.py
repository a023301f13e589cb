"""窗口收件 in the same instant: two windows, one application; a bundle moved by two clocks."""

import uuid

import pytest

from backend.cases import actions
from backend.cases.actions.submission import AlreadyOpen
from backend.cases.actions.taking import How
from backend.cases.models import Case
from backend.seeds import checking
from tests.factories import world

pytestmark = pytest.mark.django_db(transaction=True)


def taken(clerk, person, version, token=None):
    return actions.take(
        actor=clerk,
        person=person.uid,
        item_code=version.item.code,
        answers={"division_code": world.VILLAGE},
        token=token or uuid.uuid4(),
        how=How("window", "in_person"),
    )


def test_two_windows_taking_the_same_application_make_one_case(together):
    person, version = world.a_resident(), world.an_item()
    clerks = [world.staff("window_clerk", "BM"), world.staff("community_worker", "ZD")] * 3
    results = together(lambda i: taken(clerks[i], person, version), 6)
    number = Case.objects.get().number
    refused = [one for one in results if isinstance(one, AlreadyOpen)]
    assert len(refused) == 5
    assert {one.extra["number"] for one in refused} == {number}
    assert list(checking.of_cases()) == []


def test_one_window_sending_twice_makes_one_case(together):
    person, version, token = world.a_resident(), world.an_item(), uuid.uuid4()
    clerk = world.staff("window_clerk", "BM")
    results = together(lambda _: taken(clerk, person, version, token), 6)
    assert {case.number for case in results} == {Case.objects.get().number}


def test_two_clocks_move_a_bundle_once(together):
    person = world.a_resident()
    first, second = world.an_item(code="P-1"), world.an_item(code="P-2")
    whole = world.an_item(
        kind="instant",
        steps=[world.step("g", "system", "MZ", "system", phase="intake", days=0, decides=True)],
        guide={
            "parts": [
                {"key": "one", "item": first.item.code},
                {"key": "two", "item": second.item.code, "after": ["one"]},
            ]
        },
    )
    case = world.submitted(version=whole, applicant=person)
    one = case.parts.get(bundle_key="one")
    actions.accept(actor=world.staff("community_worker", "ZD"), number=one.number)
    actions.pass_step(actor=world.staff("town_reviewer", "SW"), number=one.number, step="s2")
    actions.decide(actor=world.staff("county_reviewer", "MZ"), number=one.number, outcome="granted")
    together(lambda _: actions.settle_bundle(bundle=case.pk), 6)
    two = case.parts.get(bundle_key="two")
    assert two.events.filter(verb="begin_part").count() == 1
    assert two.steps.count() == 1
    assert list(checking.of_cases()) == []
