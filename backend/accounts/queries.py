"""What the doors ask of accounts (登录设备): where I am signed in."""

from datetime import datetime
from typing import Any

from backend.accounts.authentication import IDLE
from backend.accounts.models import AccessToken, Account

_SESSION = ("uid", "device", "created_at", "seen_at", "expires_at")


def sessions_of(account: Account, *, now: datetime, current: str = "") -> list[dict[str, Any]]:
    """
    Return the devices `account` is signed in on, newest first: those whose token still works.

    The one whose uid is `current` says so; the hundred newest at most.
    """
    alive = AccessToken.objects.filter(
        account=account,
        revoked_at__isnull=True,
        expires_at__gt=now,
        seen_at__gt=now - IDLE[Account.Kind(account.kind)],
    )
    rows = alive.order_by("-created_at").values(*_SESSION)[:100]
    return [{**row, "current": str(row["uid"]) == current} for row in rows]
