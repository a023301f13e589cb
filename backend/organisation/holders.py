"""Who holds which post today (在岗): whom an office's matter goes to, and who watches it."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q, QuerySet

from backend.organisation.models import Post, StandIn
from backend.organisation.queries import CITY_CODE

Role = Post.Role


def _held(today: date) -> QuerySet[Post]:
    return Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        valid_from__lte=today,
        staff__account__is_active=True,
    )


def _standing_in(today: date) -> QuerySet[StandIn]:
    """Return who holds a post for somebody who is away (代岗); the post itself is in force."""
    return StandIn.objects.filter(
        Q(post__valid_to__isnull=True) | Q(post__valid_to__gte=today),
        valid_from__lte=today,
        valid_to__gte=today,
        ended_at__isnull=True,
        account__is_active=True,
    )


def heads(department_id: int, *, today: date) -> list[int]:
    """Return the accounts of an office's heads (负责人)."""
    posts = _held(today).filter(department=department_id, role=Role.DEPARTMENT_HEAD)
    return list(posts.order_by("pk").values_list("staff__account_id", flat=True).distinct())


def of_offices(departments: Collection[int], *, today: date) -> dict[tuple[int, str], list[int]]:
    """Return who holds which role in these offices: (department, role) → account ids."""
    found: dict[tuple[int, str], list[int]] = {}
    rows = _held(today).filter(department__in=departments)
    for department, role, account in rows.values_list("department_id", "role", "staff__account_id"):
        found.setdefault((department, role), []).append(account)
    for department, role, account in (
        _standing_in(today)
        .filter(post__department__in=departments)
        .values_list("post__department_id", "post__role", "account_id")
    ):
        if account not in found.setdefault((department, role), []):
            found[department, role].append(account)
    return found


def supervisors(counties: Collection[str], *, today: date) -> dict[str, list[int]]:
    """Return who supervises these counties (监察); where a county has nobody, the city does."""
    found: dict[str, list[int]] = {}
    places = {*counties, CITY_CODE}
    rows = _held(today).filter(role=Role.SUPERVISOR, department__division__code__in=places)
    for place, account in rows.values_list("department__division__code", "staff__account_id"):
        found.setdefault(place, []).append(account)
    return {county: found.get(county) or found.get(CITY_CODE, []) for county in counties}
