"""The sandboxes of this room."""

from tests.sandboxes import (  # noqa: F401
    log_in,
    registry,
    registry_process,
    sms,
    sms_process,
    token,
    wechat,
    wechat_process,
)
