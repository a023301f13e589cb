"""
What may be done now, and why the rest may not (可用操作).

The twin of the checks in `actions`, for screens: an action never asks it. A test holds the two
together over every status and role.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.lifecycle import LIFECYCLE, Status
from backend.cases.models import Case, CaseStep
from backend.cases.queries import ledger
from backend.catalogue.models import ServiceItem
from backend.core.lifecycle import IllegalMove
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post

OF_CASE = {
    "accept": "受理",
    "decline": "不予受理",
    "finish": "即办办结",
    "decide": "作出决定",
    "deliver": "送达",
    "conclude": "办结",
}
OF_STEP = {
    "claim": "认领",
    "release": "放回",
    "pass": "通过",
    "reject": "不予通过",
    "return": "退回上一环节",
}
WORKING = (Status.ACCEPTED, Status.DECIDED, Status.DELIVERED)


@dataclass(frozen=True, slots=True)
class No:
    """Why not: the code the action would refuse with, and a sentence."""

    code: str
    why: str


@dataclass(frozen=True, slots=True)
class Desk:
    """Who asks, about which case, at what moment."""

    account: Account
    posts: Sequence[HeldPost]
    case: Case
    open_steps: Sequence[CaseStep]
    plan: workflow.Plan
    now: datetime
    kin_stated: bool = True
    papers: ledger.Left = ()


def verbs(desk: Desk) -> list[dict[str, Any]]:
    """Return every verb of the case and of its open steps: possible, or the reason why not."""
    rows = [row(verb, label, "", _of_case(verb, desk)) for verb, label in OF_CASE.items()]
    for step in desk.open_steps:
        rows += [
            row(verb, label, step.key, _of_step(verb, step, desk))
            for verb, label in OF_STEP.items()
        ]
    return rows


def row(verb: str, label: str, step: str, no: No | None) -> dict[str, Any]:
    return {
        "verb": verb,
        "label": label,
        "step": step,
        "possible": no is None,
        "code": no.code if no else "",
        "why": no.why if no else "",
    }


def _of_case(verb: str, desk: Desk) -> No | None:
    case = desk.case
    instant = case.item.kind == ServiceItem.Kind.INSTANT
    if verb == "accept" and instant:
        return No("instant_item", "即办件请直接办结")
    if verb == "finish" and not instant:
        return No("not_instant", "不是即办件, 请先受理再按环节办理")
    try:
        row = LIFECYCLE.move("accept" if verb == "finish" else verb, case.status)
    except IllegalMove:
        return No("illegal_move", f"办件现在是“{Status(case.status).label}”")
    step = _step_for(verb, desk)
    if step is None:
        return No("step_not_open", "对应的环节尚未到达或已办完")
    return (
        not_mine(row.duty, step, desk) or _papers(verb, step, desk) or _left_over(verb, step, desk)
    )


def _papers(verb: str, step: CaseStep, desk: Desk) -> No | None:
    """Say which materials still keep it from being accepted, or granted; refusing needs none."""
    if verb not in ("accept", "finish", "decide"):
        return None
    if verb == "decide" or workflow.decides_at(desk.plan) == step.stage:
        found = ledger.hinder_grant(desk.papers, desk.case.version.materials)
        code, why = "materials_unsettled", "还不能准予, 没有交齐或核实: "
    else:
        found = ledger.hinder_acceptance(desk.papers)
        code, why = "materials_wanted", "还没有交: "
    return No(code, why + _named(found)) if found else None


def _named(materials: Sequence[ledger.Hindrance]) -> str:
    return "、".join(one.name for one in materials)


def _step_for(verb: str, desk: Desk) -> CaseStep | None:
    """Return the open step a verb of the case works on."""
    if verb in ("accept", "decline", "finish"):
        found = [step for step in desk.open_steps if step.phase == workflow.INTAKE]
    elif verb == "decide":
        index = workflow.decides_at(desk.plan)
        found = [step for step in desk.open_steps if step.stage == index]
    else:
        found = sorted(desk.open_steps, key=lambda step: -step.stage)
    return found[0] if found else None


def _left_over(verb: str, step: CaseStep, desk: Desk) -> No | None:
    granted = desk.case.outcome == Case.Outcome.GRANTED
    if verb == "conclude" and granted and workflow.ahead(desk.plan, step.stage):
        return No("steps_left", "还有环节没有办完")
    return None


def _of_step(verb: str, step: CaseStep, desk: Desk) -> No | None:
    leasing = verb in ("claim", "release")
    if not leasing and desk.case.status not in WORKING:
        return No("illegal_move", f"办件现在是“{Status(desk.case.status).label}”")
    if no := not_mine(workflow.duty_in(step.phase, step.role), step, desk):
        return no
    return _in_work(verb, step, desk)


def _in_work(verb: str, step: CaseStep, desk: Desk) -> No | None:
    deciding = desk.case.status == Status.ACCEPTED and step.stage == workflow.decides_at(desk.plan)
    if verb in ("pass", "reject") and deciding:
        return No("decision_step", "这是决定环节, 请作出准予或不予的决定")
    if verb == "pass" and workflow.is_last(desk.plan, step.stage):
        return No("last_step", "这是最后一个环节, 请送达、办结")
    if verb == "reject" and step.phase == workflow.DELIVERY:
        return No("decision_made", "决定已经作出, 请送达、办结")
    if verb == "return" and not workflow.may_return(desk.plan, step.stage, step.key):
        return No("no_way_back", "该环节不能退回")
    return None


def not_mine(duty: str, step: CaseStep, desk: Desk) -> No | None:
    mine = any(
        post.department_id == step.department_id and post.role == step.role and post.has(duty)
        for post in desk.posts
    )
    if not mine:
        role = "系统" if step.role == workflow.SYSTEM else Post.Role(step.role).label
        return No("not_your_duty", f"由{step.department.name}({role}, {Duty(duty).label})办理")
    held = step.claimed_until is not None and step.claimed_until > desk.now
    if held and step.claimed_by_id not in (None, desk.account.pk):
        return No("claimed_by_other", "同事已认领")
    if not desk.kin_stated:
        return No("kin_not_stated", "请先声明与申请人有无近亲属关系")
    return None
