"""微信推送的门 over HTTP: what is kept, once; what is refused; what WeChat is to send again."""

import hashlib
import time
from urllib.parse import urlencode

import pytest
from django.db import connection

from backend.devstack.wechat import sealing
from backend.devstack.wechat.account import credentials
from notifications.models import CallbackRaw
from tests.sandboxes import forget_tokens

pytestmark = pytest.mark.django_db
URL = "/wechat/callback"
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


def a_push(shape="json", event=EVENT):
    made = sealing.seal(event, credentials(), shape, time.time())
    return f"{URL}?{urlencode(made['query'])}", made["body"].encode()


def push(client, url, body):
    return client.generic("POST", url, body, content_type="text/xml")


@pytest.mark.parametrize("shape", ["json", "xml"])
def test_keeps_a_push_sealed_and_says_success(client, shape):
    answer = push(client, *a_push(shape))
    assert (answer.status_code, answer.content) == (200, b"success")
    assert EVENT["FromUserName"].encode() not in bytes(CallbackRaw.objects.get().sealed_body)


def test_the_same_event_told_again_is_kept_once(client):
    for shape in ("json", "xml", "json"):
        assert push(client, *a_push(shape)).content == b"success"
    assert CallbackRaw.objects.count() == 1


def test_a_replayed_request_is_refused(client):
    one = a_push()
    assert [push(client, *one).status_code for _ in range(2)] == [200, 403]


def test_a_forged_request_is_refused(client):
    url, body = a_push()
    for forged in (url.replace("msg_signature=", "msg_signature=0"), url.split("?")[0]):
        assert push(client, forged, body).status_code == 403
    assert push(client, url, body.replace(b"A", b"B", 1)).status_code == 403
    assert not CallbackRaw.objects.exists()


def test_what_is_too_large_is_refused(client):
    url, _ = a_push()
    assert push(client, url, b"x" * (64 * 1024 + 1)).status_code == 413


@pytest.mark.django_db(transaction=True)
def test_wechat_shall_send_again_while_the_database_is_down(client):
    """The address refuses, as after a crash; the nonce is let go, or the retry were a replay."""
    one, port = a_push(), connection.settings_dict["PORT"]
    connection.close()
    connection.settings_dict["PORT"] = 9
    try:
        answers = [push(client, *one) for _ in range(2)]
    finally:
        connection.close()
        connection.settings_dict["PORT"] = port
    assert {(answer.status_code, answer["Retry-After"]) for answer in answers} == {(503, "5")}
    assert push(client, *one).content == b"success"


def test_answers_the_address_check(client):
    stamp, nonce = str(int(time.time())), "123"
    token = credentials().token
    signature = hashlib.sha1("".join(sorted((token, stamp, nonce))).encode()).hexdigest()
    query = {"timestamp": stamp, "nonce": nonce, "echostr": "5577006791947779410"}
    right = client.get(URL, query | {"signature": signature})
    assert (right.status_code, right.content) == (200, b"5577006791947779410")
    assert client.get(URL, query | {"signature": "0" * 40}).status_code == 403
