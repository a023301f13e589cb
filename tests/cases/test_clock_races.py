"""The acts of the clock in the same instant: one happens, the rest hear where the case stands."""

import pytest
from django.db import IntegrityError
from django.utils import timezone

from backend.accounts.actions import system_account
from backend.cases import actions
from backend.cases.actions import moves
from backend.cases.models import Case
from backend.core.errors import DomainError
from backend.organisation import queries as organisation
from backend.seeds import checking
from tests.factories import clocks, world

pytestmark = pytest.mark.django_db(transaction=True)
HEADS, ROUNDS = 6, 8


def refused(results):
    return [one for one in results if isinstance(one, DomainError)]


def asked(worker, town):
    return clocks.asked(clocks.accepted(worker), town, 3)


def granted_once(together, case, heads):
    """Let all heads grant one request; say if one did, the rest were told, and the days are 3."""
    before = case.promised_total

    def grant(i):
        try:
            return actions.extend(actor=heads[i], number=case.number)
        except IntegrityError as crash:
            return crash

    results = together(grant, len(heads))
    total = Case.objects.get(pk=case.pk).promised_total
    return len(refused(results)) == len(heads) - 1 and total == before + 3


def test_heads_grant_a_request_once(together, worker, town):
    heads = [world.staff("department_head", "MZ") for _ in range(HEADS)]
    for _ in range(ROUNDS):
        assert granted_once(together, asked(worker, town), heads)
    assert list(checking.of_cases()) == []


def test_without_the_lock_they_would_not(together, worker, town, monkeypatch):
    """The negative control: everything the same, but nobody waits for the row."""
    monkeypatch.setattr(
        moves, "lock", lambda cases: cases.select_related("version", "item", "applicant")
    )
    heads = [world.staff("department_head", "MZ") for _ in range(HEADS)]
    kept = [granted_once(together, asked(worker, town), heads) for _ in range(ROUNDS)]
    assert not all(kept)


def test_standing_still_and_going_on_do_not_cross(together, worker, town):
    """One suspends, one passes the step, one withdraws, the head ends it: the case stays whole."""
    head = world.staff("department_head", "MZ")
    for _ in range(ROUNDS):
        case = clocks.accepted(worker)
        acts = [
            lambda n=case.number: actions.suspend(
                actor=town, number=n, step="s2", reason="testing", expected_days=3
            ),
            lambda n=case.number: actions.pass_step(actor=town, number=n, step="s2"),
            lambda c=case: actions.withdraw(actor=c.applicant.account, number=c.number),
            lambda n=case.number: actions.terminate(actor=head, number=n, reason="重复申请"),
        ]
        together(lambda i, acts=acts: acts[i](), len(acts))
    assert list(checking.of_cases()) == []


def test_the_clock_and_a_clerk_accept_once(together, worker, time_machine):
    late = organisation.calendar().add(timezone.localdate(), 6).day
    cases = [world.submitted(version=clocks.a_permit()) for _ in range(ROUNDS)]
    time_machine.move_to(f"{late}T09:00:00+08:00", tick=False)
    system = system_account()
    for case in cases:
        acts = [
            lambda n=case.number: actions.deem_accepted(actor=system, number=n),
            lambda n=case.number: actions.accept(actor=worker, number=n),
        ]
        results = together(lambda i, acts=acts: acts[i](), 2)
        assert len(refused(results)) == 1
    assert list(checking.of_cases()) == []
