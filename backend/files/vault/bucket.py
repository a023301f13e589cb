"""The bucket (对象存储): any store that speaks S3; loaded only where FILES_STORAGE=s3."""

from typing import Any

from botocore.config import Config
from storages.backends.s3 import S3Storage

_CLIENT = Config(
    s3={"addressing_style": "path"},
    signature_version="s3v4",
    connect_timeout=3,
    read_timeout=20,
    retries={"max_attempts": 2},
    request_checksum_calculation="when_required",
    response_checksum_validation="when_required",
)


class Bucket(S3Storage):  # type: ignore[misc]
    """Waits seconds, not minutes, for an answer."""

    def get_default_settings(self) -> dict[str, Any]:
        return {
            **super().get_default_settings(),
            "client_config": _CLIENT,
            "file_overwrite": True,  # names are 160 random bits: asking first would prove nothing
            "default_acl": None,
            "querystring_auth": True,
        }
