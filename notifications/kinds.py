"""
Kinds of notices (通知种类): what each says, on which template, by which lane, and what follows.

A sentence whose parameters are missing is left out, so a notice is never half a sentence. Every
text ends with what happens next, or what the reader can do.
"""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from datetime import date, datetime

from notifications.kind import IN_WRITING, Kind
from notifications.kinds_of_clocks import CLOCKS
from notifications.kinds_of_materials import MATERIALS
from notifications.kinds_of_people import PEOPLE
from notifications.kinds_of_procedures import PROCEDURES
from notifications.kinds_of_supplements import SUPPLEMENTS

_HOLE = re.compile(r"\{(\w+)\}")
_MISSING = ("", "0")
_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_REMEDY = "对决定不服的, 可以自收到之日起 60 日内申请行政复议, 或者 6 个月内提起行政诉讼。"
"""行政复议法 §20, 行政诉讼法 §46."""

TEMPLATES: Mapping[str, Mapping[str, str]] = {
    "A": {
        "thing1": "thing",
        "character_string2": "tail",
        "phrase3": "status",
        "time4": "at",
        "thing5": "note",
    },
    "B": {"thing1": "thing", "name2": "name", "date3": "on", "thing4": "note"},
    "C": {"thing1": "thing", "time2": "at", "thing3": "place", "thing4": "note"},
}
"""Template → its fields (their names say their types, 微信「订阅消息」) → the value of each."""

SCENES: Mapping[str, Sequence[str]] = {
    "submit": ("A", "B"),
    "progress": ("A",),
    "remind": ("B",),
    "book": ("C", "A"),
}
"""Where the mini-program may ask for subscriptions → templates, the most useful first."""


@dataclasses.dataclass(frozen=True, slots=True)
class Text:
    """A notice in words: the inbox item, and the values its template and its SMS show."""

    title: str
    body: str
    values: dict[str, str]


_ALL = (
    Kind(
        key="case.submitted",
        title="申请已提交",
        group="case",
        template="A",
        status="已提交",
        sentences=(
            "您申请的「{item}」已经提交, 办事编号尾号 {tail}。",
            "由{taken_by}代您提交; 不是您的意思的, 可以在「我的办件」里撤回。",
            "下一步: {next_step}。",
            IN_WRITING,
            "受理以后会告诉您最迟哪天办结, 请留意消息, 不用来回跑。",
        ),
        notes=("等待受理, 有结果会通知您",),
        plain=("申请交上了。等通知就行。",),
    ),
    Kind(
        key="case.accepted",
        title="申请已受理",
        group="case",
        template="A",
        status="已受理",
        statutory=True,
        sentences=(
            "您申请的「{item}」已经受理, 办事编号尾号 {tail}。",
            "最迟 {due_on} 办结。",
            "现在到: {next_step}。",
            IN_WRITING,
            "每一步都可以在「我的办件」里看到。",
        ),
        notes=("已受理, 最迟{due_md}办结", "已受理, {days}个工作日内办结", "已受理, 正在办理"),
        plain=("已经受理了。最迟 {due_on} 有结果。", "已经受理了。有结果会通知您。"),
    ),
    Kind(
        key="case.declined",
        title="不予受理告知",
        group="case",
        template="A",
        status="不予受理",
        sms="没有受理",
        needs_sms=True,
        statutory=True,
        sentences=(
            "您申请的「{item}」没有受理, 办事编号尾号 {tail}。",
            "原因: {reason}。",
            "{remedy}",
            IN_WRITING,
            "按原因改好后, 可以重新申请。",
        ),
        notes=("没有受理, 请看原因和怎么办",),
        plain=("这次没有受理。请点开看原因, 改好可以再申请。",),
    ),
    Kind(
        key="case.step_passed",
        title="办理有进展",
        group="case",
        sentences=(
            "「{item}」的{step_name}已经通过, 办事编号尾号 {tail}。",
            "下一步: {next_step}。",
            "您现在不用做什么, 有结果会通知您。",
        ),
        plain=("又办好一步。等通知就行。",),
    ),
    Kind(
        key="case.publicity_started",
        title="开始公示",
        group="case",
        template="A",
        status="公示中",
        sentences=(
            "您申请的「{item}」开始公示{show_days}天, 办事编号尾号 {tail}。",
            "公示的内容已经脱敏, 不会显示您的全名和证件号码。",
            "公示期满没有异议的, 接着往下办; 您现在不用做什么。",
        ),
        notes=("开始公示{show_days}天, 可查看脱敏内容", "开始公示, 可查看脱敏内容"),
        plain=("正在公示。等通知就行。",),
    ),
    Kind(
        key="case.version_moved",
        title="办理要求有更新",
        group="case",
        template="A",
        sentences=(
            "「{item}」的办理要求有更新, 不影响已受理的申请, 办事编号尾号 {tail}。",
            "最迟 {due_on} 办结, 不会比原来晚。",
            "您已经交过的材料不用再交, 现在不用做什么。",
        ),
        notes=("办理要求有更新, 不影响已受理",),
        plain=("办理要求有变化, 您的申请不受影响。",),
    ),
    Kind(
        key="case.decided",
        title="已作出决定",
        group="case",
        template="A",
        status="{outcome}",
        sms="已有决定({outcome})",
        needs_sms=True,
        statutory=True,
        sentences=(
            "您申请的「{item}」已经作出决定: {outcome}, 办事编号尾号 {tail}。",
            "原因: {reason}。",
            "{remedy}",
            "下一步: {next_step}。",
            IN_WRITING,
            "决定的内容可以在「我的办件」里看。",
        ),
        notes=("决定: {outcome}, 请点开查看", "已作出决定, 请点开查看"),
        plain=("有决定了: {outcome}。请点开看。", "有决定了。请点开看。"),
    ),
    Kind(
        key="case.result_ready",
        title="结果已出",
        group="case",
        template="A",
        status="可领取",
        sms="结果已出, 可到窗口领取",
        needs_sms=True,
        statutory=True,
        sentences=(
            "您申请的「{item}」结果已出, 办事编号尾号 {tail}。",
            "领取方式: {method}。",
            "领取地点: {place}。",
            "取件码 {pickup_code}, 到上面的窗口报码领取, 不要告诉别人。",
            "邮件号 {mail_number}, 收到后请在小程序里确认。",
            "可以在小程序里查看, 有困难可以联系承办部门或社区。",
        ),
        notes=("结果已出, 可查看或到窗口领",),
        plain=(
            "结果出来了。取件码 {pickup_code}, 到{place}领。",
            "结果出来了。可以到{place}领。",
            "结果出来了。可以查看, 也可以到窗口领。",
        ),
    ),
    Kind(
        key="case.result_waiting",
        title="结果还没有领",
        group="case",
        template="A",
        status="待领取",
        lane="due",
        sentences=(
            "您申请的「{item}」结果出来一周了, 还没有领取, 办事编号尾号 {tail}。",
            "领取方式: {method}。",
            "领取地点: {place}。",
            "取件码在上次的消息里; 找不到的, 带身份证到领取地点补发。",
            "不方便去的, 可以请家人或社区代领。",
        ),
        notes=("结果还没有领, 请查看或到窗口领",),
        plain=("结果还没有领。请到{place}领。", "结果还没有领。请点开看。"),
    ),
    Kind(
        key="case.concluded",
        title="已办结",
        group="case",
        template="A",
        status="已办结",
        sentences=(
            "您申请的「{item}」已经办结, 办事编号尾号 {tail}。",
            "结果: {outcome}。",
            "{note}",
            IN_WRITING,
            "办理的全过程可以在「我的办件」里看, 也请您对这次服务作个评价。",
        ),
        notes=("已办结, 可查看全过程",),
        plain=("这件事办完了。",),
    ),
    Kind(
        key="staff.light",
        title="办件临期提醒",
        group="staff",
        sentences=(
            "「{item}」(办事编号尾号 {tail}) 的「{step_name}」{light_text}。",
            "环节时限: {due_on}。",
            "请在工作台里及时办理。",
        ),
        plain=("{light_text}, 请及时办理。",),
    ),
    Kind(
        key="ops.scanner_away",
        title="查毒服务不可用",
        group="staff",
        sentences=(
            "查毒服务没有应答, 居民上传的文件已等候 {minutes} 分钟。",
            "文件都已收好, 恢复后自动检查, 不用重传。",
            "请检查 SCANNER_ADDRESS 指向的服务与病毒库。",
        ),
        plain=("查毒服务不可用, 请检查。",),
    ),
    Kind(
        key="reminder",
        title="{title}",
        group="reminder",
        template="B",
        lane="due",
        priority=3,
        sentences=(
            "{note}。",
            "相关日期: {on}。",
            "点开这条消息就可以办理, 也可以请社区工作人员帮忙。",
            "为何收到: {why}。",
            "{switch}",
        ),
        notes=("{note}",),
        plain=("{note}。",),
    ),
)
_KINDS = (*_ALL, *SUPPLEMENTS, *CLOCKS, *MATERIALS, *PROCEDURES, *PEOPLE)
KINDS: Mapping[str, Kind] = {kind.key: kind for kind in _KINDS}


def reminder(key: str, *, template: str, needs_sms: bool, statutory: bool) -> Kind:
    """Return the kind of a reminder rule: the words are general, the rule's data fills them."""
    return dataclasses.replace(
        KINDS["reminder"],
        key=f"reminder.{key}",
        template=template,
        needs_sms=needs_sms,
        statutory=statutory,
    )


def write(kind: Kind, params: Mapping[str, str], *, now: datetime) -> Text:
    """
    Put a notice into words.

    :param params: what the caller knows: number, item, short_item, days, due_on (ISO day), reason …
    :param now: local time of the event, shown on the card.
    """
    known = {key: _ID_NUMBER.sub("***", value.strip()) for key, value in params.items()}
    known["tail"] = tail(known.get("number", ""))
    known["thing"] = known.get("thing") or known.get("short_item") or known.get("item", "")
    if kind.statutory and known.get("outcome") != "准予":
        known["remedy"] = known.get("remedy") or (_REMEDY if known.get("reason") else "")
    for name in ("due_on", "on"):
        known.update(_days(name, known.get(name, "")))
    sentences = (_said(sentence, known) for sentence in kind.sentences)
    values = {
        "thing": known["thing"],
        "tail": f"****{known['tail']}" if known["tail"] else "",
        "status": _said(kind.status, known) or known.get("status_text", ""),
        "at": f"{now.year}年{now.month}月{now.day}日 {now:%H:%M}",
        "on": known.get("on", ""),
        "place": known.get("place", ""),
        "open": known.get("open", ""),
        "sms": known.get("sms") or _said(kind.sms, known),
        "note": _first(kind.notes, known),
        "plain": _first(kind.plain, known),
    }
    shown = {*TEMPLATES.get(kind.template, {}).values(), "plain", "open", "sms"}
    return Text(
        title=_said(kind.title, known) or "提醒",
        body="".join(sentence for sentence in sentences if sentence),
        values={name: value for name, value in values.items() if value and name in shown},
    )


def tail(number: str) -> str:
    """Return what a message may show of a case number: its last six digits."""
    return number[-6:]


def _said(sentence: str, known: Mapping[str, str]) -> str:
    """Fill a sentence; "" when a parameter is missing. A full stop is never doubled."""
    if any(known.get(name, "") in _MISSING for name in _HOLE.findall(sentence)):
        return ""
    text = _HOLE.sub(lambda hole: known[hole[1]], sentence)
    return re.sub(r"[。;；.]+。$", "。", text)


def _first(choices: Sequence[str], known: Mapping[str, str]) -> str:
    return next((text for choice in choices if (text := _said(choice, known))), "")


def _days(name: str, iso: str) -> dict[str, str]:
    """Write an ISO day as people do: 2026年3月5日, and 3月5日 under `…_md`."""
    try:
        day = date.fromisoformat(iso)
    except ValueError:
        return {}
    short = f"{day.month}月{day.day}日"
    return {name: f"{day.year}年{short}", f"{name.removesuffix('_on')}_md": short}
