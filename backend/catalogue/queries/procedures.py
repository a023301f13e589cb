"""Who sees which procedure and refusal (准入、退出、拒办的可见范围), and how they are shown."""

from collections.abc import Sequence
from datetime import date
from typing import Any, TypeVar
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.lifecycle import PROCEDURES
from backend.catalogue.models import (
    Admission,
    CatalogueEvent,
    Exit,
    ProcedureStage,
    Refusal,
)
from backend.core.errors import NotFound
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Department, Division, Post, StaffMember

Kind = TypeVar("Kind", Admission, Exit)
Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]
_WATCH = frozenset({Post.Role.ITEM_ADMIN, Post.Role.SUPERVISOR, Post.Role.AUDITOR})
_SUBJECTS = {Admission: CatalogueEvent.Subject.ADMISSION, Exit: CatalogueEvent.Subject.EXIT}


class ProcedureNotFound(NotFound):
    code, title = "procedure_not_found", "没有找到该准入或退出申请, 请核对编号"


class RefusalNotFound(NotFound):
    code, title = "refusal_not_found", "没有找到该拒办记录, 请核对编号"


def in_place(post: HeldPost, office: str = "office") -> Q:
    """Return the condition that an office stands in the post's territory: its county, or all."""
    if post.level == Division.Level.CITY:
        return Q(pk__gt=0)
    county = post.county_code or post.division_code
    division = f"{office}__division"
    return Q(**{f"{division}__code": county}) | Q(**{f"{division}__county_code": county})


def visible(kind: type[Kind], posts: Sequence[HeldPost]) -> QuerySet[Kind]:
    """Return what an office proposed; for who vets, decides or watches, all of its territory."""
    wanted = Q(pk__in=[])
    for post in posts:
        if post.has(Duty.VET) or post.has(Duty.ADMIT) or post.role in _WATCH:
            wanted |= in_place(post)
        elif post.has(Duty.PROPOSE):
            wanted |= Q(office=post.department_id)
    return kind.objects.filter(wanted)


def refusals(posts: Sequence[HeldPost]) -> QuerySet[Refusal]:
    """Return a community's own refusals, and for civil affairs and who watches, its territory's."""
    wanted = Q(pk__in=[])
    for post in posts:
        if post.has(Duty.VET) or post.role in _WATCH:
            wanted |= in_place(post)
        elif post.has(Duty.REFUSE_WORK):
            wanted |= Q(office=post.department_id)
    return Refusal.objects.filter(wanted)


def page(
    kind: type[Kind],
    posts: Sequence[HeldPost],
    *,
    status: str = "",
    today: date,
    after: tuple[int] | None = None,
    size: int,
) -> Pairs:
    """Return up to `size` + 1 (key, row) pairs, the newest first; in two statements."""
    found = visible(kind, posts)
    if status:
        found = found.filter(status=status)
    if after:
        found = found.filter(pk__lt=after[0])
    rows = _whole(found).order_by("-pk")[: size + 1]
    return [((one.pk,), row(one, today=today)) for one in rows]


def detail(
    kind: type[Kind], posts: Sequence[HeldPost], *, uid: UUID, today: date
) -> dict[str, Any]:
    """
    Return one procedure with its stages, its trail and what may be done now.

    :raises ProcedureNotFound: unknown, or out of sight.
    """
    found = _whole(visible(kind, posts).filter(uid=uid)).first()
    if found is None:
        raise ProcedureNotFound
    return row(found, today=today) | {
        "trail": trail(_SUBJECTS[kind], found.uid),
        "verbs": PROCEDURES.verbs_from(found.status),
    }


def _whole(found: QuerySet[Kind]) -> QuerySet[Kind]:
    stages = ProcedureStage.objects.select_related("done_by__staff").order_by("pk")
    return found.select_related("office", "item", "proposed_by__staff").prefetch_related(
        Prefetch("stages", queryset=stages)
    )


def row(one: Admission | Exit, *, today: date) -> dict[str, Any]:
    """Shape a procedure; `late` says whether the office whose turn it is let its day pass."""
    stages = [_stage(stage, today) for stage in one.stages.all()]
    own = _asked(one) if isinstance(one, Admission) else _leaving(one)
    return {
        "uid": str(one.uid),
        "status": one.status,
        "status_label": one.get_status_display(),
        "office": one.office.name,
        "proposed_by": name_of(one.proposed_by),
        "proposed_at": one.proposed_at,
        "closed_at": one.closed_at,
        "legal_basis": one.legal_basis,
        "reason": one.reason,
        **own,
        "due_on": next((stage["due_on"] for stage in stages if not stage["done_at"]), None),
        "late": any(stage["late"] for stage in stages if not stage["done_at"]),
        "stages": stages,
    }


def _asked(one: Admission) -> dict[str, Any]:
    return {
        "item": one.item.code if one.item else None,
        "code": one.code,
        "name": one.name,
        "theme": one.theme,
        "level": one.level,
        "department": one.department_code,
        "monthly_cases": one.monthly_cases,
        "minutes_each": one.minutes_each,
        "monthly_hours": round(one.monthly_cases * one.minutes_each / 60, 1),
        "yearly_funding": one.yearly_funding,
        "staff_offered": one.staff_offered,
        "offer_note": one.offer_note,
    }


def _leaving(one: Exit) -> dict[str, Any]:
    return {
        "item": one.item.code,
        "name": one.item.name,
        "ground": one.ground,
        "ground_label": one.get_ground_display(),
    }


def _stage(stage: ProcedureStage, today: date) -> dict[str, Any]:
    ended = timezone.localdate(stage.done_at) if stage.done_at else today
    return {
        "name": stage.name,
        "label": stage.get_name_display(),
        "opened_at": stage.opened_at,
        "due_on": stage.due_on,
        "late": ended > stage.due_on,
        "done_at": stage.done_at,
        "done_by": name_of(stage.done_by) if stage.done_by else "",
        "outcome": stage.outcome,
        "opinion": stage.opinion,
        "minutes": stage.minutes,
    }


def refusal_page(posts: Sequence[HeldPost], *, after: tuple[int] | None = None, size: int) -> Pairs:
    """Return up to `size` + 1 (key, row) pairs of refusals, the newest first; in one statement."""
    found = refusals(posts)
    if after:
        found = found.filter(pk__lt=after[0])
    rows = found.select_related("division", "office", "refused_by__staff", "seen_by__staff")
    return [((one.pk,), refusal_row(one)) for one in rows.order_by("-pk")[: size + 1]]


def refusal_row(one: Refusal) -> dict[str, Any]:
    return {
        "uid": str(one.uid),
        "division": one.division.full_name,
        "office": one.office.name,
        "asked_by": one.asked_by,
        "asked_on": one.asked_on,
        "work": one.work,
        "evidence": one.evidence,
        "refused_by": name_of(one.refused_by),
        "refused_at": one.refused_at,
        "seen_by": name_of(one.seen_by) if one.seen_by else "",
        "seen_at": one.seen_at,
        "finding": one.finding,
    }


def trail(subject: str, key: object) -> list[dict[str, Any]]:
    """Return the trail of one subject, the oldest first; in one statement."""
    rows = CatalogueEvent.objects.filter(subject=subject, key=str(key)).order_by("pk")
    return [
        {
            "at": one.at,
            "verb": one.verb,
            "status": one.status,
            "office": one.office,
            "actor": name_of(one.actor),
            "details": one.details,
            "note": one.note,
        }
        for one in rows.select_related("actor__staff")
    ]


def name_of(account: Account) -> str:
    """Return a staff member's name; it was fetched with the account."""
    member: StaffMember | None = getattr(account, "staff", None)
    return member.name if member else "系统"


def who_decides(*, today: date) -> QuerySet[Post]:
    """Return the posts of the joint meeting held today."""
    return held(today).filter(role=Post.Role.DEPARTMENT_HEAD, department__code=duties.JOINT_MEETING)


def who_vets(office: Department, *, today: date) -> QuerySet[Post]:
    """Return civil affairs' reviewers for an office: of its county, or of the city."""
    county = office.division.county_code or office.division.code
    return held(today).filter(
        role__in=(Post.Role.CITY_REVIEWER, Post.Role.COUNTY_REVIEWER),
        department__code=duties.CIVIL_AFFAIRS,
        department__division__code=county,
    )


def held(today: date) -> QuerySet[Post]:
    """Return the posts held on a day by people who may still sign in."""
    return Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        valid_from__lte=today,
        staff__account__is_active=True,
    )
