"""The fold: what a chain of events says a case must be, and where the case says otherwise."""

import datetime as dt

import pytest
from django.db import connection

from backend.cases import actions, fold
from backend.cases.models import Case
from backend.cases.queries import proof
from tests.factories import clocks, world
from tests.factories import supplements as papers

DAY = 86_400_000_000


def event(verb, status, at=0, **details):
    return {"verb": verb, "status": status, "at": at, "details": details}


def then(**told):
    return {fold.THEN: told}


TAKEN_IN = [
    event("submit", "submitted", **then(opens=["s1"])),
    event("accept", "accepted", **then(ends=["s1"], opens=["a", "b"],
                                       clock=["2026-11-02", 15, 30, None], on="2026-11-02")),
]  # fmt: skip


def test_follows_steps_and_clock():
    state = fold.fold(TAKEN_IN)
    assert (state.status, state.open) == ("accepted", {"a", "b"})
    assert state.clock == ("2026-11-02", 15, 30, None)


def test_knows_the_days_it_stood():
    stands = then(clock=["2026-11-02", 15, 30, "2026-11-04"], on="2026-11-04")
    goes_on = then(clock=["2026-11-02", 15, 30, None], on="2026-11-09")
    state = fold.fold([
        *TAKEN_IN, event("request_supplement", "awaiting", **stands),
        event("supplement", "accepted", **goes_on),
    ])  # fmt: skip
    assert state.stood == [("2026-11-04", "2026-11-09")]
    assert state.clock[3] is None


def test_a_decision_and_an_end_have_their_time():
    state = fold.fold([
        *TAKEN_IN, event("decide", "decided", at=DAY, outcome="granted", **then(open=["pay"])),
        event("conclude", "concluded", at=2 * DAY, **then(open=[])),
    ])  # fmt: skip
    assert (state.outcome, state.decided_at, state.closed_at) == ("granted", DAY, 2 * DAY)
    assert state.open == set()


@pytest.mark.parametrize(
    "odd",
    [
        event("conclude", "concluded"),  # the table has no such way
        event("pass_step", "decided"),  # a step's act changes no status
        event("pass_step", "accepted", **then(ends=["zz"])),  # it was not open
    ],
)
def test_refuses_what_cannot_follow(odd):
    with pytest.raises(fold.BrokenWalk):
        fold.fold([*TAKEN_IN, odd])


def test_a_chain_from_before_steps_were_kept_says_nothing_of_them():
    state = fold.fold([event("submit", "submitted", channel="miniapp")])
    assert (
        list(fold.differences(state, {"status": "submitted", "outcome": "", "open": ["s1"]})) == []
    )


# -- an edited state is found ---------------------------------------------------------------------

EDITS = {
    "状态": "UPDATE cases_case SET status = 'suspended' WHERE id = %s",
    "结果": "UPDATE cases_case SET outcome = 'granted' WHERE id = %s",
    "时限": "UPDATE cases_case SET promised_total = promised_total + 5 WHERE id = %s",
    "结束时间": "UPDATE cases_case SET closed_at = now() WHERE id = %s",
    "决定时间": "UPDATE cases_case SET decided_at = now() WHERE id = %s",
    "待办环节": "UPDATE cases_casestep SET state = 'passed' WHERE state = 'open' AND case_id = %s",
    "停表": "UPDATE cases_clockstop SET began_on = began_on - 3 WHERE case_id = %s",
}


@pytest.fixture
def lived(worker, town):
    """A case that was in a special procedure for a week and goes on."""
    case = clocks.accepted(worker)
    actions.suspend(actor=town, number=case.number, step="s2", reason="appraisal", expected_days=7)
    return case


@pytest.mark.django_db
@pytest.mark.parametrize("what", EDITS)
def test_finds_a_state_edited_behind_the_chain(lived, town, time_machine, what):
    time_machine.move_to(dt.datetime.now(dt.UTC) + dt.timedelta(days=7))
    actions.resume(actor=town, number=lived.number)
    assert [one for span in proof.spans() for one in proof.breaks(*span)] == []
    with connection.cursor() as cursor:
        cursor.execute(EDITS[what], [lived.pk])
        assert cursor.rowcount == 1
    (found,) = (one for span in proof.spans() for one in proof.breaks(*span))
    assert found.number == lived.number
    assert what in found.why


@pytest.mark.django_db
def test_every_way_folds_to_where_it_stands(worker, town, county):
    """Returns, joins, supplements, decisions both ways: the chain alone tells the state."""
    back = actions.accept(actor=worker, number=papers.submitted().number)
    actions.return_step(actor=town, number=back.number, step="s2", opinion="再核")
    asked = papers.asked(papers.submitted(), worker)
    refused = actions.accept(actor=worker, number=world.submitted().number)
    actions.pass_step(actor=town, number=refused.number, step="s2")
    actions.decide(actor=county, number=refused.number, outcome="refused", reason="不符")
    gone = world.submitted()
    actions.withdraw(actor=gone.applicant.account, number=gone.number)
    for case in (back, asked, refused, gone):
        state = fold.fold(
            {"verb": one.verb, "status": one.status, "at": 0, "details": one.details}
            for one in case.events.order_by("seq")
        )
        now = Case.objects.get(pk=case.pk)
        assert (state.status, state.outcome) == (now.status, now.outcome)
        assert state.open == set(now.steps.filter(state="open").values_list("key", flat=True))
