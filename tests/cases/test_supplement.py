"""补正 …"""

import uuid
from datetime import timedelta

import pytest
import time_machine
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import lapsing, mending
from backend.cases.lifecycle import Status
from backend.cases.models import ClockStop
from backend.cases.queries import scope
from backend.core.lifecycle import IllegalMove
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
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


@pytest.fixture
def case(worker):
    return papers.asked(papers.submitted(), worker)


def mend(case, actor=None, **how):
    return actions.supplement(actor=actor or case.applicant.account, number=case.number, **how)


def notice(case):
    return case.supplements.order_by("-ordinal").first()


def in_review(worker, town, **item):
    case = actions.accept(actor=worker, number=papers.submitted(**item).number)
    return actions.request_supplement(
        actor=town, number=case.number, step="s2", defects=[PHONE, PHOTO]
    )


def test_each_line_its_own_way_and_the_case_goes_on(case):
    file = papers.a_file(case.applicant.account)
    case = mend(case, answers={"phone": "139 0000 0002"}, materials={"photo": file.uid})
    assert (case.status, notice(case).state) == (Status.SUBMITTED, "answered")
    assert case.answers["phone"] == "13900000002"
    paper = case.materials.get(key="photo")
    assert (paper.file, paper.state, paper.resolved_by) == (file, "given", "upload")
    assert case.paused_on is None
    assert case.events.order_by("-seq")[0].verb == "supplement"


def test_a_line_may_be_answered_by_words(case):
    case = mend(case, replies={1: "号码没错, 白天静音", 2: "照片已交窗口"})
    assert case.status == Status.SUBMITTED
    assert [line.reply for line in notice(case).defects.all()] == [
        "号码没错, 白天静音",
        "照片已交窗口",
    ]


def test_part_of_it_is_kept(case):
    case = mend(case, answers={"phone": "13900000002"})
    assert (case.status, notice(case).state) == (Status.SUPPLEMENTING, "open")
    assert case.answers["phone"] == "13900000002"
    assert case.events.order_by("-seq")[0].verb == "answer_supplement"
    case = mend(case, replies={2: "已交"}, revision=1)
    assert case.status == Status.SUBMITTED


def test_accepted_from_the_day_it_was_complete(worker):
    with time_machine.travel("2026-11-02 09:00+08:00", tick=False):
        case = papers.asked(papers.submitted(), worker)
    with time_machine.travel("2026-11-10 09:00+08:00", tick=False):
        case = papers.mended(case)
        step = case.steps.get(state="open")
        assert step.due_on.isoformat() == "2026-11-10"  # one day from the 2nd; 2nd to 9th stood
        case = actions.accept(actor=worker, number=case.number)
    assert case.clock_from.isoformat() == "2026-11-10"


def test_the_days_of_waiting_do_not_count(worker, town):
    with time_machine.travel("2026-11-02 09:00+08:00", tick=False):
        case = in_review(worker, town)
        before = case.promised_due_on
    with time_machine.travel("2026-11-09 09:00+08:00", tick=False):
        case = papers.mended(case)
    assert case.status == Status.ACCEPTED
    added = organisation.calendar().remaining(before, case.promised_due_on)
    assert added == 4  # the 3rd to the 6th; the day of acceptance counts in no case
    assert case.steps.get(key="s2").due_on.isoformat() == "2026-11-12"


def test_a_step_that_does_not_count_stands_on(worker, town):
    steps = [papers.INTAKE, papers.SHOW, world.DECISION, world.PAY]
    case = actions.accept(actor=worker, number=papers.submitted(steps=steps).number)
    case = actions.request_supplement(actor=town, number=case.number, step="show", defects=[PHOTO])
    assert case.status == Status.AWAITING
    case = papers.mended(case)
    assert case.paused_on == timezone.localdate()
    assert case.stops.get(ended_on__isnull=True).kind == ClockStop.Kind.STEP


def test_says_everything_that_is_wrong_at_once(case):
    stranger = papers.a_file(world.a_resident().account)
    with pytest.raises(mending.SupplementRejected) as refused:
        mend(
            case,
            answers={"phone": "12", "note": "顺便改"},
            materials={"photo": stranger.uid, "id_card": uuid.uuid4()},
            replies={7: "?", 1: " "},
        )
    assert set(refused.value.extra["fields"]) == {
        "answers.phone", "answers.note", "materials.photo", "materials.id_card",
        "replies.7", "replies.1",
    }  # fmt: skip
    case.refresh_from_db()
    assert case.answers["phone"] == "13800000001"


@pytest.mark.parametrize("state", ["quarantined", "refused", "gone"])
def test_takes_only_a_clean_file(case, state):
    file = papers.a_file(case.applicant.account, state)
    with pytest.raises(mending.SupplementRejected):
        mend(case, materials={"photo": file.uid})


def test_nothing_is_no_answer(case):
    with pytest.raises(mending.NothingAnswered):
        mend(case)


def test_only_for_the_applicant_or_by_who_takes_cases_in(case, worker, town):
    with pytest.raises(scope.CaseNotFound):
        mend(case, world.a_resident().account, replies={1: "x", 2: "x"})
    with pytest.raises(NotYourDuty):
        mend(case, world.staff("department_head", "SW"), replies={1: "x", 2: "x"})
    case = mend(case, world.staff("window_clerk", "BM"), replies={1: "当面更正", 2: "收到原件"})
    assert case.status == Status.SUBMITTED
    assert case.events.order_by("-seq")[0].details["office"] == "雁江镇便民服务中心"


def test_a_case_that_waits_for_nothing_takes_nothing(worker):
    with pytest.raises(IllegalMove):
        mend(papers.submitted(), answers={"phone": "13900000002"})


def test_where_a_new_value_would_go_elsewhere_it_is_refused(worker):
    case = papers.asked(papers.submitted(), worker, {**PHONE, "key": "division_code"})
    with pytest.raises(mending.ProcessWouldChange):
        mend(case, answers={"division_code": world.OTHER_VILLAGE})
    assert mend(case, replies={1: "确实搬家了"}).status == Status.SUBMITTED


def test_where_a_new_value_would_undo_the_way_it_is_refused(worker, town):
    extra = {**papers.REVIEW, "key": "visit", "when": "home_visit"}
    steps = [papers.INTAKE, extra, papers.REVIEW, world.DECISION, world.PAY]
    case = actions.accept(actor=worker, number=papers.submitted(steps=steps).number)
    case = actions.request_supplement(
        actor=town, number=case.number, step="s2", defects=[{**PHONE, "key": "home_visit"}]
    )
    with pytest.raises(mending.ProcessWouldChange):
        mend(case, answers={"home_visit": True})


# -- 原来的内容可证 -------------------------------------------------------------------------------


def test_what_stood_before_stays_provable(case):
    case = mend(case, answers={"phone": "13900000002"})
    case = mend(case, answers={"phone": "13900000003"}, replies={2: "交"}, revision=1)
    events = {event.seq: event.details for event in case.events.all()}
    phones, digests = [], []
    for kept in case.amendments.order_by("event_seq"):
        details = events[kept.event_seq]
        assert details["fields"] == kept.keys == ["phone"]
        assert details["before"] == mending.digest_of(kept.before)
        phones.append(kept.before["phone"])
        digests += [details["before"], details["after"]]
    assert phones == ["13800000001", "13900000002"]
    assert digests[1] == digests[2]
    assert digests[3] == mending.digest_of(case.answers)
    assert "139" not in str(events)


def test_a_sealed_copy_opens_nowhere_else(case):
    case = mend(case, answers={"phone": "13900000002"})
    kept = case.amendments.get()
    kept.event_seq += 1
    with pytest.raises(Exception, match=r"cases\.amendment"):
        _ = kept.before


# -- 两台设备 ------------------------------------------------------------------------------------


def test_the_same_answer_again_changes_nothing(case):
    mend(case, answers={"phone": "13900000002"})
    events = case.events.count()
    again = mend(case, answers={"phone": "13900000002"})
    assert again.events.count() == events
    assert notice(again).revision == 1


def test_another_device_conflicts_instead_of_losing(case):
    mend(case, answers={"phone": "13900000002"}, revision=0)
    with pytest.raises(mending.SupplementMoved) as refused:
        mend(case, answers={"phone": "13900000003"}, revision=0)
    assert refused.value.extra == {"revision": 1, "lines": [1]}
    assert "139" not in str(refused.value.extra)
    case = mend(case, answers={"phone": "13900000003"}, revision=1)
    assert case.answers["phone"] == "13900000003"


def test_two_devices_on_different_lines_both_count(case):
    mend(case, answers={"phone": "13900000002"}, revision=0)
    assert mend(case, replies={2: "交了"}, revision=0).status == Status.SUBMITTED


# -- 延期与逾期 ----------------------------------------------------------------------------------


def test_more_days_once_for_the_asking(case):
    first = notice(case).due_on
    actions.prolong_supplement(actor=case.applicant.account, number=case.number)
    assert notice(case).due_on == organisation.calendar().add(first, 15).day
    with pytest.raises(lapsing.AlreadyProlonged):
        actions.prolong_supplement(actor=case.applicant.account, number=case.number)


def after_the_last_day(case):
    noon = timezone.now().replace(hour=4)
    return time_machine.travel(noon + (notice(case).due_on - noon.date()) + timedelta(1))


def lapse(case):
    return actions.lapse(actor=mending_system(), number=case.number)


def mending_system():
    from backend.accounts import actions as accounts

    return accounts.system_account()


def kinds(case):
    from notifications.models import Notification

    told = Notification.objects.filter(case_number=case.number).order_by("pk")
    return list(told.values_list("kind", flat=True))


def test_nothing_lapses_before_its_last_day_is_over(case, worker):
    with pytest.raises(lapsing.NotYetLapsed):
        lapse(case)
    with pytest.raises(NotYourDuty):
        actions.lapse(actor=worker, number=case.number)


def test_before_acceptance_the_case_ends(case):
    with after_the_last_day(case):
        case = lapse(case)
    assert (case.status, notice(case).state) == (Status.LAPSED, "lapsed")
    assert case.closed_at is not None
    assert not case.steps.filter(state="open").exists()
    assert kinds(case)[-1] == "case.lapsed"


def test_in_review_the_case_goes_on_with_what_is_there(worker, town):
    case = in_review(worker, town)
    with after_the_last_day(case):
        case = lapse(case)
        assert (case.status, case.paused_on) == (Status.ACCEPTED, None)
    assert kinds(case)[-1] == "case.went_on"
    assert set(case.steps.filter(state="open").values_list("key", flat=True)) == {"s2"}


def test_a_prolonged_notice_does_not_lapse_on_its_old_day(case):
    with after_the_last_day(case):
        actions.prolong_supplement(actor=case.applicant.account, number=case.number)
        with pytest.raises(lapsing.NotYetLapsed):
            lapse(case)


# -- 查询次数 ------------------------------------------------------------------------------------


def asked_of(act):
    with CaptureQueriesContext(connection) as asked:
        act()
    return [q["sql"] for q in asked if "SAVEPOINT" not in q["sql"]]


def test_asks_the_database_little(case, worker, town):
    clerk = world.staff("window_clerk", "BM")
    papers.mended(in_review(worker, town))
    for actor in (None, clerk):
        one, two = in_review(worker, town), in_review(worker, town)
        mend(one, actor, replies={2: "已交"})
        last = {"answers": {"phone": "13900000002"}}
        assert len(asked_of(lambda one=one, actor=actor, last=last: mend(one, actor, **last))) <= 12
        who = actor or two.applicant.account
        first = {"materials": {"photo": papers.a_file(who).uid}}
        assert (
            len(asked_of(lambda two=two, actor=actor, first=first: mend(two, actor, **first))) <= 12
        )
    whole = {"answers": {"phone": "13900000002"}, "replies": {2: "另补"}}
    file = papers.a_file(case.applicant.account)
    # a field, a file in place of another, the clock of the case and of its step, all in one act
    assert len(asked_of(lambda: mend(case, materials={"photo": file.uid}, **whole))) <= 13
    late, later = papers.asked(papers.submitted(), worker), in_review(worker, town)
    assert len(asked_of(
        lambda: actions.prolong_supplement(actor=late.applicant.account, number=late.number)
    )) <= 12  # fmt: skip
    actions.prolong_supplement(actor=later.applicant.account, number=later.number)
    with after_the_last_day(later):
        assert len(asked_of(lambda: lapse(late))) <= 12
        assert len(asked_of(lambda: lapse(later))) <= 12
