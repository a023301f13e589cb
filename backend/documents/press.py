"""
The press (出具): an order becomes a numbered, signed, kept PDF, in one transaction each.

The number is taken while the office's counter is locked and goes back with everything else when
anything fails, so an office's numbers of a year have no gap.
"""

import hashlib
import io
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import pikepdf
import structlog
from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.core import crypto
from backend.documents import content, seal, typesetting
from backend.documents.kinds import KINDS
from backend.documents.models import Paper, PaperCounter, short_code
from backend.files import vault

S = Paper.State
_FIRST_WAIT, _LONGEST_WAIT = timedelta(seconds=5), timedelta(hours=1)
_log = structlog.get_logger(__name__)


def run(*, now: datetime, most: int) -> int:
    """Issue the papers that are due, oldest first; one that fails waits and lets others pass."""
    due = Paper.objects.filter(state=S.ORDERED, next_at__lte=now).order_by("next_at", "pk")
    issued = 0
    for pk in list(due.values_list("pk", flat=True)[:most]):
        try:
            issued += issue(pk, now=now)
        except Exception as fault:  # the font, the storage, the key: none may stop the others
            _wait(pk, now)
            _log.error("paper_not_issued", paper=pk, fault=type(fault).__name__)
    return issued


@transaction.atomic
def issue(pk: int, *, now: datetime) -> bool:
    """Issue one paper, unless somebody else is at it or has done it."""
    waiting = Paper.objects.select_for_update(skip_locked=True).filter(pk=pk, state=S.ORDERED)
    paper = waiting.first()
    if paper is None:
        return False
    paper.year = timezone.localdate(paper.made_at).year
    paper.serial = _next(paper.office, paper.year)
    paper.number = f"{paper.office}-{paper.year}-{paper.serial:06}"
    paper.key_number = max(settings.SIGNING_KEYS)
    file = seal.sealed(
        typesetting.typeset(data_of(paper)), number=paper.number, key=paper.key_number
    )
    paper.sha256, paper.size = hashlib.sha256(file).digest(), len(file)
    paper.pages = _pages(file)
    paper.state, paper.issued_at = S.ISSUED, now
    paper.storage_key = vault.put(file, kind=vault.PAPERS, context=paper.file_context)
    try:
        paper.save()
    except BaseException:
        vault.drop(paper.storage_key)
        raise
    return True


def data_of(paper: Paper) -> dict[str, Any]:
    """Return what the template reads: the kept content, and what came with the number."""
    kept = crypto.unseal_json(paper.sealed_content, context=paper.content_context)
    assert isinstance(kept, dict)  # noqa: S101  (written by `order`)
    kind, code = KINDS[paper.kind], short_code(paper.number)
    return kept | {
        "title": kept["title"] or kind.title,
        "remark": kind.remark,
        "large": paper.large,
        "number": paper.number,
        "code": f"{code[:4]}-{code[4:]}",
        "qr": typesetting.qr(address(paper.number, code)),
        "day_in_words": content.in_words(date.fromisoformat(kept["day"])),
    }


def address(number: str, code: str) -> str:
    """Return where the QR code leads: the number and its code, and nobody's data."""
    return f"{settings.PUBLIC_URL}/verify?" + urlencode({"number": number, "code": code})


def _next(office: str, year: int) -> int:
    PaperCounter.objects.bulk_create(
        [PaperCounter(office=office, year=year)], ignore_conflicts=True
    )
    counter = PaperCounter.objects.select_for_update().get(office=office, year=year)
    counter.value += 1
    counter.save(update_fields=["value"])
    return counter.value


def file_of(paper: Paper) -> bytes:
    """
    Return the PDF of an issued paper, as it was signed.

    :raises ContentLost: its bytes are gone, or another's.
    """
    return vault.get(paper.storage_key, context=paper.file_context)


def _pages(file: bytes) -> int:
    with pikepdf.open(io.BytesIO(file)) as document:
        return len(document.pages)


def _wait(pk: int, now: datetime) -> None:
    """Try again after 5 s, 10 s, 20 s … at most an hour."""
    paper = Paper.objects.filter(pk=pk, state=S.ORDERED).first()
    if paper is not None:
        wait = min(_FIRST_WAIT * 2 ** min(paper.attempts, 12), _LONGEST_WAIT)
        Paper.objects.filter(pk=pk, state=S.ORDERED).update(
            attempts=paper.attempts + 1, next_at=now + wait
        )
