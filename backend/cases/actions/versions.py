"""
换版: running cases go on under a newer version, after a dry run that says what that changes.

The report is rows; so is what is left to do. Each case is its own transaction: locked, looked at
again, moved or left with the reason. After a kill in between, the next ring goes on from there.
"""

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

import structlog
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import deadlines, workflow
from backend.cases.actions import local, moves, timing
from backend.cases.actions.moves import State, Turn
from backend.cases.models import Case, CaseStep, ClockStop, MovedCase, VersionMove
from backend.cases.queries import versions as queries
from backend.cases.queries.versions import MOVABLE, Target, Whole
from backend.cases.versions import Verdict
from backend.catalogue import queries as catalogue
from backend.core.errors import Conflict, DomainError, Invalid
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty

BATCH = 500
AT_ONCE = 20  # moved before the order is answered; the clock does the rest
Move, Row = VersionMove.State, MovedCase.State
_log = structlog.get_logger(__name__)


class NothingToMove(Conflict):
    code, title = "nothing_to_move", "没有还在旧版本上的在办件, 不用换版"


class MoveNotReady(Conflict):
    code, title = "move_not_ready", "试算还没有完成, 请稍后再执行"


class MoveOutdated(Conflict):
    code, title = "move_outdated", "报告之后又发布了新版本, 请重新试算"


class NotInReport(Invalid):
    """`extra["numbers"]` lists them."""

    code, title = "not_in_report", "有办件不在报告中, 或报告说不能换, 请从可换的办件中选择"


def propose_move(*, actor: Account, item_code: str, reason: str) -> VersionMove:
    """
    试算换版: begin a report on what moving an item's running cases to its version would change.

    Writes nothing to any case. A first batch is reported at once, the clock goes on with the rest.

    :raises ItemNotFound: no such item in force.
    :raises NothingToMove: no running case stands on an older version.
    :raises NotYourDuty: not an item administrator of the city.
    """
    version = catalogue.in_force_of(item_code)
    office = _office_of(actor)
    if not _behind(version.item_id, version.pk).exists():
        raise NothingToMove
    move = VersionMove.objects.create(
        item_id=version.item_id,
        version_id=version.pk,
        asked_by=actor,
        office=office,
        reason=reason,
        asked_at=timezone.now(),
    )
    _survey(move.pk)
    return move


def run_move(
    *, actor: Account, item_code: str, uid: UUID, numbers: Sequence[str] = ()
) -> VersionMove:
    """
    执行换版: move the cases of `numbers`, or all that can be moved.

    :raises MoveNotReady: the dry run has not come to its end.
    :raises MoveOutdated: a newer version has been published since.
    :raises NotInReport: one of `numbers` is not in the report, or cannot be moved.
    :raises NotYourDuty: not an item administrator of the city.
    """
    office = _office_of(actor)
    move = queries.find(item_code, uid)
    if move.state == Move.SURVEYING:
        raise MoveNotReady
    in_force = catalogue.published(item_code)
    if in_force is None or in_force.pk != move.version_id:
        raise MoveOutdated
    with transaction.atomic():
        chosen = move.rows.filter(can=True, state=Row.WAITING)
        if numbers:
            _known(move, numbers)
            chosen = chosen.filter(case__number__in=numbers)
        chosen.update(state=Row.CHOSEN)
        VersionMove.objects.filter(pk=move.pk).update(
            state=Move.RUNNING, run_by=actor, office=office
        )
    _run(move.pk, most=AT_ONCE)
    return move


def carry_on_moves(*, most: int = BATCH) -> int:
    """继续换版: go on with every report and every order; return how many cases were done."""
    done = 0
    for pk, state in VersionMove.objects.filter(
        state__in=(Move.SURVEYING, Move.RUNNING)
    ).values_list("pk", "state"):
        done += _survey(pk) if state == Move.SURVEYING else _run(pk, most=most)
    return done


def _office_of(actor: Account) -> str:
    if actor.kind == Account.Kind.SYSTEM:
        return "系统"
    city = organisation.division_of(organisation.CITY_CODE)
    if city is None:
        raise duties.NotYourDuty
    return duties.require_for(duties.posts_of(actor), Duty.CONFIGURE, city).department_name


def _known(move: VersionMove, numbers: Sequence[str]) -> None:
    found = move.rows.filter(can=True, case__number__in=numbers)
    if unknown := sorted(set(numbers) - set(found.values_list("case__number", flat=True))):
        raise NotInReport(numbers=unknown)


# ── 试算 ─────────────────────────────────────────────────────────────────────────────────────


def _behind(item: int, version: int) -> Any:
    """Return the running cases of an item that stand on another version."""
    return Case.objects.filter(item=item, status__in=MOVABLE).exclude(version=version)


@transaction.atomic
def _survey(pk: int) -> int:
    """Report on the next batch; of two at once, one does it."""
    move = (
        VersionMove.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, state=Move.SURVEYING)
        .first()
    )
    if move is None:
        return 0
    cases = list(
        _behind(move.item_id, move.version_id)
        .filter(pk__gt=move.surveyed_to)
        .select_related("applicant__hukou_division")
        .order_by("pk")[:BATCH]
    )
    target = Target(catalogue.frozen(move.version_id))
    verdicts = [(one.case, target.verdict(one)) for one in queries.whole(cases)]
    MovedCase.objects.bulk_create(
        MovedCase(
            move=move,
            case=case,
            before_id=case.version_id,
            events=case.event_count,
            can=verdict.can,
            blocks=verdict.blocks,
            changes=verdict.changes,
        )
        for case, verdict in verdicts
    )
    move.counts = _counted(move.counts, [verdict for _, verdict in verdicts])
    if cases:
        move.surveyed_to = cases[-1].pk
    if len(cases) < BATCH:
        move.state = Move.READY
    move.save(update_fields=["counts", "surveyed_to", "state"])
    return len(cases)


def _counted(before: dict[str, Any], verdicts: Sequence[Verdict]) -> dict[str, Any]:
    reasons = Counter(before.get("reasons", {}))
    reasons.update(code for one in verdicts for code in {block["code"] for block in one.blocks})
    can = [one for one in verdicts if one.can]
    better = [one for one in can if _is_sooner(one)]
    told = [one for one in can if one.matters]
    return {
        "total": before.get("total", 0) + len(verdicts),
        "can": before.get("can", 0) + len(can),
        "better": before.get("better", 0) + len(better),
        "told": before.get("told", 0) + len(told),
        "reasons": dict(reasons),
    }


def _is_sooner(verdict: Verdict) -> bool:
    before, after = verdict.changes["due_on"]
    return bool(before and after < before)


# ── 执行 ─────────────────────────────────────────────────────────────────────────────────────


def _run(pk: int, *, most: int) -> int:
    """Move up to `most` chosen cases; one that breaks leaves the others alone."""
    move = VersionMove.objects.select_related("item", "version", "run_by").get(pk=pk)
    target, done, last = Target(catalogue.frozen(move.version_id)), 0, 0
    chosen = MovedCase.objects.filter(move=pk, state=Row.CHOSEN).order_by("pk")
    while done < most and (ids := list(chosen.filter(pk__gt=last)[:BATCH].values_list("pk"))):
        for (row,) in ids[: most - done]:
            _move_safely(move, target, row)
            done, last = done + 1, row
    with transaction.atomic():
        held = VersionMove.objects.select_for_update().get(pk=pk)
        if held.state == Move.RUNNING and not chosen.exists():
            held.state = Move.READY
            held.save(update_fields=["state"])
    return done


def _move_safely(move: VersionMove, target: Target, row: int) -> None:
    try:
        _move_one(move, target, row)
    except DomainError as refused:
        MovedCase.objects.filter(pk=row, state=Row.CHOSEN).update(
            state=Row.SKIPPED, why=refused.title[:100], done_at=timezone.now()
        )
    except Exception as fault:  # any case may break; it stays chosen, and the next ring tries again
        _log.error("version_move_broke", row=row, fault=type(fault).__name__)


@transaction.atomic
def _move_one(move: VersionMove, target: Target, pk: int) -> None:
    """Lock the case, look again, and move it; what was done and decided stays as it is."""
    row = (
        MovedCase.objects.select_for_update(skip_locked=True)
        .filter(pk=pk, state=Row.CHOSEN)
        .first()
    )
    if row is None:
        return
    case = moves.lock(Case.objects.filter(pk=row.case_id)).get()
    case.version = catalogue.frozen(case.version_id)
    row.done_at = timezone.now()
    row.state, row.why = Row.SKIPPED, _why_not(row, case)
    if not row.why:
        (one,) = queries.whole([case])
        verdict = target.verdict(one)
        if verdict.can and verdict.changes == row.changes:
            turn = Turn(actor=move.run_by or move.asked_by, case=case, now=row.done_at, posts=[])
            _apply(turn, move, target, one, verdict)
            row.state = Row.MOVED
        else:
            row.why = "试算以后规则或区划有变化, 请重新试算"
    row.save(update_fields=["state", "why", "done_at"])


def _why_not(row: MovedCase, case: Case) -> str:
    if case.status not in MOVABLE:
        return "试算以后已经决定或结束"
    if case.version_id != row.before_id:
        return "试算以后已经换过版本"
    return "试算以后办件有了新进展, 请重新试算" if case.event_count != row.events else ""


def _apply(turn: Turn, move: VersionMove, target: Target, one: Whole, verdict: Verdict) -> None:
    case, before, after = turn.case, turn.case.version, target.version
    turn.set(version=after)
    if verdict.department:
        turn.set(department_id=verdict.department)
    offices = organisation.offices(one.territory)
    now = [step for step in one.steps if step.state == State.OPEN]
    _restage(turn, one, verdict, offices)
    for step in verdict.opens:
        rule = local.step(case, step, on=turn.today)
        office = moves.office(offices, one.territory, rule)
        moves.open_one(turn, rule, verdict.stage, office, round_=now[0].round)
    if case.clock_from:
        case.promised_total, case.statutory_total = verdict.promised, verdict.statutory
        deadlines.reckon(case, stops=one.stops, kind=after.days, calendar=target.calendar)
        timing.relight(case, turn.today)
        turn.changed |= timing.CLOCK
    moves.record(
        turn,
        "move_version",
        before=before.number,
        after=after.number,
        move=str(move.uid),
        office=move.office,
    )
    if verdict.matters:
        moves.tell(turn, "case.version_moved")
    moves.write(turn)


_STEP = (
    *("stage", "name", "role", "department_id", "days", "day_kind", "due_on", "warn_on"),
    *("alerted", "claimed_by_id", "claimed_until"),
)


def _restage(turn: Turn, one: Whole, verdict: Verdict, offices: dict[tuple[str, str], int]) -> None:
    """Let opened steps stand where the new plan has them; those still open follow its rules."""
    asked = [stop for stop in one.stops if stop.kind != ClockStop.Kind.STEP]
    for step in one.steps:
        before = {name: getattr(step, name) for name in _STEP}
        step.stage = verdict.stages.get(step.key, step.stage)
        rule = workflow.step_of(turn.plan, step.stage, step.key)
        if step.state == State.OPEN and rule:
            _follow(turn, step, rule, moves.office(offices, one.territory, rule), asked)
        if changed := [name for name in _STEP if getattr(step, name) != before[name]]:
            step.save(update_fields=changed)


def _follow(
    turn: Turn, step: CaseStep, rule: workflow.Step, office: int, asked: Sequence[ClockStop]
) -> None:
    if (step.department_id, step.role) != (office, rule["role"]):
        step.claimed_by, step.claimed_until = None, None
    step.name, step.role, step.department_id = rule["name"], rule["role"], office
    if not rule.get("publicity"):  # what is on show stays as it was announced
        step.days = int(rule.get("days") or 0)
        step.day_kind = rule.get("day_kind") or turn.case.version.days
    timing.time_step(step, organisation.calendar(), asked)
    timing.relight(step, turn.today)
