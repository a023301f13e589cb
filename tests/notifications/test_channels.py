"""Channels: what every answer means, values that fit, and SMS that is sent at most once."""

from datetime import UTC, date, datetime

import pytest
from hypothesis import HealthCheck, example, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from backend.core import wechat as adapter
from backend.core.wechat import SendOutcome
from backend.devstack.wechat import account
from backend.devstack.wechat import fields as rules
from notifications import kinds
from notifications.channels import sms as channel
from notifications.channels import wechat as meaning
from notifications.channels.fields import REJECT, FieldRejected, fit
from tests.sandboxes import free_port

SEND = "/cgi-bin/message/subscribe/send"
TEMPLATES = {
    "A": account.TEMPLATES[account.PROGRESS_ONCE],
    "B": account.TEMPLATES[account.EXPIRY_ONCE],
    "C": account.TEMPLATES[account.BOOKING_ONCE],
}


def refused(errcode):
    return meaning.verdict(SendOutcome("not_sent", errcode=errcode, http=200))


# ── what an answer means ────────────────────────────────────────────────────────────────────


@pytest.mark.parametrize(
    ("errcode", "quota", "action", "ladder", "alert"),
    [
        (-1, "keep", "retry", True, ""),
        (40001, "keep", "refresh", True, "ops"),
        (40014, "keep", "refresh", True, "ops"),
        (42001, "keep", "refresh", True, "ops"),
        (43108, "keep", "retry", False, ""),
        (44990, "keep", "pause", True, ""),
        (44991, "keep", "pause", True, ""),
        (44993, "keep", "pause", True, ""),
        (45011, "keep", "pause", True, ""),
        (45009, "keep", "pause", True, ""),
        (43101, "zero", "next_channel", True, ""),
        (40003, "release", "next_channel", True, ""),
        (40037, "release", "breaker", True, "ops"),
        (41030, "release", "retry", False, "ops"),
        (47003, "release", "dead", True, "template_owner"),
        (45168, "release", "dead", False, "content_owner"),
        (43107, "release", "breaker", True, "ops"),
        *((code, "keep", "breaker", False, "ops") for code in (40164, 61004, 89503, 89506, 89507)),
        *((code, "keep", "breaker", False, "ops") for code in (48001, 48004, 50002)),
        *((code, "keep", "breaker", False, "ops") for code in (40013, 40125, 40243)),
        (99999, "release", "next_channel", True, "ops"),
    ],
)
def test_reads_the_error_table(errcode, quota, action, ladder, alert):
    found = refused(errcode)
    assert found.sent == "no"
    assert (found.quota, found.action, found.ladder, found.alert) == (quota, action, ladder, alert)


def test_takes_an_accepted_message_for_sent():
    found = meaning.verdict(SendOutcome("accepted", errcode=0, http=200))
    assert (found.sent, found.quota, found.action) == ("yes", "consume", "done")


@pytest.mark.parametrize("http", [None, 200, 502])
def test_never_sends_again_what_is_unknown(http):
    found = meaning.verdict(SendOutcome("unknown", http=http))
    assert (found.sent, found.quota, found.action) == ("unknown", "hold", "settle")
    assert meaning.delay(found, 1) is None


def test_retries_what_was_never_reached():
    found = meaning.verdict(SendOutcome("not_sent"))
    assert [meaning.delay(found, tries) for tries in (1, 2, 3, 4)] == [1.0, 5.0, 30.0, None]
    assert 5.0 < meaning.delay(found, 2, jitter=0.5) < 6.0


def test_does_not_count_a_call_that_came_too_early():
    found = refused(43108)
    assert not found.counts
    assert [meaning.delay(found, tries) for tries in (1, 2, 9)] == [1.0, 2.0, 2.0]


def test_says_how_far_a_breaker_reaches_and_how_long_a_pause_is():
    assert refused(43107).breaker == refused(40037).breaker == "template"
    assert refused(48001).breaker == "global"
    pauses = {code: refused(code).pause for code in (44990, 44991, 45011, 44993, 45009)}
    assert list(pauses.values()) == ["second", "minute", "minute", "day", "day"]


def test_ends_a_binding_and_drops_a_page():
    assert refused(40003).binding_invalid
    assert refused(41030).drop_page
    assert meaning.without_page(refused(41030)).action == "next_channel"


def test_knows_every_code_the_sandbox_can_answer(open_wechat):
    """Each code, sent for real through the adapter, comes out as the table says."""
    for errcode in meaning.TABLE:
        if errcode in (0, 40001, 40014, 42001):
            continue
        rule = {"kind": "errcode", "errcode": errcode, "path": SEND, "first": 1}
        open_wechat.faults(rule)
        outcome = adapter.send_subscribe_message(
            openid=account.openid_of("li", "wx5a1yang0000demo"),
            template_id=account.PROGRESS_ONCE,
            data=fit(kinds.TEMPLATES["A"], {"at": datetime(2026, 3, 5, 9, 30)}),
        )
        assert meaning.verdict(outcome) == meaning.TABLE[errcode]


# ── values that fit ─────────────────────────────────────────────────────────────────────────

PARAMS = {
    "thing": "高龄津贴",
    "tail": "****123456",
    "status": "已受理",
    "at": "2026年3月5日 09:30",
    "note": "10个工作日内办结",
    "name": "李桂华",
    "on": "2026-06-30",
    "place": "三贤祠街道便民服务中心",
}


def fitted(key, value, rule="abbreviate"):
    return fit({key: ("x", rule)}, {"x": value})[key]["value"]


def test_leaves_alone_what_fits():
    assert fit(kinds.TEMPLATES["A"], PARAMS) == {
        "thing1": {"value": "高龄津贴"},
        "character_string2": {"value": "****123456"},
        "phrase3": {"value": "已受理"},
        "time4": {"value": "2026年3月5日 09:30"},
        "thing5": {"value": "10个工作日内办结"},
    }


@pytest.mark.parametrize(
    ("key", "value", "shown"),
    [
        ("thing1", "一" * 21, "一" * 19 + "…"),
        ("thing1", "😀" * 12, "😀" * 9 + "…"),
        ("thing1", "第一行\n第二行\t末", "第一行 第二行 末"),
        ("thing1", "  \u200b\x07 ", "无"),
        ("thing1", None, "无"),
        ("thing1", 80, "80"),
        ("phrase3", "已受理(承诺)", "已受理承诺"),
        ("phrase3", "正在等待部门审核", "正在等待部"),
        ("phrase3", "OK", "请查看"),
        ("name2", "买买提·吐尔逊江·阿不都热合曼", "买买提·吐尔逊江·阿"),
        ("name2", "Alexander Maximilian Smith", "Alexander Maximilian"),
        ("name2", "\U00020bb7野家", "\U00020bb7野家"),
        ("name2", "", "本人"),
        ("character_string2", "编号 ZY-1", "ZY-1"),
        ("character_string2", "9" * 40, "9" * 29 + "..."),
        ("character_string2", "", "-"),
        ("time4", datetime(2026, 3, 5, 1, 30, tzinfo=UTC), "2026年3月5日 09:30"),
        ("time4", "2026-03-05T01:30:00+00:00", "2026年3月5日 09:30"),
        ("time4", "09:30", "09:30"),
        ("date3", date(2026, 3, 5), "2026年3月5日"),
        ("date3", datetime(2026, 3, 5, 23, 30, tzinfo=UTC), "2026年3月6日"),
        ("date3", "2026-03-05", "2026年3月5日"),
        ("number1", "12.50", "12.50"),
        ("amount1", "¥100.00元", "¥100.00元"),
    ],
)
def test_makes_values_fit(key, value, shown):
    assert fitted(key, value) == shown
    assert rules.is_valid(key, shown)


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("time4", "明天上午"),
        ("time4", date(2026, 3, 5)),
        ("time4", ""),
        ("date3", "很快"),
        ("date3", None),
        ("number1", "十"),
        ("phone_number1", "电话"),
        ("unknown1", "x"),
        ("thing", "x"),
    ],
)
def test_refuses_what_nothing_true_could_stand_for(key, value):
    with pytest.raises(FieldRejected) as caught:
        fitted(key, value)
    assert caught.value.extra == {"field": key}


@pytest.mark.parametrize(
    ("key", "value"), [("thing1", "一" * 21), ("thing1", ""), ("phrase3", "已受理!"), ("name2", "")]
)
def test_refuses_to_shorten_where_that_is_declared(key, value):
    with pytest.raises(FieldRejected):
        fitted(key, value, rule=REJECT)


ANYTHING = st.one_of(
    st.none(),
    st.integers(),
    st.text(max_size=60),
    st.text(alphabet=st.characters(categories=["So", "Cf", "Mn", "Cc", "Zs", "Lo"]), max_size=40),
    st.text(alphabet="😀\u200d\u0301一二三abc 09:~-\n\t\u3000", max_size=50),
    st.datetimes(timezones=st.sampled_from([None, UTC])),
    st.dates(),
)


@hypothesis(max_examples=1500, deadline=None)
@given(values=st.fixed_dictionaries(dict.fromkeys(PARAMS, ANYTHING)))
@example(
    values={**dict.fromkeys(PARAMS, "\ud800"), "at": "09:30", "on": "9999-12-31T23:59:59+00:00"}
)
@example(values={**dict.fromkeys(PARAMS, "１２:３０"), "at": "１２:３０", "on": "2026年０3月05日"})
def test_never_makes_an_invalid_field(values):
    for key, fields in kinds.TEMPLATES.items():
        data = fit_somehow(fields, values)
        assert rules.first_fault(TEMPLATES[key], data) == ""
        assert fit_somehow(fields, values) == data, "the same input gives the same text"


def fit_somehow(fields, values):
    """A time that is none is refused; what is left has to fit with a real one."""
    try:
        return fit(fields, values)
    except FieldRejected:
        return fit(fields, {**values, "at": PARAMS["at"], "on": PARAMS["on"]})


@hypothesis(
    max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(values=st.fixed_dictionaries(dict.fromkeys(PARAMS, ANYTHING)))
def test_never_gets_a_47003(open_wechat, values):
    """The same over the wire: JSON there, the sandbox's own rules at the end."""
    outcome = adapter.send_subscribe_message(
        openid="o" + "f" * 27,
        template_id=account.PROGRESS_LONG,
        data=fit(kinds.TEMPLATES["A"], {**values, "at": PARAMS["at"]}),
    )
    assert outcome.errcode in (0, 43101, 45168)


def test_would_get_a_47003_without_fitting(open_wechat):
    """The control: the sandbox does refuse what was not made to fit."""
    raw = {key: {"value": "很长的内容" * 9} for key in kinds.TEMPLATES["A"]}
    outcome = adapter.send_subscribe_message(
        openid="o" + "f" * 27, template_id=account.PROGRESS_ONCE, data=raw
    )
    assert (outcome.errcode, outcome.field) == (47003, "thing1")


# ── SMS ─────────────────────────────────────────────────────────────────────────────────────


def text(phone="13900000001", out_id="d-1", **more):
    message = {
        "phone": phone,
        "template": channel.NOTICE,
        "params": {"title": "申请已受理", "note": "10个工作日内办结"},
        "out_id": out_id,
    }
    return channel.send(**{**message, **more})


def test_sends_a_text(sms):
    outcome = text()
    assert (outcome.status, outcome.code, outcome.http) == ("accepted", "OK", 200)
    (got,) = sms.get("/sandbox/received", phone="13900000001")
    assert got["biz_id"] == outcome.provider_id
    assert got["out_id"] == "d-1"


def test_shortens_what_the_vendor_would_refuse(sms):
    outcome = text(params={"title": "长" * 60, "note": "两\n行"})
    assert outcome.status == "accepted"
    assert "长" * 34 + "…" in sms.get("/sandbox/received", phone="13900000001")[0]["text"]


@pytest.mark.parametrize(
    ("more", "code", "may_retry"),
    [
        ({"phone": "12345"}, "isv.MOBILE_NUMBER_ILLEGAL", False),
        ({"template": "SMS_0"}, "isv.SMS_TEMPLATE_ILLEGAL", False),
    ],
)
def test_is_not_sent_when_the_vendor_refuses(sms, more, code, may_retry):
    outcome = text(**more)
    assert (outcome.status, outcome.code, outcome.may_retry) == ("not_sent", code, may_retry)


def test_may_be_sent_later_when_the_vendor_is_ill(sms):
    sms.faults({"kind": "errcode", "path": "/send"})
    outcome = text()
    assert (outcome.status, outcome.code, outcome.may_retry) == (
        "not_sent",
        "isp.SYSTEM_ERROR",
        True,
    )


def test_knows_a_number_that_had_enough(sms):
    for n in range(50):
        text(out_id=f"d-{n}")
    outcome = text()
    assert outcome.limited
    assert not outcome.may_retry


@pytest.mark.parametrize(
    ("rule", "arrived"),
    [
        ({"kind": "reset", "stage": "after"}, True),
        ({"kind": "reset"}, False),
        ({"kind": "html", "stage": "after"}, True),
        ({"kind": "http", "status": 503}, False),
        ({"kind": "garbage"}, False),
    ],
)
def test_is_unknown_when_the_answer_is_lost_and_can_be_asked_after(sms, rule, arrived):
    sms.faults({**rule, "path": "/send"})

    outcome = text(out_id="d-5")

    assert outcome.status == "unknown"
    assert not outcome.may_retry
    assert channel.outcome_of(out_id="d-5") is (True if arrived else None)


def test_is_not_sent_when_no_vendor_listens(sms, settings):
    settings.SMS_BASE_URL = f"http://127.0.0.1:{free_port()}"
    outcome = text()
    assert (outcome.status, outcome.may_retry) == ("not_sent", True)
    assert channel.outcome_of(out_id="d-1") is None
