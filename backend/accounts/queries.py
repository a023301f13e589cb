"""What the doors ask of accounts: where I am signed in, and who read a case (谁查过)."""

from datetime import datetime
from typing import Any

from backend.accounts.authentication import IDLE
from backend.accounts.models import AccessToken, Account, AuditEntry

_SESSION = ("uid", "device", "created_at", "seen_at", "expires_at")
_READ = ("id", "at", "actor__name", "actor__staff__name", "act", "purpose", "subject", "request_id")


def sessions_of(account: Account, *, now: datetime) -> list[dict[str, Any]]:
    """Return the devices `account` is signed in on, newest first: those whose token still works."""
    alive = AccessToken.objects.filter(
        account=account,
        revoked_at__isnull=True,
        expires_at__gt=now,
        seen_at__gt=now - IDLE[Account.Kind(account.kind)],
    )
    return list(alive.order_by("-created_at").values(*_SESSION)[:100])


def reads_of_case(number: str, *, before: int | None, size: int) -> list[dict[str, Any]]:
    """Return up to `size` audit entries about a case, newest first, older than entry `before`."""
    entries = AuditEntry.objects.filter(case_number=number)
    if before is not None:
        entries = entries.filter(pk__lt=before)
    return list(entries.order_by("-pk").values(*_READ)[:size])
