"""
Faults while notices go out: processes killed, put to sleep, doubled; Valkey gone and back.

The sandbox is the judge: what lies in a phone twice is a duplicate, whoever is to blame. Each
promise has its negative control: with the guard off, the same fault must show.
"""

import os
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from contextlib import contextmanager

import pytest
from django.db import connection
from django.utils import timezone

from backend.devstack import valkey
from notifications import actions, dispatch, kinds, marks
from notifications.models import Delivery, DeliveryAttempt, Notification, Quota
from tests.factories.notices import number, readers
from tests.sandboxes import free_port

pytestmark = [
    pytest.mark.django_db(transaction=True), pytest.mark.slow, pytest.mark.usefixtures("sound"),
]  # fmt: skip
S = Delivery.State
LEASE = 3
OPEN = (S.WAITING, S.RETRY, S.CLAIMED)


class Valkey:
    """A Valkey of this test's own, to be killed."""

    def __init__(self, home, *, append_only):
        self.port, self.home, self.append_only = free_port(), home, append_only
        self.url = f"redis://127.0.0.1:{self.port}/0"
        self.start()

    def start(self):
        keep = ["--appendonly", "yes"] if self.append_only else []
        self.process = subprocess.Popen(
            [valkey.program(), "--port", str(self.port), "--dir", self.home, "--save", "", *keep],
            stdout=subprocess.DEVNULL,
        )
        wait_for(self.answers, seconds=10)

    def answers(self):
        try:
            return bool(marks._client_of(0, self.url, 0.5).ping())
        except marks.Lost:
            return False

    def kill(self):
        self.process.kill()
        self.process.wait()


def wait_for(holds, *, seconds):
    deadline = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


@pytest.fixture
def own_valkey(tmp_path, settings, request):
    server = Valkey(str(tmp_path), append_only=getattr(request, "param", True))
    settings.REDIS_URL = server.url
    yield server
    server.kill()


@pytest.fixture
def slow_wechat(open_wechat):
    """A WeChat that takes its time, and lets everybody through."""
    open_wechat.faults(latency_ms=80)
    return open_wechat


@contextmanager
def dispatcher(sandbox):
    """Run a dispatcher process; it is ended with the block, however it fares."""
    name = connection.settings_dict
    environment = {
        **os.environ,
        "DATABASE_URL": f"postgres://{name['USER']}:{name['PASSWORD']}@{name['HOST']}:"
        f"{name['PORT']}/{name['NAME']}",
        "REDIS_URL": marks.settings.REDIS_URL,
        "WECHAT_BASE_URL": sandbox.url,
        "NOTIFY_LEASE_SECONDS": str(LEASE),
        "LOG_LEVEL": "ERROR",
    }
    careless = [] if marks.settings.NOTIFY_UNKNOWN_GUARD else ["--careless"]
    command = [sys.executable, "-m", "tests.notifications.dispatcher", *careless]
    process = subprocess.Popen(command, env=environment)
    try:
        yield process
    finally:
        process.kill()
        process.wait()


def written(people, each):
    """Write `each` notices for every person; return their tails."""
    accounts = readers(people, grants=each + 5)
    letters = [
        actions.Letter(
            account.pk, kinds.KINDS["case.submitted"], {"number": number(n), "item": "x"}
        )
        for n, account in enumerate(accounts * each)
    ]
    assert actions.send_many(letters=letters) == people * each
    return people * each


def accepted(sandbox):
    return sandbox.get("/sandbox/oracle")["accepted"]


def left():
    return Delivery.objects.filter(state__in=OPEN).count()


def drain(sandbox, *, seconds=60):
    """Let one dispatcher finish, with the reaper going round."""
    with dispatcher(sandbox):
        deadline = time.monotonic() + seconds
        while left():
            assert time.monotonic() < deadline, f"{left()} left over"
            dispatch.reap(now=timezone.now(), worker="reaper")
            time.sleep(0.3)
    time.sleep(LEASE + 0.2)
    dispatch.reap(now=timezone.now(), worker="reaper")


def judged(sandbox, total):
    """Return how often each notice lies in a phone, after what must hold in any case."""
    assert Notification.objects.count() == total  # the inbox has all of them
    assert left() == 0
    got = Counter(one["data"]["character_string2"] for one in sandbox.get("/sandbox/received"))
    for state, tail in Delivery.objects.values_list("state", "notification__params__tail"):
        assert got[tail] >= (state == S.ACCEPTED), f"{tail} was accepted and never arrived"
    assert set(Delivery.objects.values_list("state", flat=True)) <= {S.ACCEPTED, S.UNKNOWN}
    return got


def killed_again_and_again(sandbox, *, kills, total):
    dice = random.Random(11)
    for _ in range(kills):
        before = accepted(sandbox)
        with dispatcher(sandbox) as process:
            wait_for(lambda: reaped_and(sandbox, min(before + 15, total)), seconds=30)  # noqa: B023
            time.sleep(dice.random() * 0.2)
            process.send_signal(signal.SIGKILL)
            process.wait()


def reaped_and(sandbox, wanted):
    dispatch.reap(now=timezone.now(), worker="reaper")
    return accepted(sandbox) >= wanted


def test_killed_dispatchers_double_nothing_and_lose_nothing(own_valkey, slow_wechat, settings):
    settings.NOTIFY_LEASE_SECONDS = LEASE
    total, kills = written(600, 2), 8
    killed_again_and_again(slow_wechat, kills=kills, total=total)
    last_kill = time.monotonic()
    drain(slow_wechat)
    assert time.monotonic() - last_kill < 75

    got = judged(slow_wechat, total)
    assert max(got.values()) == 1
    assert slow_wechat.get("/sandbox/oracle")["duplicates"] == 0
    unknown = Delivery.objects.filter(state=S.UNKNOWN).count()
    assert 0 < unknown <= 128 * kills
    assert Delivery.objects.filter(state=S.ACCEPTED).count() == total - unknown
    held = Quota.objects.filter(held__gt=0)
    assert sum(held.values_list("held", flat=True)) == unknown


@pytest.mark.unguarded
def test_without_the_guard_the_same_kills_double(own_valkey, slow_wechat, settings):
    settings.NOTIFY_LEASE_SECONDS = LEASE
    settings.NOTIFY_UNKNOWN_GUARD = False
    total = written(500, 1)
    killed_again_and_again(slow_wechat, kills=3, total=total)
    drain(slow_wechat)
    assert slow_wechat.get("/sandbox/oracle")["duplicates"] > 0


@pytest.mark.parametrize("own_valkey", [True, False], indirect=True, ids=["aof", "forgetful"])
def test_valkey_killed_and_back_doubles_nothing_and_loses_nothing(
    own_valkey, slow_wechat, settings
):
    settings.NOTIFY_LEASE_SECONDS = LEASE
    total = written(300, 2)
    with dispatcher(slow_wechat):
        for share in (0.2, 0.5):
            wait_for(lambda: accepted(slow_wechat) >= total * share, seconds=30)  # noqa: B023
            own_valkey.kill()
            time.sleep(1)
            own_valkey.start()
    drain(slow_wechat)
    got = judged(slow_wechat, total)
    assert max(got.values()) == 1
    assert slow_wechat.get("/sandbox/oracle")["duplicates"] == 0


@pytest.mark.parametrize("own_valkey", [True, False], indirect=True, ids=["aof", "forgetful"])
def test_valkey_and_dispatcher_killed_together_double_nothing(own_valkey, slow_wechat, settings):
    settings.NOTIFY_LEASE_SECONDS = LEASE
    total = written(300, 2)
    for _ in range(3):
        before = accepted(slow_wechat)
        with dispatcher(slow_wechat) as process:
            wait_for(lambda: reaped_and(slow_wechat, before + 30), seconds=30)  # noqa: B023
            process.kill()
            own_valkey.kill()
            process.wait()
        own_valkey.start()
    drain(slow_wechat)
    got = judged(slow_wechat, total)
    assert max(got.values()) == 1
    assert slow_wechat.get("/sandbox/oracle")["duplicates"] == 0


def test_flushed_marks_double_nothing(own_valkey, slow_wechat, settings):
    settings.NOTIFY_LEASE_SECONDS = LEASE
    total = written(300, 2)
    with dispatcher(slow_wechat) as process:
        for share in (0.1, 0.3, 0.5):
            wait_for(lambda: accepted(slow_wechat) >= total * share, seconds=30)  # noqa: B023
            marks._client().flushall()
        process.kill()
    marks._client().flushall()
    drain(slow_wechat)
    got = judged(slow_wechat, total)
    assert max(got.values()) == 1
    assert Delivery.objects.filter(state=S.UNKNOWN).count() > 0


def test_two_dispatchers_share_and_double_nothing(own_valkey, slow_wechat):
    total = written(200, 5)
    with dispatcher(slow_wechat), dispatcher(slow_wechat):
        wait_for(lambda: left() == 0, seconds=60)
    got = judged(slow_wechat, total)
    assert len(got) == total
    assert max(got.values()) == 1
    assert set(Delivery.objects.values_list("state", flat=True)) == {S.ACCEPTED}
    assert len(set(DeliveryAttempt.objects.values_list("worker", flat=True))) == 2
    assert "43108" not in slow_wechat.get("/sandbox/oracle")["sends_by_errcode"]
    assert not Quota.objects.filter(held__gt=0).exists()


def test_a_dispatcher_that_slept_through_its_lease_doubles_nothing(
    own_valkey, slow_wechat, settings
):
    settings.NOTIFY_LEASE_SECONDS = LEASE
    total = written(150, 4)
    with dispatcher(slow_wechat) as zombie:
        wait_for(lambda: accepted(slow_wechat) >= 50, seconds=30)
        zombie.send_signal(signal.SIGSTOP)
        asleep = Delivery.objects.filter(state=S.CLAIMED).count()
        assert asleep > 0
        time.sleep(LEASE + 0.5)
        drain(slow_wechat)
        unknown = Delivery.objects.filter(state=S.UNKNOWN).count()
        assert unknown <= asleep
        zombie.send_signal(signal.SIGCONT)
        time.sleep(3)
        dispatch.reap(now=timezone.now(), worker="reaper")

    got = judged(slow_wechat, total)
    assert max(got.values()) == 1
    assert slow_wechat.get("/sandbox/oracle")["duplicates"] == 0
    assert Delivery.objects.filter(state=S.UNKNOWN).count() < max(unknown, 1)  # its marks settle
