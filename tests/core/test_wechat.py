"""The WeChat adapter: login, certain and uncertain outcomes, and no secret in a text."""

import json
import logging
import time
import traceback
import uuid

import pytest
import redis

from backend.core import wechat as adapter
from backend.core.wechat import tokens
from backend.devstack.wechat import account
from tests.core.sending import data, held, openid, send, sends, token_calls
from tests.racing import together
from tests.sandboxes import free_port, someone

SEND = "/cgi-bin/message/subscribe/send"
SECRET = "sandbox-secret"


# ── login and phone ─────────────────────────────────────────────────────────────────────────


def test_logs_in_without_a_token(wechat):
    key = someone().key

    session = adapter.session_of(code=f"demo-{key}-1")

    assert session.openid == openid(key)
    assert session.unionid == ""
    assert token_calls(wechat) == 0


@pytest.mark.parametrize("code", ["", "nonsense", "x" * 300, "有汉字", "a b", "demo-li-1\n"])
def test_refuses_a_bad_code(wechat, code):
    with pytest.raises(adapter.BadLoginCode):
        adapter.session_of(code=code)
    with pytest.raises(adapter.BadPhoneCode):
        adapter.phone_of(code=code)


def test_refuses_a_replayed_code(wechat):
    adapter.session_of(code="demo-li-1")
    with pytest.raises(adapter.BadLoginCode):
        adapter.session_of(code="demo-li-1")


def test_tells_a_blocked_user_from_a_bad_code(wechat):
    wechat.faults({"kind": "errcode", "errcode": 40226, "path": "/sns/jscode2session"})
    with pytest.raises(adapter.LoginBlocked):
        adapter.session_of(code="demo-li-1")


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "errcode", "errcode": -1},
        {"kind": "errcode", "errcode": 45011},
        {"kind": "http", "status": 502},
        {"kind": "html"},
        {"kind": "garbage"},
        {"kind": "reset"},
    ],
)
def test_says_that_wechat_is_away(wechat, rule):
    wechat.faults(rule)
    with pytest.raises(adapter.WeChatUnavailable):
        adapter.session_of(code="demo-li-1")
    with pytest.raises(adapter.WeChatUnavailable):
        adapter.phone_of(code="phone-li-1")


def test_gives_the_phone_of_a_code(wechat):
    person = someone()
    assert adapter.phone_of(code=f"phone-{person.key}-1") == person.phone


def test_refuses_a_number_from_abroad(wechat):
    code = wechat.get("/sandbox/phone-code", who="chen", phone="61234567", country="852")["code"]
    with pytest.raises(adapter.ForeignPhone):
        adapter.phone_of(code=code)


@pytest.mark.parametrize(
    "answer",
    [
        {"openid": 5},
        {"openid": ""},
        {"openid": "o" * 65},
        {"openid": "o1", "unionid": ["x"]},
        {"errcode": "none"},
        {"errcode": 0, "base_resp": 1},
        [],
    ],
)
def test_does_not_believe_an_answer_of_another_shape(stub, answer):
    stub(body=json.dumps(answer).encode())
    with pytest.raises(adapter.WeChatUnavailable):
        adapter.session_of(code="demo-li-1")


# ── outcomes ────────────────────────────────────────────────────────────────────────────────


def test_is_accepted(subscribed):
    outcome = send()

    assert (outcome.status, outcome.errcode, outcome.http) == ("accepted", 0, 200)
    (got,) = subscribed.get("/sandbox/received", who="li")
    assert outcome.msgid == str(got["msgid"])
    assert got["data"]["thing5"] == "10个工作日内办结"


@pytest.mark.parametrize(
    "errcode", [-1, 43101, 43107, 43108, 40003, 40037, 41030, 45168, 44991, 45009, 48001]
)
def test_is_certainly_not_sent_when_refused(subscribed, errcode):
    subscribed.faults({"kind": "errcode", "errcode": errcode, "path": SEND})

    outcome = send()

    assert (outcome.status, outcome.errcode) == ("not_sent", errcode)
    assert len(outcome.rid) > 8


def test_names_the_field_of_a_47003(subscribed):
    outcome = send(data=data("长" * 21))
    assert (outcome.status, outcome.errcode, outcome.field) == ("not_sent", 47003, "thing5")


def test_is_not_sent_when_nobody_listens(wechat, settings):
    send()  # there is a token
    settings.WECHAT_BASE_URL = f"http://127.0.0.1:{free_port()}"
    assert send().status == "not_sent"
    assert send().errcode is None


@pytest.mark.parametrize(
    ("rule", "http", "arrived"),
    [
        ({"kind": "reset", "stage": "after"}, None, 1),
        ({"kind": "reset", "stage": "before"}, None, 0),
        ({"kind": "html"}, 200, 0),
        ({"kind": "html", "stage": "after"}, 200, 1),
        ({"kind": "garbage", "stage": "after"}, 200, 1),
        ({"kind": "http", "status": 502}, 502, 0),
        ({"kind": "http", "status": 504, "stage": "after"}, 504, 1),
        ({"kind": "http", "status": 302}, 200, 0),
    ],
)
def test_is_unknown_when_the_answer_is_lost(subscribed, rule, http, arrived):
    subscribed.faults({**rule, "path": SEND})

    outcome = send()

    assert outcome.status == "unknown"
    assert outcome.errcode is None
    assert outcome.http in (http, 302)
    assert len(subscribed.get("/sandbox/received", who="li")) == arrived
    assert sends(subscribed) == 1, "what may have arrived is never sent again from here"


def test_is_unknown_after_four_seconds_of_silence(subscribed):
    send("first")
    subscribed.faults({"kind": "timeout", "stage": "after", "path": SEND, "seconds": 8})

    began = time.monotonic()
    outcome = send()

    assert outcome.status == "unknown"
    assert 3.5 < time.monotonic() - began < 6
    assert outcome.latency_ms > 3500


def test_leaves_the_page_out_when_there_is_none(subscribed):
    assert send(page="").status == "accepted"
    assert subscribed.get("/sandbox/received", who="li")[0]["page"] == ""


def test_serves_many_threads_with_one_client(subscribed):
    subscribed.faults(latency_ms=50)
    outcomes = together(lambda n: send(f"p{n}"), times=64)
    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert token_calls(subscribed) == 1


# ── what the account may do ─────────────────────────────────────────────────────────────────


def test_lists_the_templates(wechat):
    listed = {template.id: template for template in adapter.templates()}
    assert listed[account.PROGRESS_ONCE].type == 2
    assert "{{phrase3.DATA}}" in listed[account.PROGRESS_ONCE].content


def test_reads_the_rate_limit(wechat):
    assert adapter.rate_limit() == adapter.RateLimit(10_000_000, 10_000_000, 120_000, 60)


def test_does_not_invent_templates_or_limits(wechat):
    adapter.rate_limit()
    wechat.faults({"kind": "garbage"})
    with pytest.raises(adapter.WeChatUnavailable):
        adapter.templates()
    with pytest.raises(adapter.WeChatUnavailable):
        adapter.rate_limit()


# ── secrets ─────────────────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize("place", ["nobody", "reset", "http", "slow"])
def test_lets_no_secret_into_an_exception_or_a_log(subscribed, settings, caplog, place):
    caplog.set_level(logging.DEBUG)
    send("first")
    token, hidden = held(), uuid.uuid4().hex
    if place == "nobody":
        settings.WECHAT_BASE_URL = f"http://127.0.0.1:{free_port()}"
    else:
        kind = {"reset": "reset", "http": "http", "slow": "timeout"}[place]
        subscribed.faults({"kind": kind, "seconds": 6})

    with pytest.raises(adapter.WeChatUnavailable) as caught:
        adapter.session_of(code=f"demo-li-{hidden}")
    outcome = send()

    texts = "".join(traceback.format_exception(caught.value)) + str(outcome) + repr(caught.value)
    assert caught.value.__context__ is None
    assert caught.value.__cause__ is None
    texts += "".join(record.getMessage() for record in caplog.records)
    for secret in (SECRET, token, hidden, openid()):
        assert secret not in texts


def test_passes_no_urllib3_line_that_names_a_secret(wechat):
    """At DEBUG, urllib3 would log every address, secret and all."""
    assert not logging.getLogger("urllib3.connectionpool").isEnabledFor(logging.DEBUG)


def test_asks_a_name_that_does_not_resolve_only_to_say_not_sent(wechat, settings):
    send()
    settings.WECHAT_BASE_URL = "http://no-such-host.invalid"
    assert send().status == "not_sent"


def test_shares_nothing_with_valkey_in_clear(subscribed):
    send()
    client = tokens.valkey()
    assert isinstance(client, redis.Redis)
    for key in client.scan_iter("wechat:*"):
        kept = key + (client.get(key) or b"")
        assert SECRET.encode() not in kept
        assert openid().encode() not in kept
