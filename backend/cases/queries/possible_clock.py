"""
Which acts of the clock are possible now (计时操作): suspend, resume, extend, terminate.

Asked beside `possible`, whose twin it is for these verbs; the same test holds it to the actions.
"""

from typing import Any

from django.utils import timezone

from backend.cases import deadlines, workflow
from backend.cases.lifecycle import LIFECYCLE, RUNNING, Status
from backend.cases.models import CaseStep, ClockStop, Extension
from backend.cases.queries import possible
from backend.cases.queries.possible import Desk, No
from backend.core.lifecycle import IllegalMove
from backend.organisation.duties import Duty
from backend.organisation.models import Post

OF_CASE = {
    "resume": "恢复计时",
    "extend": "批准延期",
    "refuse_extension": "不批准延期",
    "terminate": "终止",
}
OF_STEP = {"suspend": "进入特别程序", "propose_extension": "申请延期"}
S = Extension.State


def verbs(desk: Desk) -> list[dict[str, Any]]:
    """Return every act of the clock, of the case and of its open steps: possible, or why not."""
    asked = _extensions(desk)
    rows = [
        possible.row("resume", OF_CASE["resume"], "", _resume(desk)),
        possible.row("extend", OF_CASE["extend"], "", _extend(desk, asked)),
        possible.row("refuse_extension", OF_CASE["refuse_extension"], "", _answer(desk, asked)),
        possible.row("terminate", OF_CASE["terminate"], "", _terminate(desk)),
    ]
    for step in desk.open_steps:
        no = {"suspend": _suspend(step, desk), "propose_extension": _propose(step, desk, asked)}
        rows += [possible.row(verb, label, step.key, no[verb]) for verb, label in OF_STEP.items()]
    return rows


def _extensions(desk: Desk) -> list[Extension]:
    """Read what was asked of a case whose clock can still run; of others nothing stands."""
    if desk.case.status not in RUNNING or not desk.posts:
        return []
    return list(Extension.objects.filter(case=desk.case))


def _illegal(verb: str, desk: Desk) -> No | None:
    try:
        LIFECYCLE.move(verb, desk.case.status)
    except IllegalMove:
        return No("illegal_move", f"办件现在是“{Status(desk.case.status).label}”")
    return None


def _suspend(step: CaseStep, desk: Desk) -> No | None:
    if no := _illegal("suspend", desk) or possible.not_mine(Duty.REVIEW, step, desk):
        return no
    if not workflow.may_suspend(desk.plan, step.stage, step.key):
        return No("special_not_offered", "该环节没有特别程序")
    return None


def _resume(desk: Desk) -> No | None:
    if no := _illegal("resume", desk):
        return no
    standing = ClockStop.objects.filter(case=desk.case, ended_on__isnull=True)
    key = standing.values_list("step", flat=True).first()
    step = next((one for one in desk.open_steps if one.key == key), None)
    if step is None:
        return No("step_not_open", "对应的环节已办完")
    return possible.not_mine(Duty.REVIEW, step, desk)


def _propose(step: CaseStep, desk: Desk, asked: list[Extension]) -> No | None:
    duty = workflow.duty_in(step.phase, step.role)
    if no := _illegal("extend", desk) or possible.not_mine(duty, step, desk) or _late(desk):
        return no
    if any(one.state == S.ASKED for one in asked):
        return No("extension_asked", "已有一份延期申请在等批准")
    if sum(one.days for one in asked if one.state == S.APPROVED) >= desk.case.most_extended:
        return No("extension_unsaid", "本件可延的天数已用完")
    return None


def _extend(desk: Desk, asked: list[Extension]) -> No | None:
    return _illegal("extend", desk) or _answer(desk, asked) or _late(desk)


def _answer(desk: Desk, asked: list[Extension]) -> No | None:
    if no := _not_head(desk):
        return no
    waiting = next((one for one in asked if one.state == S.ASKED), None)
    if waiting is None:
        return No("no_extension_asked", "没有等待批准的延期申请")
    if waiting.asked_by_id == desk.account.pk:
        return No("own_extension", "不能批复自己提出的延期")
    return None


def _terminate(desk: Desk) -> No | None:
    return _illegal("terminate", desk) or _not_head(desk)


def _late(desk: Desk) -> No | None:
    if deadlines.has_passed(desk.case, today=timezone.localdate(desk.now)):
        return No("extension_too_late", "已过承诺办结日, 不能再延期")
    return None


def _not_head(desk: Desk) -> No | None:
    head = any(
        post.department_id == desk.case.department_id
        and post.role == Post.Role.DEPARTMENT_HEAD
        and post.has(Duty.ENDORSE)
        for post in desk.posts
    )
    return None if head else No("not_your_duty", "由决定部门的负责人办理")
