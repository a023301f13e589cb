"""容缺后补: reminded before the last day, told after it, by the clock alone."""

from datetime import timedelta

import pytest
import time_machine
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend import clock
from backend.accounts import actions as accounts
from backend.cases import actions
from backend.cases.models import CaseMaterial
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.cases.test_submit_materials import INCOME
from tests.factories import world
from tests.factories.materials import a_file

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def case(worker):
    version = world.an_item(materials=[INCOME])
    return world.submitted(version=version, materials={"income": {"by": "deferred"}})


def line(case):
    return case.materials.get()


def on(case, *, days):
    """Return nine in the morning so many days from the last day."""
    day = line(case).due_on + timedelta(days=days)
    return time_machine.travel(f"{day.isoformat()} 09:00+08:00", tick=False)


def told(case, kind):
    return Notification.objects.filter(case_number=case.number, kind=kind)


def ring(case, *, days):
    with on(case, days=days):
        clock.materials()
        clock.materials()  # beat may ring twice


def test_has_ten_working_days(case):
    assert line(case).due_on == organisation.calendar().add(timezone.localdate(), 10).day


def test_is_reminded_five_days_before_and_one(case):
    counts = {}
    for days in (-6, -5, -4, -2, -1, 0):
        ring(case, days=days)
        counts[days] = told(case, "case.material_due").count()
    assert counts == {-6: 0, -5: 1, -4: 1, -2: 1, -1: 2, 0: 2}
    assert "收入证明" in told(case, "case.material_due")[0].body


def test_the_last_day_is_still_in_time(case):
    ring(case, days=0)
    assert line(case).state == "wanted"


def test_after_it_the_applicant_and_the_office_are_told_once(case, worker):
    ring(case, days=1)
    ring(case, days=2)
    assert line(case).state == "overdue"
    assert told(case, "case.material_overdue").count() == 1
    assert told(case, "staff.material_overdue").get().account == worker
    events = list(case.events.order_by("seq").values_list("verb", flat=True))
    assert events == ["submit", "material_overdue"]


def test_it_may_still_come_in_late(case):
    ring(case, days=1)
    owner = case.applicant.account
    choice = {"by": "upload", "file": a_file(owner).uid}
    actions.hand_in(actor=owner, number=case.number, key="income", choice=choice)
    assert (line(case).resolved_by, line(case).state) == ("upload", "given")
    ring(case, days=3)
    assert told(case, "case.material_overdue").count() == 1


def test_what_came_in_is_not_asked_for_again(case):
    owner = case.applicant.account
    choice = {"by": "upload", "file": a_file(owner).uid}
    actions.hand_in(actor=owner, number=case.number, key="income", choice=choice)
    for days in (-5, -1, 1):
        ring(case, days=days)
    assert line(case).state == "given"
    assert not told(case, "case.material_due").exists()


def test_of_a_case_that_has_ended_nothing_is_asked(case):
    actions.withdraw(actor=case.applicant.account, number=case.number)
    for days in (-5, 1):
        ring(case, days=days)
    assert line(case).state == "wanted"
    assert not told(case, "case.material_due").exists()


@pytest.mark.parametrize("act", ["remind_materials", "overdue_materials"])
def test_only_the_clock_does_it(case, worker, act):
    for actor in (worker, case.applicant.account):
        with pytest.raises(NotYourDuty):
            getattr(actions, act)(actor=actor, number=case.number)
    assert getattr(actions, act)(actor=accounts.system_account(), number=case.number) is False


def test_a_deferred_line_without_a_last_day_cannot_be(case):
    with (
        pytest.raises(IntegrityError, match="material_deferred_has_a_due_day"),
        transaction.atomic(),
    ):
        CaseMaterial.objects.update(due_on=None)
