"""Each date explained, over the cases of 领域说明 §2.17."""

from datetime import date

import pytest

from backend.cases import clockwork, deadlines
from backend.cases.clockwork import Change, More, Sheet, Standing, Turn
from backend.core.workdays import WorkCalendar
from backend.seeds import calendar as seeds

CALENDAR = WorkCalendar.from_rows(
    (row.day, row.is_workday, row.provisional) for row in seeds.seed_rows()
)


def sheet(on, promised, statutory=30, kind="working", today=None, **more):
    stops = more.get("stops", ())
    spans = deadlines.spans(stops)
    due = CALENDAR.add(on, promised, kind, stopped=spans)
    limit = CALENDAR.add(on, statutory, kind, stopped=spans)
    return Sheet(
        submitted_on=on,
        since=on,
        kind=kind,
        today=today or on,
        clock_from=on,
        promised_total=promised,
        statutory_total=statutory,
        promised_due_on=due.day,
        statutory_due_on=limit.day,
        warn_on=deadlines.warn_day(on, due.day, promised, kind, CALENDAR),
        provisional=due.provisional or limit.provisional,
        **more,
    )


def said(one, inner=True):
    lines = clockwork.explain(one, CALENDAR)
    shown = lines if inner else clockwork.for_resident(lines)
    return {line.key: line for line in shown}


@pytest.mark.parametrize(
    ("on", "days", "kind", "first", "due", "words"),
    [
        (date(2026, 2, 13), 5, "working", date(2026, 2, 14), date(2026, 2, 27),
         "(周末、节假日6天不计, 调休上班的2月14日计入)"),
        (date(2026, 9, 18), 5, "working", date(2026, 9, 20), date(2026, 9, 24),
         "(周末不计, 调休上班的9月20日计入)"),
        (date(2026, 9, 24), 10, "working", date(2026, 9, 28), date(2026, 10, 15),
         "(周末、节假日6天不计, 调休上班的10月10日计入)"),
        (date(2026, 4, 30), 1, "working", date(2026, 5, 6), date(2026, 5, 6),
         "(周末、节假日3天不计)"),
        (date(2026, 9, 24), 15, "calendar", date(2026, 9, 25), date(2026, 10, 9), "满15日, "),
    ],
)  # fmt: skip
def test_says_how_each_day_was_counted(on, days, kind, first, due, words):
    lines = said(sheet(on, days, kind=kind, statutory=days))
    assert lines["clock_from"].on == on
    assert "次日起算" in lines["clock_from"].text
    assert lines["day_one"].on == first
    assert lines["promised_due_on"].on == due
    assert words in lines["promised_due_on"].text


def test_says_what_did_not_count():
    stop = Standing(date(2026, 6, 5), date(2026, 6, 17), "检测", "初审", 12)
    lines = said(sheet(date(2026, 6, 1), 10, stops=[stop]))
    assert lines["promised_due_on"].on == date(2026, 6, 26)
    assert lines["stop"].text == (
        "2026年6月5日(周五)至2026年6月16日(周二)“初审”检测, 8个工作日不计, 预计12天"
    )


@pytest.mark.parametrize(
    ("ended", "words"), [(None, "暂停计时至今"), (date(2026, 6, 5), "没有停下一天")]
)
def test_says_how_a_stop_stands(ended, words):
    stop = Standing(date(2026, 6, 5), ended, "鉴定")
    assert words in said(sheet(date(2026, 6, 1), 10, stops=[stop]))["stop"].text


def test_says_that_a_date_is_provisional():
    lines = said(sheet(date(2026, 12, 24), 6, statutory=6))
    assert lines["promised_due_on"].on == date(2027, 1, 4)
    assert "尚未公布" in lines["provisional"].text


def test_says_where_the_totals_come_from():
    more = More(5, "approved", "已批准", date(2026, 6, 9), "等外地档案回函", "情况属实")
    change = Change(date(2026, 6, 10), date(2026, 6, 22), date(2026, 6, 22), cut=1)
    lines = said(sheet(date(2026, 6, 1), 14, extensions=[more], changes=[change]))
    assert lines["promised"].text == (
        "10个工作日, 加批准的延期5个工作日, 减因放假安排公布而缩短的1个工作日, 共14个工作日"
    )
    assert "等外地档案回函" in lines["extension"].text
    assert "少算1个工作日" in lines["calendar"].text
    assert lines["statutory"].text == "25个工作日, 加批准的延期5个工作日, 共30个工作日"


def test_keeps_what_is_between_offices_from_residents():
    asked = [
        More(5, "refused", "未批准", date(2026, 6, 9), "人手不足", "来得及"),
        More(2, "approved", "已批准", date(2026, 6, 9), "等函", "该件拖得太久"),
    ]
    turn = Turn(
        "初审", "社会事务办", date(2026, 6, 1), 2, "working", date(2026, 6, 3), date(2026, 6, 2),
        told=3,
    )  # fmt: skip
    one = sheet(date(2026, 6, 1), 10, extensions=asked, turns=[turn], today=date(2026, 6, 9))
    inside = "".join(line.text for line in clockwork.explain(one, CALENDAR))
    outside = "".join(
        line.text for line in clockwork.for_resident(clockwork.explain(one, CALENDAR))
    )
    for words in ("来得及", "拖得太久", "已报负责人和监察"):
        assert words in inside
        assert words not in outside
    assert "人手不足" not in outside
    assert "红灯, 已超期" in outside


def test_a_step_on_show_has_its_days_while_the_case_stands():
    """公示: the case is blue, and who must end the show is not."""
    stop = Standing(date(2026, 6, 5), None, "不计时环节", of_step=True)
    show = Turn(
        "公示", "社会事务办", date(2026, 6, 5), 3, "calendar", date(2026, 6, 8), date(2026, 6, 7),
        counts=False,
    )  # fmt: skip
    one = sheet(
        date(2026, 6, 1), 10, stops=[stop], turns=[show], today=date(2026, 6, 9),
        paused_on=date(2026, 6, 5),
    )  # fmt: skip
    lines = said(one)
    assert "蓝灯" in lines["light"].text
    assert "红灯" in lines["step"].text


def test_before_acceptance_says_when_an_answer_is_due():
    one = Sheet(
        submitted_on=date(2026, 9, 18), since=date(2026, 9, 18), kind="working",
        today=date(2026, 9, 18),
    )  # fmt: skip
    lines = said(one)
    assert lines["answer_by"].on == date(2026, 9, 24)
    assert "promised_due_on" not in lines


def test_says_how_early_it_was_decided():
    one = sheet(date(2026, 6, 1), 10, decided_on=date(2026, 6, 10))
    assert "比承诺早3个工作日" in said(one)["decided"].text
    assert "light" not in said(one)
