"""终止 …"""

import pytest

from backend.cases import actions, fold
from backend.cases.actions.intake import ReasonMissing
from backend.cases.lifecycle import Status
from backend.core.lifecycle import IllegalMove
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import clocks, world

pytestmark = pytest.mark.django_db
DEATH = "申请人李桂花已去世"


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


def end(head, case, reason=DEATH):
    return actions.terminate(actor=head, number=case.number, reason=reason)


@pytest.mark.parametrize("how", ["submitted", "accepted", "suspended"])
def test_ends_the_case_its_steps_and_its_clock(worker, town, head, how):
    case = {
        "submitted": world.submitted,
        "accepted": lambda: clocks.accepted(worker),
        "suspended": lambda: clocks.suspended(worker, town),
    }[how]()
    case = end(head, case)
    assert (case.status, case.reason, case.paused_on) == (Status.TERMINATED, DEATH, None)
    assert case.closed_at is not None
    assert not case.steps.filter(state="open").exists()
    assert not case.stops.filter(ended_on__isnull=True).exists()


def test_tells_the_reason_and_the_remedy(worker, head):
    end(head, clocks.accepted(worker))
    told = Notification.objects.get(kind="case.terminated")
    assert DEATH in told.body
    assert "行政复议" in told.body
    assert told.statutory


def test_keeps_the_reason_out_of_the_chain(worker, head):
    case = end(head, clocks.accepted(worker))
    details = case.events.get(verb="terminate").details
    del details[fold.THEN]
    assert details == {"office": "雁江区民政局"}


def test_only_the_head_of_the_deciding_office_may(worker, county):
    case = clocks.accepted(worker)
    for somebody in (worker, county, world.staff("department_head", "SW")):
        with pytest.raises(NotYourDuty):
            end(somebody, case)


def test_wants_a_reason(worker, head):
    with pytest.raises(ReasonMissing):
        end(head, clocks.accepted(worker), " ")


def test_not_after_the_decision(worker, town, county, head):
    case = clocks.accepted(worker)
    actions.pass_step(actor=town, number=case.number, step="s2")
    actions.decide(actor=county, number=case.number, outcome="granted")
    with pytest.raises(IllegalMove):
        end(head, case)


def test_frees_the_item_for_another_application(worker, head):
    case = end(head, clocks.accepted(worker))
    again = world.submitted(version=case.version, applicant=case.applicant)
    assert again.number != case.number


def test_asks_the_database_little(worker, head, few):
    case = clocks.accepted(worker)
    end(head, clocks.accepted(worker))
    few(lambda: end(head, case))
