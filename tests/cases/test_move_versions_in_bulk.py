"""Ten thousand running cases: the report is the result, and a kill in the middle loses nothing."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import connection

from backend.accounts import actions as accounts
from backend.cases import actions
from backend.cases.models import Case, CaseEvent, MovedCase, VersionMove
from backend.cases.queries import versions as queries
from backend.seeds import checking
from notifications.models import Notification
from tests import servers
from tests.factories import running, world
from tests.factories.versions import INCOME, STEPS, VISIT, newer

ROOT = Path(__file__).parents[2]
STRICTER = INCOME | {"rules": {"max": 500}}

CROWD = int(os.environ.get("CROWD", "1000"))
"""How many cases are moved; CROWD=10000 for the long form."""


def a_crowd(count):
    """Ten kinds of running cases, `count` in all: waiting, in review, before the decision."""
    world.a_city()
    first = world.an_item(code="T-1", form=[*world.FORM, INCOME])
    worker, reviewer = world.staff("community_worker", "ZD"), world.staff("town_reviewer", "SW")
    models = [world.submitted(version=first, income=900 if n == 0 else 100) for n in range(10)]
    for case in models[2:]:
        actions.accept(actor=worker, number=case.number)
    for case in models[6:]:
        actions.pass_step(actor=reviewer, number=case.number, step="s2")
    models = [Case.objects.get(pk=case.pk) for case in models]
    running.copies(models, count - len(models))
    return newer(
        first,
        form=[*world.FORM, STRICTER],
        promised_days=12,
        steps=[*STEPS[:2], VISIT, *STEPS[2:]],
    )


def report(admin):
    move = actions.propose_move(actor=admin, item_code="T-1", reason="政策调整")
    while VersionMove.objects.get(pk=move.pk).state == "surveying":
        actions.carry_on_moves()
    return move


def promised():
    return dict(Case.objects.values_list("number", "promised_due_on"))


@pytest.mark.slow
@pytest.mark.django_db
def test_a_crowd_is_moved_as_the_report_says(django_assert_max_num_queries):
    admin, count = accounts.system_account(), CROWD
    second = a_crowd(count)
    before, began = promised(), time.process_time()
    move = report(admin)
    surveyed = time.process_time() - began
    told = queries.report("T-1", move.uid)
    assert (told["total"], told["can"], told["cannot"]) == (count, 9 * count // 10, count // 10)
    assert told["reasons"] == [{"code": "answers_unfit", "count": count // 10}]
    with django_assert_max_num_queries(2):
        queries.rows("T-1", move.uid, size=100)
    began = time.process_time()
    actions.run_move(actor=admin, item_code="T-1", uid=move.uid)
    while actions.carry_on_moves(most=count):
        pass
    took = time.process_time() - began
    rows = MovedCase.objects.select_related("case").order_by("pk")
    after = promised()
    for row in rows.iterator(1000):
        assert row.state == ("moved" if row.can else "waiting")
        assert (row.case.version_id == second.pk) == row.can
        due = after[row.case.number]
        if due is not None:
            expected = row.changes["due_on"][1] if row.can else row.changes["due_on"][0]
            assert due.isoformat() == expected
            assert due <= before[row.case.number]
    assert CaseEvent.objects.filter(verb="move_version").count() == told["can"]
    heard = Notification.objects.filter(kind="case.version_moved").count()
    assert heard == told["told"] > 0
    assert list(checking.of_cases()) == []
    # milliseconds of this process for each, whatever else the machine does
    assert surveyed < count * 0.006 + 1, surveyed
    assert took < count * 0.03 + 1, took


@pytest.mark.slow
@pytest.mark.django_db(transaction=True)
def test_a_mover_killed_in_the_middle_is_gone_on_from():
    admin = accounts.system_account()
    second = a_crowd(400)
    move = report(admin)
    MovedCase.objects.filter(can=True).update(state="chosen")
    VersionMove.objects.update(state="running", run_by=admin)
    environment = os.environ | {"DATABASE_URL": servers.database_url()}
    mover = subprocess.Popen([sys.executable, "-m", "tests.cases.mover"], cwd=ROOT, env=environment)
    done = MovedCase.objects.filter(state="moved")
    for _ in range(600):
        if done.count() >= 40:
            break
        time.sleep(0.05)
    mover.send_signal(signal.SIGKILL)
    assert mover.wait() == -signal.SIGKILL
    halfway = done.count()
    assert 40 <= halfway < 360
    assert list(checking.of_cases()) == []
    while actions.carry_on_moves():
        pass
    assert queries.report("T-1", move.uid)["results"] == {
        "waiting": 40, "chosen": 0, "moved": 360, "skipped": 0
    }  # fmt: skip
    assert Case.objects.filter(version=second).count() == 360
    assert CaseEvent.objects.filter(verb="move_version").count() == 360
    assert list(checking.of_cases()) == []
    connection.close()
