"""What a person does with the own inbox (收件箱)."""

from collections.abc import Collection

from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import NotFound
from notifications.models import Notification


class NotificationNotFound(NotFound):
    code, title = "notification_not_found", "没有找到这条通知, 请刷新收件箱"


def mark_read(*, account: Account, ids: Collection[int] | None = None) -> int:
    """已读: mark these notices of the account, or all of them; return how many were unread."""
    unread = Notification.objects.filter(account=account, read_at=None, hidden_at=None)
    now = timezone.now()
    chosen = unread.filter(due_at__lte=now) if ids is None else unread.filter(pk__in=ids)
    return chosen.update(read_at=now)


def hide(*, account: Account, notification_id: int) -> None:
    """
    删除: take a notice out of the inbox; the row stays, as proof that it was told.

    :raises NotificationNotFound: it is not in this account's inbox.
    """
    mine = Notification.objects.filter(account=account, pk=notification_id, hidden_at=None)
    if not mine.update(hidden_at=timezone.now()):
        raise NotificationNotFound
