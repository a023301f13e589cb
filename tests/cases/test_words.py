"""白话: what a resident reads of a case."""

from dataclasses import dataclass
from datetime import date

import pytest

from backend.cases.queries import words

TODAY = date(2026, 11, 22)


@dataclass
class Clock:
    promised_due_on: date | None = date(2026, 12, 11)
    statutory_due_on: date | None = date(2027, 1, 5)
    warn_on: date | None = date(2026, 12, 9)
    paused_on: date | None = None
    provisional: bool = False


def lines(light="green", left=14, status="accepted", unit="工作日", **clock):
    return words.clock_lines(
        Clock(**clock), status=status, light=light, left=left, unit=unit, today=TODAY
    )


def test_a_day_names_its_year_only_where_it_is_another():
    assert words.spoken(date(2026, 12, 1), today=TODAY) == "12月1日"
    assert words.spoken(date(2027, 1, 5), today=TODAY) == "2027年1月5日"


@pytest.mark.parametrize(
    ("left", "told"),
    [(14, "还剩 14 个工作日"), (0, "今天是最后一天"), (-2, "已超期 2 个工作日, 已督办")],
)
def test_a_running_clock_tells_both_limits(left, told):
    assert lines(left=left) == [f"承诺 12月11日 前办结, {told}", "法定最迟 2027年1月5日"]


def test_a_standing_clock_says_why():
    assert lines(light="blue")[0] == "公示等环节不计入时限, 计时暂停中"
    assert lines(light="blue", status="suspended")[0] == "特别程序所需时间不计入时限, 计时暂停中"
    assert lines(light="blue", status="awaiting")[0] == "等您补充材料, 这段时间不计入时限"


def test_a_guessed_day_says_so():
    assert "可能相应调整" in lines(provisional=True)[-1]


def test_nothing_runs_before_acceptance_or_after_the_end():
    assert lines(status="submitted", light=None)[0].startswith("5 个工作日内告知是否受理")
    assert lines(status="concluded", light=None) == []


@pytest.mark.parametrize(
    ("outcome", "turns", "upcoming", "told"),
    [
        ("", 1, ["审核"], "民政局正在办理“初审”(11月30日前); 下一步是“审核”"),
        ("", 1, [], "民政局正在办理“初审”(11月30日前); 这是最后一步"),
        ("granted", 1, [], "已准予; 民政局正在办理“初审”(11月30日前); 这是最后一步"),
        ("", 0, [], "办理中"),
    ],
)
def test_one_sentence_tells_who_until_when_and_what_next(outcome, turns, upcoming, told):
    turn = {"department": "民政局", "step": "初审", "until": date(2026, 11, 30)}
    text = words.headline(
        status="accepted", outcome=outcome, turns=[turn] * turns, upcoming=upcoming, today=TODAY
    )
    assert text == told


def test_parallel_steps_are_all_told():
    turns = [
        {"department": office, "step": "核查", "until": date(2026, 11, 30)}
        for office in ("民政局", "公安局")
    ]
    text = words.headline(status="accepted", outcome="", turns=turns, upcoming=[], today=TODAY)
    assert "民政局正在办理“核查”(11月30日前)、公安局正在办理“核查”(11月30日前)" in text


def test_a_special_procedure_names_no_day():
    turn = {"department": "市残联", "step": "评定", "until": date(2026, 6, 5)}
    said = words.headline(
        status="suspended", outcome="", turns=[turn], upcoming=["审核"], today=date(2026, 6, 1)
    )
    assert said == "市残联的“评定”进入特别程序, 计时暂停; 完成后接着往下办"


def test_an_ended_case_has_no_next():
    for status in ("concluded", "declined", "withdrawn"):
        text = words.headline(status=status, outcome="", turns=[], upcoming=["审核"], today=TODAY)
        assert "下一步" not in text


@pytest.mark.parametrize("verb", sorted(words._TOLD))
def test_no_opinion_of_staff_reaches_a_timeline(verb):
    row = {
        "verb": verb,
        "at": TODAY,
        "step": "s1",
        "details": {"office": "民政局", "opinion": "内部意见", "note": "短信已发"},
    }
    told = words.event(row, steps={"s1": "初审"})
    assert "内部意见" not in str(told)
    assert set(told) == {"at", "text", "reason", "remedy", "note"}
    assert bool(told["note"]) is (verb == "deliver")
