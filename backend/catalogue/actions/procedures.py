"""
准入与退出的程序: vetted by civil affairs, decided by the joint meeting, each within its limit.

Proposing, vetting and deciding are three people's acts. What differs between an admission and an
exit stands in `admissions` and `exits`; these verbs are the same for both (领域说明 §1.2).
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Generic
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import trail
from backend.catalogue.lifecycle import PROCEDURES, RUNNING, ProcedureStatus
from backend.catalogue.models import Admission, CatalogueEvent, Exit, ProcedureStage
from backend.catalogue.queries import procedures as queries
from backend.catalogue.queries.procedures import Kind
from backend.core.errors import Forbidden, Invalid
from backend.core.lifecycle import IllegalMove
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Department, Division
from notifications import actions as notifications

Subject = CatalogueEvent.Subject
Stage = ProcedureStage.Name


class OpinionMissing(Invalid):
    code, title = "opinion_missing", "请写明意见和理由, 提出部门将看到"


class MinutesMissing(Invalid):
    code, title = "minutes_missing", "请写明联席会议的会议纪要号"


class SomebodyElseMust(Forbidden):
    code, title = "somebody_else_must", "提出、审查与决定不能由同一人办理, 请换人办理"


class NotYourOffice(Forbidden):
    code, title = "not_your_office", "只有提出该申请的部门可以补充或撤回"


@dataclass
class Turn(Generic[Kind]):
    """One act on one locked procedure."""

    actor: Account
    posts: list[HeldPost]
    procedure: Kind
    now: datetime
    post: HeldPost | None = None

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


@contextmanager
def acting(
    verb: str, kind: type[Kind], *, actor: Account, uid: UUID, opinion: str = ""
) -> Iterator[Turn[Kind]]:
    """
    Hold one act: the procedure seen, locked and moved, the duty checked; its trail at the end.

    :raises ProcedureNotFound: unknown, or out of sight.
    :raises IllegalMove: not from where it stands now.
    :raises NotYourDuty: another post's act.
    :raises SomebodyElseMust: the same person proposed or vetted it.
    """
    with transaction.atomic():
        posts, now = duties.posts_of(actor), timezone.now()
        seen = queries.visible(kind, posts).filter(uid=uid).select_for_update(of=("self",))
        procedure = seen.select_related("office__division").first()
        if procedure is None:
            raise queries.ProcedureNotFound
        turn = Turn(actor, posts, procedure, now)
        duty = _duty(verb, procedure.status)
        turn.post = _post(turn, duty)
        before = procedure.status
        procedure.status = PROCEDURES.move(verb, before).target
        if duty != Duty.PROPOSE:
            _another(turn)
            close_stage(turn, verb, opinion)
        yield turn
        if procedure.status not in RUNNING:
            procedure.closed_at = now
        procedure.save()
        write_trail(turn, verb)


def _duty(verb: str, status: str) -> str:
    try:
        return PROCEDURES.move(verb, status).duty
    except IllegalMove:
        raise IllegalMove(
            verb=verb,
            state=status,
            status_label=ProcedureStatus(status).label,
            verbs=PROCEDURES.verbs_from(status),
        ) from None


def _post(turn: Turn[Kind], duty: str) -> HeldPost:
    """Return the post for the act: the proposing office's own, or one over its territory."""
    if duty == Duty.PROPOSE:
        for post in turn.posts:
            if post.has(duty) and post.department_id == turn.procedure.office_id:
                return post
        raise NotYourOffice
    place = turn.procedure.office.division
    for post in turn.posts:
        there = post.division_code in (place.code, place.county_code)
        if post.has(duty) and (there or post.level == Division.Level.CITY):
            return post
    raise duties.NotYourDuty


def _another(turn: Turn[Kind]) -> None:
    """Let nobody judge what they proposed, nor decide what they vetted."""
    stages = list(turn.procedure.stages.values_list("name", "done_at", "done_by"))
    now_at = next((name for name, done, _ in stages if done is None), "")
    judged = {by for name, _, by in stages if name != now_at}
    if turn.actor.pk in judged | {turn.procedure.proposed_by_id}:
        raise SomebodyElseMust


def close_stage(turn: Turn[Kind], verb: str, opinion: str) -> None:
    """Write how the office whose turn it was ended it."""
    if not opinion.strip():
        raise OpinionMissing
    turn.procedure.stages.filter(done_at__isnull=True).update(
        done_at=turn.now, done_by=turn.actor, outcome=verb, opinion=opinion
    )


def open_stage(turn: Turn[Kind], name: Stage) -> ProcedureStage:
    """Give the procedure to the next office, with its last day, and tell its people."""
    days = settings.ADMISSION_REVIEW_DAYS
    if name == Stage.MEETING:
        days = settings.ADMISSION_MEETING_DAYS
    due = organisation.calendar().add(turn.today, days).day
    stage: ProcedureStage = turn.procedure.stages.create(name=name, opened_at=turn.now, due_on=due)
    tell_office(turn.procedure, stage, "staff.procedure_waits", today=turn.today)
    return stage


def start(turn: Turn[Kind], verb: str) -> None:
    """提出: save a new procedure and give it to civil affairs."""
    turn.procedure.save(force_insert=True)
    open_stage(turn, Stage.VETTING)
    write_trail(turn, verb)


def proposer(actor: Account, *, office: tuple[str, str] | None = None) -> HeldPost:
    """
    Return the post by which a head proposes; with several, the one of `office` (code, division).

    :raises NotYourDuty: no such post.
    """
    for post in duties.posts_of(actor):
        wanted = office in (None, (post.department_code, post.division_code))
        if post.has(Duty.PROPOSE) and wanted:
            return post
    raise duties.NotYourDuty


def office_of(post: HeldPost) -> Department:
    return Department.objects.select_related("division").get(pk=post.department_id)


def vet(kind: type[Kind], *, actor: Account, uid: UUID, opinion: str) -> Kind:
    """
    审查同意: civil affairs finds it fit and puts it before the joint meeting.

    :raises OpinionMissing: no opinion.
    """
    with acting("vet", kind, actor=actor, uid=uid, opinion=opinion) as turn:
        open_stage(turn, Stage.MEETING)
    return turn.procedure


def send_back(kind: type[Kind], *, actor: Account, uid: UUID, opinion: str) -> Kind:
    """退回补充: what is missing, in words; the limit begins anew when it comes again."""
    with acting("send_back", kind, actor=actor, uid=uid, opinion=opinion) as turn:
        tell_proposer(turn, opinion)
    return turn.procedure


def refuse(kind: type[Kind], *, actor: Account, uid: UUID, opinion: str, minutes: str = "") -> Kind:
    """
    不同意: civil affairs, or the joint meeting by its minutes, says no and why.

    :raises MinutesMissing: the meeting refuses without naming its minutes.
    """
    with acting("refuse", kind, actor=actor, uid=uid, opinion=opinion) as turn:
        _minutes(turn, minutes)
        tell_proposer(turn, opinion)
    return turn.procedure


def withdraw(kind: type[Kind], *, actor: Account, uid: UUID, reason: str = "") -> Kind:
    """撤回: the proposing office takes it back while nobody has decided."""
    with acting("withdraw", kind, actor=actor, uid=uid) as turn:
        turn.procedure.stages.filter(done_at__isnull=True).update(
            done_at=turn.now, done_by=actor, outcome="withdraw", opinion=reason
        )
    return turn.procedure


def agree(turn: Turn[Kind], minutes: str, opinion: str) -> None:
    """同意: what the meeting's yes means for every procedure; the rest is its own."""
    _minutes(turn, minutes)
    tell_proposer(turn, opinion)


def _minutes(turn: Turn[Kind], minutes: str) -> None:
    meeting = turn.procedure.stages.filter(name=Stage.MEETING).order_by("-pk")
    last = meeting.first()
    if last is None:
        return
    if not minutes.strip():
        raise MinutesMissing
    meeting.filter(pk=last.pk).update(minutes=minutes.strip())


def write_trail(turn: Turn[Kind], verb: str) -> None:
    one: Admission | Exit = turn.procedure
    about = Subject.ADMISSION if isinstance(one, Admission) else Subject.EXIT
    trail.record(
        about,
        one.uid,
        verb,
        by=(turn.actor, turn.post),
        at=turn.now,
        item=one.item,
        status=one.status,
    )


def tell_proposer(turn: Turn[Kind], opinion: str) -> None:
    one: Admission | Exit = turn.procedure
    notifications.send(
        to=one.proposed_by,
        kind="staff.procedure_answered",
        params={
            "subject": subject_of(one),
            "answer": ProcedureStatus(one.status).label,
            "reason": opinion,
        },
        dedupe_key=f"procedure:{one.uid}:{one.status}:{one.stages.count()}",
    )


def tell_office(one: Admission | Exit, stage: ProcedureStage, kind: str, *, today: date) -> None:
    """Tell everybody of the office whose turn it is."""
    posts = (
        queries.who_vets(one.office, today=today)
        if stage.name == Stage.VETTING
        else queries.who_decides(today=today)
    )
    for account in posts.values_list("staff__account", flat=True).distinct():
        notifications.send(
            to=Account(pk=account, kind=Account.Kind.STAFF),
            kind=kind,
            params={
                "subject": subject_of(one),
                "stage": stage.get_name_display(),
                "due_on": stage.due_on.isoformat(),
            },
            dedupe_key=f"{kind}:{stage.pk}:{account}",
        )


def subject_of(one: Admission | Exit) -> str:
    if isinstance(one, Admission):
        return f"「{one.name}」的准入申请"
    return f"「{one.item.name}」的退出申请"
