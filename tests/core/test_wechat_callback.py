"""Callbacks: what is opened, once; what is forged, old, replayed or monstrous, never."""

import json
import time
from concurrent.futures import ThreadPoolExecutor

import pytest

from backend.core import wechat as adapter
from backend.devstack.wechat import sealing
from backend.devstack.wechat.account import Credentials, credentials
from tests.sandboxes import forget_tokens, free_port

EVENT = {
    "Event": "subscribe_msg_popup_event",
    "FromUserName": "o" + "x" * 27,
    "CreateTime": 1_900_000_000,
    "MsgType": "event",
    "List": [{"TemplateId": "t", "SubscribeStatusString": "accept", "PopupScene": "0"}],
}


@pytest.fixture(autouse=True)
def fresh():
    forget_tokens()


def sealed(event=EVENT, shape="json", at=None, who=None):
    made = sealing.seal(event, who or credentials(), shape, at or time.time())
    return made["query"], made["body"].encode()


def opened(query, body):
    return adapter.open_callback(query=query, body=body)


@pytest.mark.parametrize("shape", ["json", "xml"])
def test_opens_an_event(shape):
    event = opened(*sealed(shape=shape))

    assert event["event"] == "subscribe_msg_popup_event"
    assert event["openid"] == EVENT["FromUserName"]
    assert event["created_at"] == 1_900_000_000
    assert event["items"] == [{"template_id": "t", "result": "accept", "scene": "0"}]
    assert len(event["digest"]) == 64


def test_opens_an_event_of_another_kind():
    event = {
        "Event": "wxa_media_check",
        "FromUserName": "o1",
        "CreateTime": 1_900_000_000,
        "trace_id": "abc",
        "result": {"suggest": "pass", "label": 100},
    }
    (item,) = opened(*sealed(event))["items"]
    assert item["trace_id"] == "abc"
    assert json.loads(item["result"]) == {"suggest": "pass", "label": 100}


def test_reads_numbers_and_texts_alike():
    number = {**EVENT, "List": [{**EVENT["List"][0], "PopupScene": 0}]}
    assert opened(*sealed(number))["digest"] == opened(*sealed())["digest"]


def test_refuses_a_replay_and_lets_a_released_one_in():
    push = sealed()
    opened(*push)
    with pytest.raises(adapter.BadCallback):
        opened(*push)
    adapter.release_callback(query=push[0])
    assert opened(*push)


def test_opens_one_of_many_at_the_same_instant():
    push = sealed()

    def once(_n):
        try:
            return opened(*push)["event"]
        except adapter.BadCallback:
            return None

    with ThreadPoolExecutor(16) as pool:
        assert len([one for one in pool.map(once, range(16)) if one]) == 1


@pytest.mark.parametrize("late", [-301, 301, -86400])
def test_refuses_another_time(late):
    with pytest.raises(adapter.BadCallback):
        opened(*sealed(at=time.time() + late))


@pytest.mark.parametrize("name", ["msg_signature", "timestamp", "nonce", "encrypt_type"])
@pytest.mark.parametrize("value", ["", "1", "签名", "9" * 5000])
def test_refuses_a_changed_query(name, value):
    query, body = sealed()
    with pytest.raises(adapter.BadCallback):
        opened({**query, name: value}, body)
    with pytest.raises(adapter.BadCallback):
        opened({key: kept for key, kept in query.items() if key != name}, body)


def test_refuses_a_changed_body():
    query, body = sealed()
    envelope = json.loads(body)
    changed = envelope["Encrypt"][:-8] + "AAAAAAA="
    with pytest.raises(adapter.BadCallback):
        opened(query, json.dumps({**envelope, "Encrypt": changed}).encode())


@pytest.mark.parametrize(
    "stranger",
    [
        Credentials("wx00000000000000", "s", "sandbox-callback-token", credentials().aes_key),
        Credentials(credentials().app_id, "s", "another-token", credentials().aes_key),
        Credentials(credentials().app_id, "s", "sandbox-callback-token", "A" * 43),
    ],
    ids=["app", "token", "key"],
)
def test_refuses_a_stranger(stranger):
    with pytest.raises(adapter.BadCallback):
        opened(*sealed(who=stranger))


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"[]",
        b"null",
        b"\xff\xfe",
        b"<xml>",
        b"<!DOCTYPE x [<!ENTITY a 'b'>]><xml><Encrypt>&a;</Encrypt></xml>",
        '<?xml version="1.0" encoding="utf-16"?><xml/>'.encode("utf-16"),
        b"<a>" * 5000 + b"</a>" * 5000,
        b"[" * 20000,
        b'{"Encrypt": {"x": 1}}',
        b"x" * 70000,
    ],
)
def test_refuses_what_is_no_push(body):
    query, _body = sealed()
    with pytest.raises(adapter.BadCallback):
        opened(query, body)


def test_refuses_a_signed_message_of_another_shape():
    for event in ({"Event": "", "CreateTime": 1}, {"Event": "x", "CreateTime": "soon"}):
        with pytest.raises(adapter.BadCallback):
            opened(*sealed(event))
    with pytest.raises(adapter.BadCallback):
        opened(*sealed({**EVENT, "List": [1, 2]}))


def test_opens_without_valkey(settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    push = sealed()
    assert opened(*push) == opened(*push), "the digest makes it count once"
    adapter.release_callback(query=push[0])


def test_answers_the_address_check():
    now, nonce = str(int(time.time())), "5"
    right = sealing.signature("sandbox-callback-token", now, nonce)
    query = {"timestamp": now, "nonce": nonce, "echostr": "778899"}

    assert adapter.echo(query={**query, "signature": right}) == "778899"
    with pytest.raises(adapter.BadCallback):
        adapter.echo(query={**query, "signature": "0" * 40})
    old = str(int(time.time()) - 400)
    with pytest.raises(adapter.BadCallback):
        adapter.echo(
            query={
                **query,
                "timestamp": old,
                "signature": sealing.signature("sandbox-callback-token", old, nonce),
            }
        )
