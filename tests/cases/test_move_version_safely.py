"""A move never writes over what was done: decided, changed and foreign cases are left alone."""

import pytest

from backend.accounts import actions as accounts
from backend.cases import actions
from backend.cases.actions import versions as acts
from backend.cases.models import Case, MovedCase
from backend.cases.queries import versions as queries
from backend.catalogue import queries as catalogue
from backend.organisation.duties import NotYourDuty
from tests import racing
from tests.factories import world
from tests.factories.versions import STEPS, accepted, moved, newer, report, rows, run, whole

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


def test_decided_and_closed_cases_are_left_alone(first, admin, worker):
    decided, withdrawn = accepted(first, worker), world.submitted(version=first)
    reviewer, decider = world.staff("town_reviewer", "SW"), world.staff("county_reviewer", "MZ")
    actions.pass_step(actor=reviewer, number=decided.number, step="s2")
    late = accepted(first, worker)
    actions.pass_step(actor=reviewer, number=late.number, step="s2")
    actions.decide(actor=decider, number=decided.number, outcome="granted")
    actions.withdraw(actor=withdrawn.applicant.account, number=withdrawn.number)
    newer(first, promised_days=9)
    move = report(admin)
    assert [row["number"] for row in rows(move)] == [late.number]
    actions.decide(actor=decider, number=late.number, outcome="granted")
    before = Case.objects.values().get(pk=late.pk)
    run(admin, move)
    (row,) = rows(move)
    assert (row["state"], row["why"]) == ("skipped", "试算以后已经决定或结束")
    assert Case.objects.values().get(pk=late.pk) == before


def test_a_case_that_went_on_since_is_skipped_with_the_reason(first, admin, worker):
    still, gone = accepted(first, worker), accepted(first, worker)
    newer(first, promised_days=9)
    move = report(admin)
    actions.pass_step(actor=world.staff("town_reviewer", "SW"), number=gone.number, step="s2")
    run(admin, move)
    told = {row["number"]: (row["state"], row["why"]) for row in rows(move)}
    assert told[still.number] == ("moved", "")
    assert told[gone.number] == ("skipped", "试算以后办件有了新进展, 请重新试算")
    assert queries.report("T-1", move.uid)["results"] == {
        "waiting": 0, "chosen": 0, "moved": 1, "skipped": 1
    }  # fmt: skip
    run(admin, report(admin))
    assert moved(gone).version.number == 2


def test_a_chosen_set_is_moved_and_the_rest_waits(first, admin, worker):
    cases = [accepted(first, worker) for _ in range(3)]
    newer(first, promised_days=9)
    move = report(admin)
    run(admin, move, numbers=[cases[1].number])
    assert [moved(case).version.number for case in cases] == [1, 2, 1]
    run(admin, move)
    assert {moved(case).version.number for case in cases} == {2}


def test_an_old_report_moves_nothing(first, admin, worker):
    accepted(first, worker)
    newer(first, promised_days=9)
    move = report(admin)
    newer(first, promised_days=8)
    with pytest.raises(acts.MoveOutdated):
        run(admin, move)
    assert not MovedCase.objects.exclude(state="waiting").exists()


def test_is_for_the_citys_item_administrators(first, admin, worker):
    accepted(first, worker)
    newer(first, promised_days=9)
    with pytest.raises(NotYourDuty):
        report(world.staff("item_admin", "MZ"))
    with pytest.raises(NotYourDuty):
        report(worker)
    with pytest.raises(catalogue.ItemNotFound):
        actions.propose_move(actor=admin, item_code="X-9", reason="政策调整")
    run(admin, report(admin))
    with pytest.raises(acts.NothingToMove):
        report(admin)


def test_costs_few_statements_a_case(first, admin, worker, django_assert_max_num_queries):
    accepted(first, worker)
    newer(first, promised_days=9)
    move = report(admin)
    MovedCase.objects.update(state="chosen")
    target = acts.Target(catalogue.frozen(move.version_id))
    with django_assert_max_num_queries(14):  # twelve, and the savepoint around them
        acts._move_one(move, target, MovedCase.objects.values_list("pk", flat=True).get())
    assert MovedCase.objects.get().state == "moved"


@pytest.mark.django_db(transaction=True)
def test_a_move_and_a_decision_at_once_never_both_hold(together):
    """Whoever locks the case first wins; the other sees what was done and leaves it."""
    world.a_city()
    first = world.an_item(code="T-1")
    worker, reviewer = world.staff("community_worker", "ZD"), world.staff("town_reviewer", "SW")
    decider, system = world.staff("county_reviewer", "MZ"), accounts.system_account()
    for _ in range(6):
        case = accepted(first, worker)
        actions.pass_step(actor=reviewer, number=case.number, step="s2")
    newer(first, steps=[*STEPS[:2], world.DECISION | {"days": 5}, world.PAY], promised_days=9)
    move = report(system)
    numbers = list(Case.objects.order_by("pk").values_list("number", flat=True))

    def act(i):
        if i % 2:
            return actions.decide(actor=decider, number=numbers[i // 2], outcome="granted")
        return run(system, move)

    answers = racing.together(act, times=12)
    assert not [one for one in answers[1::2] if isinstance(one, Exception)]
    run(system, move)
    for case in Case.objects.select_related("version"):
        verbs = list(case.events.order_by("seq").values_list("verb", flat=True))
        row = MovedCase.objects.get(case=case)
        assert (row.state == "moved") == (case.version.number == 2) == ("move_version" in verbs)
        if "move_version" in verbs:
            assert verbs.index("move_version") < verbs.index("decide")
    assert whole() == []
