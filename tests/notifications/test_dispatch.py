"""Dispatching …"""

from datetime import date, timedelta

import pytest
import time_machine
from django.utils import timezone

from backend.accounts.models import WeChatIdentity
from backend.residents.models import Resident
from notifications import actions, dispatch, marks
from notifications.models import (
    Delivery,
    DeliveryAttempt,
    Heartbeat,
    Notification,
    Preference,
    Quota,
    QuotaEntry,
)
from tests.factories.notices import A, number, openid, reader, readers, told

pytestmark = pytest.mark.django_db
S, N = Delivery.State, Notification.State
SEND = "/cgi-bin/message/subscribe/send"


def sent(*, seconds=3):
    dispatch.run("rt", seconds=seconds)


def step(notice, no=1):
    return Delivery.objects.get(notification=notice, step_no=no)


def quota_of(account):
    return Quota.objects.get(identity__account=account, template_id=A)


def received(sandbox, account):
    return sandbox.get("/sandbox/received", openid=openid(account))


# ── the good way ────────────────────────────────────────────────────────────────────────────


def test_brings_a_notice_to_the_phone_once(open_wechat):
    account = reader()
    notice = told(account)

    sent()
    sent()

    delivery = step(notice)
    assert (delivery.state, delivery.attempts) == (S.ACCEPTED, 1)
    assert delivery.provider_id
    assert delivery.accepted_at
    notice.refresh_from_db()
    assert notice.state == N.DONE
    got = received(open_wechat, account)
    assert len(got) == 1
    assert got[0]["data"]["phrase3"] == "已提交"
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.n, attempt.outcome, attempt.errcode) == (1, S.ACCEPTED, 0)


def test_spends_one_grant(open_wechat):
    account = reader(grants=2)
    told(account)
    sent()
    assert (quota_of(account).balance, quota_of(account).held) == (1, 0)
    assert QuotaEntry.objects.get().delta == -1


def test_sends_hundreds_and_leaves_no_marks(open_wechat):
    for account in readers(300):
        told(account)
    sent(seconds=20)
    assert Delivery.objects.filter(state=S.ACCEPTED).count() == 300
    oracle = open_wechat.get("/sandbox/oracle")
    assert (oracle["accepted"], oracle["duplicates"]) == (300, 0)
    assert [*marks._client().scan_iter("cps:notices:mark:*")] == []
    assert [*marks._client().scan_iter("cps:notices:busy:*")] == []


def test_keeps_the_order_of_each_person(open_wechat):
    accounts = readers(10, grants=20)
    for _ in range(6):
        for account in accounts:
            told(account)
    open_wechat.faults(latency_ms=20)
    sent(seconds=15)
    for account in accounts:
        tails = [got["data"]["character_string2"] for got in received(open_wechat, account)]
        assert len(tails) == 6
        assert tails == sorted(tails)
    assert "43108" not in open_wechat.get("/sandbox/oracle")["sends_by_errcode"]


def test_notes_that_the_worker_lives():
    sent(seconds=0)
    assert Heartbeat.objects.get(worker="rt").at > timezone.now() - timedelta(seconds=10)


# ── what is not sent ────────────────────────────────────────────────────────────────────────


def test_does_not_ask_wechat_when_no_grant_is_left(open_wechat, sms):
    account = reader(grants=0)
    notice = told(account)
    sent()
    assert (step(notice).state, step(notice).reason) == (S.SKIPPED, "no_quota")
    assert open_wechat.get("/sandbox/oracle")["sends"] == 0
    notice.refresh_from_db()
    assert notice.state == N.DONE  # the inbox has it, and a submission needs no SMS


def test_asks_all_the_same_where_the_ledger_is_not_trusted(open_wechat, settings):
    settings.NOTIFY_TRUST_LEDGER = False
    notice = told(reader(grants=0))
    sent()
    assert step(notice).state == S.ACCEPTED


def test_goes_on_to_sms_where_the_kind_needs_it(open_wechat, sms):
    account = reader(grants=0)
    notice = told(account, "case.declined", reason="材料不清楚")
    sent()
    assert step(notice, 1).reason == "no_quota"
    assert (step(notice, 2).channel, step(notice, 2).state) == ("sms", S.ACCEPTED)
    (text,) = sms.get("/sandbox/received", phone=account.resident.phone)
    assert "高龄津贴" in text["text"]
    assert "没有受理" in text["text"]
    assert number(0)[:18] not in text["text"]


@pytest.mark.parametrize(
    ("change", "reason", "state"),
    [
        ({"state": N.CANCELLED}, "withdrawn", N.CANCELLED),
        ({"expires_at": timezone.now() - timedelta(days=1)}, "expired", N.EXPIRED),
    ],
)
def test_leaves_out_what_is_withdrawn_or_too_late(open_wechat, change, reason, state):
    account = reader()
    notice = told(account)
    Notification.objects.filter(pk=notice.pk).update(**change)
    sent()
    assert (step(notice).state, step(notice).reason) == (S.SKIPPED, reason)
    notice.refresh_from_db()
    assert notice.state == state
    assert (quota_of(account).balance, quota_of(account).held) == (1, 0)
    assert received(open_wechat, account) == []


def test_respects_what_the_reader_switched_off(open_wechat, sms):
    account = reader()
    Preference.objects.create(account=account, kind_group="case", channel="wechat", is_on=False)
    plain, statutory = told(account), told(account, "case.declined", reason="不符合")
    sent()
    assert (step(plain).state, step(plain).reason) == (S.SKIPPED, "switched_off")
    assert not Delivery.objects.filter(notification=plain, step_no=2).exists()
    assert step(statutory, 2).state == S.ACCEPTED  # the law wants it told


def test_reminds_nobody_who_died(open_wechat):
    account = reader()
    Resident.objects.filter(account=account).update(deceased_on=date(2026, 11, 1))
    notice = told(account)
    Notification.objects.filter(pk=notice.pk).update(kind_group="reminder")
    sent()
    notice.refresh_from_db()
    assert (notice.state, notice.reason) == (N.SUPPRESSED, "deceased")


def test_sends_no_sms_to_nobody(open_wechat, sms):
    notice = told(reader(grants=0, phone=False), "case.declined", reason="不符合")
    sent()
    assert (step(notice, 2).state, step(notice, 2).reason) == (S.SKIPPED, "no_phone")
    notice.refresh_from_db()
    assert notice.state == N.DONE


# ── what WeChat refuses ─────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("errcode", "state", "balance", "sms_step"),
    [
        (43101, S.FAILED, 0, True),
        (40003, S.FAILED, 5, True),
        (40037, S.FAILED, 5, True),
        (47003, S.FAILED, 5, True),
        (45168, S.FAILED, 5, False),
        (43107, S.FAILED, 5, True),
        (-1, S.RETRY, 5, False),
        (43108, S.RETRY, 5, False),
        (45009, S.RETRY, 5, False),
        (48001, S.RETRY, 5, False),
    ],
)
def test_follows_the_error_table(open_wechat, sms, errcode, state, balance, sms_step):
    account = reader(grants=5)
    notice = told(account, "case.declined", reason="不符合")
    open_wechat.faults({"kind": "errcode", "errcode": errcode, "path": SEND})
    sent(seconds=1)
    first = step(notice)
    assert (first.state, first.errcode) == (state, errcode)
    assert (quota_of(account).balance, quota_of(account).held) == (balance, 0)
    assert Delivery.objects.filter(notification=notice, channel="sms").exists() == sms_step
    assert sum(QuotaEntry.objects.values_list("delta", flat=True)) == balance - 5


def test_forgets_an_openid_wechat_does_not_know(open_wechat):
    account = reader(grants=5)
    told(account)
    open_wechat.faults({"kind": "errcode", "errcode": 40003, "path": SEND})
    sent(seconds=1)
    assert WeChatIdentity.objects.get(account=account).is_valid is False
    second = told(account)
    sent(seconds=1)
    assert step(second).reason == "no_wechat"


def test_sends_again_without_a_page_wechat_does_not_know(open_wechat):
    notice = told(reader())
    open_wechat.faults({"kind": "errcode", "errcode": 41030, "path": SEND, "first": 1})
    sent()
    assert step(notice).state == S.ACCEPTED
    assert open_wechat.get("/sandbox/oracle")["duplicates"] == 0


def test_tries_a_busy_system_three_times_then_leaves_it(open_wechat, sms):
    notice = told(reader(), "case.declined", reason="不符合")
    open_wechat.faults({"kind": "errcode", "errcode": -1, "path": SEND})
    for _ in range(4):
        sent(seconds=1)
        Delivery.objects.filter(state=S.RETRY).update(next_at=timezone.now())
    assert (step(notice).state, step(notice).attempts) == (S.FAILED, 4)
    assert step(notice, 2).channel == "sms"


def test_rests_when_the_daily_quota_is_used_up(open_wechat):
    for account in readers(200):
        told(account)
    open_wechat.faults({"kind": "errcode", "errcode": 45009, "path": SEND})
    sent(seconds=2)
    assert Delivery.objects.filter(state__in=[S.WAITING, S.RETRY]).count() == 200
    calls_made = open_wechat.get("/sandbox/oracle")["sends"]
    assert calls_made <= 160
    sent(seconds=1)
    assert open_wechat.get("/sandbox/oracle")["sends"] == calls_made
    assert marks.paused(["wechat", "sms"]) == {"wechat"}


def test_waits_long_for_a_wechat_that_cannot_be_reached(settings):
    settings.WECHAT_BASE_URL = "http://127.0.0.1:1"
    account = reader()
    notice = told(account)
    sent(seconds=1)
    assert (step(notice).state, step(notice).reason) == (S.RETRY, "unreached")
    assert marks.paused(["wechat"]) == {"wechat"}
    assert (quota_of(account).balance, quota_of(account).held) == (1, 0)


# ── what nobody knows ───────────────────────────────────────────────────────────────────────


def test_never_repeats_a_call_whose_answer_was_lost(open_wechat, sms):
    account = reader(grants=5)
    notice = told(account, "case.declined", reason="不符合")
    open_wechat.faults({"kind": "reset", "stage": "after", "path": SEND, "first": 1})
    sent()
    assert step(notice).state == S.UNKNOWN
    assert (quota_of(account).balance, quota_of(account).held) == (5, 1)

    now = timezone.now()
    dispatch.reap(now=now, worker="test")
    assert step(notice).state == S.UNKNOWN
    with time_machine.travel(now + timedelta(minutes=11)):
        dispatch.reap(now=timezone.now(), worker="test")
        assert (step(notice).state, step(notice).reason) == (S.UNCONFIRMED, "no_word")
        assert (quota_of(account).balance, quota_of(account).held) == (4, 0)
        sent()
    assert step(notice, 2).state == S.ACCEPTED
    oracle = open_wechat.get("/sandbox/oracle")
    assert (oracle["sends"], oracle["duplicates"]) == (1, 0)


@pytest.mark.parametrize("fault", ["html", "garbage", "http"])
def test_takes_an_unreadable_answer_for_unknown(open_wechat, fault):
    notice = told(reader())
    open_wechat.faults({"kind": fault, "path": SEND})
    sent(seconds=1)
    assert step(notice).state == S.UNKNOWN


def test_asks_the_sms_vendor_what_became_of_a_message(open_wechat, sms):
    notice = told(reader(grants=0), "case.declined", reason="不符合")
    sms.faults({"kind": "reset", "stage": "after", "path": "/send", "first": 1})
    sent()
    assert step(notice, 2).state == S.UNKNOWN
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        dispatch.reap(now=timezone.now(), worker="test")
    assert step(notice, 2).state == S.DELIVERED


def test_a_broken_call_is_never_made_twice(open_wechat):
    account = reader()
    notice = told(account)
    Resident.objects.filter(account=account).update(sealed_name=b"\x01\x01" + b"0" * 40)
    Notification.objects.filter(pk=notice.pk).update(template_key="B")
    Quota.objects.update(template_id="lMv1qnMAfLrI-vNQWMCzhUCS7H-Dz8ZQp5eE_5G7k-M")
    sent(seconds=1)
    assert step(notice).state == S.UNKNOWN


def test_measures_what_waits():
    for account in readers(3):
        told(account)
    dispatch.measure(now=timezone.now() + timedelta(seconds=30))
    gauge = dispatch.reaping.measures.BACKLOG_SECONDS.labels("rt")
    assert gauge._value.get() >= 30
    assert actions.tidy() == 0
