"""The WeChat sandbox on access tokens: overlap, force_refresh, quotas, on a clock that moves."""

from functools import partial

import pytest

from tests.sandboxes import APP

STABLE = "/cgi-bin/stable_token"
GRANT = {"grant_type": "client_credential", **APP}


@pytest.fixture
def stable(wechat):
    return lambda **more: wechat.post(STABLE, {**GRANT, **more})


@pytest.fixture
def works(wechat):
    return lambda token: (
        wechat.get("/wxaapi/newtmpl/gettemplate", access_token=token)["errcode"] == 0
    )


def test_repeats_the_living_token(stable):
    assert stable()["access_token"] == stable()["access_token"]
    assert 7195 <= stable()["expires_in"] <= 7200


def test_renews_in_the_last_five_minutes_and_both_work(wechat, stable, works):
    old = stable()["access_token"]
    wechat.post("/sandbox/clock", {"advance": 7200 - 310})
    assert stable()["access_token"] == old
    assert stable()["expires_in"] >= 300

    wechat.post("/sandbox/clock", {"advance": 20})
    new = stable()["access_token"]

    assert new != old
    assert works(old)
    assert works(new)
    wechat.post("/sandbox/clock", {"advance": 300})
    answer = wechat.get("/wxaapi/newtmpl/gettemplate", access_token=old)
    assert answer["errcode"] == 42001
    assert works(new)


def test_kills_the_old_token_when_forced_but_not_twice_in_thirty_seconds(wechat, stable, works):
    old = stable()["access_token"]
    forced = stable(force_refresh=True)["access_token"]

    assert forced != old
    assert not works(old)
    assert stable(force_refresh=True)["access_token"] == forced
    wechat.post("/sandbox/clock", {"advance": 31})
    assert stable(force_refresh=True)["access_token"] != forced


def test_forces_twenty_times_a_day(wechat, stable):
    wechat.post("/sandbox/clock", {"at": 1_900_000_000})
    for _ in range(20):
        assert "access_token" in stable(force_refresh=True)
    assert stable(force_refresh=True)["errcode"] == 45009
    assert "access_token" in stable()


def test_replaces_the_legacy_token_at_every_call(wechat, works):
    legacy = partial(wechat.get, "/cgi-bin/token", **GRANT)
    first, second = legacy()["access_token"], legacy()["access_token"]

    assert first != second
    assert works(first)
    wechat.post("/sandbox/clock", {"advance": 301})
    assert not works(first)
    assert works(second)


def test_has_a_quota_a_minute(wechat, stable):
    wechat.post("/sandbox/limits", {"path": STABLE, "window": "second", "calls": 2})
    wechat.post("/sandbox/clock", {"at": 1_900_000_000, "stop": True})
    stable(), stable()
    assert stable()["errcode"] == 44990


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        ({**GRANT, "appid": ""}, 41002),
        ({**GRANT, "appid": "wx00"}, 40013),
        ({**GRANT, "secret": ""}, 41004),
        ({**GRANT, "secret": "wrong"}, 40125),
        ({**GRANT, "grant_type": "authorization_code"}, 40002),
    ],
)
def test_answers_the_documented_code(wechat, body, errcode):
    assert wechat.post(STABLE, body)["errcode"] == errcode


def test_tells_dead_tokens_apart(wechat, token):
    ask = partial(wechat.get, "/wxaapi/newtmpl/gettemplate")
    assert ask()["errcode"] == 41001
    assert ask(access_token="short")["errcode"] == 40014
    assert ask(access_token="x" * 120)["errcode"] == 40001
    wechat.post("/sandbox/token")
    assert ask(access_token=token)["errcode"] == 40001
