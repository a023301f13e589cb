"""What is known of files: one's own, and what waits to be searched."""

import uuid
from collections.abc import Iterable
from datetime import timedelta

from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import NotFound
from backend.files.models import StoredFile, Upload

State = StoredFile.State
LATE = timedelta(minutes=5)
"""A file is searched within seconds; one that waits longer tells that nobody searches."""


class FileNotFound(NotFound):
    code, title = "file_not_found", "没有找到这个文件, 请重新上传"


class UploadNotFound(NotFound):
    code, title = "upload_not_found", "没有找到这次上传, 请重新开始上传"


def file_of(account: Account, *, uid: uuid.UUID) -> StoredFile:
    """
    Return one of the account's own files, in whatever state.

    :raises FileNotFound: there is none, or it is another's.
    """
    found = StoredFile.objects.filter(owner=account, uid=uid).first()
    if found is None or found.state == State.GONE:
        raise FileNotFound
    return found


def upload_of(account: Account, *, uid: uuid.UUID) -> Upload:
    """
    Return one of the account's own uploads: how much has arrived, and what became of it.

    :raises UploadNotFound: there is none, or it is another's.
    """
    found = Upload.objects.select_related("file").filter(owner=account, uid=uid).first()
    if found is None:
        raise UploadNotFound
    return found


def clean_files_of(account: Account, uids: Iterable[uuid.UUID]) -> dict[uuid.UUID, StoredFile]:
    """Return those of the files that are the account's own and clean, in one statement."""
    own = StoredFile.objects.filter(owner=account, uid__in=list(uids), state=State.CLEAN)
    return {file.uid: file for file in own}


def late_seconds() -> int:
    """Return for how long the oldest file has waited to be searched, 0 while none is late."""
    rows = StoredFile.objects.filter(state=State.QUARANTINED).order_by("id")
    oldest = rows.values_list("created_at", flat=True).first()
    waited = timezone.now() - oldest if oldest else timedelta()
    return int(waited.total_seconds()) if waited > LATE else 0
