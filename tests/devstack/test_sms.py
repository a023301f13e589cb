"""The SMS sandbox: sign, template, limits per number, receipts, faults, and the phones."""

import pytest
import requests

from tests.sandboxes import someone
from tests.stubs import Stub

NOTICE = {
    "phone": "13900000001",
    "sign": "资阳社区服务",
    "template": "SMS_ZY_NOTICE",
    "params": {"title": "申请已受理", "note": "10个工作日内办结"},
    "out_id": "d-1",
}


@pytest.fixture
def send(sms):
    def post(key="sandbox-sms-key", **more):
        body = {**NOTICE, **more}
        return requests.post(f"{sms.url}/send", json=body, headers={"X-Api-Key": key}, timeout=10)

    return post


def test_delivers_a_text_with_its_sign(sms, send):
    answer = send().json()

    assert answer["code"] == "OK"
    (got,) = sms.get("/sandbox/received", phone="13900000001")
    assert got["text"].startswith("【资阳社区服务】申请已受理: 10个工作日内办结")
    assert got["biz_id"] == answer["biz_id"]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ({"key": "wrong"}, "InvalidAccessKey"),
        ({"phone": "12345"}, "isv.MOBILE_NUMBER_ILLEGAL"),
        ({"sign": "某某"}, "isv.SMS_SIGNATURE_ILLEGAL"),
        ({"template": "SMS_0"}, "isv.SMS_TEMPLATE_ILLEGAL"),
        ({"params": {"title": "只有标题"}}, "isv.TEMPLATE_MISSING_PARAMETERS"),
        ({"params": {"title": "长" * 36, "note": "x"}}, "isv.PARAM_LENGTH_LIMIT"),
    ],
)
def test_refuses_with_the_vendors_code(send, body, code):
    assert send(**body).json()["code"] == code


def test_gives_a_number_fifty_notices_a_day(sms, send):
    codes = [send(out_id=f"d-{n}").json()["code"] for n in range(51)]
    assert codes == ["OK"] * 50 + ["isv.BUSINESS_LIMIT_CONTROL"]
    assert send(phone="13900000002").json()["code"] == "OK"
    sms.post("/sandbox/clock", {"advance": 86400})
    assert send().json()["code"] == "OK"


def test_gives_a_number_one_verification_code_a_minute(sms, send):
    code = {"template": "SMS_ZY_CODE", "params": {"code": "123456"}}
    assert send(**code).json()["code"] == "OK"
    assert send(**code).json()["code"] == "isv.BUSINESS_LIMIT_CONTROL"
    sms.post("/sandbox/clock", {"advance": 61})
    assert send(**code).json()["code"] == "OK"


def test_pushes_a_receipt(sms, send):
    listener = Stub()
    sms.post("/sandbox/callback", {"url": listener.url})
    try:
        send(out_id="d-77")
        assert b'"out_id": "d-77"' in listener.wait_for(1)[0][1]
    finally:
        sms.post("/sandbox/callback", {"url": ""})
        listener.close()


def test_takes_a_message_and_breaks_the_line(sms, send):
    sms.faults({"kind": "reset", "stage": "after", "path": "/send", "first": 1})
    with pytest.raises(requests.ConnectionError):
        send(out_id="d-9")
    assert len(sms.get("/sandbox/received", phone="13900000001")) == 1
    asked = requests.post(
        f"{sms.url}/query",
        json={"out_id": "d-9"},
        headers={"X-Api-Key": "sandbox-sms-key"},
        timeout=5,
    ).json()
    assert asked["receipt"]["success"] is True


def test_counts_the_same_text_to_the_same_phone(sms, send):
    send(), send()
    assert sms.get("/sandbox/oracle")["duplicates"] == 1


def test_shows_the_phones(sms, send):
    person = someone()
    send(phone=person.phone)
    desk = requests.get(sms.url, timeout=5).text
    assert person.name in desk
    assert "申请已受理" in requests.get(f"{sms.url}/phone/{person.phone}", timeout=5).text
