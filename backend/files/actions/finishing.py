"""Finishing (收齐): the parts become one file, made anew and kept in quarantine; or a refusal."""

import hashlib
from datetime import timedelta
from functools import partial
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import Conflict, Invalid, Unavailable
from backend.files import formats, queries, tasks, vault
from backend.files.actions import uploads
from backend.files.connectors import examiner
from backend.files.models import StoredFile, Upload, UploadPart

LEASE: Final = timedelta(seconds=60)
"""Longer than the examiner may take: after it the one who checked is dead."""


class Incomplete(Conflict):
    code, title = "upload_incomplete", "文件还没有传完, 请从 expected 处继续"


class BeingChecked(Conflict):
    code, title = "upload_being_checked", "文件正在检查, 请几秒后再看结果"


class DigestDiffers(Invalid):
    code, title = "upload_digest_differs", "收到的内容与手机上的不一致, 请重新上传这个文件"


def finish(*, actor: Account, uid: UUID) -> StoredFile:
    """
    传完: check the whole file and keep it, in quarantine; a second call returns the same file.

    :raises UploadNotFound: not the actor's.
    :raises UploadClosed: refused or expired.
    :raises Incomplete: parts are missing; `expected` is where to go on.
    :raises BeingChecked: another call is at it.
    :raises DigestDiffers: what came is not what was declared; the upload is over.
    :raises Invalid: refused, one of `formats.refusals`; the upload is over.
    :raises Unavailable: nothing is lost, finish again.
    """
    upload = queries.upload_of(actor, uid=uid)
    if upload.file is not None:
        return upload.file
    uploads.require_open(upload)
    if upload.received < upload.size:
        raise Incomplete(expected=upload.received)
    _lease(upload)
    try:
        data = _joined(upload)
        if hashlib.sha256(data).digest() != bytes(upload.sha256):
            raise DigestDiffers
        clean = examiner.examine(data, declared=upload.media_type)
        return _keep(upload, clean)
    except Invalid as refusal:
        _refuse(upload, refusal)
        raise
    except Unavailable:
        Upload.objects.filter(pk=upload.pk).update(checking_until=None)
        raise


def take(
    *, actor: Account, extension: str, media_type: str, data: bytes, sha256: bytes | None = None
) -> StoredFile:
    """
    一次上传: a small file in one call; return it, in quarantine.

    :param sha256: 32 bytes, compared where it is given.
    :raises Conflict: `start`'s refusals.
    :raises Invalid: refused.
    """
    media = uploads.admitted(extension=extension, media_type=media_type, size=len(data))
    digest, now = hashlib.sha256(data).digest(), timezone.now()
    upload = Upload(
        owner=actor,
        media_type=media,
        extension=extension.lower().lstrip("."),
        size=len(data),
        received=len(data),
        sha256=sha256 or digest,
        created_at=now,
        expires_at=now + LEASE,
        checking_until=now + LEASE,
    )
    with transaction.atomic():
        uploads.make_room(actor, len(data), now)
        upload.save(force_insert=True)
    try:
        if digest != bytes(upload.sha256):
            raise DigestDiffers
        return _keep(upload, examiner.examine(data, declared=media))
    except Invalid as refusal:
        _refuse(upload, refusal)
        raise
    except Unavailable:
        Upload.objects.filter(pk=upload.pk).delete()
        raise


def _lease(upload: Upload) -> None:
    now = timezone.now()
    free = Q(checking_until__isnull=True) | Q(checking_until__lt=now)
    taken = Upload.objects.filter(free, pk=upload.pk, state=Upload.State.OPEN)
    if not taken.update(checking_until=now + LEASE):
        raise BeingChecked(retry_after=3)


def _joined(upload: Upload) -> bytes:
    """Return the parts in order."""
    parts = upload.parts.order_by("offset")
    return b"".join(
        vault.get(part.storage_key, context=UploadPart.context_of(upload.uid, part.offset))
        for part in parts
    )


def _keep(upload: Upload, clean: formats.Clean) -> StoredFile:
    """Store the clean file, then its row; of two that checked, the second drops what it wrote."""
    file = StoredFile(
        owner_id=upload.owner_id,
        media_type=clean.media,
        size=len(clean.data),
        sha256=hashlib.sha256(clean.data).digest(),
        received_sha256=upload.sha256,
        pages=clean.pages,
        width=clean.width,
        height=clean.height,
        created_at=timezone.now(),
    )
    file.storage_key = vault.put(clean.data, kind=vault.FILES, context=file.context)
    with transaction.atomic():
        held = uploads.hold(upload)
        won = held.state == Upload.State.OPEN
        if won:
            file.save(force_insert=True)
            uploads.close(held, state=Upload.State.DONE, file=file)
            transaction.on_commit(partial(tasks.ring, file.pk))
    if won:
        return file
    vault.drop(file.storage_key)
    return _what_became_of(upload)


def _what_became_of(upload: Upload) -> StoredFile:
    found = Upload.objects.select_related("file").get(pk=upload.pk)
    if found.file is None:
        raise uploads.UploadClosed(state=found.state, refusal=found.refusal)
    return found.file


@transaction.atomic
def _refuse(upload: Upload, refusal: Invalid) -> None:
    held = uploads.hold(upload)
    if held.state == Upload.State.OPEN:
        uploads.close(held, state=Upload.State.REFUSED, refusal=refusal.code)
