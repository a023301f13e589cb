"""WeChat's pushes …"""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from backend.core import wechat as adapter
from notifications import actions, dispatch, marks
from notifications.dispatch import claims
from notifications.models import CallbackRaw, Delivery, Quota
from tests.factories.notices import A, openid, reader, readers, told

pytestmark = pytest.mark.django_db
S, C = Delivery.State, CallbackRaw.State
SEND = "/cgi-bin/message/subscribe/send"
SENT = "subscribe_msg_sent_event"


def opened(sandbox, account, *items, event=SENT, at=None, shape="json"):
    """Let the sandbox seal an event, and open it as the door does."""
    at = (at or timezone.now()).timestamp()
    wish = {"event": {"Event": event, "FromUserName": openid(account), "List": list(items)}}
    sealed = sandbox.post("/sandbox/sealed", {**wish, "shape": shape, "at": at})
    return adapter.open_callback(query=sealed["query"], body=sealed["body"].encode())


def word(msgid, code="0", template=A):
    status = "success" if code == "0" else "system error"
    return {"TemplateId": template, "MsgID": msgid, "ErrorCode": code, "ErrorStatus": status}


def pushed(callback):
    actions.keep_callback(callback=callback)
    actions.apply_callbacks()
    return CallbackRaw.objects.get(hash=bytes.fromhex(callback["digest"])).state


def step(notice, no=1):
    return Delivery.objects.get(notification=notice, step_no=no)


@pytest.mark.parametrize("shape", ["json", "xml"])
def test_confirm_what_was_accepted(open_wechat, shape):
    account = reader()
    notice = told(account)
    dispatch.run("rt", seconds=2)
    event = opened(open_wechat, account, word(step(notice).provider_id), shape=shape)
    assert pushed(event) == C.APPLIED
    assert step(notice).state == S.DELIVERED
    assert step(notice).delivered_at


def test_told_twice_count_once(open_wechat):
    account = reader()
    notice = told(account)
    dispatch.run("rt", seconds=2)
    for shape in ("json", "xml", "json"):
        event = opened(open_wechat, account, word(step(notice).provider_id), shape=shape)
        pushed(event)
    assert CallbackRaw.objects.count() == 1
    assert step(notice).state == S.DELIVERED


def test_settle_what_was_unknown(open_wechat):
    account = reader()
    notice = told(account)
    open_wechat.faults({"kind": "reset", "stage": "after", "path": SEND, "first": 1})
    dispatch.run("rt", seconds=2)
    assert step(notice).state == S.UNKNOWN
    assert pushed(opened(open_wechat, account, word("123456"))) == C.APPLIED
    row = step(notice)
    assert (row.state, row.provider_id) == (S.DELIVERED, "123456")
    quota = Quota.objects.get(identity__account=account)
    assert (quota.balance, quota.held) == (0, 0)


def test_of_before_the_attempt_settle_nothing(open_wechat):
    account = reader()
    notice = told(account)
    open_wechat.faults({"kind": "reset", "stage": "after", "path": SEND, "first": 1})
    dispatch.run("rt", seconds=2)
    before = timezone.now() - timedelta(seconds=60)
    assert pushed(opened(open_wechat, account, word("123456"), at=before)) == C.NEW
    assert step(notice).state == S.UNKNOWN


def test_wait_while_a_call_for_the_person_is_in_flight(open_wechat):
    account = reader(grants=3)
    unknown = told(account)
    open_wechat.faults({"kind": "reset", "stage": "after", "path": SEND, "first": 1})
    dispatch.run("rt", seconds=2)
    told(account)
    claims.take(lane="rt", room=1, still=(), epoch=marks.epoch(), now=timezone.now())
    event = opened(open_wechat, account, word("777"), at=timezone.now() + timedelta(seconds=1))
    assert pushed(event) == C.NEW  # whose it is shows when the call has come back
    assert step(unknown).state == S.UNKNOWN


def test_of_what_wechat_itself_failed_to_push_go_on_to_sms(open_wechat, sms):
    account = reader()
    notice = told(account, "case.declined", reason="不符合")
    open_wechat.post("/sandbox/limits", {"undelivered_percent": 100})
    dispatch.run("rt", seconds=2)
    failed = word(step(notice).provider_id, code="-1")
    assert pushed(opened(open_wechat, account, failed)) == C.APPLIED
    assert (step(notice).state, step(notice).reason) == (S.FAILED, "not_pushed")
    dispatch.run("rt", seconds=2)
    assert step(notice, 2).state == S.ACCEPTED


def test_of_nothing_we_know_rest_after_ten_minutes(open_wechat):
    event = opened(open_wechat, reader(), word("42"))
    assert pushed(event) == C.NEW
    with time_machine.travel(timezone.now() + timedelta(minutes=11)):
        actions.apply_callbacks()
    assert CallbackRaw.objects.get().state == C.IGNORED


def test_of_strangers_and_of_other_things_are_left(open_wechat):
    stranger = reader()
    stranger.name = "nobody"
    assert pushed(opened(open_wechat, stranger, word("42"))) == C.IGNORED
    other = opened(open_wechat, reader(), {"a": "b"}, event="wxa_media_check")
    assert pushed(other) == C.IGNORED


def test_that_cannot_be_read_are_put_aside_after_five_tries(open_wechat):
    event = opened(open_wechat, reader(), {"odd": "1"}, event="subscribe_msg_popup_event")
    actions.keep_callback(callback=event)
    for _ in range(5):
        CallbackRaw.objects.update(next_at=timezone.now())
        actions.apply_callbacks()
    assert CallbackRaw.objects.get().state == C.FAILED


def test_are_kept_sealed(open_wechat):
    account = reader()
    actions.keep_callback(callback=opened(open_wechat, account, word("1")))
    kept = bytes(CallbackRaw.objects.get().sealed_body)
    assert openid(account).encode() not in kept
    assert CallbackRaw.objects.get().body["openid"] == openid(account)


def test_of_hundreds_are_applied_in_few_statements(open_wechat, django_assert_max_num_queries):
    accounts = readers(100)
    notices = [told(account) for account in accounts]
    dispatch.run("rt", seconds=10)
    for account, notice in zip(accounts, notices, strict=True):
        event = opened(open_wechat, account, word(step(notice).provider_id))
        actions.keep_callback(callback=event)
    with django_assert_max_num_queries(12):
        assert actions.apply_callbacks() == 100
    assert Delivery.objects.filter(state=S.DELIVERED).count() == 100
