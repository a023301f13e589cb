"""视为受理 …"""

import pytest
from django.utils import timezone

from backend.accounts.actions import system_account
from backend.cases import actions
from backend.cases.actions import silence
from backend.cases.lifecycle import Status
from backend.core.lifecycle import IllegalMove
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import clocks, supplements, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


@pytest.fixture
def permit():
    return world.submitted(version=clocks.a_permit())


def deem(case):
    return actions.deem_accepted(actor=system_account(), number=case.number)


def after(days, time_machine, since=None):
    """Go to nine in the morning, `days` working days on."""
    day = organisation.calendar().add(since or timezone.localdate(), days).day
    time_machine.move_to(f"{day}T09:00:00+08:00", tick=False)


def test_silence_accepts_a_permit_from_the_day_it_came_in(permit, time_machine):
    after(6, time_machine)
    case = deem(permit)
    came_in = timezone.localdate(case.submitted_at)
    assert (case.status, case.clock_from) == (Status.ACCEPTED, came_in)
    assert timezone.localdate(case.accepted_at) == came_in
    assert case.promised_due_on == organisation.calendar().add(came_in, 15).day
    assert set(case.steps.filter(state="open").values_list("key", flat=True)) == {"s2"}
    assert case.events.get(verb="deem_accepted").details["since"] == came_in.isoformat()


def test_tells_the_applicant_and_alerts_the_head(permit, time_machine):
    head = world.staff("department_head", "ZD")
    after(6, time_machine)
    deem(permit)
    assert Notification.objects.filter(kind="case.accepted").count() == 1
    alert = Notification.objects.get(kind="staff.unanswered")
    assert alert.account_id == head.pk
    assert "视为受理" in alert.body


def test_the_fifth_day_is_still_the_offices(permit, time_machine):
    after(5, time_machine)
    with pytest.raises(silence.NotYetSilent):
        deem(permit)


def test_only_the_clock_may(permit, worker, time_machine):
    after(6, time_machine)
    with pytest.raises(NotYourDuty):
        actions.deem_accepted(actor=worker, number=permit.number)


def test_what_was_answered_is_left_alone(permit, worker, time_machine):
    actions.accept(actor=worker, number=permit.number)
    after(6, time_machine)
    with pytest.raises(IllegalMove):
        deem(permit)


def test_a_supplement_begins_the_days_anew(worker, time_machine):
    version = supplements.an_item(guide=clocks.PERMIT)
    case = supplements.asked(supplements.submitted(version=version), worker)
    after(4, time_machine)
    supplements.mended(case)
    mended = timezone.localdate()
    after(5, time_machine)
    with pytest.raises(silence.NotYetSilent):
        deem(case)
    after(1, time_machine)
    case = deem(case)
    assert case.clock_from == mended
    assert timezone.localdate(case.accepted_at) == mended


def test_of_anything_else_the_head_is_told_once(time_machine):
    head = world.staff("department_head", "ZD")
    case = world.submitted(version=clocks.an_item())
    after(6, time_machine)
    with pytest.raises(silence.NotDeemed):
        deem(case)
    for _ in range(2):
        actions.end_silence(actor=system_account(), number=case.number)
    case.refresh_from_db()
    assert case.status == Status.SUBMITTED
    told = Notification.objects.get(kind="staff.unanswered")
    assert told.account_id == head.pk


def test_without_a_head_supervision_is_told(time_machine):
    watch = world.staff("supervisor", "MZ")
    case = world.submitted(version=clocks.an_item())
    after(6, time_machine)
    actions.end_silence(actor=system_account(), number=case.number)
    assert Notification.objects.get(kind="staff.unanswered").account_id == watch.pk


def test_silence_decides_nothing(time_machine):
    """An instant permit, and one whose acceptance would grant it, wait for a person."""
    only = world.INTAKE | {"decides": True}
    for version in (
        world.an_instant_item(guide=clocks.PERMIT),
        clocks.a_permit(steps=[only, world.PAY]),
    ):
        case = world.submitted(version=version)
        since = timezone.localdate(case.submitted_at)
        after(6, time_machine, since)
        with pytest.raises(silence.NotDeemed):
            deem(case)
        time_machine.move_to(case.submitted_at, tick=False)


def test_asks_the_database_little(time_machine, few):
    world.staff("department_head", "ZD")
    case, other = (world.submitted(version=clocks.a_permit()) for _ in range(2))
    after(6, time_machine)
    deem(other)
    few(lambda: deem(case))
