"""The sandboxes of this room."""

from tests.sandboxes import wechat, wechat_process  # noqa: F401
