"""恢复计时 …"""

import pytest

from backend.cases import actions
from backend.cases.lifecycle import Status
from backend.cases.models import ClockStop
from backend.core.lifecycle import IllegalMove
from backend.organisation import queries as organisation
from backend.organisation.actions import reference
from backend.organisation.duties import NotYourDuty
from backend.seeds import calendar, checking
from notifications.models import Notification
from tests.factories import clocks, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def year(time_machine):
    """The published days of 2026, and the first of June."""
    reference.load_calendar(
        days=[
            reference.Day(row.day, row.is_workday, row.label, row.provisional, row.source)
            for row in calendar.announced(2026)
        ]
    )
    time_machine.move_to("2026-06-01T10:00:00+08:00", tick=False)
    yield
    assert list(checking.of_cases()) == []


def test_adds_the_days_it_stood(worker, town, time_machine):
    """领域说明 §2.17: 2026-06-01 受理, 10 个工作日, 6/5–6/16 停表."""
    case = clocks.accepted(worker, promised_days=10)
    assert str(case.promised_due_on) == "2026-06-15"
    step_due = case.steps.get(key="s2").due_on
    time_machine.move_to("2026-06-05T09:00:00+08:00", tick=False)
    actions.suspend(actor=town, number=case.number, step="s2", reason="testing", expected_days=12)
    time_machine.move_to("2026-06-17T09:00:00+08:00", tick=False)
    case = actions.resume(actor=town, number=case.number)
    assert (case.status, case.paused_on) == (Status.ACCEPTED, None)
    assert str(case.promised_due_on) == "2026-06-26"
    assert organisation.calendar().remaining(step_due, case.steps.get(key="s2").due_on) == 8


def test_tells_how_long_it_stood_and_the_new_day(worker, town, time_machine):
    case = clocks.suspended(worker, town)
    time_machine.move_to("2026-06-08T09:00:00+08:00", tick=False)
    case = actions.resume(actor=town, number=case.number)
    told = Notification.objects.get(kind="case.resumed")
    due = case.promised_due_on
    assert "停了 7 天" in told.body
    assert f"{due.month}月{due.day}日" in told.body


def test_only_the_post_it_stood_at_may(worker, town, county):
    case = clocks.suspended(worker, town)
    for other in (worker, county):
        with pytest.raises(NotYourDuty):
            actions.resume(actor=other, number=case.number)


def test_only_what_stands(worker, town):
    with pytest.raises(IllegalMove):
        actions.resume(actor=town, number=clocks.accepted(worker).number)


def test_a_step_that_does_not_count_stands_on(worker, town, time_machine):
    show = clocks.TESTED | {"counts": False}
    case = clocks.suspended(worker, town, steps=[world.INTAKE, show, world.DECISION, world.PAY])
    time_machine.move_to("2026-06-08T09:00:00+08:00", tick=False)
    case = actions.resume(actor=town, number=case.number)
    assert case.stops.get(ended_on__isnull=True).kind == ClockStop.Kind.STEP
    assert case.status == Status.ACCEPTED


def test_a_second_procedure_may_follow(worker, town):
    case = clocks.suspended(worker, town)
    actions.resume(actor=town, number=case.number)
    actions.suspend(actor=town, number=case.number, step="s2", reason="experts", expected_days=3)
    assert case.stops.count() == 2


def test_asks_the_database_little(worker, town, few):
    case, other = clocks.suspended(worker, town), clocks.suspended(worker, town)
    actions.resume(actor=town, number=other.number)
    few(lambda: actions.resume(actor=town, number=case.number))
