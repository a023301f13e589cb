"""The State Council announces the calendar of a year that was guessed …"""

import time
from datetime import date

import pytest
from django.core.management import call_command
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import recounting
from backend.cases.models import Case, CaseEvent, CaseStep, Recount
from backend.organisation import queries as organisation
from backend.organisation.actions import reference
from backend.organisation.models import CalendarDay
from backend.seeds import calendar, checking
from notifications.models import Notification
from tests.factories import clocks, world

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("december")]
held = pytest.mark.usefixtures("sound")
NEW_YEAR = date(2027, 1, 4)


@pytest.fixture
def december(time_machine):
    """Christmas Eve of 2026: that year is announced, the next is guessed."""
    rows = [*calendar.announced(2026), *calendar.guessed(2027), *calendar.guessed(2028)]
    reference.load_calendar(days=[_day(row) for row in rows])
    time_machine.move_to("2026-12-24T10:00:00+08:00", tick=False)
    actions.recompute_clocks()


@pytest.fixture
def sound():
    yield
    assert list(checking.of_cases()) == []


def _day(row, **changes):
    fields = {name: getattr(row, name) for name in row.__slots__} | changes
    return reference.Day(**fields)


def announce(*off, on=()):
    """Announce 2027 as it was guessed, but for these days off and these worked."""
    rows = [
        _day(
            row,
            is_workday=row.day in on or (row.is_workday and row.day not in off),
            provisional=False,
            source="国务院办公厅放假通知",
        )
        for row in calendar.guessed(2027)
    ]
    CalendarDay.objects.filter(day__year=2027).update(source="国务院办公厅放假通知")
    reference.load_calendar(days=rows)


def fresh(case):
    return Case.objects.get(pk=case.pk)


@held
def test_a_guess_that_held_only_loses_its_mark(worker):
    case = clocks.accepted(worker, promised_days=6, legal_days=6)
    assert (case.promised_due_on, case.provisional) == (NEW_YEAR, True)
    announce()
    assert actions.recompute_clocks() == 0
    case = fresh(case)
    assert (case.promised_due_on, case.provisional) == (NEW_YEAR, False)
    assert not case.events.filter(verb="calendar_changed").exists()


@held
def test_a_worse_calendar_costs_the_office_and_not_the_resident(worker):
    case = clocks.accepted(worker, promised_days=7, legal_days=20)
    promise, limit = case.promised_due_on, case.statutory_due_on
    announce(date(2027, 1, 4), date(2027, 1, 5))
    assert actions.recompute_clocks() == 1
    case = fresh(case)
    assert promise == date(2027, 1, 5)
    assert case.promised_due_on <= promise
    assert case.promised_total == 5
    assert case.statutory_due_on > limit
    details = case.events.get(verb="calendar_changed").details
    assert (details["before"], details["cut"]) == ("2027-01-05", 2)
    assert details["after"] == case.promised_due_on.isoformat()
    assert details["statutory_before"] == limit.isoformat()
    assert details["statutory_after"] == case.statutory_due_on.isoformat()


@held
def test_a_better_calendar_improves_the_promise_and_tells(worker):
    case = clocks.accepted(worker, promised_days=7, legal_days=20)
    announce(on=[date(2027, 1, 2), date(2027, 1, 3)])
    assert actions.recompute_clocks() == 1
    case = fresh(case)
    assert case.promised_due_on == date(2027, 1, 3)
    assert case.promised_total == 7
    told = Notification.objects.get(kind="case.calendar_changed")
    assert "1月3日" in told.body
    assert told.account_id == case.applicant.account_id


@held
def test_steps_follow_the_calendar_either_way(worker, time_machine):
    time_machine.move_to("2026-12-31T10:00:00+08:00", tick=False)
    case = clocks.accepted(worker)
    before = case.steps.get(key="s2").due_on
    announce(date(2027, 1, 5))
    actions.recompute_clocks()
    step = case.steps.get(key="s2")
    assert step.due_on > before
    assert step.due_on == organisation.calendar().add(date(2026, 12, 31), step.days).day


@held
def test_stops_and_extensions_count_as_before(worker, town, head, time_machine):
    case = clocks.suspended(worker, town)
    time_machine.move_to("2027-01-07T10:00:00+08:00", tick=False)
    actions.resume(actor=town, number=case.number)
    clocks.asked(case, town, 3)
    promise = actions.extend(actor=head, number=case.number).promised_due_on
    announce(date(2027, 1, 11))
    actions.recompute_clocks()
    case = fresh(case)
    assert case.promised_due_on <= promise
    assert case.promised_total == 17  # 15, 3 more, 1 for the promise


@held
def test_what_is_over_is_left_alone(worker, head):
    case = clocks.accepted(worker, promised_days=7)
    case = actions.terminate(actor=head, number=case.number, reason="撤销")
    due = case.promised_due_on
    announce(date(2027, 1, 4))
    assert actions.recompute_clocks() == 0
    assert fresh(case).promised_due_on == due


@held
def test_goes_once_more_after_others_had_the_old_calendar(worker, time_machine):
    """A process keeps the calendar five minutes: what it accepts meanwhile is mended after ten."""
    announce(date(2027, 1, 4))
    actions.recompute_clocks()
    case = clocks.accepted(worker, promised_days=6, legal_days=6)
    Case.objects.filter(pk=case.pk).update(promised_due_on=NEW_YEAR, statutory_due_on=NEW_YEAR)
    assert actions.recompute_clocks() == 0
    time_machine.move_to(timezone.now() + recounting.AGAIN, tick=False)
    assert actions.recompute_clocks() == 1
    assert fresh(case).promised_due_on <= NEW_YEAR
    time_machine.move_to(timezone.now() + 5 * recounting.AGAIN, tick=False)
    assert actions.recompute_clocks() == 0
    assert Recount.objects.latest("pk").passes == recounting.PASSES


@held
def test_who_breaks_off_goes_on_where_it_stopped(worker, monkeypatch):
    monkeypatch.setattr(recounting, "BATCH", 2)
    cases = [clocks.accepted(worker, promised_days=6) for _ in range(5)]
    announce(date(2027, 1, 4))
    calendar_, digest = organisation.calendar_now()
    recount = recounting._recount(digest, anew=False)
    recounting._batch(recount.pk, calendar_, recounting.accounts.system_account())
    assert Recount.objects.get(pk=recount.pk).reached == cases[1].pk
    assert actions.recompute_clocks() == 3
    assert CaseEvent.objects.filter(verb="calendar_changed").count() == 5


@held
def test_the_command_says_how_many(worker, capsys):
    clocks.accepted(worker, promised_days=6)
    announce(date(2027, 1, 4))
    call_command("recompute_clocks")
    assert "1 件的日期有变" in capsys.readouterr().out
    call_command("recompute_clocks")
    assert "0 件的日期有变" in capsys.readouterr().out


@held
def test_other_thresholds_are_counted_when_asked(worker, settings):
    case = clocks.accepted(worker, promised_days=15)
    before = case.warn_on
    settings.LIGHT_DAYS = 5
    assert actions.recompute_clocks() == 0
    assert fresh(case).warn_on == before
    actions.recompute_clocks(anew=True)
    assert fresh(case).warn_on < before


def copies(case, times):
    """Put copies of an accepted case into the tables, with their steps; their chains are empty."""
    step = case.steps.get(state="open")
    made = []
    for n in range(times):
        one = Case.objects.get(pk=case.pk)
        one.pk, one.number, one.token = None, f"{n:024d}", f"{n:032x}"
        one.event_count, one.event_head = 0, b""
        one.bundle_id, one.bundle_key = case.pk, f"k{n}"
        made.append(one)
    people = [world.Resident(realname_level=0, sealed_name=b"x") for _ in range(times)]
    for person in people:
        person.set_name("李桂花")
    for one, person in zip(
        made, world.Resident.objects.bulk_create(people, batch_size=1000), strict=True
    ):
        one.applicant = person
    rows = Case.objects.bulk_create(made, batch_size=1000)
    steps = []
    for row in rows:
        one = CaseStep.objects.get(pk=step.pk)
        one.pk, one.case = None, row
        steps.append(one)
    CaseStep.objects.bulk_create(steps, batch_size=1000)
    with connection.cursor() as cursor:  # what a planner would know of them by then
        cursor.execute("ANALYZE cases_case, cases_casestep")
    return rows


def test_ten_thousand_cases_take_seconds(worker):
    """By what it costs us, and by how often the database is asked: neither waits for neighbours."""
    case = clocks.accepted(worker, promised_days=7)
    copies(case, 10_000)
    announce(date(2027, 1, 4))
    began = time.process_time()
    with CaptureQueriesContext(connection) as caught:
        assert actions.recompute_clocks() == 10_001
    assert time.process_time() - began < 15
    assert len(caught) <= 12 * (10_001 // recounting.BATCH + 2)


@held
def test_two_at_once_do_each_case_once(transactional_db, together, worker):
    for _ in range(6):
        clocks.accepted(worker, promised_days=6)
    announce(date(2027, 1, 4))
    said = together(lambda _: actions.recompute_clocks(), 3)
    assert sum(said) == 6
    assert CaseEvent.objects.filter(verb="calendar_changed").count() == 6
