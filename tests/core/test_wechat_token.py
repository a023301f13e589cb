"""The access token: one refresher, whoever asks; no storm, no endless retry, no need of Valkey."""

import threading
import time

from backend.core import crypto
from backend.core import wechat as adapter
from backend.core.wechat import tokens
from tests.core.sending import held, send, sends, token_calls
from tests.racing import together
from tests.sandboxes import APP, free_port

SEND = "/cgi-bin/message/subscribe/send"
STABLE = "/cgi-bin/stable_token"


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
    refused = held()
    subscribed.post("/sandbox/token")
    before = token_calls(subscribed)
    keepers = [tokens.Keeper() for _ in range(16)]

    found = together(lambda n: keepers[n].replace(refused), times=16)

    def alive(token):
        return subscribed.get("/wxaapi/newtmpl/gettemplate", access_token=token)["errcode"] == 0

    assert token_calls(subscribed) - before <= 2
    assert len(set(found)) == 1
    assert alive(found[0])


def test_would_storm_without_valkey_between_the_processes(subscribed, settings):
    """The control of the test above: what it counts is there to be counted."""
    send("first")
    refused = held()
    subscribed.post("/sandbox/token")
    settings.REDIS_URL = f"redis://127.0.0.1:{free_port()}/0"
    before = token_calls(subscribed)
    keepers = [tokens.Keeper() for _ in range(16)]

    together(lambda n: keepers[n].replace(refused), times=16)

    assert token_calls(subscribed) - before == 16


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
    assert held().encode() not in stored
    assert len(held()) > 100


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
        {"grant_type": "client_credential", **APP},
    )["access_token"]
    tokens.valkey().set(tokens._key(), crypto.seal(token, context=tokens._key()), ex=600)
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
