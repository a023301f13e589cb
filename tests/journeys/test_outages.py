"""What the doors do while PostgreSQL, Valkey or WeChat is down. Each asks from a fresh process."""

import json
import os
import subprocess
import sys
import uuid

import pytest

from backend.accounts import actions as accounts
from backend.cases.models import Case
from notifications.models import Delivery, Notification
from tests import servers
from tests.factories import world

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.usefixtures("sound")]

NOWHERE = "127.0.0.1:9"


def ask(path, *, body=None, headers=None, method="POST", **down):
    """Send one request from a process whose environment names the servers that are `down`."""
    environment = {
        **os.environ,
        "DATABASE_URL": servers.database_url(),
        "LOG_LEVEL": "CRITICAL",
        **down,
    }
    told = json.dumps({"path": path, "body": body, "headers": headers, "method": method})
    done = subprocess.run(
        [sys.executable, "-m", "tests.journeys.one_request", told],
        env=environment,
        capture_output=True,
        text=True,
        timeout=60,
        check=True,
    )
    return json.loads(done.stdout.splitlines()[-1])


def submission():
    resident, version = world.a_resident(), world.an_item()
    token = accounts.sign_in(account=resident.account)
    return {
        "path": "/api/v1/cases",
        "body": {"item": version.item.code, "answers": {"division_code": world.VILLAGE}},
        "headers": {"Authorization": f"Bearer {token}", "Idempotency-Key": uuid.uuid4().hex},
    }


def test_a_case_comes_in_with_nothing_but_postgresql():
    answer = ask(
        **submission(), REDIS_URL=f"redis://{NOWHERE}/0", WECHAT_BASE_URL=f"http://{NOWHERE}"
    )
    assert answer["status"] == 201, answer
    assert answer["seconds"] < 5
    case = Case.objects.get(number=answer["body"]["number"])
    assert Notification.objects.filter(case_number=case.number).count() == 1
    assert Delivery.objects.get().state == "waiting"


def test_without_postgresql_the_door_says_come_back():
    down = {"DATABASE_URL": f"postgres://postgres@{NOWHERE}/none"}
    answer = ask(**submission(), **down)
    assert (answer["status"], answer["type"]) == (503, "application/problem+json")
    assert answer["retry_after"]
    assert answer["body"]["code"] == "database_unavailable"
    assert Case.objects.count() == 0


def test_health_tells_alive_from_ready():
    down = {"DATABASE_URL": f"postgres://postgres@{NOWHERE}/none"}
    assert ask("/health/live", method="GET", **down)["status"] == 200
    assert ask("/health/ready", method="GET", **down)["status"] == 503
    degraded = ask("/health/ready", method="GET", REDIS_URL=f"redis://{NOWHERE}/0")
    assert (degraded["status"], degraded["body"]["status"]) == (200, "degraded")


def test_login_says_wechat_is_away_and_loses_nothing():
    answer = ask(
        "/api/v1/login",
        body={"code": "demo-li-guihua-1", "device": "t"},
        WECHAT_BASE_URL=f"http://{NOWHERE}",
    )
    assert (answer["status"], answer["type"]) == (503, "application/problem+json")
    assert answer["body"]["title"]
