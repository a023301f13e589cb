"""Plain words (白话) for what happens to a case. Pure: rows in, sentences out; no staff opinion."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from backend.cases.deadlines import Light, Timed
from backend.cases.lifecycle import Status
from backend.cases.models import ClockStop

LIGHTS: dict[str, str] = {
    "green": "正常办理",
    "yellow": "即将到期",
    "red": "已超期, 已督办",
    "blue": "计时暂停",
}
_ENDED: dict[str, str] = {
    Status.DELIVERED: "结果已送达, 即将办结",
    Status.CONCLUDED: "已办结",
    Status.DECLINED: "不予受理, 理由和救济途径见下方",
    Status.WITHDRAWN: "您已撤回申请, 需要时可重新提交",
    Status.TERMINATED: "办理已终止, 原因见下方",
    Status.LAPSED: "到期没有补齐, 申请已结束; 备齐后可重新提交",
}
_WHY = {value: str(label) for value, label in ClockStop.Reason.choices}
_MOST_NAMED = 3
_OUTCOMES = {"granted": "准予", "refused": "不予"}
# 内部意见不给居民看: only these details of an event ever leave.
_SHOWN: dict[str, tuple[str, ...]] = {
    "decline": ("reason", "remedy"),
    "decide": ("reason", "remedy"),
    "deliver": ("note",),
    "withdraw": ("reason",),
}
_CONSENTS = {
    "in_person": "您本人到场",
    "call": "与您电话确认",
    "witnessed": "工作人员见证",
    "written": "您的书面委托",
}
_TOLD = {
    "submit": "{who}提交了申请",
    "move_version": "办理要求有更新, 不影响已受理的申请",
    "accept": "{office}受理了申请, 开始计时",
    "decline": "{office}决定不予受理",
    "pass_step": "{office}办完了“{step}”",
    "reject_step": "{office}在“{step}”提出不同意见, 由决定部门统一答复",
    "return_step": "{office}把“{step}”退回上一环节重新核实",
    "decide": "{office}作出决定: {outcome}",
    "deliver": "{office}已送达结果",
    "choose_delivery": "您选择了领取方式",
    "give_out": "{office}已交付结果",
    "confirm_receipt": "您确认收到了结果",
    "conclude": "{office}已办结",
    "withdraw": "{who}撤回了申请",
    "deem_accepted": "收件后五个工作日没有告知, 自收到材料之日起即为受理, 开始计时",
    "suspend": "{office}的“{step}”进入特别程序({why}), 预计{expected_days}天, 计时暂停",
    "resume": "特别程序完成, 恢复计时",
    "extend": "经{office}负责人批准延期{days}天",
    "begin_part": "前置事项已办好, 本项开始办理",
    "parts_ended": "各分项已办完, 由牵头部门汇总",
    "terminate": "{office}终止了办理",
    "calendar_changed": "放假安排公布, 办结日期已重算",
    "request_supplement": "{office}一次性告知还差 {count} 项, 请在 {until} 前补正",
    "answer_supplement": "{who}补正了其中 {count} 项, 还有没补的",
    "supplement": "{who}补齐了告知的内容",
    "prolong_supplement": "{who}把补正期限延到 {until}",
    "lapse": "补正期限已过, {went_on}",
    "hand_in": "{who}提交了{name}",
    "receive_material": "{office}收下了{name}",
    "witness_material": "{office}现场核验了{name}",
    "settle_material": "{office}核实了{name}",
    "check_promise": "{office}事后核查了关于{name}的承诺",
    "check_materials": "向共享数据核验了 {count} 项材料, 没有要求您提供",
    "paper_refused": "{name}的文件没有通过查毒, 请重新上传",
    "material_overdue": "可以后补的 {count} 项材料过了期限",
}
_STANDS: dict[str, str] = {
    Status.AWAITING: "等您补充材料, 这段时间不计入时限",
    Status.SUSPENDED: "特别程序所需时间不计入时限, 计时暂停中",
}
_COUNTED = ("defects", "lines", "materials")
_WENT_ON = {True: "按已有材料继续办理", False: "申请已结束"}


def spoken(day: date, *, today: date) -> str:
    """Return a day as people say it; the year only where it is not this one."""
    year = "" if day.year == today.year else f"{day.year}年"
    return f"{year}{day.month}月{day.day}日"


def event(row: Mapping[str, Any], *, steps: Mapping[str, str]) -> dict[str, Any]:
    """
    Return one line of the resident's timeline.

    :param row: `verb`, `at`, `step`, `details` of a CaseEvent.
    :param steps: step key → step name.
    """
    details = row["details"]
    text = _TOLD[row["verb"]].format(
        who=f"{details['office']}代您" if details.get("office") else "您",
        count=len(next((details[key] for key in _COUNTED if details.get(key)), ())),
        name=details.get("name", "材料"),
        until=_day(details.get("due_on"), row["at"]),
        went_on=_WENT_ON[bool(details.get("went_on"))],
        office=details.get("office", "系统"),
        step=steps.get(row["step"], "本环节"),
        outcome=_OUTCOMES.get(str(details.get("outcome", "")), "已作出"),
        days=details.get("days", ""),
        expected_days=details.get("expected_days", ""),
        why=_WHY.get(str(details.get("why", "")), "法定事由"),
    )
    shown = {key: details[key] for key in _SHOWN.get(row["verb"], ()) if details.get(key)}
    if consent := _CONSENTS.get(details.get("consent", "")):
        shown["note"] = f"代办依据: {consent}"
    return {"at": row["at"], "text": text, "reason": "", "remedy": "", "note": "", **shown}


def _day(text: object, said_at: datetime) -> str:
    if not isinstance(text, str):
        return ""
    return spoken(date.fromisoformat(text), today=timezone.localdate(said_at))


def is_told(verb: str) -> bool:
    return verb in _TOLD


def bundle(parts: Sequence[Mapping[str, Any]]) -> str:
    """一件事的进度: say in one line how many of the parts are over, and how many got what."""
    over = sum(part["ended"] for part in parts)
    refused = sum(part["ended"] and part["outcome"] != "granted" for part in parts)
    told = f"{len(parts)} 项中 {over} 项已办结"
    return f"{told}, 其中 {refused} 项没有办成" if refused else told


def headline(
    *,
    status: str,
    outcome: str,
    turns: Sequence[Mapping[str, Any]],
    upcoming: Sequence[str],
    today: date,
) -> str:
    """
    Say in one sentence who has the case, until when, and what comes next.

    :param turns: the open steps, each with `department`, `step` and `until` (a date).
    :param upcoming: names of the steps still to come.
    """
    if status in _ENDED:
        return _ENDED[status]
    start = {"granted": "已准予; ", "refused": "决定不予; "}.get(outcome, "")
    if not turns:
        return start + Status(status).label
    if status == Status.SUSPENDED:
        turn = turns[0]
        return f"{turn['department']}的“{turn['step']}”进入特别程序, 计时暂停; 完成后接着往下办"
    now = "、".join(
        f"{turn['department']}正在办理“{turn['step']}”({spoken(turn['until'], today=today)}前)"
        for turn in turns
    )
    after = f"; 下一步是“{upcoming[0]}”" if upcoming else "; 这是最后一步"
    return start + now + after


def lacking(
    labels: Sequence[str], due_on: date, *, turns: Sequence[Mapping[str, Any]], today: date
) -> str:
    """Say in one sentence what the applicant has to mend, until when, and who goes on then."""
    named = "、".join(labels[:_MOST_NAMED]) + ("等" if len(labels) > _MOST_NAMED else "")
    text = f"还差 {len(labels)} 项要补: {named}; 请在 {spoken(due_on, today=today)} 前补齐"
    after = f", 补齐后由{turns[0]['department']}继续办理" if turns else ""
    return text + after


def clock_lines(
    case: Timed, *, status: str, light: Light | None, left: int, unit: str, today: date
) -> list[str]:
    """
    Say how the two limits stand; `left` is the days (of `unit`) left of the promised one.

    Before acceptance: the office answers within five working days (行政许可法 §32).
    """
    if status == Status.SUBMITTED:
        return ["5 个工作日内告知是否受理, 从提交的下一个工作日起算"]
    if status == Status.SUPPLEMENTING:
        return ["补正期间不计时限, 补齐后从补齐之日起算"]
    promised, statutory = case.promised_due_on, case.statutory_due_on
    if light is None or promised is None or statutory is None:
        return []
    lines = [f"承诺 {spoken(promised, today=today)} 前办结, {_left(left, unit)}"]
    if light == "blue":
        lines = [_STANDS.get(status, "公示等环节不计入时限, 计时暂停中"), lines[0]]
    lines.append(f"法定最迟 {spoken(statutory, today=today)}")
    if case.provisional:
        lines.append("跨年的放假安排公布后, 日期可能相应调整")
    return lines


def _left(left: int, unit: str) -> str:
    if left < 0:
        return f"已超期 {-left} 个{unit}, 已督办"
    return f"还剩 {left} 个{unit}" if left else "今天是最后一天"
