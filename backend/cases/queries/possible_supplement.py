"""
Which acts of a notice are possible now (补正操作): ask, answer, prolong, approve, refuse.

Asked beside `possible`, whose twin it is for these verbs; the same test holds it to the actions.
"""

from typing import Any

from backend.cases import workflow
from backend.cases.lifecycle import LIFECYCLE, Status
from backend.cases.models import CaseStep, Supplement
from backend.cases.queries import possible
from backend.cases.queries.possible import Desk, No
from backend.organisation import names
from backend.organisation.duties import Duty
from backend.organisation.models import Post

OF_CASE = {
    "supplement": "代申请人补正",
    "prolong_supplement": "补正延期",
    "approve_supplement": "批准再次补正",
    "refuse_supplement": "不批准再次补正",
}
OF_STEP = {"request_supplement": "一次性告知补正"}


def verbs(desk: Desk, notice: Supplement | None) -> list[dict[str, Any]]:
    """
    Return every act of a notice, of the case and of its open steps: possible, or why not.

    :param notice: the one that is open, or waits for the head.
    """
    no = {
        "supplement": _may_mend(desk),
        "prolong_supplement": _may_prolong(desk, notice),
        "approve_supplement": _may_approve(desk, notice),
        "refuse_supplement": _may_answer(desk, notice),
    }
    rows = [possible.row(verb, label, "", no[verb]) for verb, label in OF_CASE.items()]
    return rows + [
        possible.row(verb, label, step.key, _may_ask(step, desk, notice))
        for step in desk.open_steps
        for verb, label in OF_STEP.items()
    ]


def _illegal(verb: str, desk: Desk) -> No | None:
    if verb in LIFECYCLE.verbs_from(desk.case.status):
        return None
    return No("illegal_move", f"办件现在是“{Status(desk.case.status).label}”")


def _may_ask(step: CaseStep, desk: Desk, notice: Supplement | None) -> No | None:
    verb, status = "request_supplement", desk.case.status
    if no := _illegal(verb, desk):
        return no
    if no := possible.not_mine(LIFECYCLE.move(verb, status).duty, step, desk):
        return no
    if not workflow.may_correct(desk.plan, step.stage, step.key):
        return No("correction_not_offered", "该环节没有补正程序")
    if notice is not None:
        return No("proposal_stands", "已有一份补正告知在等负责人批准")
    return None


def _may_mend(desk: Desk) -> No | None:
    if no := _illegal("supplement", desk):
        return no
    if not any(post.has(Duty.INTAKE) for post in desk.posts):
        return No("not_your_duty", "由申请人补正, 或由收件窗口代办")
    return None


def _may_prolong(desk: Desk, notice: Supplement | None) -> No | None:
    if no := _may_mend(desk):
        return no
    if notice and notice.prolonged:
        return No("already_prolonged", "补正期限已延过一次")
    return None


def _may_approve(desk: Desk, notice: Supplement | None) -> No | None:
    if notice and notice.state == Supplement.State.PROPOSED:
        return _illegal("request_supplement", desk) or _may_answer(desk, notice)
    return _may_answer(desk, notice)


def _may_answer(desk: Desk, notice: Supplement | None) -> No | None:
    if notice is None or notice.state != Supplement.State.PROPOSED:
        return No("no_proposal", "没有等待批准的补正告知")
    office, head = notice.department_id, Post.Role.DEPARTMENT_HEAD
    if not any(post.department_id == office and post.role == head for post in desk.posts):
        return No("not_your_duty", f"由{names.office(office).name}负责人批复")
    if notice.asked_by_id == desk.account.pk:
        return No("own_proposal", "不能批复自己提出的")
    return None
