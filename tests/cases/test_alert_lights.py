from datetime import timedelta

import pytest

from backend.cases import actions
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def case():
    return world.submitted()


def told(case):
    rows = Notification.objects.filter(kind="staff.light", case_number=case.number)
    return sorted(rows.values_list("account_id", flat=True))


def step_of(case):
    return case.steps.get(state="open")


def test_yellow_goes_to_everybody_of_the_post(case):
    workers = [world.staff("community_worker", "ZD") for _ in range(2)]
    world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    assert actions.alert_lights(today=step_of(case).warn_on) == 1
    assert told(case) == sorted(worker.pk for worker in workers)


def test_yellow_goes_to_who_claimed_it(case):
    mine, _ = world.staff("community_worker", "ZD"), world.staff("community_worker", "ZD")
    actions.claim(actor=mine, number=case.number, step="s1")
    actions.alert_lights(today=step_of(case).warn_on)
    assert told(case) == [mine.pk]


def test_red_goes_up_as_well(case):
    worker = world.staff("community_worker", "ZD")
    head = world.staff("department_head", "ZD")
    watch = world.staff("supervisor", "MZ")
    actions.alert_lights(today=step_of(case).due_on + timedelta(days=1))
    assert told(case) == sorted([worker.pk, head.pk, watch.pk])


def test_each_line_is_told_once(case):
    world.staff("community_worker", "ZD")
    step = step_of(case)
    assert actions.alert_lights(today=step.warn_on) == 1
    assert actions.alert_lights(today=step.due_on) == 0
    assert actions.alert_lights(today=step.due_on + timedelta(days=1)) == 1
    assert actions.alert_lights(today=step.due_on + timedelta(days=9)) == 0


def test_a_stopped_clock_tells_nobody(case):
    case.paused_on = step_of(case).opened_at.date()
    case.save(update_fields=["paused_on"])
    assert actions.alert_lights(today=step_of(case).due_on + timedelta(days=9)) == 0


def test_an_unmanned_post_goes_up_at_once(case):
    watch = world.staff("supervisor", "MZ")
    actions.alert_lights(today=step_of(case).warn_on)
    assert told(case) == [watch.pk]
