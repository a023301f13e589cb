"""特别程序 …"""

from datetime import date

import pytest
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.cases import actions, fold
from backend.cases.actions import moves, special
from backend.cases.lifecycle import Status
from backend.cases.models import ClockStop
from backend.cases.queries import scope
from backend.core.lifecycle import IllegalMove
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import clocks, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


def stand(actor, case, step="s2", reason="appraisal", days=10, **more):
    return actions.suspend(
        actor=actor, number=case.number, step=step, reason=reason, expected_days=days, **more
    )


def test_lets_the_clock_stand(worker, town):
    case = stand(town, clocks.accepted(worker))
    stop = case.stops.get()
    assert (case.status, case.paused_on) == (Status.SUSPENDED, timezone.localdate())
    assert (stop.kind, stop.reason, stop.expected_days, stop.step) == (
        ClockStop.Kind.SPECIAL, "appraisal", 10, "s2",
    )  # fmt: skip


def test_tells_why_and_how_long(worker, town):
    stand(town, clocks.accepted(worker), note="地点: 市人民医院")
    told = Notification.objects.get(kind="case.suspended")
    for words in ("需要鉴定", "预计需要 10 天", "不计入办理时限", "地点: 市人民医院"):
        assert words in told.body
    assert told.statutory


def test_keeps_free_text_out_of_the_chain(worker, town):
    case = stand(town, clocks.accepted(worker), note="李桂花本人到场")
    details = case.events.get(verb="suspend").details
    del details[fold.THEN]
    assert details == {"office": "雁江镇社会事务办", "why": "appraisal", "expected_days": 10}


def test_only_a_step_with_the_procedure_may(worker, town):
    case = clocks.accepted(worker, steps=[world.INTAKE, world.REVIEW, world.DECISION, world.PAY])
    with pytest.raises(special.SpecialNotOffered):
        stand(town, case)


@pytest.mark.parametrize(
    ("reason", "days", "fields"),
    [
        ("holiday", 10, {"reason"}),
        ("", 0, {"reason", "expected_days"}),
        ("testing", -1, {"expected_days"}),
        ("testing", 366, {"expected_days"}),
    ],
)
def test_says_every_fault_at_once(worker, town, reason, days, fields):
    case = clocks.accepted(worker)
    with pytest.raises(special.SpecialUnsaid) as refused:
        stand(town, case, reason=reason, days=days)
    assert set(refused.value.extra["fields"]) == fields


def test_only_the_post_of_the_step_may(worker, town):
    case = clocks.accepted(worker)
    with pytest.raises(NotYourDuty):
        stand(worker, case)
    with pytest.raises(scope.CaseNotFound):
        stand(world.staff("county_reviewer", "GA"), case)
    colleague = world.staff("town_reviewer", "SW")
    actions.claim(actor=colleague, number=case.number, step="s2")
    with pytest.raises(moves.ClaimedByOther):
        stand(town, case)


def test_not_before_acceptance_nor_twice(worker, town):
    with pytest.raises(IllegalMove):
        stand(town, world.submitted(version=clocks.an_item()), step="s1")
    with pytest.raises(IllegalMove):
        stand(town, clocks.suspended(worker, town))


def test_nobody_goes_on_meanwhile(worker, town):
    case = clocks.suspended(worker, town)
    with pytest.raises(IllegalMove):
        actions.pass_step(actor=town, number=case.number, step="s2")


def test_the_applicant_may_still_withdraw(worker, town):
    case = clocks.suspended(worker, town)
    case = actions.withdraw(actor=case.applicant.account, number=case.number)
    assert case.status == Status.WITHDRAWN
    assert case.stops.get().ended_on is not None


def test_ends_what_stood_for_another_reason(worker, town):
    show = clocks.TESTED | {"counts": False, "key": "s2"}
    case = clocks.accepted(worker, steps=[world.INTAKE, show, world.DECISION, world.PAY])
    assert case.stops.get().kind == ClockStop.Kind.STEP
    stand(town, case)
    kinds = case.stops.order_by("pk").values_list("kind", "ended_on")
    assert [(kind, bool(ended)) for kind, ended in kinds] == [("step", True), ("special", False)]


def test_the_database_wants_a_reason_and_a_length(worker):
    case = clocks.accepted(worker)
    with pytest.raises(IntegrityError), transaction.atomic():
        ClockStop.objects.create(case=case, kind="special", began_on=date(2026, 1, 5))


def test_asks_the_database_little(worker, town, few):
    case, _ = clocks.accepted(worker), clocks.suspended(worker, town)
    few(lambda: stand(town, case))
