"""Who may do what: one table from role to duty (岗位 → 职责), 领域说明 §4."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Exists, Q, QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import Forbidden
from backend.core.kept import Kept
from backend.organisation.models import Department, Division, Post, StandIn

Role = Post.Role


class Duty(models.TextChoices):
    APPLY = "apply", "申请"
    INTAKE = "intake", "受理"
    HANDLE = "handle", "承办"
    REVIEW = "review", "审核"
    DECIDE = "decide", "批准"
    DELIVER = "deliver", "送达"
    ENDORSE = "endorse", "负责人批准"
    OVERSEE = "oversee", "督办"
    AUDIT = "audit", "查痕"
    PROPOSE = "propose", "提出准入与退出"
    VET = "vet", "准入审查"
    ADMIT = "admit", "准入决定"
    CONFIGURE = "configure", "配置事项"
    SIGN_OFF = "sign_off", "签认事项"
    PUBLISH = "publish", "发布事项"
    REFUSE_WORK = "refuse_work", "拒办"
    STAFFING = "staffing", "人员安排"
    TIMER = "timer", "系统计时"


_OFFICE = frozenset({Duty.INTAKE, Duty.HANDLE, Duty.REVIEW, Duty.DECIDE, Duty.DELIVER})
DUTIES: dict[str, frozenset[Duty]] = {
    Role.COMMUNITY_WORKER: frozenset(
        {Duty.INTAKE, Duty.HANDLE, Duty.REVIEW, Duty.DELIVER, Duty.REFUSE_WORK}
    ),
    Role.WINDOW_CLERK: frozenset({Duty.INTAKE, Duty.HANDLE, Duty.DELIVER}),
    Role.TOWN_REVIEWER: _OFFICE,
    Role.COUNTY_REVIEWER: _OFFICE | {Duty.VET},
    Role.CITY_REVIEWER: _OFFICE | {Duty.VET},
    Role.EXTERNAL_AGENCY: frozenset({Duty.HANDLE, Duty.REVIEW, Duty.DELIVER}),
    Role.DEPARTMENT_HEAD: frozenset(
        {Duty.OVERSEE, Duty.ENDORSE, Duty.PROPOSE, Duty.ADMIT, Duty.SIGN_OFF, Duty.STAFFING}
    ),
    Role.SUPERVISOR: frozenset({Duty.OVERSEE, Duty.AUDIT, Duty.STAFFING}),
    Role.ITEM_ADMIN: frozenset({Duty.CONFIGURE, Duty.PUBLISH}),
    Role.PLATFORM_ADMIN: frozenset(),
    Role.AUDITOR: frozenset({Duty.AUDIT}),
}


CIVIL_AFFAIRS, JOINT_MEETING = "MZ", "LX"
"""Only these offices' posts may use VET and ADMIT (民政部门审查, 联席会议决定)."""
OFFICES: dict[str, str] = {Duty.VET: CIVIL_AFFAIRS, Duty.ADMIT: JOINT_MEETING}


class NotYourDuty(Forbidden):
    code, title = "not_your_duty", "您的岗位不能执行此操作, 请联系承办岗位"


@dataclass(frozen=True, slots=True)
class HeldPost:
    """
    A post as the rules need it: who, where, and the codes its territory is asked by.

    `standing_for` names whose post it is, where it is held for somebody who is away (代岗).
    """

    role: str
    department_id: int
    department_code: str
    department_name: str
    level: str
    division_code: str
    county_code: str
    standing_for: str = ""

    def has(self, duty: str) -> bool:
        office = OFFICES.get(duty, self.department_code)
        return duty in DUTIES[self.role] and self.department_code == office


def _held(*, account: int, today: date) -> QuerySet[Post, Any]:
    own = Post.objects.filter(staff__account=account).values("pk")
    stands_in = StandIn.objects.filter(
        account=account, valid_from__lte=today, valid_to__gte=today, ended_at__isnull=True
    )
    return (
        Post.objects.filter(Q(pk__in=own) | Q(pk__in=stands_in.values("post")))
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today), valid_from__lte=today)
        .filter(Exists(Account.objects.filter(pk=account, is_active=True)))
        .values_list(
            "role",
            "department_id",
            "department__code",
            "department__name",
            "department__division__level",
            "department__division__code",
            "department__division__county_code",
            "staff__name",
            "staff__account",
        )
        .order_by("pk")
    )


_HELD = Kept(_held, account=int, today=date)


def posts_of(account: Account) -> list[HeldPost]:
    """
    Return the posts `account` holds today, in one statement: its own, then those it stands in for.

    Nobody stands in for a post they hold themselves; residents hold none.
    """
    rows = _HELD.rows(account=account.pk, today=timezone.localdate())
    own = [HeldPost(*row[:-2]) for row in rows if row[-1] == account.pk]
    places = {(post.department_id, post.role) for post in own}
    others = [HeldPost(*row[:-1]) for row in rows if row[-1] != account.pk]
    return own + [post for post in others if (post.department_id, post.role) not in places]


def hold(posts: list[HeldPost], duty: str) -> HeldPost:
    """
    Return the first of the posts that gives `duty`, wherever it is.

    :raises NotYourDuty: none does.
    """
    for post in posts:
        if post.has(duty):
            return post
    raise NotYourDuty


def require(posts: list[HeldPost], duty: str, *, department_id: int, role: str) -> HeldPost:
    """
    Return the post that gives `duty` in a department in the role a step asks for.

    :raises NotYourDuty: no such post.
    """
    for post in posts:
        if post.department_id == department_id and post.role == role and post.has(duty):
            return post
    raise NotYourDuty


def require_for(posts: list[HeldPost], duty: str, division: Division) -> HeldPost:
    """
    Return the post that gives `duty` over a division: one there, or above it in the tree.

    :raises NotYourDuty: no such post.
    """
    above = {division.code, division.town_code, division.county_code}
    for post in posts:
        if post.has(duty) and (post.level == Division.Level.CITY or post.division_code in above):
            return post
    raise NotYourDuty


def require_staffing(posts: list[HeldPost], office: Department) -> HeldPost:
    """
    Return the post that arranges the people of an office: its head, the head of the town for the
    town's stations, or supervision over its territory.

    :raises NotYourDuty: no such post.
    """
    place = office.division
    for post in posts:
        if not post.has(Duty.STAFFING):
            continue
        wide = post.role == Role.SUPERVISOR and (
            post.level == Division.Level.CITY or place.county_code == post.division_code
        )
        towns = (Division.Level.TOWN, Division.Level.ZONE)
        near = post.level in towns and place.town_code == post.division_code
        if wide or near or post.department_id == office.pk:
            return post
    raise NotYourDuty
