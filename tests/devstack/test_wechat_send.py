"""The WeChat sandbox on subscribe messages: request → documented reply, balances, oracle."""

import threading
from functools import partial

import pytest
import requests

from backend.devstack.wechat import account
from tests.sandboxes import running

SEND = "/cgi-bin/message/subscribe/send"
DATA = {
    "thing1": {"value": "高龄津贴"},
    "character_string2": {"value": "****1234"},
    "phrase3": {"value": "已受理"},
    "time4": {"value": "2026年3月5日 09:30"},
    "thing5": {"value": "10个工作日内办结"},
}
EXPIRY = {
    "thing1": {"value": "残疾人证"},
    "name2": {"value": "买买提·吐尔逊"},
    "date3": {"value": "2026年6月30日"},
    "thing4": {"value": "残疾人证将到期"},
}


def message(who="li", template=account.PROGRESS_ONCE, data=None, **more):
    return {
        "touser": account.openid_of(who, "wx5a1yang0000demo"),
        "template_id": template,
        "data": DATA if data is None else data,
        "page": "pages/case/detail?no=1",
        "miniprogram_state": "formal",
        "lang": "zh_CN",
        **more,
    }


def with_value(key, value):
    return {**DATA, key: {"value": value}}


@pytest.fixture
def send(wechat, token):
    return lambda body: wechat.post(SEND, body, access_token=token)


@pytest.fixture
def subscribe(wechat):
    def answer(who="li", template=account.PROGRESS_ONCE, action="accept", **more):
        return wechat.post(
            "/sandbox/subscribe",
            {"who": who, "template_id": template, "action": action, **more},
        )

    return answer


def test_accepts_and_shows_what_the_resident_received(wechat, send, subscribe):
    subscribe()

    answer = send(message())

    assert answer["errcode"] == 0
    assert isinstance(answer["msgid"], int)
    (got,) = wechat.get("/sandbox/received", who="li")
    assert got["data"]["phrase3"] == "已受理"
    assert got["title"] == "办事进度通知"
    assert got["page"] == "pages/case/detail?no=1"


@pytest.mark.parametrize(
    ("body", "errcode"),
    [
        (message(touser="nobody"), 40003),
        (message(touser=""), 40003),
        (message(template="x" * 43), 40037),
        (message(page="/pages/case"), 41030),
        (message(page="https://example.com"), 41030),
        (message(page="pages/missing"), 41030),
        (message(miniprogram_state="live"), 40097),
        (message(lang="fr"), 40097),
        (message(data=with_value("thing1", "违禁测试词")), 45168),
        (message(who="stranger"), 43101),
        ([1, 2], 47001),
    ],
)
def test_answers_the_documented_code(send, subscribe, body, errcode):
    subscribe()
    assert send(body)["errcode"] == errcode


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", ""),
        ("thing1", "   "),
        ("thing1", "一" * 21),
        ("thing1", "😀" * 11),
        ("thing1", "换\n行"),
        ("thing5", "响铃\a"),
        ("character_string2", "编号123"),
        ("character_string2", "1" * 33),
        ("phrase3", "已受理OK"),
        ("phrase3", "正在办理之中"),
        ("phrase3", "已受理!"),
        ("time4", "今天"),
        ("time4", "2026-13-01 09:30"),
        ("time4", "2026年3月5日"),
        ("time4", "25:00"),
    ],
)
def test_names_the_invalid_field(send, subscribe, key, value):
    subscribe()

    answer = send(message(data=with_value(key, value)))

    assert answer["errcode"] == 47003
    assert f"data.{key}.value" in answer["errmsg"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("thing1", "一" * 20),
        ("thing1", "a1, 符号!😀"),
        ("character_string2", "ZY-2026/0001#"),
        ("phrase3", "不予受理"),
        ("time4", "09:30"),
        ("time4", "09:30:15"),
        ("time4", "2026-03-05 09:30~10:30"),
        ("time4", "2026年3月5日 09:30~2026年3月6日 10:30"),
    ],
)
def test_accepts_what_the_page_allows(send, subscribe, key, value):
    subscribe()
    assert send(message(data=with_value(key, value)))["errcode"] == 0


@pytest.mark.parametrize(
    ("name", "errcode"),
    [("欧阳娜娜", 0), ("一" * 11, 47003), ("John Smith", 0), ("x" * 21, 47003), ("张3", 47003)],
)
def test_reads_names(send, subscribe, name, errcode):
    subscribe(template=account.EXPIRY_ONCE)
    body = message(template=account.EXPIRY_ONCE, data={**EXPIRY, "name2": {"value": name}})
    assert send(body)["errcode"] == errcode


def test_asks_for_every_field_and_for_no_other(send, subscribe):
    subscribe()
    missing = {key: value for key, value in DATA.items() if key != "time4"}
    assert "data.time4.value is empty" in send(message(data=missing))["errmsg"]
    assert send(message(data={**DATA, "thing9": {"value": "多余"}}))["errcode"] == 47003


def test_spends_one_accept_a_message(wechat, send, subscribe):
    subscribe(), subscribe()

    codes = [send(message(data=with_value("thing5", f"第{n}条")))["errcode"] for n in range(3)]

    assert codes == [0, 0, 43101]
    assert wechat.get("/sandbox/balance", who="li")[account.PROGRESS_ONCE] == 0


def test_counts_many_accepts_at_once(send, subscribe):
    assert subscribe(times=5)[account.PROGRESS_ONCE] == 5


def test_keeps_what_was_granted_when_the_next_popup_is_refused(send, subscribe):
    subscribe()
    subscribe(action="reject")
    assert send(message())["errcode"] == 0


def test_ends_everything_when_switched_off_in_the_settings(send, subscribe):
    subscribe(times=3)
    subscribe(action="off")
    assert send(message())["errcode"] == 43101


def test_sends_without_end_on_a_long_term_template_until_it_is_refused(send, subscribe):
    long_term = partial(message, template=account.PROGRESS_LONG)
    subscribe(template=account.PROGRESS_LONG)
    assert [send(long_term())["errcode"] for _ in range(3)] == [0, 0, 0]
    subscribe(template=account.PROGRESS_LONG, action="reject")
    assert send(long_term())["errcode"] == 43101


def test_answers_43107_where_the_template_is_banned(wechat, send, subscribe):
    subscribe()
    wechat.post(
        "/sandbox/subscribe",
        {"everyone": True, "template_id": account.PROGRESS_ONCE, "action": "ban"},
    )
    assert send(message())["errcode"] == 43107


def test_lets_everyone_be_subscribed_for_a_measurement(wechat, send):
    wechat.post(
        "/sandbox/subscribe",
        {"everyone": True, "template_id": account.PROGRESS_ONCE, "times": 2},
    )
    assert [send(message(who="p1"))["errcode"] for _ in range(3)] == [0, 0, 43101]
    assert send(message(who="p2"))["errcode"] == 0


def test_refuses_two_calls_for_one_person_at_a_time(wechat, send, subscribe):
    subscribe(times=2)
    wechat.faults(latency_ms=300, latency_sigma=0.01)
    codes = []
    both = [threading.Thread(target=lambda: codes.append(send(message())["errcode"])) for _ in "ab"]
    for thread in both:
        thread.start()
    for thread in both:
        thread.join()
    assert sorted(codes) == [0, 43108]


@pytest.mark.parametrize(
    ("window", "errcode", "later"),
    [("second", 44990, 1), ("minute", 44991, 60), ("day", 44993, 86400)],
)
def test_limits_by_the_clock(wechat, send, subscribe, window, errcode, later):
    subscribe(times=5)
    wechat.post("/sandbox/limits", {"window": window, "calls": 1})
    wechat.post("/sandbox/clock", {"at": 1_900_000_000, "stop": True})
    token_of_then = wechat.post(
        "/cgi-bin/stable_token",
        {
            "grant_type": "client_credential",
            "appid": "wx5a1yang0000demo",
            "secret": "sandbox-secret",
        },
    )["access_token"]
    send = partial(wechat.post, SEND, access_token=token_of_then)

    assert [send(message())["errcode"] for _ in range(2)] == [0, errcode]
    wechat.post("/sandbox/clock", {"advance": min(later, 6000)})
    if window != "day":
        assert send(message())["errcode"] == 0


def test_tells_the_quota_and_clears_it(wechat, send, subscribe, token):
    subscribe(times=3)
    send(message())
    ask = partial(wechat.post, "/cgi-bin/openapi/quota/get", {"cgi_path": SEND}, access_token=token)

    before = ask()
    wechat.post("/cgi-bin/clear_quota", {"appid": "wx5a1yang0000demo"}, access_token=token)

    assert before["quota"] == {"daily_limit": 10_000_000, "used": 1, "remain": 9_999_999}
    assert before["rate_limit"] == {"call_count": 120_000, "refresh_second": 60}
    assert ask()["quota"]["used"] == 0


def test_clears_the_quota_ten_times_a_month(wechat, token):
    body = {"appid": "wx5a1yang0000demo"}
    codes = [
        wechat.post("/cgi-bin/clear_quota", body, access_token=token)["errcode"] for _ in range(11)
    ]
    assert codes == [0] * 10 + [48006]


def test_counts_what_a_resident_was_told_twice(wechat, send, subscribe):
    subscribe(times=3)
    subscribe(who="wang")
    for body in (
        message(),
        message(),
        message(data=with_value("thing5", "另一条")),
        message("wang"),
    ):
        assert send(body)["errcode"] == 0

    oracle = wechat.get("/sandbox/oracle")

    assert oracle["accepted"] == 4
    assert oracle["duplicates"] == 1
    assert oracle["sends_by_errcode"] == {"0": 4}
    assert oracle["token_calls"] == 1
    assert [got["who"] for got in wechat.get("/sandbox/received")] == ["li", "li", "li", "wang"]


def test_lists_its_templates_as_the_console_does(wechat, token):
    listed = wechat.get("/wxaapi/newtmpl/gettemplate", access_token=token)["data"]

    assert {one["priTmplId"]: one["type"] for one in listed} == {
        account.PROGRESS_ONCE: 2,
        account.EXPIRY_ONCE: 2,
        account.BOOKING_ONCE: 2,
        account.PROGRESS_LONG: 3,
        account.EXPIRY_LONG: 3,
    }
    assert listed[0]["content"].startswith("办理事项:{{thing1.DATA}}\n")
    assert all(len(one["priTmplId"]) == 43 for one in listed)


def test_remembers_phones_and_balances_across_a_restart(tmp_path):
    def ask(box, path, body):
        return requests.post(box.url + path, json=body, timeout=5).json()

    grant = {
        "grant_type": "client_credential",
        "appid": "wx5a1yang0000demo",
        "secret": "sandbox-secret",
    }
    with running("wechat", "--data", str(tmp_path)) as box:
        box.post(
            "/sandbox/subscribe", {"who": "li", "template_id": account.PROGRESS_ONCE, "times": 3}
        )
        token = ask(box, "/cgi-bin/stable_token", grant)["access_token"]
        assert ask(box, f"{SEND}?access_token={token}", message())["errcode"] == 0
    with (tmp_path / "wechat.jsonl").open("a") as journal:
        journal.write('{"t":"got","openid":"o')  # torn by a kill

    with running("wechat", "--data", str(tmp_path)) as box:
        assert len(box.get("/sandbox/received", who="li")) == 1
        assert box.get("/sandbox/balance", who="li")[account.PROGRESS_ONCE] == 2
        assert ask(box, f"{SEND}?access_token={token}", message())["errcode"] == 0
        box.post("/sandbox/reset")
    assert not (tmp_path / "wechat.jsonl").exists()
