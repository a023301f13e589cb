"""Quarantine: nothing is clean before the scanner said so, whatever the scanner does."""

import base64
import json
import os
import subprocess
import sys
import time
from datetime import timedelta

import pytest
import redis
from django.utils import timezone

from backend import clock
from backend.devstack.scanner import MARKER
from backend.files import actions, queries, vault
from backend.files.connectors import clamd
from backend.files.models import StoredFile
from notifications.models import Notification
from tests import servers
from tests.factories import files, world
from tests.sandboxes import free_port

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("scanner")]


@pytest.fixture
def waiting():
    return files.uploaded(world.an_account(), files.a_jpeg())


@pytest.fixture
def infected():
    """A PDF whose page holds what the sandbox takes for a virus, packed and unpacked again."""
    return files.uploaded(world.an_account(), files.a_pdf(text=MARKER.decode()), extension="pdf")


def state(file):
    file.refresh_from_db()
    return file.state


def test_releases_what_is_clean(waiting, scanner):
    assert actions.scan(pk=waiting.pk) == state(waiting) == "clean"
    assert waiting.scanned_at
    assert scanner.get("/sandbox/oracle")["verdicts"] == {"Eicar-Signature": 1, "OK": 1}


def test_refuses_what_it_finds_and_keeps_no_bytes(infected, commit, folder):
    with commit():
        assert actions.scan(pk=infected.pk) == "refused"
    assert state(infected) == "refused"
    assert infected.finding == "Sandbox.Test.Marker"
    with pytest.raises(vault.ContentLost):
        files.bytes_of(infected)


def test_finds_eicar():
    assert clamd.finding_in(clamd.EICAR) == "Eicar-Signature"
    assert clamd.finding_in(b"nothing to see") == ""


def test_a_second_search_changes_nothing(waiting, scanner):
    actions.scan(pk=waiting.pk)
    scanner.post("/sandbox/lie", {"lies": True})
    assert actions.scan(pk=waiting.pk) == "clean"
    waiting.refresh_from_db()
    assert waiting.scans == 1


@pytest.mark.parametrize("kind", ["reset", "errcode", "garbage"])
def test_an_answer_that_is_not_ok_is_no_answer(waiting, scanner, kind):
    scanner.faults({"kind": kind})
    with pytest.raises(clamd.ScannerUnavailable):
        actions.scan(pk=waiting.pk)
    assert state(waiting) == "quarantined"
    scanner.faults()
    assert actions.scan_waiting() == 1
    assert state(waiting) == "clean"


def test_a_scanner_that_hangs_is_given_up(waiting, scanner, monkeypatch):
    monkeypatch.setattr(clamd, "WHOLE", 0.5)
    scanner.faults({"kind": "timeout", "seconds": 3})
    with pytest.raises(clamd.ScannerUnavailable):
        actions.scan(pk=waiting.pk)
    assert state(waiting) == "quarantined"


def test_a_scanner_that_finds_nothing_ever_is_not_believed(waiting, infected, scanner):
    scanner.post("/sandbox/lie", {"lies": True})
    for file in (waiting, infected):
        with pytest.raises(clamd.ScannerUnavailable):
            actions.scan(pk=file.pk)
        assert state(file) == "quarantined"


def test_without_a_scanner_files_wait_and_operators_hear_of_it_once_an_hour(
    waiting, client, settings
):
    settings.SCANNER_ADDRESS = f"tcp://127.0.0.1:{free_port()}"
    operator = world.staff("platform_admin", "MZ")
    clock.scan_file(waiting.pk)
    clock.scan_files()
    assert not Notification.objects.exists(), "a few seconds alarm nobody"
    StoredFile.objects.update(created_at=timezone.now() - timedelta(minutes=7))
    for _ in range(3):
        clock.scan_files()
    told = Notification.objects.get()
    assert (told.account, told.kind) == (operator, "ops.scanner_away")
    assert "7 分钟" in told.body
    health = client.get("/health/ready")
    assert (health.status_code, health.json()["status"]) == (200, "degraded")
    assert health.json()["scanner"]["status"] == "down"
    assert health.json()["scanner"]["late_seconds"] >= 420
    assert state(waiting) == "quarantined"


def test_only_a_number_crosses_the_queue(commit, settings):
    broker = redis.Redis.from_url(settings.REDIS_URL)
    broker.delete("cps:maint")
    with commit():
        file = files.uploaded(world.an_account(), files.a_jpeg())
    sent = json.loads(broker.lindex("cps:maint", 0))
    assert sent["headers"]["task"] == "clock.scan_file"
    assert json.loads(base64.b64decode(sent["body"]))[:2] == [[file.pk], {}]
    broker.delete("cps:maint")


KILLED = """
import django
django.setup()
from backend import clock
print("begins", flush=True)
clock.scan_file({pk})
"""


@pytest.mark.django_db(transaction=True)
def test_a_worker_killed_in_mid_search_leaves_the_file_waiting(scanner, settings):
    file = files.uploaded(world.an_account(), files.a_jpeg())
    scanner.faults({"kind": "timeout", "seconds": 20})
    around = {
        "DATABASE_URL": servers.database_url(), "FILES_ROOT": settings.MEDIA_ROOT,
        "SCANNER_ADDRESS": settings.SCANNER_ADDRESS,
        "DJANGO_SETTINGS_MODULE": "backend.config.settings",
    }  # fmt: skip
    worker = subprocess.Popen(
        [sys.executable, "-c", KILLED.format(pk=file.pk)],
        env=os.environ | around, stdout=subprocess.PIPE, text=True,
    )  # fmt: skip
    assert worker.stdout.readline() == "begins\n"
    while state(file) == "quarantined" and not file.scans:
        time.sleep(0.05)
    worker.kill()
    worker.wait(10)
    assert state(file) == "quarantined"
    scanner.faults()
    assert actions.scan_waiting() == 1
    assert state(file) == "clean"


def test_one_unreadable_file_keeps_no_other_waiting(waiting, folder):
    other = files.uploaded(world.an_account(), files.a_jpeg(), extension="jpg")
    (folder / waiting.storage_key).write_bytes(b"altered")
    assert actions.scan_waiting() == 1
    assert state(waiting) == "quarantined"
    assert state(other) == "clean"


def test_only_clean_files_of_ones_own_are_handed_out(waiting):
    owner = waiting.owner
    clean, foreign = files.clean_file(owner), files.clean_file(world.an_account())
    asked = [waiting.uid, clean.uid, foreign.uid]
    assert queries.clean_files_of(owner, asked) == {clean.uid: clean}
