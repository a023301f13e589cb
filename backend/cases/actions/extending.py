"""
延期: more days, asked for by who handles the case, granted by the head of the office that decides.

Within the days the item allows, 10 where it says nothing (行政许可法 §42), before the promised
day has passed, and with the reason told to the applicant.
"""

from django.db.models import F

from backend.accounts.models import Account
from backend.cases import deadlines, workflow
from backend.cases.actions import moves
from backend.cases.actions.moves import State, Turn
from backend.cases.actions.supplements import legal
from backend.cases.models import Case, CaseStep, Extension
from backend.core.errors import Conflict, Forbidden, Invalid
from backend.organisation import duties, holders
from backend.organisation.duties import Duty
from backend.organisation.models import Post
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

S = Extension.State


class ExtensionUnsaid(Invalid):
    """`extra["fields"]` says which of reason and days is wrong."""

    code, title = "extension_unsaid", "延期须写明理由和天数, 理由会告知申请人; 请按提示补全"


class ExtensionAsked(Conflict):
    code, title = "extension_asked", "已有一份延期申请在等负责人批准, 请等批复后再提"


class ExtensionTooLate(Conflict):
    code, title = "extension_too_late", "已过承诺办结日, 不能再延期; 请尽快办结并说明情况"


class NoExtensionAsked(Conflict):
    code, title = "no_extension_asked", "没有等待批准的延期申请, 可能已批复或已随办结取消, 请刷新"


class OwnExtension(Forbidden):
    code, title = "own_extension", "不能批复自己提出的延期, 请由其他负责人批复"


def propose_extension(*, actor: Account, number: str, step: str, days: int, reason: str) -> Case:
    """
    申请延期: who has an open step in hand asks the head for more days; nothing moves yet.

    :param days: of the item's own kind, working or calendar.
    :raises ExtensionTooLate: the promised day has passed; what is late stays late.
    :raises ExtensionAsked: one already waits for the head.
    :raises ExtensionUnsaid: no reason, or more days than the item allows.
    """
    with moves.acting(actor=actor, number=number) as turn:
        legal(turn, "extend")
        held = moves.open_step(turn, step)
        moves.may(turn, workflow.duty_in(held.phase, held.role), held)
        _in_time(turn)
        standing = list(turn.case.extensions.all())
        if any(one.state == S.ASKED for one in standing):
            raise ExtensionAsked
        granted = sum(one.days for one in standing if one.state == S.APPROVED)
        _said(days, reason, left=turn.case.most_extended - granted)
        Extension.objects.create(
            case=turn.case,
            step=held.key,
            days=days,
            reason=reason.strip(),
            asked_by=actor,
            asked_at=turn.now,
        )
        moves.record(turn, "propose_extension", step=held.key, days=days)
        _ask_heads(turn, held, days)
    return turn.case


def extend(*, actor: Account, number: str, note: str = "") -> Case:
    """
    批准延期: both limits grow by the days asked for, and so does the step that needs them.

    :raises NoExtensionAsked: none waits.
    :raises OwnExtension: nobody grants what they ask.
    :raises ExtensionTooLate: the promised day passed before it was granted.
    """
    with moves.acting(actor=actor, number=number) as turn:
        legal(turn, "extend")
        asked = _asked(turn)
        _in_time(turn)
        moves.move(turn, "extend")
        _answer(turn, asked, S.APPROVED, note)
        case = turn.case
        before = case.promised_due_on
        turn.set(
            promised_total=case.promised_total + asked.days,
            statutory_total=case.statutory_total + asked.days,
        )
        _lengthen(turn, asked)
        moves.tick(turn, longer=True)
        turn.told[-1][1].update(more_days=str(asked.days), reason=asked.reason)
        moves.record(
            turn,
            "extend",
            step=asked.step,
            days=asked.days,
            before=before.isoformat() if before else "",
            after=case.promised_due_on.isoformat() if case.promised_due_on else "",
        )
    return turn.case


def refuse_extension(*, actor: Account, number: str, note: str) -> Case:
    """
    不批准延期: the promise stands as it was.

    :raises NoExtensionAsked: none waits.
    :raises OwnExtension: nobody decides on what they ask.
    """
    with moves.acting(actor=actor, number=number) as turn:
        asked = _asked(turn)
        _answer(turn, asked, S.REFUSED, note)
        moves.record(turn, "refuse_extension", step=asked.step, days=asked.days)
    return turn.case


def _in_time(turn: Turn) -> None:
    if deadlines.has_passed(turn.case, today=turn.today):
        raise ExtensionTooLate


def _said(days: int, reason: str, *, left: int) -> None:
    faults = {}
    if not reason.strip():
        faults["reason"] = "请写明延期理由, 申请人将看到"
    if left < 1:
        faults["days"] = "本件可延的天数已用完"
    elif not 1 <= days <= left:
        faults["days"] = f"本件最多还能延{left}天"
    if faults:
        raise ExtensionUnsaid(fields=faults)


def _asked(turn: Turn) -> Extension:
    """
    Return the request that waits, if the actor is the head who answers it.

    :raises NotYourDuty: not the head of the office that decides the case.
    """
    turn.post = head_post(turn)
    found = turn.case.extensions.filter(state=S.ASKED).first()
    if found is None:
        raise NoExtensionAsked
    if found.asked_by_id == turn.actor.pk:
        raise OwnExtension
    return found


def head_post(turn: Turn) -> duties.HeldPost:
    """Return the actor's post as head of the office that decides the case (本行政机关负责人)."""
    return duties.require(
        turn.posts,
        Duty.ENDORSE,
        department_id=turn.case.department_id,
        role=Post.Role.DEPARTMENT_HEAD,
    )


def _answer(turn: Turn, asked: Extension, state: str, note: str) -> None:
    asked.state, asked.decided_by, asked.decided_at = S(state), turn.actor, turn.now
    asked.note = note.strip()
    asked.save(update_fields=["state", "decided_by", "decided_at", "note"])


def _lengthen(turn: Turn, asked: Extension) -> None:
    """Give the days to the step they were asked for, unless it is late already: that stays."""
    in_time = turn.case.steps.filter(key=asked.step, state=State.OPEN, due_on__gte=turn.today)
    in_time.update(days=F("days") + asked.days)


def _ask_heads(turn: Turn, held: CaseStep, days: int) -> None:
    params = {
        "number": turn.case.number,
        "item": turn.case.item.name,
        "step_name": held.name,
        "more_days": str(days),
    }
    letters = [
        Letter(
            account_id=account,
            kind=kinds.KINDS["staff.extension_asked"],
            params=params,
            case_number=turn.case.number,
            dedupe_key=f"extension:{turn.case.number}:{turn.case.event_count}:{account}",
        )
        for account in holders.heads(turn.case.department_id, today=turn.today)
    ]
    notifications.send_many(letters=letters)
