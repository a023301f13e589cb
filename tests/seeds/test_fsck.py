"""fsck: a sound city passes, and each rule names what breaks it."""

from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection
from django.utils import timezone

from backend.cases import actions
from backend.cases.models import Case, CaseStep
from backend.cases.queries import sound
from backend.seeds import checking
from notifications.models import Delivery
from tests.cases.test_submit_materials import EXTRA, PHOTO, SHARED
from tests.factories import world

pytestmark = pytest.mark.django_db

BREAKAGES = {
    "case_open_has_a_step": "UPDATE cases_casestep SET state = 'cancelled', done_at = now()"
    " WHERE case_id = {running}",
    "case_closed_has_no_step": "UPDATE cases_case SET status = 'withdrawn', closed_at = now()"
    " WHERE id = {running}",
    "case_closed_has_a_time": "UPDATE cases_case SET closed_at = now() WHERE id = {running}",
    "clock_runs_when_accepted": "UPDATE cases_case SET clock_from = NULL WHERE id = {running}",
    "clock_stands_by_a_stop": "UPDATE cases_case SET paused_on = current_date WHERE id = {running}",
    "clock_stands_while_it_waits": "UPDATE cases_case SET status = 'suspended'"
    " WHERE id = {running}",
    "supplement_is_open_while_it_waits": "UPDATE cases_case SET status = 'supplementing',"
    " clock_from = NULL WHERE id = {waiting}",
    "decision_has_a_time": "UPDATE cases_case SET outcome = 'granted' WHERE id = {running}",
    "step_done_has_a_time": "UPDATE cases_casestep SET done_at = now()"
    " WHERE case_id = {running} AND state = 'open'",
    "step_claimed_by_somebody_here": "WITH gone AS (UPDATE accounts_account SET is_active = false"
    " WHERE id = (SELECT submitted_by_id FROM cases_case WHERE id = {running}) RETURNING id)"
    " UPDATE cases_casestep SET claimed_by_id = gone.id FROM gone"
    " WHERE case_id = {running} AND state = 'open'",
    "recused_hold_nothing": "WITH away AS (INSERT INTO cases_recusal (case_id, account_id,"
    " relation, found, declared_by_id, at, reason) SELECT id, submitted_by_id, 'self', 'declared',"
    " submitted_by_id, now(), '' FROM cases_case WHERE id = {running} RETURNING account_id)"
    " UPDATE cases_casestep SET claimed_by_id = away.account_id FROM away"
    " WHERE case_id = {running} AND state = 'open'",
    "bundle_ends_after_its_parts": "UPDATE cases_case SET bundle_key = 'k', bundle_id ="
    " (SELECT id FROM cases_case WHERE status = 'concluded') WHERE id = {running}",
    "part_says_which": "UPDATE cases_case SET bundle_id = {waiting} WHERE id = {running}",
    "extension_waits_while_it_runs": "WITH over AS (UPDATE cases_case SET status = 'withdrawn',"
    " closed_at = now() WHERE id = {running} RETURNING id, submitted_by_id)"
    " INSERT INTO cases_extension (case_id, days, reason, state, asked_by_id, asked_at, note)"
    " SELECT id, 1, '', 'asked', submitted_by_id, now(), '' FROM over",
    "extension_counts": "INSERT INTO cases_extension (case_id, days, reason, state, asked_by_id,"
    " asked_at, decided_by_id, decided_at, note) SELECT id, 999, '', 'approved', submitted_by_id,"
    " now(), submitted_by_id, now(), '' FROM cases_case WHERE id = {running}",
    "clock_equals_its_parts": "UPDATE cases_case SET promised_due_on = promised_due_on + 1"
    " WHERE id = {running}",
    "step_clock_equals_its_parts": "UPDATE cases_casestep SET due_on = due_on - 1"
    " WHERE case_id = {running} AND state = 'open'",
    "material_is_one_of_the_items": "UPDATE cases_casematerial SET key = 'nonsense'"
    " WHERE case_id = {running} AND key = 'extra'",
    "material_has_its_line": "DELETE FROM cases_casematerial"
    " WHERE case_id = {running} AND key = 'id_card'",
    "granted_on_papers_that_are_there": "UPDATE cases_case SET outcome = 'granted',"
    " decided_at = now() WHERE id = {running}; UPDATE cases_casematerial SET state = 'wanted'"
    " WHERE case_id = {running} AND key = 'photo'",
    "material_overdue_was_put_off": "UPDATE cases_casematerial SET state = 'overdue'"
    " WHERE case_id = {running} AND key = 'photo'",
    "material_asked_of_a_registry": "UPDATE cases_casematerial SET verification = 'pending'"
    " WHERE case_id = {running} AND key = 'photo'",
    "material_reused_by_its_owner": "UPDATE cases_casematerial line SET earlier_id = old.id"
    " FROM cases_casematerial old WHERE line.case_id = {running} AND line.key = 'photo'"
    " AND old.case_id = {waiting} AND old.key = 'photo'",
    "trace_is_whole": "UPDATE cases_case SET event_count = event_count + 1 WHERE id = {running}",
}


@pytest.fixture
def city():
    """A case that waits for acceptance, one that runs, and one that is concluded."""
    worker = world.staff("community_worker", "ZD")
    version = world.an_item(materials=[SHARED, PHOTO, EXTRA])
    brought = {"photo": {"by": "paper"}}
    waiting, running = (
        world.submitted(version=version, applicant=world.a_resident(), materials=brought)
        for _ in range(2)
    )
    actions.receive_material(actor=worker, number=running.number, key="photo")
    actions.accept(actor=worker, number=running.number)
    done = world.submitted(version=world.an_instant_item(), applicant=world.a_resident())
    actions.finish(actor=worker, number=done.number)
    return {"waiting": waiting.pk, "running": running.pk}


def test_a_sound_city_passes(city):
    assert list(checking.everything()) == []
    call_command("fsck", jobs=1)


@pytest.mark.parametrize("rule", BREAKAGES)
def test_each_rule_names_what_breaks_it(city, rule):
    with connection.cursor() as cursor:
        cursor.execute(BREAKAGES[rule].format(**city))
    number = Case.objects.get(pk=city["waiting" if "supplement" in rule else "running"]).number
    told = [line for line in checking.everything() if line.startswith(f"[{rule}]")]
    assert len(told) == 1
    assert number in told[0]


def test_every_rule_of_cases_has_its_breakage():
    rules = {check.rule for check in sound._CHECKS}
    assert rules <= BREAKAGES.keys()


def test_the_command_fails_and_lists(city, capsys):
    CaseStep.objects.filter(case_id=city["running"], state="open").update(due_on="2001-01-01")
    with pytest.raises(CommandError, match="1 处不符"):
        call_command("fsck", jobs=1)
    assert "环节时限是 2001-01-01" in capsys.readouterr().out


def test_a_delivery_nobody_reaps_is_named(city):
    one = Delivery.objects.first()
    long_ago = timezone.now() - timedelta(days=1)
    Delivery.objects.filter(pk=one.pk).update(
        state="claimed", claimed_at=long_ago, lease_until=long_ago
    )
    assert any("delivery_lease_ends" in line for line in checking.everything())


def test_a_delivery_that_waits_too_long_is_named(city):
    one = Delivery.objects.first()
    Delivery.objects.filter(pk=one.pk).update(
        state="waiting", next_at=timezone.now() - timedelta(hours=2)
    )
    assert any("delivery_goes_out" in line for line in checking.everything())
