"""红黄灯与逐级升级 …"""

from datetime import timedelta

import pytest
from django.db import connection, transaction
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import alerts
from backend.cases.models import Case, CaseStep
from backend.cases.queries import crossings
from backend.organisation import queries as organisation
from backend.organisation.models import StandIn
from notifications.models import Notification
from tests.factories import clocks, supplements, world

pytestmark = pytest.mark.django_db
DAY = timedelta(days=1)


@pytest.fixture
def case():
    return world.submitted()


def told(case, kind="staff.light"):
    rows = Notification.objects.filter(kind=kind, case_number=case.number)
    return sorted(rows.values_list("account_id", flat=True))


def step_of(case):
    return case.steps.get(state="open")


def later(day, days):
    return organisation.calendar().add(day, days).day


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


def test_red_goes_to_the_head_and_days_later_to_supervision(case):
    """领域说明 §2.7: 承办 → 负责人 → 监察; two working days lie between the last two."""
    worker = world.staff("community_worker", "ZD")
    head = world.staff("department_head", "ZD")
    watch = world.staff("supervisor", "MZ")
    due = step_of(case).due_on
    actions.alert_lights(today=due + DAY)
    assert told(case) == sorted([worker.pk, head.pk])
    assert actions.alert_lights(today=later(due, 2)) == 0
    assert actions.alert_lights(today=later(due, 3)) == 1
    assert told(case) == sorted([worker.pk, head.pk, watch.pk])
    assert step_of(case).alerted == 3


def test_days_between_are_a_setting(case, settings):
    settings.ESCALATE_DAYS = 0
    world.staff("department_head", "ZD")
    watch = world.staff("supervisor", "MZ")
    actions.alert_lights(today=later(step_of(case).due_on, 1))
    assert watch.pk in told(case)


def test_red_goes_to_supervision_at_once_where_there_is_no_head(case):
    worker, watch = world.staff("community_worker", "ZD"), world.staff("supervisor", "MZ")
    actions.alert_lights(today=step_of(case).due_on + DAY)
    assert told(case) == sorted([worker.pk, watch.pk])
    assert step_of(case).alerted == 3


def test_the_city_watches_where_the_county_has_nobody(case):
    city = world.Division.objects.get(code=world.CITY)
    office = world.Department.objects.create(code="JW", name="市监察", division=city)
    watch = world.staff("supervisor", office)
    actions.alert_lights(today=step_of(case).due_on + DAY)
    assert told(case) == [watch.pk]


def test_a_clock_that_woke_late_tells_everybody_once(case):
    people = [
        world.staff("community_worker", "ZD"),
        world.staff("department_head", "ZD"),
        world.staff("supervisor", "MZ"),
    ]
    actions.alert_lights(today=step_of(case).due_on + 30 * DAY)
    assert told(case) == sorted(one.pk for one in people)


def test_each_line_is_told_once(case):
    world.staff("community_worker", "ZD")
    world.staff("department_head", "ZD")
    step = step_of(case)
    assert actions.alert_lights(today=step.warn_on) == 1
    assert actions.alert_lights(today=step.due_on) == 0
    assert actions.alert_lights(today=step.due_on + DAY) == 1
    assert actions.alert_lights(today=step.due_on + DAY) == 0
    assert actions.alert_lights(today=later(step.due_on, 9)) == 1
    assert actions.alert_lights(today=later(step.due_on, 10)) == 0


def test_a_stopped_clock_tells_nobody(worker, town):
    waiting = supplements.asked(supplements.submitted(), worker)
    standing = clocks.suspended(worker, town)
    today = max(one.steps.get(state="open").due_on for one in (waiting, standing)) + 9 * DAY
    assert actions.alert_lights(today=today) == 0


def test_on_show_the_step_runs_though_the_case_stands(worker, town):
    show = world.REVIEW | {"counts": False}
    case = clocks.accepted(worker, steps=[world.INTAKE, show, world.DECISION, world.PAY])
    assert case.paused_on is not None
    assert actions.alert_lights(today=case.promised_due_on + 9 * DAY) == 1
    assert told(case) == [town.pk]
    assert told(case, "staff.case_light") == []


def test_an_unmanned_post_goes_up_at_once(case):
    watch = world.staff("supervisor", "MZ")
    actions.alert_lights(today=step_of(case).warn_on)
    assert told(case) == [watch.pk]


def test_the_whole_case_has_a_light_of_its_own(worker, town, head):
    case = clocks.accepted(worker)
    CaseStep.objects.filter(case=case).update(alerted=3)
    watch = world.staff("supervisor", "MZ")
    for today, heard in (
        (case.warn_on - DAY, []),
        (case.warn_on, [town.pk]),
        (case.promised_due_on + DAY, [town.pk, town.pk, head.pk]),
        (later(case.promised_due_on, 3), [town.pk, town.pk, head.pk, watch.pk]),
        (later(case.promised_due_on, 9), [town.pk, town.pk, head.pk, watch.pk]),
    ):
        actions.alert_lights(today=today)
        assert told(case, "staff.case_light") == sorted(heard)


def three_side_by_side(worker):
    group = [
        world.step("a", "county_reviewer", "GA", "county", group="A", days=1),
        world.step("b", "county_reviewer", "RS", "county", group="A", days=9),
        world.step("c", "county_reviewer", "CL", "county", group="A", days=9),
    ]
    steps = [world.INTAKE, *group, world.DECISION, world.PAY]
    return clocks.accepted(worker, steps=steps)


def test_beside_other_offices_the_lead_and_supervision_see_it_at_once(worker, head):
    """领域说明 §1.3: 并行三部门其一超期, 牵头与监察同时亮灯, 不影响他部门."""
    case = three_side_by_side(worker)
    late, others = world.staff("county_reviewer", "GA"), world.staff("county_reviewer", "RS")
    watch = world.staff("supervisor", "MZ")
    actions.alert_lights(today=case.steps.get(key="a").due_on + DAY)
    assert told(case) == sorted([late.pk, head.pk, watch.pk])
    assert others.pk not in told(case)
    assert set(case.steps.filter(alerted=0).values_list("key", flat=True)) == {"b", "c", "s1"}


@pytest.fixture
def broken_notice():
    """Let the database refuse every notice of one case, as a poisoned row would."""

    def poison(case):
        with connection.cursor() as cursor:
            cursor.execute(
                "CREATE FUNCTION poisoned() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN"
                f" IF NEW.case_number = '{case.number}' THEN RAISE 'poisoned'; END IF;"
                " RETURN NEW; END $$;"
                "CREATE TRIGGER poisoned BEFORE INSERT ON notifications_notification"
                " FOR EACH ROW EXECUTE FUNCTION poisoned()"
            )

    return poison


def test_what_cannot_be_told_keeps_nobody_else_from_hearing(worker, town, broken_notice):
    """In its own office, and in every other."""
    first, poisoned, second = (world.submitted() for _ in range(3))
    elsewhere = clocks.accepted(worker)
    broken_notice(poisoned)
    today = max(CaseStep.objects.filter(state="open").values_list("warn_on", flat=True))
    assert actions.alert_lights(today=today) == 3
    for case in (first, second):
        assert told(case) == [worker.pk]
    assert told(elsewhere) == [town.pk]
    assert step_of(poisoned).alerted == 0  # the next ring tries again


def test_without_the_savepoints_nobody_would_hear(worker, broken_notice):
    """The negative control: the same office told in one go."""
    first, poisoned = world.submitted(), world.submitted()
    broken_notice(poisoned)
    today = step_of(first).warn_on
    (page,) = crossings.steps(today=today, late_by=today - 30 * DAY)
    staff = alerts._Staff(posts={(page[0].office_id, page[0].hands[0].role): [worker.pk]},
                          supervisors={})  # fmt: skip
    with pytest.raises(Exception, match="poisoned"), transaction.atomic():
        alerts._tell(page, staff)
    assert told(first) == []


def test_who_stands_in_for_somebody_hears_as_well(case):
    """代岗: whoever acts in a post today."""
    away = world.staff("community_worker", "ZD")
    instead = world.an_account("staff")
    day = step_of(case).warn_on
    StandIn.objects.create(
        post=away.staff.posts.get(), account=instead, appointed_by=away, at=timezone.now(),
        valid_from=day, valid_to=day,
    )  # fmt: skip
    actions.alert_lights(today=day)
    assert told(case) == sorted([away.pk, instead.pk])


def test_two_clocks_at_once_tell_once(transactional_db, together):
    worker = world.staff("community_worker", "ZD")
    cases = [world.submitted() for _ in range(3)]
    today = step_of(cases[0]).warn_on
    said = together(lambda _: actions.alert_lights(today=today), 4)
    assert sum(said) == 3
    assert [told(case) for case in cases] == [[worker.pk]] * 3


def test_asks_the_same_for_many_as_for_few(django_assert_max_num_queries, worker):
    for _ in range(3):
        world.submitted()
    today = max(CaseStep.objects.values_list("warn_on", flat=True))
    with django_assert_max_num_queries(14):
        assert actions.alert_lights(today=today) == 3
    Case.objects.update(alerted=0)
    CaseStep.objects.update(alerted=0)
    for _ in range(20):
        world.submitted()
    with django_assert_max_num_queries(14):
        assert actions.alert_lights(today=today) == 23


def test_the_plan_finds_them_by_its_index(case):
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL enable_seqscan = off")
    for rows in (
        CaseStep.objects.filter(state="open", alerted__lt=3, warn_on__lte="2026-01-01").exclude(
            role="system"
        ),
        Case.objects.filter(status="accepted", alerted__lt=3, warn_on__lte="2026-01-01"),
    ):
        assert "to_alert" in rows.explain()
