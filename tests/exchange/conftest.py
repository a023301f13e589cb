"""The sandboxes of this room."""

from tests.sandboxes import registry, registry_process, wechat, wechat_process  # noqa: F401
