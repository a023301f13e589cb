"""The WeChat sandbox's pushes: signed, encrypted, in two shapes, retried; opened by our adapter."""

import json
import time

import pytest

from backend.core import wechat as adapter
from backend.devstack.wechat import account
from tests.devstack.test_wechat_send import SEND, message
from tests.stubs import Stub


@pytest.fixture
def listener(wechat):
    listener = Stub(body=b"success")
    wechat.post("/sandbox/callback", {"url": listener.url, "delay_ms": 0})
    yield listener
    wechat.post("/sandbox/reset")
    listener.close()


@pytest.fixture
def subscribe(wechat):
    def answer(**more):
        body = {"who": "li", "template_id": account.PROGRESS_ONCE, "action": "accept", **more}
        return wechat.post("/sandbox/subscribe", body)

    return answer


def opened(push):
    query, body = push
    return adapter.open_callback(query=query, body=body)


@pytest.mark.parametrize("shape", ["json", "xml"])
def test_tells_of_the_popup(wechat, listener, subscribe, shape):
    wechat.post("/sandbox/callback", {"shape": shape})
    subscribe()

    (push,) = listener.wait_for(1)

    event = opened(push)
    assert event["event"] == "subscribe_msg_popup_event"
    assert event["openid"] == account.openid_of("li", "wx5a1yang0000demo")
    assert event["items"] == [
        {"template_id": account.PROGRESS_ONCE, "result": "accept", "scene": "0"}
    ]
    assert push[1].startswith(b"<xml>" if shape == "xml" else b"{")
    assert account.PROGRESS_ONCE.encode() not in push[1], "the body is encrypted"


@pytest.mark.parametrize("shape", ["json", "xml"])
def test_tells_of_several_templates_at_once(wechat, listener, subscribe, shape):
    wechat.post("/sandbox/callback", {"shape": shape})
    subscribe(template_ids=[account.PROGRESS_ONCE, account.BOOKING_ONCE], action="reject")

    event = opened(listener.wait_for(1)[0])

    assert [item["template_id"] for item in event["items"]] == [
        account.PROGRESS_ONCE,
        account.BOOKING_ONCE,
    ]
    assert {item["result"] for item in event["items"]} == {"reject"}


def test_tells_of_the_switch_in_the_settings(listener, subscribe):
    subscribe(action="off")
    event = opened(listener.wait_for(1)[0])
    assert event["event"] == "subscribe_msg_change_event"
    assert event["items"] == [{"template_id": account.PROGRESS_ONCE, "result": "reject"}]


def test_tells_that_a_message_was_sent(wechat, listener, subscribe, token):
    subscribe()
    sent = wechat.post(SEND, message(), access_token=token)

    events = [opened(push) for push in listener.wait_for(2)]

    (event,) = (one for one in events if one["event"] == "subscribe_msg_sent_event")
    assert event["items"] == [
        {
            "template_id": account.PROGRESS_ONCE,
            "msgid": str(sent["msgid"]),
            "errcode": "0",
            "errstatus": "success",
        }
    ]


def test_gives_an_event_one_digest_in_either_shape(wechat):
    event = {
        "Event": "subscribe_msg_popup_event",
        "FromUserName": "o" + "x" * 27,
        "CreateTime": 1_900_000_000,
        "List": [{"TemplateId": "t", "SubscribeStatusString": "accept", "PopupScene": "0"}],
    }
    sealed = [
        wechat.post("/sandbox/sealed", {"event": event, "shape": shape})
        for shape in ("json", "xml")
    ]
    first, second = (opened((one["query"], one["body"].encode())) for one in sealed)
    assert first == second


def test_comes_again_until_it_is_acknowledged(wechat, listener, subscribe):
    wechat.post("/sandbox/callback", {"retry_seconds": 0.1})
    listener.statuses = [503, 500]
    subscribe()

    pushes = listener.wait_for(3)

    assert pushes[0] == pushes[1] == pushes[2], "a retry is the very same request"
    time.sleep(0.4)
    assert len(listener.heard) == 3
    assert wechat.get("/sandbox/callback")["counts"]["retried"] == 2


def test_gives_up_after_three_retries(wechat, listener, subscribe):
    wechat.post("/sandbox/callback", {"retry_seconds": 0.05, "same_nonce": False})
    listener.statuses = [500] * 10
    subscribe()

    pushes = listener.wait_for(4)
    time.sleep(0.3)

    assert len(listener.heard) == 4
    assert len({query["nonce"] for query, _body in pushes}) == 4
    assert wechat.get("/sandbox/callback")["counts"]["given_up"] == 1


def test_says_things_twice_and_out_of_order_when_told_to(wechat, listener, subscribe):
    wechat.post("/sandbox/callback", {"duplicate_percent": 100})
    subscribe()
    first, second = (opened(push) for push in listener.wait_for(2))
    assert first["digest"] == second["digest"]


def test_leaves_out_sent_events_for_a_measurement(wechat, listener, subscribe, token):
    wechat.post("/sandbox/callback", {"sent_events": False})
    subscribe()
    wechat.post(SEND, message(), access_token=token)
    time.sleep(0.3)
    assert len(listener.heard) == 1


def test_shows_how_it_pushes(wechat):
    shown = wechat.get("/sandbox/callback")
    assert shown["retry_seconds"] == 5
    assert json.dumps(shown)
