"""Scanning (查毒): a quarantined file becomes clean, or is refused; without a scanner it waits."""

from functools import partial

import structlog
from django.db import transaction
from django.db.models import F
from django.utils import timezone

from backend.core.errors import Unavailable
from backend.files import vault
from backend.files.connectors import clamd
from backend.files.models import StoredFile

State = StoredFile.State
_log = structlog.get_logger(__name__)


def scan(*, pk: int) -> str:
    """
    查毒: search one file; return the state it is in afterwards.

    Twice at once is harmless: only a quarantined file changes, and to the same.

    :raises Unavailable: no scanner, or no storage; the file waits.
    """
    file = StoredFile.objects.filter(pk=pk).first()
    if file is None or file.state != State.QUARANTINED:
        return file.state if file else State.GONE
    StoredFile.objects.filter(pk=pk).update(scans=F("scans") + 1)
    finding = clamd.finding_in(vault.get(file.storage_key, context=file.context))
    return _refuse(file, finding) if finding else _release(file)


def scan_waiting(*, most: int = 50) -> int:
    """
    查毒 (补查): search what waits, those tried least first; return how many left quarantine.

    :raises ScannerUnavailable: nobody answers, so the rest need not be tried.
    """
    done = 0
    waiting = StoredFile.objects.filter(state=State.QUARANTINED).order_by("scans", "id")
    for pk in list(waiting.values_list("pk", flat=True)[:most]):
        try:
            done += scan(pk=pk) != State.QUARANTINED
        except clamd.ScannerUnavailable:
            raise
        except Unavailable as fault:  # this one cannot be read; the others can
            _log.error("file_unreadable", file=pk, fault=fault.code)
    return done


def _release(file: StoredFile) -> str:
    held = StoredFile.objects.filter(pk=file.pk, state=State.QUARANTINED)
    held.update(state=State.CLEAN, scanned_at=timezone.now())
    return State.CLEAN


@transaction.atomic
def _refuse(file: StoredFile, finding: str) -> str:
    """Keep the row and what was found; the bytes go, a virus is nothing to store."""
    held = StoredFile.objects.filter(pk=file.pk, state=State.QUARANTINED)
    if held.update(state=State.REFUSED, scanned_at=timezone.now(), finding=finding):
        _log.warning("file_infected", file=str(file.uid), finding=finding)
        transaction.on_commit(partial(vault.drop, file.storage_key))
    return State.REFUSED
