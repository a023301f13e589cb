"""What every verb shares: lock, look up the row, check the duty, tick the clock, write, tell."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from functools import cached_property
from typing import Any

from django.db import transaction
from django.db.models import QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import deadlines, fold, trace, workflow
from backend.cases.actions import local, telling, timing, unanswered
from backend.cases.lifecycle import CLOSED, LIFECYCLE, Status
from backend.cases.models import Case, CaseEvent, CaseStep, ClockStop
from backend.cases.queries import scope
from backend.catalogue import queries as catalogue
from backend.core.errors import Conflict, Invalid
from backend.core.lifecycle import IllegalMove, Move
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import HeldPost
from backend.organisation.queries import Territory

State = CaseStep.State


class StepNotOpen(Conflict):
    code, title = "step_not_open", "该环节已由他人办理或尚未到达, 请刷新后再看"


class ClaimedByOther(Conflict):
    code, title = "claimed_by_other", "该环节已由同事认领, 请刷新后再看"


class KinNotStated(Conflict):
    code, title = "kin_not_stated", "该事项须先声明与申请人有无近亲属关系并登记, 声明后再办理"


class NoOffice(Invalid):
    code, title = "no_office", "该地区尚未设置承办部门, 请到便民服务中心窗口办理"


@dataclass
class Turn:
    """One act on one locked case, until everything it changed is written at once."""

    actor: Account
    case: Case
    now: datetime
    posts: list[HeldPost]
    changed: set[str] = field(default_factory=set)
    events: list[CaseEvent] = field(default_factory=list)
    opened: list[CaseStep] = field(default_factory=list)
    told: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    said: dict[str, Any] = field(default_factory=dict)  # what a paper shows beyond its event
    post: HeldPost | None = None
    closed: list[str] = field(default_factory=list)
    cancelled: bool = False
    ended: bool = False  # a step was: whatever was told from it may have nobody left to answer

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)

    @cached_property
    def plan(self) -> workflow.Plan:
        return workflow.plan(
            self.case.version.workflow, self.case.facts, days=self.track.get("days")
        )

    @cached_property
    def track(self) -> Mapping[str, Any]:
        return workflow.track_of(self.case.version.guide, self.case.facts)

    @property
    def promised_days(self) -> int:
        return int(self.track.get("promised_days") or self.case.version.promised_days)

    def set(self, **values: object) -> None:
        for name, value in values.items():
            setattr(self.case, name, value)
        self.changed |= values.keys()


def turn_of(*, actor: Account, number: str) -> Turn:
    """
    Lock a case for one act of `actor`.

    :raises CaseNotFound: unknown, or out of sight.
    :raises Recused: the actor keeps away from this case.
    """
    posts = duties.posts_of(actor) if actor.kind == Account.Kind.STAFF else []
    seen = scope.visible_to(actor, posts).filter(number=number)
    away = {"away": scope.recused(actor), "thinned": scope.thinned()} if posts else {}
    case = lock(seen.annotate(**away)).first()
    if case is None:
        raise scope.CaseNotFound
    if getattr(case, "away", False):
        raise scope.keep_away(number, case.status)
    case.version = catalogue.frozen(case.version_id)
    return Turn(actor=actor, case=case, now=timezone.now(), posts=posts)


def lock(cases: QuerySet[Case]) -> QuerySet[Case]:
    """
    Take the case's row lock: whoever comes second sees what the first one did.

    The version is not joined: a case that was moved to another one while we waited would be lost.
    """
    return cases.select_for_update(of=("self",)).select_related("item", "applicant__hukou_division")


@contextmanager
def acting(*, actor: Account, number: str) -> Iterator[Turn]:
    """
    Hold one act: one transaction, the case locked, and at the end all that changed is written.

    :raises CaseNotFound: unknown, or out of sight.
    """
    with transaction.atomic():
        turn = turn_of(actor=actor, number=number)
        yield turn
        write(turn)


def move(turn: Turn, verb: str) -> Move:
    """
    Follow the lifecycle's row of `verb`, and say so if there is none from here.

    :raises IllegalMove: with the present status, who changed it last, and what is possible.
    """
    try:
        row = LIFECYCLE.move(verb, turn.case.status)
    except IllegalMove:
        raise late(IllegalMove, turn.case, verb=verb) from None
    turn.set(status=row.target)
    if row.notice:
        tell(turn, row.notice)
    return row


def late(kind: type[Conflict], case: Case, **extra: object) -> Conflict:
    """Make the refusal for who came too late: where the case stands, and who moved it."""
    last = case.events.order_by("-seq").first()
    return kind(
        kind.title,
        state=case.status,
        status_label=Status(case.status).label,
        changed_by=last.details.get("office", "申请人") if last else "",
        changed_at=last.at if last else None,
        verbs=LIFECYCLE.verbs_from(case.status),
        **extra,
    )


def open_step(turn: Turn, key: str) -> CaseStep:
    """
    Return an open step of the case.

    :raises StepNotOpen: done by somebody else meanwhile, or not yet reached.
    """
    step = turn.case.steps.filter(key=key, state=State.OPEN).first()
    if step is None:
        raise late(StepNotOpen, turn.case)
    return step


def may(turn: Turn, duty: str, step: CaseStep) -> None:
    """
    Check that the actor holds the duty for this step, and that no colleague has claimed it.

    :raises NotYourDuty: another office, or another role.
    :raises ClaimedByOther: a colleague's lease still runs.
    :raises KinNotStated: the item wants to know first whether the applicant is a relative.
    """
    if turn.actor.kind == Account.Kind.SYSTEM:
        if step.role != workflow.SYSTEM:
            raise duties.NotYourDuty
        return
    turn.post = duties.require(turn.posts, duty, department_id=step.department_id, role=step.role)
    held = step.claimed_until and step.claimed_until > turn.now
    if held and step.claimed_by_id not in (None, turn.actor.pk):
        raise late(ClaimedByOther, turn.case)
    if turn.case.version.guide.get("kin_statement"):
        stated = turn.case.kin_statements.filter(account=turn.actor, related=False)
        if not stated.exists():
            raise late(KinNotStated, turn.case)


def close_step(turn: Turn, step: CaseStep, state: str, opinion: str) -> None:
    """Write one step's end; conditional on its being open, whatever happened in between."""
    done = CaseStep.objects.filter(pk=step.pk, state=State.OPEN).update(
        state=state, done_at=turn.now, done_by=turn.actor, opinion=opinion
    )
    if not done:
        raise late(StepNotOpen, turn.case)
    step.state, turn.ended = State(state), True
    turn.closed.append(step.key)


def open_stage(turn: Turn, index: int, *, round_: int = 1, only: str = "") -> None:
    """
    Give the steps of a stage to their offices, and let the case's clock run or stand.

    :param only: the one step that is asked again; "" for the whole stage.
    """
    territory = Territory(turn.case.county_code, turn.case.town_code, turn.case.village_code)
    found = organisation.offices(territory)
    asked = [step for step in turn.plan[index] if only in ("", step["key"])]
    stage = [local.step(turn.case, step, on=turn.today) for step in asked]
    for step in stage:
        open_one(turn, step, index, office(found, territory, step), round_=round_)
        if step.get("publicity"):
            tell(turn, "case.publicity_started", show_days=str(step["days"]))
    if turn.case.status == Status.ACCEPTED:
        _run_clock(turn, runs=workflow.counts(stage))


def cancel(turn: Turn, steps: QuerySet[CaseStep]) -> None:
    """取消: end those of `steps` that are open; nobody has to answer them any more."""
    steps.filter(state=State.OPEN).update(state=State.CANCELLED, done_at=turn.now)
    turn.ended = turn.cancelled = True


def office(found: Mapping[tuple[str, str], int], territory: Territory, step: workflow.Step) -> int:
    """
    Return the office a step belongs to in a territory.

    :raises NoOffice: nobody there could act on it.
    """
    place = step["place"] if step["place"] != workflow.SYSTEM else "county"
    department = found.get((step["department"], territory.at(place)))
    if department is None:
        raise NoOffice(step=step["name"])
    return department


def open_one(
    turn: Turn, step: workflow.Step, index: int, department_id: int, *, round_: int = 1
) -> CaseStep:
    """Make the row of one step whose turn has come."""
    case, version = turn.case, turn.case.version
    row = CaseStep(
        case=case,
        key=step["key"],
        name=step["name"],
        phase=step["phase"],
        stage=index,
        round=round_,
        role=step["role"],
        department_id=department_id,
        county_code=case.county_code,
        town_code=case.town_code,
        village_code=case.village_code,
        counts=step.get("counts", True),
        opened_at=turn.now,
        days=int(step.get("days") or 0),
        day_kind=step.get("day_kind") or version.days,
    )
    timing.time_step(row, organisation.calendar())
    turn.opened.append(row)
    return row


def _run_clock(turn: Turn, *, runs: bool) -> None:
    if runs:
        go_on(turn)
    elif turn.case.clock_from and turn.case.paused_on is None:
        stand(turn, ClockStop.Kind.STEP, step=turn.opened[-1].key)


def stand(turn: Turn, kind: str, **why: Any) -> ClockStop:
    """停表: from today on no day counts; what stood for another reason ends, and this begins."""
    _end_stop(turn)
    turn.case.paused_on = turn.today
    turn.changed |= timing.CLOCK
    return ClockStop.objects.create(case=turn.case, kind=kind, began_on=turn.today, **why)


def go_on(turn: Turn) -> None:
    """恢复计时: the days it stood are added to both limits, and to the steps that are open."""
    if turn.case.paused_on is None:
        return
    _end_stop(turn)
    turn.case.paused_on = None
    tick(turn)


def halt(turn: Turn) -> None:
    """停止计时: a decision, a withdrawal or an end; the days stay for the record."""
    _end_stop(turn)
    deadlines.stop(turn.case)
    turn.changed |= timing.CLOCK
    turn.ended = True


def _end_stop(turn: Turn) -> None:
    if turn.case.paused_on is not None:
        turn.case.stops.filter(ended_on__isnull=True).update(ended_on=turn.today)


def tick(turn: Turn, *, longer: bool = False) -> None:
    """Reckon the case's last days anew, and those of its open steps; `longer` if one got days."""
    case, calendar = turn.case, organisation.calendar()
    stops = list(case.stops.all())
    deadlines.reckon(case, stops=stops, kind=case.version.days, calendar=calendar)
    timing.relight(case, turn.today)
    turn.changed |= timing.CLOCK
    asked = [stop for stop in stops if stop.kind != ClockStop.Kind.STEP]
    if not asked and not longer:
        return
    steps = list(case.steps.filter(state=State.OPEN))
    for step in steps:
        timing.time_step(step, calendar, asked)
        timing.relight(step, turn.today)
    CaseStep.objects.bulk_update(steps, ["due_on", "warn_on", "alerted"])


def record(turn: Turn, verb: str, *, step: str = "", **details: object) -> None:
    """Add a link to the case's chain; `office` says for whom the actor acted."""
    case = turn.case
    if turn.post:
        details["office"] = turn.post.department_name
        if turn.post.standing_for:
            details["as"] = "代岗"
    elif turn.actor.kind == Account.Kind.SYSTEM:
        details["office"] = "系统"
    turn.set(event_count=case.event_count + 1)
    event = CaseEvent(
        case=case,
        seq=case.event_count,
        verb=verb,
        actor=turn.actor,
        at=turn.now,
        status=case.status,
        step=step,
        details=details,
    )
    turn.events.append(event)


def seal(turn: Turn) -> None:
    """Close the chain over what the act recorded; its last event says what became of the case."""
    fresh = [event for event in turn.events if not event.hash]
    if not fresh:
        return
    if then := _then(turn):
        fresh[-1].details[fold.THEN] = then
    head = bytes(turn.case.event_head)
    for event in fresh:
        event.prev_hash = head
        shape = trace.shape_of(event)
        event.hash = head = trace.link(prev=head, number=turn.case.number, event=shape)
    turn.set(event_head=head)


def _then(turn: Turn) -> dict[str, Any]:
    """Return what the act did to the steps and to the clock."""
    case, opens = turn.case, [step.key for step in turn.opened]
    left: list[str] | None = [] if case.status in CLOSED else None
    if turn.cancelled and left is None:
        standing = case.steps.filter(state=State.OPEN).values_list("key", flat=True)
        left = [*standing, *opens]
    moved = not turn.changed.isdisjoint(timing.CLOCK)
    return fold.then_of(
        open_=left,
        ends=turn.closed,
        opens=opens,
        clock=timing.told(case) if moved else None,
        on=turn.today,
    )


def tell(turn: Turn, kind: str, **params: str) -> None:
    """Note that the applicant is to be told; sent with the same transaction, at its end."""
    turn.told.append((kind, params))


def write(turn: Turn) -> None:
    """Write what the act changed: the case, its new links, its new steps, the notices."""
    seal(turn)
    if turn.changed:
        turn.case.save(update_fields=sorted(turn.changed))
    CaseEvent.objects.bulk_create(turn.events)
    CaseStep.objects.bulk_create(turn.opened)
    if turn.ended:
        unanswered.shelve(turn.case, now=turn.now)
    if turn.opened and getattr(turn.case, "thinned", False):
        telling.nobody_left(turn.case, turn.opened, today=turn.today)
    next_step = turn.opened[0].name if turn.opened else ""
    office = turn.post.department_id if turn.post else turn.case.department_id
    said = turn.said | {key: value for _, told in turn.told for key, value in told.items()}
    paper = telling.in_writing(turn.case, turn.events, turn.opened, office=office, said=said)
    telling.applicant(
        turn.case, turn.told, days=turn.promised_days, next_step=next_step, paper=paper
    )
