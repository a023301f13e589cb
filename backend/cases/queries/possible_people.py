"""
Which acts about whose hands a case is in are possible now (移送、回避、声明).

Asked beside `possible`, whose twin it is for these verbs; the same test holds it to the actions.
"""

from typing import Any

from backend.cases.lifecycle import CLOSED, LIFECYCLE, Status
from backend.cases.models import Case, KinStatement
from backend.cases.queries import possible
from backend.cases.queries.possible import Desk, No
from backend.core.lifecycle import IllegalMove
from backend.organisation.duties import Duty

OF_CASE = {"transfer": "移送", "recuse": "声明回避", "state_kin": "亲属声明"}


def verbs(desk: Desk) -> list[dict[str, Any]]:
    """Return transfer and recusal, and the statement where the item asks for it."""
    rows = [
        possible.row("transfer", OF_CASE["transfer"], "", _transfer(desk)),
        possible.row("recuse", OF_CASE["recuse"], "", _recuse(desk)),
    ]
    if desk.case.version.guide.get("kin_statement"):
        rows.append(possible.row("state_kin", OF_CASE["state_kin"], "", None))
    return rows


def stated(case: Case, account: int) -> bool:
    """Say whether nothing about kin stands in the way: not asked, or said to be none."""
    if not case.version.guide.get("kin_statement"):
        return True
    return KinStatement.objects.filter(case=case, account=account, related=False).exists()


def _transfer(desk: Desk) -> No | None:
    label = Status(desk.case.status).label
    try:
        LIFECYCLE.move("transfer", desk.case.status)
    except IllegalMove:
        return No("illegal_move", f"办件现在是“{label}”, 不能移送")
    steps = sorted(desk.open_steps, key=lambda step: (step.stage, step.pk))
    refusals = [possible.not_mine(Duty.HANDLE, step, desk) for step in steps]
    if not steps:
        return No("step_not_open", "没有待办的环节")
    return None if None in refusals else refusals[0]


def _recuse(desk: Desk) -> No | None:
    if desk.case.status in CLOSED:
        return No("illegal_move", f"办件现在是“{Status(desk.case.status).label}”")
    return None
