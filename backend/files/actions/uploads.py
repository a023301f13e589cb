"""Uploads (上传): begun with a declaration, arriving in parts, resumed where they stopped."""

import hashlib
import uuid
from datetime import datetime, timedelta
from functools import partial
from typing import Final

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import Count, Q, Sum
from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import Conflict, Invalid, Unavailable
from backend.files import queries, vault
from backend.files.formats import recognition
from backend.files.formats.refusals import TooManyBytes
from backend.files.models import Upload, UploadPart

PART_BYTES: Final = 1024 * 1024
"""The size a part should have, and may have at most."""
LEAST_PART: Final = 32 * 1024
"""Only the last part may be smaller."""
DAY: Final = timedelta(days=1)


class TooManyUploads(Conflict):
    code, title = "too_many_uploads", "同时上传的文件过多, 请先完成已开始的上传"


class DayIsFull(Conflict):
    code, title = "upload_day_full", "今天上传的文件总量已到上限, 请明天再传, 或带材料到窗口办理"


class UploadClosed(Conflict):
    code, title = "upload_closed", "这次上传已经结束, 请重新开始上传"


class PartOutOfPlace(Conflict):
    code, title = "part_out_of_place", "这一段不是接下来该传的, 请从 expected 处继续"


class PartTooLarge(Invalid):
    code, title = "part_too_large", "每一段不能超过 part_size, 请分小后再传"


class PartTooSmall(Invalid):
    code, title = "part_too_small", "每一段不能小于 32 KiB (最后一段除外), 请按 part_size 分段"


class PartPastTheEnd(Invalid):
    code, title = "part_past_the_end", "内容超出了开始上传时声明的大小, 请重新开始上传"


def start(*, actor: Account, extension: str, media_type: str, size: int, sha256: bytes) -> Upload:
    """
    开始上传: take down what will come; return the upload, with its uid and its expiry.

    :param size: bytes, of the whole file.
    :param sha256: 32 bytes, of the whole file as it is sent.
    :raises Invalid: a type we do not take (`formats.refusals`), or too many bytes.
    :raises TooManyUploads: too many are open.
    :raises DayIsFull: more bytes than one account may send in 24 hours.
    """
    media = admitted(extension=extension, media_type=media_type, size=size)
    now = timezone.now()
    with transaction.atomic():
        make_room(actor, size, now)
        return Upload.objects.create(
            owner=actor,
            media_type=media,
            extension=extension.lower().lstrip("."),
            size=size,
            sha256=sha256,
            created_at=now,
            expires_at=now + timedelta(hours=settings.FILES_UPLOAD_HOURS),
        )


def admitted(*, extension: str, media_type: str, size: int) -> str:
    """Return the media type declared, where such a file may come in at all."""
    media = recognition.declared(extension=extension, media_type=media_type)
    if size > settings.FILES_MOST_BYTES[media]:
        raise TooManyBytes(most_bytes=settings.FILES_MOST_BYTES[media])
    return media


def make_room(actor: Account, size: int, now: datetime) -> None:
    """
    Check what one account may send (ASVS 5.2.4); its row is locked until the transaction ends.

    :raises TooManyUploads: too many are open.
    :raises DayIsFull: the bytes of the last 24 hours would be too many.
    """
    Account.objects.select_for_update(no_key=True).only("pk").get(pk=actor.pk)
    used = Upload.objects.filter(owner=actor, created_at__gt=now - DAY).aggregate(
        open=Count("pk", filter=Q(state=Upload.State.OPEN, expires_at__gt=now)), sent=Sum("size")
    )
    if used["open"] >= settings.FILES_OPEN_UPLOADS:
        raise TooManyUploads
    kind = "staff" if actor.kind == Account.Kind.STAFF else "resident"
    if (used["sent"] or 0) + size > settings.FILES_DAY_BYTES[kind]:
        raise DayIsFull


def put(*, actor: Account, uid: uuid.UUID, offset: int, data: bytes) -> Upload:
    """
    传一段: store the next part; what this returns from is kept, whatever dies afterwards.

    The same part again is harmless. The part is written before its row: a death between the two
    leaves bytes that nothing names, for the sweep, and an offset that asks for them again.

    :raises UploadNotFound: not the actor's.
    :raises UploadClosed: done, refused or expired.
    :raises PartOutOfPlace: a gap, or other bytes than those that stand there; `expected` tells.
    :raises Invalid: too large, too small, or past the end.
    :raises Unavailable: the storage is full or away; nothing was taken.
    """
    upload = queries.upload_of(actor, uid=uid)
    require_open(upload)
    _measure(upload, offset, data)
    digest = hashlib.sha256(data).digest()
    if offset != upload.received:
        return _again(upload, offset, data, digest)
    context = UploadPart.context_of(upload.uid, offset)
    key = vault.put(data, kind=vault.PARTS, context=context)
    if _entered(upload, UploadPart(offset=offset, size=len(data), digest=digest, storage_key=key)):
        return upload
    vault.drop(key)
    return _again(queries.upload_of(actor, uid=uid), offset, data, digest)


def require_open(upload: Upload) -> None:
    """
    Check that more may come.

    :raises UploadClosed: it is not open, or its time is over.
    """
    if upload.state == Upload.State.OPEN and upload.expires_at > timezone.now():
        return
    over = upload.state == Upload.State.OPEN
    state = Upload.State.EXPIRED if over else upload.state
    raise UploadClosed(state=str(state), refusal=upload.refusal)


def _measure(upload: Upload, offset: int, data: bytes) -> None:
    if len(data) > PART_BYTES:
        raise PartTooLarge(part_size=PART_BYTES)
    if offset + len(data) > upload.size:
        raise PartPastTheEnd(size=upload.size)
    if len(data) < LEAST_PART and offset + len(data) < upload.size:
        raise PartTooSmall


def _again(upload: Upload, offset: int, data: bytes, digest: bytes) -> Upload:
    """Return the upload where this very part stands already."""
    same = upload.parts.filter(offset=offset, size=len(data), digest=digest)
    if offset < upload.received and same.exists():
        return upload
    raise PartOutOfPlace(expected=upload.received)


def hold(upload: Upload) -> Upload:
    """Lock an upload until the transaction ends, and read it as it is now."""
    return Upload.objects.select_for_update(of=("self",)).get(pk=upload.pk)


def _entered(upload: Upload, part: UploadPart) -> bool:
    """Enter a stored part, unless another has moved on meanwhile."""
    try:
        with transaction.atomic():
            held = hold(upload)
            if held.state != Upload.State.OPEN or held.received != part.offset:
                return False
            part.upload = held
            part.save(force_insert=True)
            upload.received = held.received + part.size
            Upload.objects.filter(pk=upload.pk).update(received=upload.received)
    except IntegrityError:
        return False
    return True


def close(upload: Upload, **changes: object) -> None:
    """End an upload within the caller's transaction; its parts go once that has committed."""
    keys = list(upload.parts.values_list("storage_key", flat=True))
    UploadPart.objects.filter(upload=upload).delete()
    Upload.objects.filter(pk=upload.pk).update(checking_until=None, **changes)
    transaction.on_commit(partial(_drop, keys))


def _drop(keys: list[str]) -> None:
    for key in keys:
        try:
            vault.drop(key)
        except Unavailable:
            return  # the sweep finds them
