"""What many people do in the same instant; each guard also switched off, to see it matters."""

import uuid

import pytest

from backend.cases import actions
from backend.cases.actions import moves
from backend.cases.actions.submission import AlreadyOpen
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseEvent
from backend.core.errors import Conflict
from tests.factories import world

pytestmark = pytest.mark.django_db(transaction=True)

ROUNDS = 200


def ready_to_decide():
    worker = world.staff("community_worker", "ZD")
    case = world.submitted(version=world.an_item(steps=[world.INTAKE, world.DECISION, world.PAY]))
    return actions.accept(actor=worker, number=case.number)


def race(together, staff, case):
    def once(i):
        try:
            return actions.decide(actor=staff[i], number=case.number, outcome="granted", reason="")
        except Exception as error:  # a refusal is expected; a crash is what the test looks for
            return error

    return together(once, len(staff))


def decided_once_and_the_rest_told(results, case):
    losers = [r for r in results if isinstance(r, Conflict)]
    told = all(r.extra["state"] == Status.DECIDED for r in losers)
    decided = CaseEvent.objects.filter(case__number=case.number, verb="decide").count()
    return decided == 1 and told and len(losers) == len(results) - 1


@pytest.mark.slow
def test_ten_staff_decide_a_step_once_in_two_hundred_rounds(together):
    staff = [world.staff("county_reviewer", "MZ") for _ in range(10)]
    for _ in range(ROUNDS):
        case = ready_to_decide()
        assert decided_once_and_the_rest_told(race(together, staff, case), case)


@pytest.mark.unguarded
def test_without_the_guard_the_promise_breaks(together, monkeypatch):
    """
    The negative control: the row lock and the conditional update off, everything else the same.

    The chain's own constraint still lets only one decision in; but losers crash, and nobody tells
    them where the case stands.
    """
    monkeypatch.setattr(
        moves, "lock", lambda cases: cases.select_related("version", "item", "applicant")
    )
    monkeypatch.setattr(moves, "close_step", lambda *_args, **_kw: None)
    staff = [world.staff("county_reviewer", "MZ") for _ in range(10)]
    kept = []
    for _ in range(10):
        case = ready_to_decide()
        kept.append(decided_once_and_the_rest_told(race(together, staff, case), case))
    assert not all(kept)


def test_one_token_makes_one_case(together):
    resident, version, token = world.a_resident(), world.an_item(), uuid.uuid4()

    def apply(_):
        return actions.submit(
            actor=resident.account,
            applicant=resident,
            item_code=version.item.code,
            answers={"division_code": world.VILLAGE},
            token=token,
        )

    results = together(apply, 12)
    assert {case.number for case in results} == {Case.objects.get().number}


def test_two_channels_at_once_make_one_case(together):
    resident, version = world.a_resident(), world.an_item()

    def apply(_):
        return actions.submit(
            actor=resident.account,
            applicant=resident,
            item_code=version.item.code,
            answers={"division_code": world.VILLAGE},
            token=uuid.uuid4(),
        )

    results = together(apply, 8)
    number = Case.objects.get().number
    refused = [r for r in results if isinstance(r, AlreadyOpen)]
    assert len(refused) == 7
    assert {r.extra["number"] for r in refused} == {number}


def test_numbers_never_repeat(together):
    version = world.an_item()
    people = [world.a_resident() for _ in range(16)]
    results = together(lambda i: world.submitted(version=version, applicant=people[i]).number, 16)
    assert len(set(results)) == 16
