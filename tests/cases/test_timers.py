"""What the clock rings: each case its own transaction, and a second ring finds nothing to do."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backend import clock
from backend.accounts.actions import system_account
from backend.cases import actions
from backend.cases.actions import moves
from backend.cases.lifecycle import Status
from backend.cases.queries import todo
from backend.organisation import queries as organisation
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import clocks, supplements, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


def move_on(time_machine, days, since=None):
    """Go to nine in the morning of the day that ends `days` working days; return it."""
    day = organisation.calendar().add(since or timezone.localdate(), days).day
    time_machine.move_to(f"{day}T09:00:00+08:00", tick=False)
    return day


def statuses(cases):
    for case in cases:
        case.refresh_from_db()
    return [case.status for case in cases]


def a_poisoned_permit():
    """Its next step belongs to an office nobody has set up: accepting it breaks."""
    nowhere = world.REVIEW | {"department": "XX"}
    return clocks.a_permit(steps=[world.INTAKE, nowhere, world.DECISION, world.PAY])


def silent_three():
    versions = (clocks.a_permit(), a_poisoned_permit(), clocks.a_permit())
    return [world.submitted(version=version) for version in versions]


def test_one_broken_case_leaves_the_others_alone(time_machine):
    cases = silent_three()
    move_on(time_machine, 6)
    clock.unanswered()
    assert statuses(cases) == [Status.ACCEPTED, Status.SUBMITTED, Status.ACCEPTED]


def test_without_the_isolation_it_would_not(time_machine):
    """The negative control: the same three in a plain loop."""
    cases = silent_three()
    move_on(time_machine, 6)
    numbers, actor = todo.unanswered(came_in_by=timezone.localdate()), system_account()
    with pytest.raises(moves.NoOffice):
        [actions.end_silence(actor=actor, number=number) for number in numbers]
    assert statuses(cases) == [Status.ACCEPTED, Status.SUBMITTED, Status.SUBMITTED]


def test_silence_is_looked_for_where_it_can_be(worker, time_machine):
    """Answered, young and told cases are not even looked at."""
    silent, answered = world.submitted(), world.submitted()
    actions.accept(actor=worker, number=answered.number)
    move_on(time_machine, 6)
    world.submitted()
    clock.unanswered()
    silent.refresh_from_db()
    assert silent.unanswered_told_on == timezone.localdate()
    assert list(todo.unanswered(came_in_by=timezone.localdate(silent.submitted_at))) == []


def test_a_supplement_makes_it_worth_a_look_again(worker, time_machine):
    case = supplements.submitted()
    day = move_on(time_machine, 6)
    clock.unanswered()
    supplements.asked(case, worker)
    supplements.mended(case)
    assert list(todo.unanswered(came_in_by=day)) == [case.number]
    clock.unanswered()
    case.refresh_from_db()
    assert case.unanswered_told_on == day  # the days begin anew


def test_reminds_three_days_before_and_one_day_before(worker, time_machine):
    case = supplements.asked(supplements.submitted(), worker)
    due = case.supplements.get().due_on
    reminders = Notification.objects.filter(kind="case.supplement_due")
    told = []
    for left in (4, 3, 2, 1, 0):
        day = due
        while organisation.calendar().remaining(day, due) < left:
            day -= timedelta(days=1)
        time_machine.move_to(f"{day}T09:00:00+08:00", tick=False)
        clock.supplements()
        clock.supplements()
        told.append(reminders.count())
    assert told == [0, 1, 1, 2, 2]
    assert "还有 2 项没有补" in reminders.first().body
    assert "可以申请延期一次" in reminders.first().body


def test_a_late_first_look_reminds_once(worker, time_machine):
    case = supplements.asked(supplements.submitted(), worker)
    time_machine.move_to(f"{case.supplements.get().due_on}T09:00:00+08:00", tick=False)
    clock.supplements()
    clock.supplements()
    assert Notification.objects.filter(kind="case.supplement_due").count() == 1


def test_what_was_not_mended_in_time_lapses(worker, time_machine):
    case = supplements.asked(supplements.submitted(), worker)
    waiting = supplements.asked(supplements.submitted(), worker)
    actions.prolong_supplement(actor=waiting.applicant.account, number=waiting.number)
    move_on(time_machine, 16)
    clock.supplements()
    assert statuses([case, waiting]) == [Status.LAPSED, Status.SUPPLEMENTING]


def test_a_stop_longer_than_told_is_told_to_the_office(worker, town, time_machine):
    watch = world.staff("department_head", "SW")
    case = clocks.suspended(worker, town, days=3)
    began = timezone.localdate()
    for later, times in ((3, 0), (4, 2), (9, 2)):
        day = began + timedelta(days=later)
        time_machine.move_to(f"{day}T09:00:00+08:00", tick=False)
        clock.overlong()
        told = Notification.objects.filter(kind="staff.overlong", case_number=case.number)
        assert told.count() == times
    assert set(told.values_list("account_id", flat=True)) == {town.pk, watch.pk}
    assert "停表已 4 天" in told.first().body


def test_the_clock_alone_reminds(worker):
    case = supplements.asked(supplements.submitted(), worker)
    for act in (actions.remind_supplement, actions.tell_overlong):
        with pytest.raises(Exception, match="岗位"):
            act(actor=worker, number=case.number)
