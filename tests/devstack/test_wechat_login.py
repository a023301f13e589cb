"""The WeChat sandbox on login and phone: one-time codes, by the pages of the login API."""

import base64
import hashlib
import hmac

import pytest

from backend.devstack.wechat.account import openid_of
from tests.sandboxes import APP, someone

SESSION = "/sns/jscode2session"
GRANT = {"grant_type": "authorization_code"}


def test_gives_the_same_person_the_same_openid(log_in):
    key = someone().key

    first, second = log_in(f"demo-{key}-one"), log_in(f"demo-{key}-two")

    assert first["openid"] == second["openid"] == openid_of(key, APP["appid"])
    assert len(first["openid"]) == 28
    assert first["session_key"] != second["session_key"]
    assert "errcode" not in first


def test_takes_a_code_once(log_in):
    assert "openid" in log_in("demo-anybody-1")
    assert log_in("demo-anybody-1")["errcode"] == 40163


def test_takes_the_longest_known_key(log_in):
    key = someone().key  # keys have hyphens of their own
    assert log_in(f"demo-{key}-a-b-c")["openid"] == openid_of(key, APP["appid"])


@pytest.mark.parametrize(
    "code", ["nonsense", "demo-", "demo-x", "demo-x-", "phone-x-1", "0aforged"]
)
def test_refuses_what_is_no_code(log_in, code):
    assert log_in(code)["errcode"] == 40029


def test_mints_codes_that_die_after_five_minutes(wechat, log_in):
    early = wechat.get("/sandbox/login-code", who="zhang")["js_code"]
    late = wechat.get("/sandbox/login-code", who="zhang")["js_code"]

    assert log_in(early)["openid"] == openid_of("zhang", APP["appid"])
    wechat.post("/sandbox/clock", {"advance": 301})
    assert log_in(late)["errcode"] == 40029


@pytest.mark.parametrize(
    ("query", "errcode"),
    [
        ({"secret": "x", "js_code": "c"} | GRANT, 41002),
        ({"appid": APP["appid"], "js_code": "c"} | GRANT, 41004),
        ({"appid": "wx00", "secret": "x", "js_code": "c"} | GRANT, 40013),
        ({**APP, "secret": "wrong", "js_code": "c"} | GRANT, 40125),
        ({**APP, "js_code": "c", "grant_type": "client_credential"}, 40002),
        ({**APP} | GRANT, 41008),
    ],
)
def test_answers_the_documented_code(wechat, query, errcode):
    answer = wechat.get(SESSION, **query)

    assert answer["errcode"] == errcode
    assert "rid: " in answer["errmsg"]


def test_lets_one_user_log_in_a_hundred_times_a_minute(wechat, log_in):
    wechat.post("/sandbox/clock", {"at": 1_900_000_000, "stop": True})
    for number in range(100):
        assert "openid" in log_in(f"demo-busy-{number}")
    assert log_in("demo-busy-more")["errcode"] == 45011
    wechat.post("/sandbox/clock", {"advance": 60})
    assert "openid" in log_in("demo-busy-later")


def test_blocks_a_user_by_script(wechat, log_in):
    wechat.faults({"kind": "errcode", "errcode": 40226, "path": SESSION, "first": 1})
    assert log_in("demo-li-1")["errcode"] == 40226
    assert "openid" in log_in("demo-li-1")  # a blocked code is not used up


def test_checks_a_session_key(wechat, log_in, token):
    session = log_in("demo-li-1")
    key = base64.b64decode(session["session_key"])
    right = hmac.new(key, b"", hashlib.sha256).hexdigest()
    query = {"openid": session["openid"], "sig_method": "hmac_sha256", "access_token": token}

    assert wechat.get("/wxa/checksession", signature=right, **query)["errcode"] == 0
    assert wechat.get("/wxa/checksession", signature="0" * 64, **query)["errcode"] == 87009


def test_gives_the_phone_behind_a_code_once(wechat, token):
    person = someone()
    path, body = "/wxa/business/getuserphonenumber", {"code": f"phone-{person.key}-1"}

    info = wechat.post(path, body, access_token=token)["phone_info"]

    assert info["purePhoneNumber"] == info["phoneNumber"] == person.phone
    assert info["countryCode"] == "86"
    assert info["watermark"]["appid"] == APP["appid"]
    assert wechat.post(path, body, access_token=token)["errcode"] == 40163
    assert wechat.post(path, {"code": "demo-li-1"}, access_token=token)["errcode"] == 40029
    assert wechat.post(path, {"code": "phone-li-1"})["errcode"] == 41001


def test_gives_a_number_abroad_with_its_country(wechat, token):
    code = wechat.get("/sandbox/phone-code", who="chen", phone="61234567", country="852")["code"]
    info = wechat.post("/wxa/business/getuserphonenumber", {"code": code}, access_token=token)
    assert info["phone_info"]["phoneNumber"] == "+85261234567"
    assert info["phone_info"]["countryCode"] == "852"
