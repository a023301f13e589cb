"""移送: to the office that has it by the item's rule; steps anew, clock on, applicant told."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.cases import actions
from backend.cases.actions import moves, transferring
from backend.cases.actions.intake import ReasonMissing
from backend.cases.models import CaseStep
from backend.core.lifecycle import IllegalMove
from backend.organisation import duties
from backend.organisation.models import Division
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


def moved(actor, case, to=world.OTHER_VILLAGE, reason="申请人户籍在该村"):
    return actions.transfer(actor=actor, number=case.number, to=to, reason=reason)


def at(case, state="open"):
    rows = CaseStep.objects.filter(case=case, state=state).order_by("pk")
    return [(step.key, step.round, step.department.name) for step in rows]


def test_opens_the_step_at_the_other_office_and_cancels_the_first(worker):
    case = moved(worker, world.submitted(version=world.an_item(authority="place")))
    case.refresh_from_db()
    assert (case.status, case.village_code) == ("submitted", world.OTHER_VILLAGE)
    assert at(case, "cancelled") == [("s1", 1, "前进村便民服务站")]
    assert at(case) == [("s1", 2, "书台村便民服务站")]
    assert list(checking.of_cases()) == []


def test_the_new_office_goes_on_and_the_old_one_only_looks(worker):
    there = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    case = moved(worker, world.submitted(version=world.an_item(authority="place")))
    with pytest.raises(duties.NotYourDuty):
        actions.accept(actor=worker, number=case.number)
    assert actions.accept(actor=there, number=case.number).status == "accepted"


def test_keeps_the_stage_and_the_clock_after_acceptance(worker):
    case = world.submitted(version=world.an_item(authority="place"))
    due = actions.accept(actor=worker, number=case.number).promised_due_on
    case = moved(world.staff("town_reviewer", "SW"), case)
    case.refresh_from_db()
    assert at(case) == [("s2", 2, "松涛镇社会事务办")]
    assert (case.status, case.promised_due_on) == ("accepted", due)
    assert list(checking.of_cases()) == []


def test_tells_the_applicant_where_and_why_and_leaves_a_link(worker):
    case = moved(worker, world.submitted(version=world.an_item(authority="place")))
    note = Notification.objects.get(account=case.applicant.account, kind="case.transferred")
    assert "归书台村办理" in note.body
    assert "申请人户籍在该村" in note.body
    event = case.events.get(verb="transfer")
    assert event.details["to"] == world.OTHER_VILLAGE
    assert event.details["office"] == "前进村便民服务站"


def test_what_is_on_record_of_the_applicant_decides(worker):
    person = world.a_resident()
    case = world.submitted(version=world.an_item(authority="hukou"), applicant=person)
    with pytest.raises(transferring.NotTheirs):
        moved(worker, case)
    person.hukou_division = Division.objects.get(code=world.OTHER_VILLAGE)
    person.save()
    assert at(moved(worker, case)) == [("s1", 2, "书台村便民服务站")]


@pytest.mark.parametrize(
    ("to", "reason", "refusal"),
    [
        (world.VILLAGE, "有误", transferring.AlreadyThere),
        ("512099999999", "有误", transferring.NoSuchPlace),
        (world.OTHER_VILLAGE, " ", ReasonMissing),
        (world.COUNTY, "有误", moves.NoOffice),  # no village, no station
    ],
)
def test_refuses(worker, to, reason, refusal):
    case = world.submitted(version=world.an_item(authority="place"))
    with pytest.raises(refusal):
        moved(worker, case, to, reason)
    assert at(case) == [("s1", 1, "前进村便民服务站")]


def test_only_whose_step_is_open_may(worker):
    case = world.submitted(version=world.an_item(authority="place"))
    with pytest.raises(duties.NotYourDuty):
        moved(world.staff("town_reviewer", "SW"), case)


def test_not_after_the_decision(worker):
    case = world.submitted(version=world.an_item(authority="place"))
    decider = world.staff("county_reviewer", "MZ")
    actions.accept(actor=worker, number=case.number)
    reviewer = world.staff("town_reviewer", "SW")
    actions.pass_step(actor=reviewer, number=case.number, step="s2")
    actions.decide(actor=decider, number=case.number, outcome="granted")
    with pytest.raises(IllegalMove):
        moved(decider, case)


def test_asks_the_database_little(worker):
    version = world.an_item(authority="place")
    moved(worker, world.submitted(version=version))
    case = world.submitted(version=version)
    with CaptureQueriesContext(connection) as asked:
        moved(worker, case)
    assert len([q for q in asked if "SAVEPOINT" not in q["sql"]]) <= 14
