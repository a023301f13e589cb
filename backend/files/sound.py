"""What must hold between rows and stored bytes at any moment (一致性, design I7); for `fsck`."""

import hashlib
from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Count, Q, Sum

from backend.core.errors import Unavailable
from backend.files import vault
from backend.files.models import StoredFile, Upload, UploadPart

ORPHAN_AFTER = timedelta(hours=26)
"""A day, and two rounds of the hourly sweep."""
_AT_ONCE = 500
_KEPT = (StoredFile.State.QUARANTINED, StoredFile.State.CLEAN)
Row = tuple[str, str, str]


def findings(*, now: datetime) -> Iterator[Row]:
    """Yield (rule, about what, why) of everything that does not hold."""
    yield from _files()
    yield from _uploads(now)
    yield from _orphans(now)


def _files() -> Iterator[Row]:
    """Open every file a row names, and compare what is in it with the row."""
    for file in StoredFile.objects.filter(state__in=_KEPT).iterator(_AT_ONCE):
        try:
            data = vault.get(file.storage_key, context=file.context)
        except Unavailable:
            yield "file_has_its_content", f"文件 {file.uid}", "内容不在, 或已被改动"
            continue
        if len(data) != file.size or hashlib.sha256(data).digest() != bytes(file.sha256):
            yield "file_has_its_content", f"文件 {file.uid}", "内容与摘要不符"


def _uploads(now: datetime) -> Iterator[Row]:
    parts = Upload.objects.annotate(sum=Sum("parts__size"), number=Count("parts"))
    being_checked = Q(checking_until__gt=now)
    for upload in parts.filter(state=Upload.State.OPEN).exclude(being_checked).iterator(_AT_ONCE):
        if (upload.sum or 0) != upload.received:
            yield "upload_adds_up", f"上传 {upload.uid}", "已收字节数与分片之和不符"
    for upload in parts.exclude(state=Upload.State.OPEN).filter(number__gt=0).iterator(_AT_ONCE):
        yield "upload_over_has_no_parts", f"上传 {upload.uid}", "已经结束, 分片还在"
    stored = UploadPart.objects.select_related("upload").filter(upload__state=Upload.State.OPEN)
    for part in stored.iterator(_AT_ONCE):
        if vault.written_at(part.storage_key) is None:
            about = f"上传 {part.upload.uid} 的 {part.offset}"
            yield "part_has_its_content", about, "这一段已确认收到, 内容却不在"


def _orphans(now: datetime) -> Iterator[Row]:
    named = {
        *StoredFile.objects.filter(state__in=_KEPT).values_list("storage_key", flat=True),
        *UploadPart.objects.values_list("storage_key", flat=True),
    }
    for key in vault.names():
        if key not in named:
            written_at = vault.written_at(key)
            if written_at and now - written_at > ORPHAN_AFTER:
                yield "content_has_its_row", key, "没有任何记录指向它, 且已超过一天"
