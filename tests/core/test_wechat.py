"""The WeChat adapter: one token for all, certain and uncertain outcomes, no secret in a text."""

import json
import logging
import threading
import time
import traceback
import uuid
from contextlib import suppress
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
import redis
from django.conf import settings as current

from backend.core import wechat as adapter
from backend.core.wechat import tokens
from backend.devstack.wechat import account
from tests.racing import together
from tests.sandboxes import Sandbox, forget_tokens, free_port, someone

SEND = "/cgi-bin/message/subscribe/send"
STABLE = "/cgi-bin/stable_token"
SECRET = "sandbox-secret"


def data(note="10个工作日内办结"):
    return {
        "thing1": {"value": "高龄津贴"},
        "character_string2": {"value": "****1234"},
        "phrase3": {"value": "已受理"},
        "time4": {"value": "2026年3月5日 09:30"},
        "thing5": {"value": note},
    }


def openid(who="li"):
    return account.openid_of(who, "wx5a1yang0000demo")


def send(who="li", **more):
    message = {
        "openid": openid(who),
        "template_id": account.PROGRESS_ONCE,
        "data": data(),
        "page": "pages/case/detail?no=1",
        **more,
    }
    return adapter.send_subscribe_message(**message)


@pytest.fixture
def subscribed(wechat) -> Sandbox:
    wechat.post(
        "/sandbox/subscribe",
        {"everyone": True, "template_id": account.PROGRESS_ONCE, "times": 100},
    )
    return wechat


def token_calls(sandbox):
    return sandbox.get("/sandbox/oracle")["token_calls"]


def sends(sandbox):
    return sandbox.get("/sandbox/oracle")["sends"]


class Stub:
    """A server that answers every request with the same bytes, or with nothing at all."""

    def __init__(self, body=b"", status=200, wait=0.0):
        self.paths = []
        stub = self

        class Door(BaseHTTPRequestHandler):
            def answer(self):
                stub.paths.append(self.path)
                time.sleep(wait)
                self.send_response(status)
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                with suppress(OSError):  # the caller may be tired of waiting
                    self.wfile.write(body)

            do_GET = do_POST = answer  # noqa: N815

            def log_message(self, *_args):
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.url = f"http://127.0.0.1:{self.server.server_port}"
        threading.Thread(target=self.server.serve_forever, daemon=True).start()


@pytest.fixture
def stub(settings):
    """Put a stub in WeChat's place."""
    stubs = []

    def put(**how):
        stubs.append(Stub(**how))
        settings.WECHAT_BASE_URL = stubs[-1].url
        forget_tokens()
        return stubs[-1]

    yield put
    for one in stubs:
        one.server.shutdown()


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


# ── the token ───────────────────────────────────────────────────────────────────────────────


def test_replaces_a_dead_token_once_for_sixteen_threads(subscribed):
    send("first")
    subscribed.post("/sandbox/token")
    before = token_calls(subscribed)

    outcomes = together(lambda n: send(f"p{n}"), times=16)

    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert token_calls(subscribed) - before <= 2


def test_needs_few_token_calls_when_processes_storm(subscribed):
    """Sixteen copies of the token, as sixteen processes have them."""
    send("first")
    subscribed.post("/sandbox/token")
    before = token_calls(subscribed)
    keepers = [tokens.Keeper() for _ in range(16)]

    found = together(lambda n: keepers[n].current() and keepers[n].replace(dead(n)), times=16)

    def alive(token):
        return subscribed.get("/wxaapi/newtmpl/gettemplate", access_token=token)["errcode"] == 0

    assert token_calls(subscribed) - before <= 2
    assert len(set(found)) == 1
    assert alive(found[0])


def test_would_storm_without_valkey_between_the_processes(subscribed, settings):
    """The control of the test above: what it counts is there to be counted."""
    send("first")
    refused = dead(0)
    subscribed.post("/sandbox/token")
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    before = token_calls(subscribed)
    keepers = [tokens.Keeper() for _ in range(16)]

    together(lambda n: keepers[n].replace(refused), times=16)

    assert token_calls(subscribed) - before == 16


def dead(_n):
    return tokens._keeper(tokens.os.getpid(), *_place())._token


def _place():
    return current.WECHAT_BASE_URL, current.WECHAT_APP_ID


def test_stops_when_the_new_token_is_the_refused_one(subscribed):
    subscribed.faults({"kind": "errcode", "errcode": 40001, "path": SEND})

    outcome = send()

    assert (outcome.status, outcome.errcode) == ("not_sent", 40001)
    assert sends(subscribed) == 1
    assert token_calls(subscribed) <= 2
    for _ in range(5):
        send()
    assert token_calls(subscribed) <= 2, "the refresher rests"


def test_takes_the_token_another_process_stored(subscribed):
    send()
    tokens._keeper.cache_clear()  # a new process begins
    assert send().status == "accepted"
    assert token_calls(subscribed) == 1


def test_keeps_the_token_sealed(subscribed):
    send()
    stored = tokens.valkey().get(tokens._key())
    token = tokens._keeper(tokens.os.getpid(), *_place()).current()
    assert token.encode() not in stored
    assert len(token) > 100


def test_fetches_anew_when_the_stored_token_cannot_be_opened(subscribed):
    tokens.valkey().set(tokens._key(), b"\x01\x01" + b"x" * 60, ex=600)
    assert send().status == "accepted"


def test_waits_for_whoever_is_fetching(subscribed):
    tokens.valkey().set(tokens._key("lock"), b"somebody", px=5000)
    outcomes = []
    waiting = threading.Thread(target=lambda: outcomes.append(send()))
    waiting.start()
    time.sleep(0.3)
    assert outcomes == []

    token = subscribed.post(
        STABLE,
        {"grant_type": "client_credential", "appid": "wx5a1yang0000demo", "secret": SECRET},
    )["access_token"]
    tokens.valkey().set(tokens._key(), tokens.crypto.seal(token, context=tokens._key()), ex=600)
    waiting.join(5)

    assert outcomes[0].status == "accepted"
    assert token_calls(subscribed) == 1


def test_is_not_sent_when_there_is_no_token_to_be_had(subscribed):
    subscribed.faults({"kind": "errcode", "errcode": 40125, "path": STABLE})

    outcomes = [send() for _ in range(5)]

    assert {(outcome.status, outcome.errcode) for outcome in outcomes} == {("not_sent", None)}
    assert sends(subscribed) == 0
    assert token_calls(subscribed) == 1


def test_works_without_valkey(subscribed, settings):
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"

    assert adapter.session_of(code="demo-li-1").openid
    outcomes = together(lambda n: send(f"p{n}"), times=8)

    assert {outcome.status for outcome in outcomes} == {"accepted"}
    assert token_calls(subscribed) == 1
    subscribed.post("/sandbox/token")
    assert send().status == "accepted"


def test_outlives_a_token_service_that_hangs(stub):
    stub(body=b"{}", wait=8)
    began = time.monotonic()
    assert send().status == "not_sent"
    assert time.monotonic() - began < 6
    began = time.monotonic()
    assert send().status == "not_sent"
    assert time.monotonic() - began < 0.5, "nobody waits for it again at once"


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
    token = tokens._keeper(tokens.os.getpid(), *_place()).current()
    hidden = uuid.uuid4().hex
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
