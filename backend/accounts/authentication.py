"""Token authentication (登录凭据): one narrow query a request; revocation counts at once."""

from datetime import datetime, timedelta
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from backend.accounts.models import AccessToken, Account
from backend.core import crypto
from backend.core.kept import Kept

# 居民 7 天不用失效, 最长 30 天; 工作人员 30 分钟, 最长 10 小时 (等保三级会话要求).
IDLE = {Account.Kind.RESIDENT: timedelta(days=7), Account.Kind.STAFF: timedelta(minutes=30)}
LONGEST = {Account.Kind.RESIDENT: timedelta(days=30), Account.Kind.STAFF: timedelta(hours=10)}
_NOTE_EVERY = {Account.Kind.RESIDENT: timedelta(hours=6), Account.Kind.STAFF: timedelta(minutes=1)}

_FIELDS = (
    "pk",
    "uid",
    "seen_at",
    "account_id",
    "account__name",
    "account__kind",
)


def _living(digest: bytes, now: datetime) -> QuerySet[AccessToken, tuple[Any, ...]]:
    """Return the token of a digest, unless it or its account has ended."""
    living = AccessToken.objects.filter(
        digest=digest, revoked_at__isnull=True, expires_at__gt=now, account__is_active=True
    )
    return living.values_list(*_FIELDS)[:1]


_LIVING = Kept(_living, digest=bytes, now=datetime)


class TokenAuthentication(BaseAuthentication):
    """`Authorization: Bearer <token>`; sets `request.user` and `request.auth` (the token's uid)."""

    def authenticate(self, request: Request) -> tuple[Account, str] | None:
        scheme, _, token = request.headers.get("Authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            return None
        return account_of(token)

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


def account_of(token: str) -> tuple[Account, str]:
    """
    Return the account a token speaks for, and the token's public id.

    :raises AuthenticationFailed: unknown, ended, idle too long, or of a closed account.
    """
    now = timezone.now()
    row = _LIVING.one(digest=crypto.token_digest(token), now=now)
    if row is None:
        raise AuthenticationFailed
    pk, uid, seen_at, account_id, name, kind = row
    if now - seen_at > IDLE[Account.Kind(kind)]:
        raise AuthenticationFailed
    if now - seen_at > _NOTE_EVERY[Account.Kind(kind)]:
        AccessToken.objects.filter(pk=pk).update(seen_at=now)
    account = Account(pk=account_id, name=name, kind=kind, is_active=True)
    account._state.adding, account._state.db = False, "default"  # noqa: SLF001
    return account, str(uid)
