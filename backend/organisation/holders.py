"""Who holds which post today (在岗), stand-ins included: whom an office's matter goes to."""

from collections.abc import Collection
from datetime import date
from typing import Any

from django.db.models import Q, QuerySet

from backend.organisation.models import Post, StandIn
from backend.organisation.queries import CITY_CODE

Role = Post.Role


def heads(department_id: int, *, today: date) -> list[int]:
    """Return the accounts of an office's heads (负责人), and of who stands in for them."""
    posts = _valid(today).filter(department=department_id, role=Role.DEPARTMENT_HEAD)
    return [account for (account,) in _held(posts, today)]


def of_offices(departments: Collection[int], *, today: date) -> dict[tuple[int, str], list[int]]:
    """Return who holds which role in these offices: (department, role) → account ids."""
    found: dict[tuple[int, str], list[int]] = {}
    posts = _valid(today).filter(department__in=departments)
    for department, role, account in _held(posts, today, "department_id", "role"):
        found.setdefault((department, role), []).append(account)
    return found


def supervisors(counties: Collection[str], *, today: date) -> dict[str, list[int]]:
    """Return who supervises these counties (监察); where a county has nobody, the city does."""
    found: dict[str, list[int]] = {}
    places = {*counties, CITY_CODE}
    posts = _valid(today).filter(role=Role.SUPERVISOR, department__division__code__in=places)
    for place, account in _held(posts, today, "department__division__code"):
        found.setdefault(place, []).append(account)
    return {county: found.get(county) or found.get(CITY_CODE, []) for county in counties}


def _valid(today: date) -> QuerySet[Post]:
    return Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today), valid_from__lte=today
    )


def _held(posts: QuerySet[Post], today: date, *columns: str) -> list[tuple[Any, ...]]:
    """Return columns of the posts with each account that acts in them, in one statement."""
    own = posts.filter(staff__account__is_active=True)
    stand_ins = StandIn.objects.filter(
        post__in=posts.values("pk"),
        valid_from__lte=today,
        valid_to__gte=today,
        ended_at__isnull=True,
        account__is_active=True,
    )
    of_post = [f"post__{column}" for column in columns]
    rows = own.values_list(*columns, "staff__account_id")
    return sorted(rows.union(stand_ins.values_list(*of_post, "account_id")))
