"""
Links (短时链接): a sealed leave to read one file once decided, for one account and one purpose.

The token is encrypted, not merely signed: a purpose is written by a person and has no place in a
URL. It opens for a minute, and only for whoever asked for it and is still signed in.
"""

import base64
import binascii
import dataclasses
import uuid
from dataclasses import dataclass
from datetime import datetime, timedelta

import orjson

from backend.core import crypto

LIVES = timedelta(seconds=60)
_CONTEXT = "files.link"


@dataclass(frozen=True, slots=True)
class Leave:
    """Who may read which file, until when and why; `marked`: only with their name drawn over it."""

    file: str
    account: int
    until: float
    purpose: str = ""
    marked: bool = False
    case_number: str = ""
    resident_id: int | None = None

    @property
    def uid(self) -> uuid.UUID:
        return uuid.UUID(self.file)


def write(leave: Leave) -> str:
    """Return the token of a leave, fit for a URL."""
    sealed = crypto.seal_bytes(orjson.dumps(dataclasses.asdict(leave)), context=_CONTEXT)
    return base64.urlsafe_b64encode(sealed).decode().rstrip("=")


def read(token: str, *, account: int, now: datetime) -> Leave | None:
    """Return the leave, or None: altered, too old, or somebody else's."""
    try:
        sealed = base64.urlsafe_b64decode(token + "=" * (-len(token) % 4))
        leave = Leave(**orjson.loads(crypto.unseal_bytes(sealed, context=_CONTEXT)))
    except (binascii.Error, crypto.SealBroken, LookupError, ValueError, TypeError):
        return None
    good = leave.account == account and now.timestamp() <= leave.until
    return leave if good else None
