"""一次性告知 …"""

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import moves, supplements
from backend.cases.lifecycle import Status
from backend.cases.models import CaseMaterial, ClockStop, Supplement
from backend.cases.queries import scope
from backend.core.lifecycle import IllegalMove
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import supplements as papers
from tests.factories import world

pytestmark = pytest.mark.django_db
PHONE, PHOTO = papers.PHONE, papers.PHOTO


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def town():
    return world.staff("town_reviewer", "SW")


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


def in_review(worker, **item):
    return actions.accept(actor=worker, number=papers.submitted(**item).number)


def ask(actor, case, step, *defects, **more):
    return actions.request_supplement(
        actor=actor, number=case.number, step=step, defects=list(defects), **more
    )


def test_tells_everything_at_once_and_waits(worker):
    case = papers.asked(papers.submitted(), worker, note="办公时间可来电")
    notice = case.supplements.get()
    assert (case.status, notice.ordinal, notice.state) == (Status.SUPPLEMENTING, 1, "open")
    due = organisation.calendar().add(timezone.localdate(), 15).day
    assert notice.due_on == due
    assert [line.label for line in notice.defects.all()] == ["联系电话", "近期照片"]
    told = Notification.objects.get(kind="case.supplement")
    for words in ("还差 2 项", "1. 联系电话: 填写有误。请填能打通的号码", "2. 近期照片",
                  f"{due.month}月{due.day}日", "办公时间可来电"):  # fmt: skip
        assert words in told.body
    assert told.statutory
    assert told.needs_sms


def test_keeps_free_text_out_of_the_chain(worker):
    case = papers.asked(papers.submitted(), worker, note="李桂花的电话")
    details = case.events.get(verb="request_supplement").details
    assert details["defects"][0] == {"on": "field", "key": "phone", "reason": "wrong"}
    assert "李桂花" not in str(details)
    assert "能打通" not in str(details)


def test_before_acceptance_the_step_stands_too(worker):
    case = papers.asked(papers.submitted(), worker)
    stop = case.stops.get()
    assert (stop.kind, stop.step, stop.ended_on) == (ClockStop.Kind.SUPPLEMENT, "s1", None)
    assert case.paused_on == timezone.localdate()


def test_in_review_the_case_waits_and_its_clock_stands(worker, town):
    case = ask(town, in_review(worker), "s2", PHONE)
    assert (case.status, case.paused_on) == (Status.AWAITING, timezone.localdate())
    assert set(case.steps.filter(state="open").values_list("key", flat=True)) == {"s2"}


def test_a_defective_paper_says_so_in_the_ledger(worker):
    case = papers.submitted()
    CaseMaterial.objects.update_or_create(
        case=case, key="photo",
        defaults={"name": "近期照片", "required": True, "resolved_by": "upload", "state": "given",
                  "updated_at": timezone.now(), "updated_by": case.applicant.account},
    )  # fmt: skip
    papers.asked(case, worker)
    assert case.materials.get(key="photo").state == "defective"


def test_a_step_without_the_procedure_refuses(worker, town):
    case = world.submitted()
    with pytest.raises(supplements.CorrectionNotOffered):
        ask(worker, case, "s1", PHONE)


def test_only_the_post_of_the_step_may_ask(worker, town):
    case = papers.submitted()
    with pytest.raises(NotYourDuty):
        ask(town, case, "s1", PHONE)
    with pytest.raises(scope.CaseNotFound):
        ask(world.staff("county_reviewer", "GA"), case, "s1", PHONE)
    colleague = world.staff("community_worker", "ZD")
    actions.claim(actor=colleague, number=case.number, step="s1")
    with pytest.raises(moves.ClaimedByOther):
        ask(worker, case, "s1", PHONE)
    with pytest.raises(moves.StepNotOpen):
        ask(town, case, "s2", PHONE)


def test_nothing_missing_is_no_notice(worker):
    with pytest.raises(supplements.NothingMissing):
        ask(worker, papers.submitted(), "s1")


def test_tells_every_fault_of_the_list_at_once(worker):
    case = papers.submitted()
    with pytest.raises(supplements.DefectsRejected) as refused:
        ask(
            worker, case, "s1",
            PHONE,
            {**PHONE, "remedy": "再写一次"},
            {"on": "field", "key": "nobody", "reason": "x", "remedy": " "},
            {"on": "elsewhere", "key": "phone", "reason": "wrong", "remedy": "改"},
            {"on": "material", "key": "proxy_letter", "reason": "missing", "remedy": "请交",
             "sample": "长" * 201},
        )  # fmt: skip
    assert set(refused.value.extra["fields"]) == {
        "defects[1].key", "defects[2].key", "defects[2].reason", "defects[2].remedy",
        "defects[3].on", "defects[4].key", "defects[4].sample",
    }  # fmt: skip
    assert "不需要委托书" in refused.value.extra["fields"]["defects[4].key"]
    assert not case.supplements.exists()


def test_never_asks_for_what_a_registry_has_given(worker):
    case = papers.submitted()
    CaseMaterial.objects.update_or_create(
        case=case, key="id_card",
        defaults={"name": "身份证", "required": True, "resolved_by": "registry",
                  "state": "verified", "updated_at": timezone.now(), "updated_by": worker},
    )  # fmt: skip
    with pytest.raises(supplements.DefectsRejected) as refused:
        ask(worker, case, "s1", {**PHOTO, "key": "id_card"})
    assert "数据共享" in refused.value.extra["fields"]["defects[0].key"]


def test_a_waiting_case_is_not_asked_again(worker):
    case = papers.asked(papers.submitted(), worker)
    with pytest.raises(IllegalMove) as refused:
        papers.asked(case, worker)
    assert refused.value.extra["state"] == Status.SUPPLEMENTING


def test_withdrawing_cancels_the_notice(worker):
    case = papers.asked(papers.submitted(), worker)
    actions.withdraw(actor=case.applicant.account, number=case.number)
    assert case.supplements.get().state == Supplement.State.CANCELLED


# -- 再次补正 ------------------------------------------------------------------------------------


@pytest.fixture
def head():
    return world.staff("department_head", "SW")


@pytest.fixture
def proposed(worker, town, head):
    """A case that was mended at intake, and whose reviewer wants more."""

    def make(*defects, **more):
        case = papers.mended(papers.asked(papers.submitted(), worker))
        case = actions.accept(actor=worker, number=case.number)
        return ask(town, case, "s2", *(defects or [PHOTO]), late_reason="复核才发现", **more)

    return make


def test_a_second_notice_is_only_proposed(proposed, head):
    case = proposed()
    notice = case.supplements.get(ordinal=2)
    assert (case.status, notice.state, notice.given_at) == (Status.ACCEPTED, "proposed", None)
    told = Notification.objects.get(kind="staff.supplement_proposed")
    assert told.account_id == head.pk
    assert "第2次补正" in told.body
    assert (
        not Notification.objects.filter(kind="case.supplement", body__contains="重拍")
        .exclude(dedupe_key__contains=":2:")
        .filter(pk__gt=told.pk)
        .exists()
    )


def test_the_database_lets_no_second_notice_out_unapproved(proposed):
    notice = proposed().supplements.get(ordinal=2)
    today = timezone.localdate()
    with pytest.raises(IntegrityError, match="supplement_second_is_approved"), transaction.atomic():
        Supplement.objects.filter(pk=notice.pk).update(state="open", due_on=today)


def test_wants_the_reason_of_a_second_notice(proposed, worker, town):
    case = papers.mended(papers.asked(papers.submitted(), worker))
    case = actions.accept(actor=worker, number=case.number)
    with pytest.raises(supplements.LateReasonMissing):
        ask(town, case, "s2", PHOTO)


def test_the_head_lets_it_out(proposed, head):
    case = actions.approve_supplement(actor=head, number=proposed().number, note="确有必要")
    notice = case.supplements.get(ordinal=2)
    assert (case.status, notice.state, notice.approved_by) == (Status.AWAITING, "open", head)
    assert notice.due_on > timezone.localdate()
    assert Notification.objects.filter(kind="case.supplement").count() == 2
    assert case.events.get(verb="request_supplement", details__ordinal=2).actor == head


def test_the_head_refuses_and_the_office_goes_on(proposed, head, town):
    case = actions.refuse_supplement(actor=head, number=proposed().number, note="首次就该看到")
    assert case.status == Status.ACCEPTED
    assert case.supplements.get(ordinal=2).state == "refused"
    case = ask(town, case, "s2", PHONE, late_reason="再提一次")
    assert case.supplements.get(ordinal=3).state == "proposed"


def test_nobody_else_lets_it_out(proposed, town):
    case = proposed()
    with pytest.raises(NotYourDuty):
        actions.approve_supplement(actor=town, number=case.number)
    with pytest.raises(NotYourDuty):
        actions.approve_supplement(actor=world.staff("supervisor", "MZ"), number=case.number)
    with pytest.raises(scope.CaseNotFound):  # another office's head
        actions.approve_supplement(actor=world.staff("department_head", "CL"), number=case.number)
    with pytest.raises(NotYourDuty):
        actions.refuse_supplement(actor=town, number=case.number, note="不行")


def test_nobody_approves_what_they_propose(proposed, town):
    world.Post.objects.create(
        staff=town.staff, role="department_head", department=world.office("SW"),
        valid_from=world._SINCE,
    )  # fmt: skip
    case = proposed()
    with pytest.raises(supplements.OwnProposal):
        actions.approve_supplement(actor=town, number=case.number)


def test_one_proposal_at_a_time(proposed, town, head):
    case = proposed()
    with pytest.raises(supplements.ProposalStands):
        ask(town, case, "s2", PHONE, late_reason="还有")
    actions.refuse_supplement(actor=head, number=case.number, note="不批")
    with pytest.raises(supplements.NoProposal):
        actions.approve_supplement(actor=head, number=case.number)


def test_a_proposal_ends_with_its_step(proposed, town, head):
    case = proposed()
    actions.pass_step(actor=town, number=case.number, step="s2", opinion="不等了")
    assert case.supplements.get(ordinal=2).state == "cancelled"
    with pytest.raises(supplements.NoProposal):
        actions.approve_supplement(actor=head, number=case.number)


def test_what_stood_unchanged_was_visible_and_cannot_be_denied(proposed):
    line = {**PHOTO, "visible_at_first": False}
    note = {"on": "field", "key": "note", "reason": "missing", "remedy": "请写明"}
    notice = proposed(line, note).supplements.get(ordinal=2)
    assert notice.avoidable
    assert [one.visible_at_first for one in notice.defects.all()] == [True, True]


def test_what_changed_since_was_not_visible(worker, town, head):
    case = papers.asked(papers.submitted(), worker, PHONE)
    actions.supplement(
        actor=case.applicant.account, number=case.number, answers={"phone": "13900000002"}
    )
    case = actions.accept(actor=worker, number=case.number)
    case = ask(town, case, "s2", PHONE, late_reason="新号码打不通")
    notice = case.supplements.get(ordinal=2)
    assert not notice.avoidable


def test_the_proposer_may_own_up(worker, town):
    case = papers.asked(papers.submitted(), worker, PHONE)
    actions.supplement(
        actor=case.applicant.account, number=case.number, answers={"phone": "13900000002"}
    )
    case = actions.accept(actor=worker, number=case.number)
    case = ask(town, case, "s2", {**PHONE, "visible_at_first": True}, late_reason="漏看")
    assert case.supplements.get(ordinal=2).avoidable


# -- 查询次数 ------------------------------------------------------------------------------------


def asked_of(act):
    with CaptureQueriesContext(connection) as asked:
        act()
    return [q["sql"] for q in asked if "SAVEPOINT" not in q["sql"]]


def test_asks_the_database_little(worker, town, head, proposed):
    warm, case, second, third = (
        papers.submitted(), papers.submitted(), proposed(PHOTO, PHONE), proposed(PHOTO),
    )  # fmt: skip
    papers.asked(warm, worker)
    assert len(asked_of(lambda: papers.asked(case, worker))) <= 12
    assert len(asked_of(
        lambda: actions.approve_supplement(actor=head, number=second.number)
    )) <= 12  # fmt: skip
    assert len(asked_of(
        lambda: actions.refuse_supplement(actor=head, number=third.number, note="不批")
    )) <= 12  # fmt: skip
    assert len(asked_of(
        lambda: ask(town, third, "s2", PHOTO, PHONE, late_reason="再看")
    )) <= 12  # fmt: skip
