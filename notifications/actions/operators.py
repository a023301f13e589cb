"""Operators (运维告警): a notice to everybody who keeps the platform running."""

from collections.abc import Mapping

from django.db.models import Q
from django.utils import timezone

from backend.accounts.models import Account
from backend.organisation.models import Post
from notifications.actions import sending


def tell_operators(*, kind: str, params: Mapping[str, str]) -> int:
    """告警: lay a notice into the inbox of every platform administrator; return how many."""
    today = timezone.localdate()
    posts = Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        role=Post.Role.PLATFORM_ADMIN,
        valid_from__lte=today,
        staff__account__is_active=True,
    )
    told = Account.objects.filter(pk__in=posts.values("staff__account"))
    for account in told:
        sending.send(to=account, kind=kind, params=params)
    return len(told)
