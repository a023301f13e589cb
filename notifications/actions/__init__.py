"""Every write to notices."""

from notifications.actions.inbox import NotificationNotFound, hide, mark_read
from notifications.actions.sending import Letter, send, send_many

__all__ = ["Letter", "NotificationNotFound", "hide", "mark_read", "send", "send_many"]
