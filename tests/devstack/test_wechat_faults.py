"""The WeChat sandbox's fault script: what goes wrong, for whom, how often, and if it counted."""

import pytest
import requests

from backend.devstack.wechat import account
from tests.devstack.test_wechat_send import SEND, message, with_value


@pytest.fixture
def post(wechat, token):
    wechat.post(
        "/sandbox/subscribe", {"who": "li", "template_id": account.PROGRESS_ONCE, "times": 50}
    )

    def send(timeout=10.0, **more):
        return requests.post(
            wechat.url + SEND,
            json=message(**more),
            params={"access_token": token},
            timeout=timeout,
        )

    return send


@pytest.fixture
def received(wechat):
    return lambda: len(wechat.get("/sandbox/received", who="li"))


@pytest.mark.parametrize(("stage", "count"), [("before", 0), ("after", 1)])
def test_resets_the_connection(wechat, post, received, stage, count):
    wechat.faults({"kind": "reset", "stage": stage, "path": SEND, "first": 1})
    with pytest.raises(requests.ConnectionError):
        post()
    assert received() == count
    assert post().json()["errcode"] == 0


@pytest.mark.parametrize(("stage", "count"), [("before", 0), ("after", 1)])
def test_holds_the_answer_back(wechat, post, received, stage, count):
    wechat.faults({"kind": "timeout", "stage": stage, "path": SEND, "first": 1, "seconds": 5})
    with pytest.raises(requests.Timeout):
        post(timeout=0.5)
    assert received() == count
    assert post().json()["errcode"] == 0, "the person is not busy for the time of the silence"
    assert wechat.get("/sandbox/oracle")["withheld"] == count


def test_answers_5xx_html_or_garbage(wechat, post):
    wechat.faults(
        {"kind": "http", "status": 503, "first": 1},
        {"kind": "html", "first": 1},
        {"kind": "garbage", "first": 1},
    )
    assert post().status_code == 503
    page = post()
    assert page.status_code == 200
    assert page.text.startswith("<!DOCTYPE html>")
    assert "errcode" not in post().json()
    assert post().json()["errcode"] == 0


@pytest.mark.parametrize("errcode", [-1, 40001, 43101, 43107, 45168, 48001])
def test_answers_any_code(wechat, post, errcode):
    wechat.faults({"kind": "errcode", "errcode": errcode, "path": SEND})
    assert post().json()["errcode"] == errcode


def test_picks_by_person_and_template(wechat, post):
    openid = account.openid_of("li", "wx5a1yang0000demo")
    wechat.faults(
        {"kind": "errcode", "errcode": 40003, "where": {"openid": openid}},
        {"kind": "errcode", "errcode": 40037, "where": {"template_id": account.EXPIRY_ONCE}},
    )
    assert post().json()["errcode"] == 40003
    assert post(who="wang", template=account.EXPIRY_ONCE).json()["errcode"] == 40037
    assert post(who="wang").json()["errcode"] == 43101


def test_picks_a_share(wechat, post):
    wechat.faults({"kind": "errcode", "errcode": -1, "percent": 50}, seed=7)
    codes = [post(data=with_value("thing5", f"第{n}条")).json()["errcode"] for n in range(40)]
    assert 8 < codes.count(-1) < 32


def test_refuses_a_script_nobody_understands(wechat):
    answer = requests.post(
        f"{wechat.url}/sandbox/faults", json={"rules": [{"kind": "earthquake"}]}, timeout=5
    )
    assert answer.status_code == 400
    assert requests.delete(f"{wechat.url}/sandbox/faults", timeout=5).json()["rules"] == []


def test_loses_messages_in_its_own_push_and_says_so(wechat, post, received):
    wechat.post("/sandbox/limits", {"undelivered_percent": 100})
    assert post().json()["errcode"] == 0
    assert received() == 0
    assert wechat.get("/sandbox/oracle")["undelivered"] == 1
