"""Who holds which post today (在岗): whom an office's matter goes to, and who watches it."""

from collections.abc import Collection
from datetime import date

from django.db.models import Q, QuerySet

from backend.organisation.models import Post

Role = Post.Role


def _held(today: date) -> QuerySet[Post]:
    return Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        valid_from__lte=today,
        staff__account__is_active=True,
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
    return found


def supervisors(counties: Collection[str], *, today: date) -> dict[str, list[int]]:
    """Return who supervises these counties (监察): county code → account ids."""
    found: dict[str, list[int]] = {}
    rows = _held(today).filter(role=Role.SUPERVISOR, department__division__code__in=counties)
    for county, account in rows.values_list("department__division__code", "staff__account_id"):
        found.setdefault(county, []).append(account)
    return found
