"""
WeChat (微信): login, phone, subscribe messages, callbacks. No other room knows wechatpy.

What may go wrong out there arrives here as a refusal of ours, or as an outcome: accepted, certainly
not sent, or unknown.
"""

from backend.core.wechat.callbacks import (
    BadCallback,
    Callback,
    echo,
    open_callback,
    release_callback,
)
from backend.core.wechat.calls import Status, WeChatUnavailable, never_left
from backend.core.wechat.login import (
    BadLoginCode,
    BadPhoneCode,
    ForeignPhone,
    LoginBlocked,
    Session,
    phone_of,
    session_of,
)
from backend.core.wechat.messages import (
    AccountTemplate,
    RateLimit,
    SendOutcome,
    rate_limit,
    send_subscribe_message,
    templates,
)

__all__ = [
    "AccountTemplate",
    "BadCallback",
    "BadLoginCode",
    "BadPhoneCode",
    "Callback",
    "ForeignPhone",
    "LoginBlocked",
    "RateLimit",
    "SendOutcome",
    "Session",
    "Status",
    "WeChatUnavailable",
    "echo",
    "never_left",
    "open_callback",
    "phone_of",
    "rate_limit",
    "release_callback",
    "send_subscribe_message",
    "session_of",
    "templates",
]
