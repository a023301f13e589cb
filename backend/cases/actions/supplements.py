"""
一次性告知: what is missing, told once and completely (行政许可法 §32, 领域说明 §2.5).

The first notice goes out at once. A second one is only proposed: the head of the office says yes
or no, and what could have been seen at the first is counted.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db.models import Q

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import moves
from backend.cases.actions.moves import Turn
from backend.cases.lifecycle import LIFECYCLE
from backend.cases.models import Case, CaseMaterial, CaseStep, ClockStop, Defect, Supplement
from backend.cases.queries import missing
from backend.catalogue import conditions
from backend.core.errors import Conflict, Forbidden, Invalid
from backend.core.lifecycle import IllegalMove, Move
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty
from backend.organisation.models import Post
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

S = Supplement.State
VERB = "request_supplement"
_SHORT = 8
"""Characters of a name that still fit on the card beside the day."""


class NothingMissing(Invalid):
    code, title = "nothing_missing", "请至少列出一项要补的内容; 没有要补的, 请直接办理"


class DefectsRejected(Invalid):
    """`extra["fields"]` maps `defects[0].key` and the like to a sentence."""

    code, title = "defects_rejected", "补正清单有误, 请按提示改好后一次告知"


class CorrectionNotOffered(Conflict):
    code, title = "correction_not_offered", "该环节没有补正程序, 请通过、退回或作出决定"


class ProposalStands(Conflict):
    code, title = "proposal_stands", "已有一份补正告知在等负责人批准, 请等批复后再提"


class LateReasonMissing(Invalid):
    code, title = "late_reason_missing", "再次补正须写明为何不能在第一次一并告知, 供负责人审批"


class NoProposal(Conflict):
    code, title = "no_proposal", "没有等待批准的补正告知, 可能已批复或已随环节结束, 请刷新后再看"


class OwnProposal(Forbidden):
    code, title = "own_proposal", "不能批复自己提出的补正告知, 请由其他负责人批复"


def request_supplement(
    *,
    actor: Account,
    number: str,
    step: str,
    defects: Sequence[Mapping[str, Any]],
    note: str = "",
    late_reason: str = "",
) -> Case:
    """
    一次性告知: tell the applicant everything that is missing, and let the clock stand.

    The second notice of a case only becomes a proposal; the case stays where it is.

    :param defects: all of them, each `{on, key, reason, remedy, sample?, visible_at_first?}`;
        `on` is "field" or "material", `key` one of the item's.
    :param late_reason: why a second notice was not part of the first.
    :raises CorrectionNotOffered: the item's process has no such procedure in this step.
    :raises ProposalStands: one already waits for the head.
    :raises NothingMissing: the list is empty.
    :raises DefectsRejected: every faulty line at once.
    :raises LateReasonMissing: a second notice without its reason.
    """
    with moves.acting(actor=actor, number=number) as turn:
        row = legal(turn, VERB)
        held = moves.open_step(turn, step)
        moves.may(turn, row.duty, held)
        if not workflow.may_correct(turn.plan, held.stage, held.key):
            raise CorrectionNotOffered
        told = _earlier(turn)
        if any(one.state == S.PROPOSED for one in told):
            raise ProposalStands
        lines, ledger = _read(turn, defects)
        supplement = Supplement(
            case=turn.case,
            ordinal=len(told) + 1,
            step=held.key,
            department_id=held.department_id,
            note=note,
            late_reason=late_reason,
            asked_by=actor,
            asked_at=turn.now,
        )
        if told:
            _judge(turn, lines, ledger, first=told[0])
            _propose(turn, supplement, lines, held)
        else:
            _give(turn, supplement, lines, fresh=True)
    return turn.case


def approve_supplement(*, actor: Account, number: str, note: str = "") -> Case:
    """
    批准再次补正: the head lets the proposed notice go out, from today on.

    :raises NoProposal: none waits.
    :raises OwnProposal: nobody approves what they propose.
    """
    with moves.acting(actor=actor, number=number) as turn:
        supplement = _proposal(turn)
        legal(turn, VERB)
        _endorse(turn, supplement)
        supplement.approved_by = actor
        _give(turn, supplement, list(supplement.defects.all()), note=note)
    return turn.case


def refuse_supplement(*, actor: Account, number: str, note: str) -> Case:
    """
    不批准再次补正: the office goes on with what it has.

    :raises NoProposal: none waits.
    :raises OwnProposal: nobody decides on what they propose.
    """
    with moves.acting(actor=actor, number=number) as turn:
        supplement = _proposal(turn)
        _endorse(turn, supplement)
        supplement.state, supplement.done_at = S.REFUSED, turn.now
        supplement.save(update_fields=["state", "done_at"])
        moves.record(
            turn,
            "refuse_supplement",
            step=supplement.step,
            ordinal=supplement.ordinal,
            opinion=note,
        )
    return turn.case


def _earlier(turn: Turn) -> list[Supplement]:
    """Return what was asked before; of a case to which nothing happened yet, without looking."""
    if turn.case.event_count == 1:
        return []
    return list(turn.case.supplements.order_by("ordinal"))


def legal(turn: Turn, verb: str) -> Move:
    """Return the lifecycle's row of `verb` from here, without following it yet."""
    try:
        return LIFECYCLE.move(verb, turn.case.status)
    except IllegalMove:
        raise moves.late(IllegalMove, turn.case, verb=verb) from None


def _proposal(turn: Turn) -> Supplement:
    found = turn.case.supplements.filter(state=S.PROPOSED).first()
    if found is None:
        raise NoProposal
    return found


def _endorse(turn: Turn, supplement: Supplement) -> None:
    """Let only the head of the office that asks decide, and never on what they ask themselves."""
    turn.post = duties.require(
        turn.posts,
        Duty.ENDORSE,
        department_id=supplement.department_id,
        role=Post.Role.DEPARTMENT_HEAD,
    )
    if supplement.asked_by_id == turn.actor.pk:
        raise OwnProposal


Ledger = dict[str, CaseMaterial]


def _read(turn: Turn, defects: Sequence[Mapping[str, Any]]) -> tuple[list[Defect], Ledger]:
    """Return the lines in order, and the ledger of the materials they are about."""
    if not defects:
        raise NothingMissing
    keys = [str(one.get("key")) for one in defects if one.get("on") == Defect.On.MATERIAL]
    rows = turn.case.materials.filter(key__in=keys) if keys else ()
    ledger = {row.key: row for row in rows}
    lines: list[Defect] = []
    faults: dict[str, str] = {}
    seen = set()
    known, facts = missing.things(turn.case.version), turn.case.facts
    for n, one in enumerate(defects):
        thing = (one.get("on"), one.get("key"))
        wrong = _faults(one, known.get(thing), ledger, facts)
        if thing in seen:
            wrong["key"] = "这一项写了两次, 请合并成一行"
        seen.add(thing)
        faults |= {f"defects[{n}].{name}": sentence for name, sentence in wrong.items()}
        if not wrong:
            lines.append(_line(n + 1, one, known[thing]))
    if len(defects) > missing.MOST:
        faults["defects"] = f"一次最多列{missing.MOST}项, 请合并相近的项"
    if faults:
        raise DefectsRejected(fields=faults)
    return lines, ledger


def _faults(
    one: Mapping[str, Any],
    thing: Mapping[str, Any] | None,
    ledger: Ledger,
    facts: Mapping[str, object],
) -> dict[str, str]:
    wrong = {}
    material = ledger.get(str(one.get("key"))) if one.get("on") == Defect.On.MATERIAL else None
    if one.get("on") not in Defect.On.values:
        wrong["on"] = "请选择是填报项还是材料"
    elif thing is None:
        wrong["key"] = "该事项没有这一项, 请从清单中选择"
    elif why := missing.why_not(thing, facts, material):
        wrong["key"] = why
    if one.get("reason") not in Defect.Reason.values:
        wrong["reason"] = "请选择原因"
    if not 0 < len(str(one.get("remedy") or "").strip()) <= 300:
        wrong["remedy"] = "请写明怎么补, 1至300个字"
    if len(str(one.get("sample") or "")) > 200:
        wrong["sample"] = "样例最多200个字"
    return wrong


def _line(seq: int, one: Mapping[str, Any], thing: Mapping[str, Any]) -> Defect:
    return Defect(
        seq=seq,
        on=one["on"],
        key=one["key"],
        label=thing["label"],
        reason=one["reason"],
        remedy=one["remedy"].strip(),
        sample=(one.get("sample") or "").strip(),
        visible_at_first=bool(one.get("visible_at_first")),
    )


def _judge(turn: Turn, lines: Sequence[Defect], ledger: Ledger, *, first: Supplement) -> None:
    """
    Say of each line whether it could be seen at the first notice; nobody can deny what is known.

    It could where the thing has stood unchanged since, and was asked of the applicant then. That
    a paper has run out meanwhile cannot be known from here: there the proposer's word counts.
    """
    since = first.given_at or first.asked_at
    amended = turn.case.amendments.filter(at__gt=since).values_list("keys", flat=True)
    changed = {key for keys in amended for key in keys}
    new_papers = {key for key, row in ledger.items() if row.updated_at > since}
    known = missing.things(turn.case.version)
    for line in lines:
        thing = known[(line.on, line.key)]
        asked_since = bool(changed & set(conditions.names_in(thing.get("when") or "")))
        moved = line.key in (changed if line.on == Defect.On.FIELD else new_papers)
        if not moved and not asked_since and line.reason != Defect.Reason.EXPIRED:
            line.visible_at_first = True


def _give(
    turn: Turn, supplement: Supplement, lines: list[Defect], *, fresh: bool = False, note: str = ""
) -> None:
    """Let the notice out: the case waits, its clock and its steps stand, the applicant hears."""
    days = settings.SUPPLEMENT_DAYS
    supplement.state, supplement.given_at = S.OPEN, turn.now
    supplement.due_on = organisation.calendar().add(turn.today, days).day
    moves.move(turn, VERB)
    turn.told[-1][1].update(told_of(supplement, lines))
    turn.said["defects"] = lines
    _save(supplement, lines, fresh=fresh)
    moves.stand(turn, ClockStop.Kind.SUPPLEMENT, step=supplement.step)
    papers = [line.key for line in lines if line.on == Defect.On.MATERIAL]
    if papers:
        # what was deferred and has come in keeps no due day, so it cannot become wanting again
        doubtful = turn.case.materials.filter(key__in=papers).exclude(
            resolved_by=CaseMaterial.By.DEFERRED, due_on__isnull=True
        )
        doubtful.update(state=CaseMaterial.State.DEFECTIVE)
    moves.record(
        turn,
        VERB,
        step=supplement.step,
        ordinal=supplement.ordinal,
        due_on=supplement.due_on.isoformat(),
        opinion=note,
        defects=_plain(lines),
    )


def _propose(turn: Turn, supplement: Supplement, lines: list[Defect], held: CaseStep) -> None:
    if not supplement.late_reason.strip():
        raise LateReasonMissing
    supplement.state = S.PROPOSED
    supplement.avoidable = any(line.visible_at_first for line in lines)
    _save(supplement, lines, fresh=True)
    moves.record(
        turn,
        "propose_supplement",
        step=supplement.step,
        ordinal=supplement.ordinal,
        avoidable=supplement.avoidable,
        defects=_plain(lines),
    )
    _ask_heads(turn, supplement, held)


def _save(supplement: Supplement, lines: list[Defect], *, fresh: bool) -> None:
    supplement.save()
    if fresh:
        for line in lines:
            line.supplement = supplement
        Defect.objects.bulk_create(lines)


def _plain(lines: Sequence[Defect]) -> list[dict[str, str]]:
    """Return what the chain keeps of the lines; free text may name people and stays out."""
    return [{"on": line.on, "key": line.key, "reason": line.reason} for line in lines]


def told_of(supplement: Supplement, lines: Sequence[Defect]) -> dict[str, str]:
    """Return the words of a notice: how many, until when, and each line with how to mend it."""
    said = (
        f"{line.seq}. {line.label}: {line.get_reason_display()}。{line.remedy}" for line in lines
    )
    only = lines[0].label if len(lines) == 1 and len(lines[0].label) <= _SHORT else ""
    return {
        "count": str(len(lines)),
        "material": only,
        "list": "\n".join(said),
        "due_on": supplement.due_on.isoformat() if supplement.due_on else "",
        "advice": supplement.note.strip(),
    }


def _ask_heads(turn: Turn, supplement: Supplement, held: CaseStep) -> None:
    posts = Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=turn.today),
        department=supplement.department_id,
        role=Post.Role.DEPARTMENT_HEAD,
        valid_from__lte=turn.today,
        staff__account__is_active=True,
    )
    params = {
        "number": turn.case.number,
        "item": turn.case.item.name,
        "step_name": held.name,
        "ordinal": str(supplement.ordinal),
        "counted": "其中有首次告知时已能发现的" if supplement.avoidable else "",
    }
    letters = [
        Letter(
            account_id=account,
            kind=kinds.KINDS["staff.supplement_proposed"],
            params=params,
            case_number=turn.case.number,
            dedupe_key=f"supplement:{supplement.pk}:proposed:{account}",
        )
        for account in posts.values_list("staff__account_id", flat=True).distinct()
    ]
    notifications.send_many(letters=letters)
