"""Who may do what: one table from role to duty (岗位 → 职责), 领域说明 §4."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from django.db import models
from django.db.models import Q, QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import Forbidden
from backend.core.kept import Kept
from backend.organisation.models import Division, Post

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
    CONFIGURE = "configure", "配置"
    TIMER = "timer", "系统计时"


_OFFICE = frozenset({Duty.INTAKE, Duty.HANDLE, Duty.REVIEW, Duty.DECIDE, Duty.DELIVER})
DUTIES: dict[str, frozenset[Duty]] = {
    Role.COMMUNITY_WORKER: frozenset({Duty.INTAKE, Duty.HANDLE, Duty.REVIEW, Duty.DELIVER}),
    Role.WINDOW_CLERK: frozenset({Duty.INTAKE, Duty.HANDLE, Duty.DELIVER}),
    Role.TOWN_REVIEWER: _OFFICE,
    Role.COUNTY_REVIEWER: _OFFICE,
    Role.CITY_REVIEWER: _OFFICE,
    Role.EXTERNAL_AGENCY: frozenset({Duty.HANDLE, Duty.REVIEW, Duty.DELIVER}),
    Role.DEPARTMENT_HEAD: frozenset({Duty.OVERSEE, Duty.ENDORSE}),
    Role.SUPERVISOR: frozenset({Duty.OVERSEE, Duty.AUDIT}),
    Role.ITEM_ADMIN: frozenset({Duty.CONFIGURE}),
    Role.PLATFORM_ADMIN: frozenset(),
    Role.AUDITOR: frozenset({Duty.AUDIT}),
}


class NotYourDuty(Forbidden):
    code, title = "not_your_duty", "您的岗位不能执行此操作, 请联系承办岗位"


@dataclass(frozen=True, slots=True)
class HeldPost:
    """A post as the rules need it: who, where, and the codes its territory is asked by."""

    role: str
    department_id: int
    department_code: str
    department_name: str
    level: str
    division_code: str
    county_code: str

    def has(self, duty: str) -> bool:
        return duty in DUTIES[self.role]


def _held(*, account: int, today: date) -> QuerySet[Post, Any]:
    return (
        Post.objects.filter(staff__account=account, valid_from__lte=today)
        .filter(Q(valid_to__isnull=True) | Q(valid_to__gte=today))
        .values_list(
            "role",
            "department_id",
            "department__code",
            "department__name",
            "department__division__level",
            "department__division__code",
            "department__division__county_code",
        )
        .order_by("pk")
    )


_HELD = Kept(_held, account=int, today=date)


def posts_of(account: Account) -> list[HeldPost]:
    """Return the posts `account` holds today, in one statement; none for residents."""
    return [HeldPost(*row) for row in _HELD.rows(account=account.pk, today=timezone.localdate())]


def hold(posts: list[HeldPost], duty: str) -> None:
    """
    Check that one of the posts gives `duty`, wherever it is.

    :raises NotYourDuty: none does.
    """
    if not any(post.has(duty) for post in posts):
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
