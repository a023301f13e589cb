"""Every write to notices."""

from notifications.actions.callbacks import apply_callbacks, keep_callback
from notifications.actions.grants import BadGrant, NoWeChat, record_grants
from notifications.actions.inbox import NotificationNotFound, hide, mark_read
from notifications.actions.operators import tell_operators
from notifications.actions.reminders import RuleNotFound, dry_run, remind
from notifications.actions.sending import Letter, send, send_many
from notifications.actions.ticks import take_tick, tidy

__all__ = [
    "BadGrant",
    "Letter",
    "NoWeChat",
    "NotificationNotFound",
    "RuleNotFound",
    "apply_callbacks",
    "dry_run",
    "hide",
    "keep_callback",
    "mark_read",
    "record_grants",
    "remind",
    "send",
    "send_many",
    "take_tick",
    "tell_operators",
    "tidy",
]
