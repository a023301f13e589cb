"""Sweeping (清扫): uploads whose time is over, and stored bytes that nothing names any more."""

from collections.abc import Iterator, Sequence
from datetime import timedelta
from itertools import islice
from typing import Final

import structlog
from django.db import transaction
from django.utils import timezone

from backend.files import vault
from backend.files.actions import uploads
from backend.files.models import StoredFile, Upload, UploadPart

ORPHAN_AFTER: Final = timedelta(hours=24)
"""Bytes are written before their row: younger ones may still get it (design I7)."""
_AT_ONCE = 500
State = StoredFile.State
_log = structlog.get_logger(__name__)


def sweep() -> int:
    """
    清扫: end uploads nobody finished, drop bytes without a row; return how many names were dropped.

    :raises VaultDown: the storage does not answer; the next round goes on.
    """
    while _expire_some():
        pass
    dropped = 0
    for some in _in_batches(vault.names()):
        named = _named(some)
        dropped += sum(_drop_if_old(key) for key in some if key not in named)
    return dropped


@transaction.atomic
def _expire_some() -> int:
    """End a batch of open uploads whose time is over; what is being checked is left alone."""
    now = timezone.now()
    late = (
        Upload.objects.select_for_update(of=("self",), skip_locked=True)
        .filter(state=Upload.State.OPEN, expires_at__lt=now)
        .exclude(checking_until__gt=now)
    )
    over = list(late[:_AT_ONCE])
    for upload in over:
        uploads.close(upload, state=Upload.State.EXPIRED)
    return len(over)


def _named(keys: Sequence[str]) -> set[str]:
    """Return those of the names that a row names."""
    kept = StoredFile.objects.filter(
        storage_key__in=keys, state__in=(State.QUARANTINED, State.CLEAN)
    )
    parts = UploadPart.objects.filter(storage_key__in=keys)
    return {
        *kept.values_list("storage_key", flat=True),
        *parts.values_list("storage_key", flat=True),
    }


def _drop_if_old(key: str) -> bool:
    written_at = vault.written_at(key)
    if written_at is None or timezone.now() - written_at < ORPHAN_AFTER:
        return False
    vault.drop(key)
    _log.info("orphan_dropped", kind=key.partition("/")[0])
    return True


def _in_batches(keys: Iterator[str]) -> Iterator[list[str]]:
    while some := list(islice(keys, _AT_ONCE)):
        yield some
