"""特别程序: what takes its own time does not count, and is told in writing (行政许可法 §45)."""

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import mending, moves
from backend.cases.actions.supplements import legal
from backend.cases.models import Case, ClockStop
from backend.core.errors import Conflict, Invalid

LONGEST = 365


class SpecialNotOffered(Conflict):
    code, title = (
        "special_not_offered",
        "该环节没有特别程序, 不能停表; 请按时限办理或申请延期",
    )


class SpecialUnsaid(Invalid):
    """`extra["fields"]` says which of reason and expected days is wrong."""

    code, title = "special_unsaid", "停表须选明事由并告知预计天数, 请补全后再提交"


def suspend(
    *, actor: Account, number: str, step: str, reason: str, expected_days: int, note: str = ""
) -> Case:
    """
    特别程序: let the clock stand for a hearing, a test, an appraisal; tell how long.

    :param reason: one of ClockStop.Reason.
    :param expected_days: calendar days, 1 to 365.
    :raises SpecialNotOffered: the item's process has no such procedure in this step.
    :raises SpecialUnsaid: no reason of the law's, or no length.
    """
    with moves.acting(actor=actor, number=number) as turn:
        row = legal(turn, "suspend")
        held = moves.open_step(turn, step)
        moves.may(turn, row.duty, held)
        if not workflow.may_suspend(turn.plan, held.stage, held.key):
            raise SpecialNotOffered
        _said(reason, expected_days)
        moves.move(turn, "suspend")
        stop = moves.stand(
            turn,
            ClockStop.Kind.SPECIAL,
            step=held.key,
            reason=reason,
            expected_days=expected_days,
            note=note,
        )
        turn.told[-1][1].update(
            reason=stop.get_reason_display(),
            expected_days=str(expected_days),
            step_name=held.name,
            advice=note.strip(),
        )
        moves.record(turn, "suspend", step=held.key, why=reason, expected_days=expected_days)
    return turn.case


def resume(*, actor: Account, number: str, note: str = "") -> Case:
    """恢复计时: the special procedure is over; the days it took are added to both limits."""
    with moves.acting(actor=actor, number=number) as turn:
        row = legal(turn, "resume")
        stop = turn.case.stops.get(ended_on__isnull=True)
        held = moves.open_step(turn, stop.step)
        moves.may(turn, row.duty, held)
        moves.move(turn, "resume")
        mending.go_on(turn, stop.step)
        stood = (turn.today - stop.began_on).days
        turn.told[-1][1].update(stood_days=str(stood), step_name=held.name, advice=note.strip())
        moves.record(turn, "resume", step=held.key, why=stop.reason, stood_days=stood)
    return turn.case


def _said(reason: str, expected_days: int) -> None:
    faults = {}
    if reason not in ClockStop.Reason.values:
        faults["reason"] = "请选择听证、检验、鉴定等法定事由"
    if not 1 <= expected_days <= LONGEST:
        faults["expected_days"] = f"请填写预计天数, 1至{LONGEST}天"
    if faults:
        raise SpecialUnsaid(fields=faults)
