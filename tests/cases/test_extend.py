"""延期 …"""

import pytest

from backend.cases import actions
from backend.cases.actions import extending
from backend.cases.models import Extension
from backend.core.lifecycle import IllegalMove
from backend.organisation import queries as organisation
from backend.organisation.duties import NotYourDuty
from backend.organisation.models import Post, StaffMember
from backend.seeds import checking
from notifications.models import Notification
from tests.factories import clocks, world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


@pytest.fixture
def case(worker):
    return clocks.accepted(worker)


def later(day, days):
    return organisation.calendar().add(day, days).day


def test_a_proposal_moves_nothing_and_asks_the_head(case, town, head):
    before = case.promised_due_on
    case = clocks.asked(case, town)
    asked = case.extensions.get()
    assert (asked.state, asked.days, asked.step) == ("asked", 5, "s2")
    assert case.promised_due_on == before
    told = Notification.objects.get(kind="staff.extension_asked")
    assert told.account_id == head.pk
    assert not Notification.objects.filter(kind="case.extended").exists()


def test_both_limits_grow_once_granted(case, town, head):
    promised, statutory = case.promised_due_on, case.statutory_due_on
    step = case.steps.get(key="s2")
    clocks.asked(case, town)
    case = actions.extend(actor=head, number=case.number, note="情况属实")
    assert case.promised_due_on == later(promised, 5)
    assert case.statutory_due_on == later(statutory, 5)
    assert case.steps.get(key="s2").due_on == later(step.due_on, 5)
    asked = case.extensions.get()
    assert (asked.state, asked.decided_by_id, asked.note) == ("approved", head.pk, "情况属实")


def test_tells_the_applicant_the_reason_and_the_day(case, town, head):
    clocks.asked(case, town)
    case = actions.extend(actor=head, number=case.number)
    told = Notification.objects.get(kind="case.extended")
    due = case.promised_due_on
    for words in ("延长 5 天", "等外地档案回函", f"{due.month}月{due.day}日"):
        assert words in told.body
    assert told.statutory
    assert told.needs_sms


def test_the_chain_keeps_the_days_and_not_the_words(case, town, head):
    clocks.asked(case, town)
    before = case.promised_due_on
    case = actions.extend(actor=head, number=case.number, note="同意")
    details = case.events.get(verb="extend").details
    assert details["before"] == before.isoformat()
    assert details["after"] == case.promised_due_on.isoformat()
    assert "档案" not in str(list(case.events.values_list("details", flat=True)))


def test_a_refusal_leaves_the_promise(case, town, head):
    before = case.promised_due_on
    clocks.asked(case, town)
    case = actions.refuse_extension(actor=head, number=case.number, note="来得及")
    assert (case.promised_due_on, case.extensions.get().state) == (before, "refused")
    clocks.asked(case, town)
    assert case.extensions.count() == 2


def test_only_the_head_of_the_deciding_office_answers(case, town, county):
    clocks.asked(case, town)
    other = world.staff("department_head", "SW")
    for somebody in (town, county, other):
        with pytest.raises(NotYourDuty):
            actions.extend(actor=somebody, number=case.number)
        with pytest.raises(NotYourDuty):
            actions.refuse_extension(actor=somebody, number=case.number, note="不")


def test_nobody_grants_what_they_ask(worker, head):
    """A head who reviews as well asks, and must leave the answer to another."""
    both = world.staff("county_reviewer", "MZ")
    Post.objects.create(
        staff=StaffMember.objects.get(account=both),
        role="department_head",
        department=world.office("MZ"),
        valid_from="2020-01-01",
    )
    steps = [world.INTAKE, world.DECISION | {"key": "s2"}, world.PAY]
    case = clocks.asked(clocks.accepted(worker, steps=steps), both)
    with pytest.raises(extending.OwnExtension):
        actions.extend(actor=both, number=case.number)
    actions.extend(actor=head, number=case.number)


def test_only_who_has_a_step_in_hand_asks(case, worker):
    with pytest.raises(NotYourDuty):
        clocks.asked(case, worker)


def test_one_request_at_a_time(case, town):
    clocks.asked(case, town)
    with pytest.raises(extending.ExtensionAsked):
        clocks.asked(case, town)


def test_within_ten_days_in_all_where_the_item_says_nothing(case, town, head):
    clocks.asked(case, town, 6)
    actions.extend(actor=head, number=case.number)
    with pytest.raises(extending.ExtensionUnsaid) as refused:
        clocks.asked(case, town, 5)
    assert "4天" in refused.value.extra["fields"]["days"]
    clocks.asked(case, town, 4)
    actions.extend(actor=head, number=case.number)
    with pytest.raises(extending.ExtensionUnsaid):
        clocks.asked(case, town, 1)


def test_within_the_items_own_days(worker, town):
    case = clocks.accepted(worker, guide={"extend_days": 15})
    assert clocks.asked(case, town, 15).extensions.get().days == 15


def test_wants_a_reason_and_days(case, town):
    with pytest.raises(extending.ExtensionUnsaid) as refused:
        actions.propose_extension(actor=town, number=case.number, step="s2", days=0, reason=" ")
    assert set(refused.value.extra["fields"]) == {"days", "reason"}


def test_what_is_late_stays_late(case, town, head, time_machine):
    clocks.asked(case, town)
    time_machine.move_to(f"{later(case.promised_due_on, 1)}T09:00:00+08:00", tick=False)
    with pytest.raises(extending.ExtensionTooLate):
        actions.extend(actor=head, number=case.number)
    actions.refuse_extension(actor=head, number=case.number, note="已超期")
    with pytest.raises(extending.ExtensionTooLate):
        clocks.asked(case, town)


def test_on_the_last_day_it_may_still_be_granted(case, town, head, time_machine):
    clocks.asked(case, town)
    time_machine.move_to(f"{case.promised_due_on}T23:00:00+08:00", tick=False)
    assert actions.extend(actor=head, number=case.number).promised_total == 20


def test_a_step_already_late_stays_late(case, town, head, time_machine):
    step = case.steps.get(key="s2")
    clocks.asked(case, town)
    time_machine.move_to(f"{later(step.due_on, 1)}T09:00:00+08:00", tick=False)
    actions.extend(actor=head, number=case.number)
    assert case.steps.get(key="s2").due_on == step.due_on


def test_a_request_ends_with_the_case(case, town):
    clocks.asked(case, town)
    actions.withdraw(actor=case.applicant.account, number=case.number)
    assert case.extensions.get().state == Extension.State.CANCELLED


def test_nothing_to_answer_is_said(case, head):
    with pytest.raises(extending.NoExtensionAsked):
        actions.extend(actor=head, number=case.number)
    with pytest.raises(extending.NoExtensionAsked):
        actions.refuse_extension(actor=head, number=case.number, note="不")


def test_not_before_acceptance(worker, head):
    case = world.submitted(version=clocks.an_item())
    with pytest.raises(IllegalMove):
        actions.propose_extension(actor=worker, number=case.number, step="s1", days=1, reason="忙")
    with pytest.raises(IllegalMove):
        actions.extend(actor=head, number=case.number)


def test_asks_the_database_little(case, worker, town, head, few):
    other = clocks.asked(clocks.accepted(worker), town)
    actions.extend(actor=head, number=other.number)
    few(lambda: clocks.asked(case, town))
    few(lambda: actions.extend(actor=head, number=case.number))
    clocks.asked(case, town)
    few(lambda: actions.refuse_extension(actor=head, number=case.number, note="不"))
