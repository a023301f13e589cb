"""From acceptance to conclusion: each verb, by whom it may be done, and what it leaves."""

import uuid
from datetime import timedelta

import pytest
from django.db import DatabaseError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions, trace
from backend.cases.actions import decision, intake, moves, review
from backend.cases.lifecycle import Status
from backend.cases.models import CaseEvent
from backend.cases.queries import scope
from backend.core.lifecycle import IllegalMove
from backend.organisation.duties import NotYourDuty
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def town():
    return world.staff("town_reviewer", "SW")


@pytest.fixture
def county():
    return world.staff("county_reviewer", "MZ")


@pytest.fixture
def decided(worker, town, county):
    def make(outcome="granted", reason="符合条件", **item):
        case = world.submitted(version=world.an_item(**item))
        actions.accept(actor=worker, number=case.number)
        actions.pass_step(actor=town, number=case.number, step="s2", opinion="属实")
        return actions.decide(actor=county, number=case.number, outcome=outcome, reason=reason)

    return make


def open_keys(case):
    return set(case.steps.filter(state="open").values_list("key", flat=True))


def kinds(case):
    told = Notification.objects.filter(case_number=case.number).order_by("pk")
    return list(told.values_list("kind", flat=True))


def test_accepting_starts_both_clocks_and_opens_the_next_step(worker):
    case = actions.accept(actor=worker, number=world.submitted().number)
    assert case.status == Status.ACCEPTED
    assert case.promised_due_on < case.statutory_due_on
    assert open_keys(case) == {"s2"}
    assert kinds(case) == ["case.submitted", "case.accepted"]


def test_another_village_does_not_see_it():
    stranger = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    with pytest.raises(scope.CaseNotFound):
        actions.accept(actor=stranger, number=world.submitted().number)


def test_the_town_sees_it_but_may_not_accept_it(town):
    with pytest.raises(NotYourDuty):
        actions.accept(actor=town, number=world.submitted().number)


def test_a_platform_administrator_sees_no_case():
    admin = world.staff("platform_admin", "ZD")
    with pytest.raises(scope.CaseNotFound):
        actions.accept(actor=admin, number=world.submitted().number)


def test_the_second_to_accept_hears_where_it_stands(worker):
    case = actions.accept(actor=worker, number=world.submitted().number)
    with pytest.raises(IllegalMove) as refused:
        actions.accept(actor=worker, number=case.number)
    assert refused.value.extra["state"] == Status.ACCEPTED
    assert refused.value.extra["changed_by"] == "前进村便民服务站"
    assert "decide" in refused.value.extra["verbs"]


def test_declining_wants_a_reason_and_tells_the_remedy(worker):
    case = world.submitted()
    with pytest.raises(intake.ReasonMissing):
        actions.decline(actor=worker, number=case.number, reason=" ")
    case = actions.decline(actor=worker, number=case.number, reason="未满80周岁")
    assert (case.status, open_keys(case)) == (Status.DECLINED, set())
    details = case.events.get(verb="decline").details
    assert "行政复议" in details["remedy"]
    assert kinds(case)[-1] == "case.declined"


def test_an_instant_item_ends_in_one_act(worker):
    case = world.submitted(version=world.an_instant_item())
    with pytest.raises(intake.InstantItem):
        actions.accept(actor=worker, number=case.number)
    case = actions.finish(actor=worker, number=case.number, opinion="当场办结")
    assert (case.status, case.outcome) == (Status.CONCLUDED, "granted")
    assert case.closed_at is not None
    verbs = list(case.events.values_list("verb", flat=True).order_by("seq"))
    assert verbs == ["submit", "accept", "decide", "conclude"]
    assert kinds(case) == ["case.submitted", "case.concluded"]


def test_a_promised_item_cannot_be_finished_at_once(worker):
    with pytest.raises(intake.NotInstant):
        actions.finish(actor=worker, number=world.submitted().number)


def test_runs_through_its_steps_to_the_decision(decided):
    case = decided()
    assert (case.status, case.outcome, open_keys(case)) == (Status.DECIDED, "granted", {"s4"})
    assert kinds(case)[-2:] == ["case.step_passed", "case.decided"]


def test_the_deciding_step_is_decided_not_passed(worker, town, county):
    case = world.submitted()
    actions.accept(actor=worker, number=case.number)
    actions.pass_step(actor=town, number=case.number, step="s2")
    with pytest.raises(review.DecisionStep):
        actions.pass_step(actor=county, number=case.number, step="s3")


def test_deciding_waits_for_its_turn(worker, county):
    case = actions.accept(actor=worker, number=world.submitted().number)
    with pytest.raises(scope.CaseNotFound):  # not yet in this office
        actions.decide(
            actor=world.staff("county_reviewer", "GA"), number=case.number, outcome="granted"
        )
    with pytest.raises(moves.StepNotOpen):
        actions.decide(actor=county, number=case.number, outcome="granted")


def test_a_refusal_wants_a_reason_and_is_delivered_as_well(decided):
    with pytest.raises(intake.ReasonMissing):
        decided(outcome="refused", reason="")
    case = decided(outcome="refused", reason="已在外地领取")
    assert open_keys(case) == {"deliver"}
    assert "行政诉讼" in case.events.get(verb="decide").details["remedy"]
    actions.run_system_step(step_id=case.steps.get(state="open").pk)
    case.refresh_from_db()
    assert (case.status, case.outcome) == (Status.CONCLUDED, "refused")


def test_an_unknown_outcome_is_refused(decided):
    with pytest.raises(decision.OutcomeUnknown):
        decided(outcome="maybe")


def test_the_system_pays_delivers_and_concludes(decided):
    case = decided()
    actions.run_system_step(step_id=case.steps.get(state="open").pk)
    case.refresh_from_db()
    assert (case.status, open_keys(case)) == (Status.CONCLUDED, set())
    assert kinds(case)[-2:] == ["case.result_ready", "case.concluded"]


def test_running_a_system_step_twice_changes_nothing(decided):
    case = decided()
    step = case.steps.get(state="open")
    actions.run_system_step(step_id=step.pk)
    events = case.events.count()
    assert actions.run_system_step(step_id=step.pk) is None
    assert case.events.count() == events


def test_a_step_goes_back_with_a_reason_and_comes_again(worker, town):
    case = actions.accept(actor=worker, number=world.submitted().number)
    with pytest.raises(intake.ReasonMissing):
        actions.return_step(actor=town, number=case.number, step="s2", opinion="")
    actions.return_step(actor=town, number=case.number, step="s2", opinion="照片不清")
    assert open_keys(case) == {"s1"}
    assert case.steps.get(state="open").round == 2
    actions.pass_step(actor=worker, number=case.number, step="s1", opinion="已补拍")
    assert open_keys(case) == {"s2"}
    assert case.steps.get(state="open").round == 2


def test_a_rejected_step_goes_to_who_decides(worker, town):
    case = actions.accept(actor=worker, number=world.submitted().number)
    case = actions.reject_step(actor=town, number=case.number, step="s2", opinion="不符合")
    assert (case.status, open_keys(case)) == (Status.ACCEPTED, {"s3"})


def test_parallel_steps_wait_for_each_other(worker):
    group = [
        world.step("a", "county_reviewer", "GA", "county", group="A"),
        world.step("b", "county_reviewer", "RS", "county", group="A"),
    ]
    case = world.submitted(version=world.an_item(steps=[world.INTAKE, *group, world.DECISION]))
    actions.accept(actor=worker, number=case.number)
    assert open_keys(case) == {"a", "b"}
    police, labour = (world.staff("county_reviewer", code) for code in ("GA", "RS"))
    with pytest.raises(NotYourDuty):
        actions.pass_step(actor=labour, number=case.number, step="a")
    actions.pass_step(actor=police, number=case.number, step="a")
    assert open_keys(case) == {"b"}
    actions.pass_step(actor=labour, number=case.number, step="b")
    assert open_keys(case) == {"s3"}


def test_the_clock_stands_while_a_case_is_on_show(worker, town):
    show = world.step("p", "town_reviewer", "SW", "town", counts=False, day_kind="calendar", days=7)
    case = world.submitted(version=world.an_item(steps=[world.INTAKE, show, world.DECISION]))
    case = actions.accept(actor=worker, number=case.number)
    assert case.paused_on is not None
    case = actions.pass_step(actor=town, number=case.number, step="p")
    assert case.paused_on is None


def test_a_claim_keeps_colleagues_out_until_it_ends(worker, time_machine):
    colleague = world.staff("community_worker", "ZD")
    case = world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    with pytest.raises(moves.ClaimedByOther):
        actions.accept(actor=colleague, number=case.number)
    time_machine.move_to(timezone.now() + review.CLAIM)
    assert actions.accept(actor=colleague, number=case.number).status == Status.ACCEPTED


def test_a_released_claim_is_free(worker):
    colleague = world.staff("community_worker", "ZD")
    case = world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    actions.release(actor=worker, number=case.number, step="s1")
    assert actions.accept(actor=colleague, number=case.number).status == Status.ACCEPTED


def test_withdrawing_ends_every_open_step(worker):
    case = actions.accept(actor=worker, number=world.submitted().number)
    case = actions.withdraw(actor=case.applicant.account, number=case.number, reason="不办了")
    assert (case.status, open_keys(case)) == (Status.WITHDRAWN, set())


def test_nobody_withdraws_for_another(worker):
    case = world.submitted()
    with pytest.raises(scope.CaseNotFound):
        actions.withdraw(actor=world.a_resident().account, number=case.number)


def test_nothing_is_withdrawn_after_the_decision(decided):
    case = decided()
    with pytest.raises(IllegalMove):
        actions.withdraw(actor=case.applicant.account, number=case.number)


def test_a_delivering_office_delivers_then_concludes(worker, town, county):
    card = world.step(
        "card", "county_reviewer", "MZ", "county", phase="delivery", actions=["issue", "close"]
    )
    steps = [world.INTAKE, world.REVIEW, world.DECISION, card]
    case = world.submitted(version=world.an_item(steps=steps))
    actions.accept(actor=worker, number=case.number)
    actions.pass_step(actor=town, number=case.number, step="s2")
    actions.decide(actor=county, number=case.number, outcome="granted", reason="")
    case = actions.deliver(actor=county, number=case.number, note="窗口领取")
    assert (case.status, open_keys(case)) == (Status.DELIVERED, {"card"})
    case = actions.conclude(actor=county, number=case.number)
    assert (case.status, open_keys(case)) == (Status.CONCLUDED, set())


def test_the_chain_verifies_and_the_database_keeps_it(decided):
    case = decided()
    prev = b""
    for event in case.events.order_by("seq"):
        shape = trace.canonical(
            seq=event.seq,
            verb=event.verb,
            actor_id=event.actor_id,
            at=event.at,
            status=event.status,
            step=event.step,
            details=event.details,
        )
        assert bytes(event.prev_hash) == prev
        prev = trace.link(prev=prev, number=case.number, event=shape)
        assert bytes(event.hash) == prev
    assert bytes(case.event_head) == prev
    for change in (
        lambda: CaseEvent.objects.filter(case=case).update(verb="x"),
        lambda: CaseEvent.objects.filter(case=case).delete(),
    ):
        with pytest.raises(DatabaseError), transaction.atomic():
            change()


def test_a_verb_asks_the_database_little(worker):
    world_case, other = world.submitted(), world.submitted()
    actions.accept(actor=worker, number=other.number)
    with CaptureQueriesContext(connection) as asked:
        actions.accept(actor=worker, number=world_case.number)
    assert len([q for q in asked if "SAVEPOINT" not in q["sql"]]) <= 12


def test_a_track_promises_its_own_days(worker):
    tracks = [{"key": "emergency", "promised_days": 1, "days": {"s2": 0}}]
    form = [
        *world.FORM,
        {
            "key": "track",
            "label": "类型",
            "type": "enum",
            "required": True,
            "options": ["emergency"],
        },
    ]
    version = world.an_item(guide={"tracks": tracks}, form=form)
    case = world.submitted(version=version, track="emergency")
    case = actions.accept(actor=worker, number=case.number)
    assert case.promised_due_on < case.accepted_at.date() + timedelta(days=5)
    assert case.steps.get(key="s2").due_on == timezone.localdate()


def test_the_place_that_took_it_in_may_follow_but_not_act():
    resident = world.a_resident(village=world.OTHER_VILLAGE)
    version = world.an_item(authority="hukou")
    case = actions.submit(
        actor=resident.account,
        applicant=resident,
        item_code=version.item.code,
        answers={"division_code": world.VILLAGE},
        token=uuid.uuid4(),
    )
    for follower in (world.staff("community_worker", "ZD"), world.staff("window_clerk", "BM")):
        assert scope.visible_to(follower).filter(number=case.number).exists()
        with pytest.raises(NotYourDuty):
            actions.accept(actor=follower, number=case.number)
    acting = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    assert actions.accept(actor=acting, number=case.number).status == Status.ACCEPTED
