"""A lease that ran out …"""

from datetime import timedelta

import pytest
from django.utils import timezone

from notifications import dispatch, marks
from notifications.dispatch import calls, claims, settling
from notifications.models import Delivery, Quota
from tests.factories.notices import A, reader, told

pytestmark = pytest.mark.django_db
S = Delivery.State


def sent(*, seconds=3):
    dispatch.run("rt", seconds=seconds)


def step(notice):
    return Delivery.objects.get(notification=notice)


def quota_of(account):
    return Quota.objects.get(identity__account=account, template_id=A)


def taken(lane="rt", room=10):
    return claims.take(lane=lane, room=room, still=(), epoch=marks.epoch(), now=timezone.now())


def after_the_lease():
    return timezone.now() + timedelta(seconds=61)


def test_requeues_what_never_began_and_fences_it_off(open_wechat):
    notice = told(reader())
    (job,) = taken()
    dispatch.reap(now=after_the_lease(), worker="test")
    assert (step(notice).state, step(notice).reason) == (S.RETRY, "lease")
    Delivery.objects.update(next_at=timezone.now())

    assert calls.make(job) is None  # the sleeper wakes: its call may not begin any more
    sent()
    assert step(notice).state == S.ACCEPTED
    assert open_wechat.get("/sandbox/oracle")["sends"] == 1


def test_calls_unknown_what_began_without_a_result(open_wechat):
    account = reader()
    notice = told(account)
    (job,) = taken()
    assert marks.begin(job.claim) == "ok"
    dispatch.reap(now=after_the_lease(), worker="test")
    assert step(notice).state == S.UNKNOWN
    assert quota_of(account).held == 1
    sent()
    assert open_wechat.get("/sandbox/oracle")["sends"] == 0


def test_settles_by_the_mark_what_was_sent_and_not_written(open_wechat):
    account = reader()
    notice = told(account)
    (job,) = taken()
    assert calls.make(job).state == S.ACCEPTED
    dispatch.reap(now=after_the_lease(), worker="test")
    assert step(notice).state == S.ACCEPTED
    assert (quota_of(account).balance, quota_of(account).held) == (0, 0)


def test_rejects_the_late_writer_and_keeps_what_it_learned(open_wechat):
    account = reader()
    notice = told(account)
    (job,) = taken()
    assert marks.begin(job.claim) == "ok"
    dispatch.reap(now=after_the_lease(), worker="test")  # unknown: begun, no result yet
    marks._client().flushdb()
    marks._client().set("cps:notices:epoch", job.claim.epoch)
    result = calls.make(job)  # it had only been asleep in mid-call
    assert settling.write([result], worker="zombie") == set()
    assert step(notice).state == S.UNKNOWN
    dispatch.reap(now=timezone.now(), worker="test")
    assert step(notice).state == S.ACCEPTED  # its result stood beside its mark
    assert (quota_of(account).balance, quota_of(account).held) == (0, 0)


def test_calls_unknown_whatever_was_leased_when_valkey_lost_its_marks(open_wechat):
    notice = told(reader())
    taken()
    marks._client().flushdb()
    dispatch.reap(now=after_the_lease(), worker="test")
    assert step(notice).state == S.UNKNOWN


def test_begins_no_call_in_another_life_of_valkey(open_wechat):
    told(reader())
    (job,) = taken()
    marks._client().flushdb()
    result = calls.make(job)
    assert (result.state, result.reason, result.counted) == (S.RETRY, "other epoch", False)
    assert open_wechat.get("/sandbox/oracle")["sends"] == 0


def test_waits_for_valkey_sending_nothing_and_losing_nothing(open_wechat, settings):
    account = reader()
    notice = told(account)
    home, settings.REDIS_URL = settings.REDIS_URL, "redis://127.0.0.1:1/0"
    sent()
    assert step(notice).state == S.WAITING
    assert open_wechat.get("/sandbox/oracle")["sends"] == 0
    settings.REDIS_URL = home
    sent()
    assert step(notice).state == S.ACCEPTED


def test_lets_only_one_call_at_a_time_reach_a_person(open_wechat):
    account = reader(grants=5)
    told(account)
    second = told(account)
    Delivery.objects.filter(notification=second).update(lane="due")
    (first,), (other,) = taken("rt"), taken("due")
    assert marks.begin(first.claim) == "ok"
    result = calls.make(other)
    assert (result.state, result.reason, result.counted) == (S.RETRY, "busy", False)


def test_holds_no_more_than_the_ledger_has(open_wechat):
    account = reader(grants=1)
    told(account)
    second = told(account)
    Delivery.objects.filter(notification=second).update(lane="due")
    assert [job.row.quota_id is not None for job in taken("rt") + taken("due")] == [True, False]
