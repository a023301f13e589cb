"""Running cases go on under a newer version: reported first, moved one by one, promise kept."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import versions as acts
from backend.cases.models import Case, CaseEvent, CaseStep, Extension
from backend.cases.queries import versions as queries
from notifications.models import Notification
from tests.factories import world
from tests.factories.versions import (
    INCOME,
    STEPS,
    VISIT,
    accepted,
    moved,
    newer,
    report,
    rows,
    run,
    whole,
)

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    world.a_city()
    return world.staff("item_admin", "MZ", world.CITY)


@pytest.fixture
def worker(admin):
    return world.staff("community_worker", "ZD")


@pytest.fixture
def first(admin):
    return world.an_item(code="T-1", promised_days=15)


def test_a_dry_run_changes_no_case(first, admin, worker):
    case = accepted(first, worker)
    before = Case.objects.values().get(), list(CaseStep.objects.values())
    newer(first, promised_days=10)
    move = report(admin)
    assert (Case.objects.values().get(), list(CaseStep.objects.values())) == before
    told = queries.report("T-1", move.uid)
    assert (told["total"], told["can"], told["better"], told["state"]) == (1, 1, 1, "ready")
    (row,) = rows(move)
    assert (row["number"], row["before"], row["can"]) == (case.number, 1, True)
    assert row["promised_days"] == ["15 working", "10 working"]
    assert row["due_on"][0] > row["due_on"][1]


def test_a_shorter_promise_reaches_the_resident_and_a_longer_one_does_not(first, admin, worker):
    case = accepted(first, worker)
    newer(first, promised_days=10)
    run(admin, report(admin))
    better = moved(case)
    assert (better.version.number, better.promised_total) == (2, 10)
    assert better.promised_due_on < case.promised_due_on
    newer(first, promised_days=25)
    run(admin, report(admin))
    kept = moved(case)
    assert (kept.version.number, kept.promised_total) == (3, 10)
    assert kept.promised_due_on == better.promised_due_on
    assert whole() == []


@pytest.mark.parametrize("days", [5, 15, 21, 40])
def test_another_way_of_counting_never_ends_later(first, admin, worker, days):
    case = accepted(first, worker)
    newer(first, promised_days=days, legal_days=60, day_kind="calendar")
    move = report(admin)
    run(admin, move)
    after = moved(case)
    assert after.version.day_kind == "calendar"
    assert after.promised_due_on <= case.promised_due_on
    assert after.statutory_due_on <= case.statutory_due_on
    assert rows(move)[0]["due_on"][1] == after.promised_due_on.isoformat()
    assert whole() == []


def test_approved_extensions_stay(first, admin, worker):
    case = accepted(first, worker)
    Extension.objects.create(
        case=case, days=5, reason="复杂", state="approved", asked_by=worker,
        asked_at=timezone.now(), decided_by=worker, decided_at=timezone.now(),
    )  # fmt: skip
    Case.objects.filter(pk=case.pk).update(promised_total=20, statutory_total=35)
    Case.objects.filter(pk=case.pk).update(
        promised_due_on=case.promised_due_on + timedelta(days=30),
        statutory_due_on=case.statutory_due_on + timedelta(days=30),
    )
    newer(first, promised_days=10)
    run(admin, report(admin))
    assert (moved(case).promised_total, moved(case).statutory_total) == (15, 35)


def test_steps_that_appear_and_vanish_are_named_and_followed(first, admin, worker):
    case = accepted(first, worker)
    check = world.step("check", "county_reviewer", "CL", "county", name="残联复核")
    newer(first, steps=[world.INTAKE, world.REVIEW, check, world.DECISION, world.PAY])
    move = report(admin)
    assert [one["name"] for one in rows(move)[0]["appear"]] == ["残联复核"]
    run(admin, move)
    actions.pass_step(actor=world.staff("town_reviewer", "SW"), number=case.number, step="s2")
    assert list(case.steps.filter(state="open").values_list("key", "stage")) == [("check", 2)]
    newer(first, steps=STEPS)
    move = report(admin)
    assert rows(move)[0]["blocks"][0]["code"] == "step_gone"
    assert whole() == []


def test_a_step_beside_the_open_one_opens_with_the_move(first, admin, worker):
    case = accepted(first, worker)
    review, visit = world.REVIEW | {"group": "A"}, VISIT | {"group": "A"}
    newer(first, steps=[world.INTAKE, review, visit, world.DECISION, world.PAY])
    run(admin, report(admin))
    assert set(case.steps.filter(state="open").values_list("key", "stage")) == {
        ("s2", 1),
        ("visit", 1),
    }
    reviewer = world.staff("town_reviewer", "SW")
    for step in ("s2", "visit"):
        actions.pass_step(actor=reviewer, number=case.number, step=step)
    assert case.steps.get(state="open").key == "s3"
    assert whole() == []


def test_a_step_put_before_the_open_one_is_passed_by_and_the_way_back_works(first, admin, worker):
    case = accepted(first, worker)
    newer(first, steps=[world.INTAKE, VISIT, world.REVIEW, world.DECISION, world.PAY])
    move = report(admin)
    assert [one["name"] for one in rows(move)[0]["missed"]] == ["入户核查"]
    run(admin, move)
    assert case.steps.get(state="open").stage == 2
    reviewer, decider = world.staff("town_reviewer", "SW"), world.staff("county_reviewer", "MZ")
    actions.pass_step(actor=reviewer, number=case.number, step="s2")
    actions.return_step(actor=decider, number=case.number, step="s3", opinion="再核")
    row = case.steps.get(state="open")
    assert (row.key, row.round) == ("s2", 2)
    actions.pass_step(actor=reviewer, number=case.number, step="s2")
    actions.decide(actor=decider, number=case.number, outcome="granted")
    assert whole() == []


def test_an_open_step_goes_to_the_office_of_the_new_version(first, admin, worker):
    case = accepted(first, worker)
    clerk = world.staff("town_reviewer", "SW")
    actions.claim(actor=clerk, number=case.number, step="s2")
    review = world.REVIEW | {"role": "county_reviewer", "department": "CL", "place": "county"}
    newer(first, steps=[world.INTAKE, review | {"days": 3}, world.DECISION, world.PAY])
    run(admin, report(admin))
    row = case.steps.get(state="open")
    assert (row.role, row.department.code, row.days) == ("county_reviewer", "CL", 3)
    assert row.claimed_by is None
    assert whole() == []


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"steps": [world.INTAKE, VISIT, world.DECISION, world.PAY]}, "step_gone"),
        ({"steps": [world.INTAKE, world.REVIEW | {"phase": "delivery"}, *STEPS[2:]]},
         "step_changed"),
        ({"steps": [*STEPS[:2], world.DECISION | {"department": "XX"}, world.PAY]}, "no_office"),
        ({"form": [*world.FORM, INCOME | {"rules": {"max": 100}}]}, "answers_unfit"),
    ],
)  # fmt: skip
def test_says_why_a_case_cannot_be_moved(admin, worker, changes, code):
    first = world.an_item(code="T-1", form=[*world.FORM, INCOME])
    case = accepted(first, worker, income=900)
    newer(first, **changes)
    move = report(admin)
    (row,) = rows(move)
    assert (row["can"], [one["code"] for one in row["blocks"]]) == (False, [code])
    assert queries.report("T-1", move.uid)["reasons"] == [{"code": code, "count": 1}]
    run(admin, move)
    assert moved(case).version.number == 1
    with pytest.raises(acts.NotInReport) as refused:
        run(admin, move, numbers=[case.number])
    assert refused.value.extra["numbers"] == [case.number]


def test_parallel_steps_that_would_follow_each_other_cannot_be_moved(admin, worker):
    review, visit = world.REVIEW | {"group": "A"}, VISIT | {"group": "A"}
    first = world.an_item(code="T-1", steps=[world.INTAKE, review, visit, *STEPS[2:]])
    accepted(first, worker)
    newer(first, steps=[world.INTAKE, world.REVIEW, VISIT, *STEPS[2:]])
    assert rows(report(admin))[0]["blocks"][0]["code"] == "stage_split"


def test_what_is_newly_asked_for_is_told_and_forbids_nothing(first, admin, worker):
    case = accepted(first, worker)
    paper = {"key": "card", "name": "银行卡", "required": True, "source": "self"}
    odd = {**paper, "key": "odd", "name": "委托书", "when": "applicant.by_proxy"}
    newer(first, form=[*world.FORM, INCOME], materials=[paper, odd])
    move = report(admin)
    (row,) = rows(move)
    assert (row["fields"], row["materials"], row["can"]) == (["月收入"], ["银行卡"], True)
    run(admin, move)
    assert moved(case).answers == case.answers
    assert Notification.objects.filter(kind="case.version_moved").count() == 1


def test_a_case_not_yet_accepted_keeps_what_it_was_shown(first, admin):
    case = world.submitted(version=first)
    newer(first, promised_days=20)
    assert rows(report(admin))[0]["blocks"][0]["code"] == "promise_longer"
    newer(first, promised_days=12)
    run(admin, report(admin))
    worker = world.staff("community_worker", "ZD")
    assert moved(case).version.number == 3
    assert actions.accept(actor=worker, number=case.number).promised_total == 12
    assert whole() == []


def test_the_applicant_hears_of_it_only_where_it_matters(first, admin, worker):
    quiet = accepted(first, worker)
    newer(first, guide={"conditions": ["换了说法"]})
    run(admin, report(admin))
    assert moved(quiet).version.number == 2
    assert not Notification.objects.filter(kind="case.version_moved").exists()
    newer(first, promised_days=9)
    run(admin, report(admin))
    notice = Notification.objects.get(kind="case.version_moved")
    assert (notice.case_number, "不影响已受理" in notice.body) == (quiet.number, True)
    assert moved(quiet).promised_due_on.isoformat()[-2:].lstrip("0") in notice.body


def test_each_move_is_a_link_in_the_chain(first, admin, worker, client_of):
    case = accepted(first, worker)
    newer(first, promised_days=9)
    move = report(admin)
    run(admin, move)
    event = CaseEvent.objects.get(case=case, verb="move_version")
    said = {"before": 1, "after": 2, "move": str(move.uid), "office": "资阳市民政局"}
    assert event.details.items() >= said.items()
    assert (event.actor_id, event.status) == (admin.pk, "accepted")
    mine = client_of(case.applicant.account).get(f"/api/v1/cases/{case.number}").json()
    assert any("办理要求有更新" in line["text"] for line in mine["timeline"])
    assert whole() == []
