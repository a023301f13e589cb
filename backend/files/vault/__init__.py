"""
The vault (文件库): sealed bytes under names nobody can guess, in a folder or an S3 store.

A name says nothing of what it holds: were it the digest of the content, two people with the same
document would show as such. What is written is on the disk, or acknowledged by the store, before
`put` returns.
"""

import errno
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

from botocore.exceptions import BotoCoreError, ClientError
from django.core.files.base import ContentFile
from django.core.files.storage import default_storage

from backend.core import crypto
from backend.core.errors import Unavailable

FILES, PARTS = "files", "parts"
PAPERS = "papers"  # 文书: made by us, none of `names`
_NO_ROOM = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})


class VaultFull(Unavailable):
    code, title = "storage_full", "存储空间不足, 已收到的部分不会丢失, 请稍后继续上传或联系管理员"


class VaultDown(Unavailable):
    code, title = "storage_unavailable", "文件存储暂时不可用, 已收到的部分不会丢失, 请稍后再试"


class ContentLost(Unavailable):
    code, title = "file_content_lost", "文件内容无法读取, 已记录, 请联系管理员"


def put(data: bytes, *, kind: str, context: str) -> str:
    """
    存入: seal and write; return the name it is found by.

    :param kind: FILES, PARTS or PAPERS.
    :param context: what the bytes belong to; under another they do not open.
    :raises VaultFull: no room; nothing is left behind.
    :raises VaultDown: the store does not answer.
    """
    name = secrets.token_hex(20)
    with _told():
        return default_storage.save(
            f"{kind}/{name[:2]}/{name}", ContentFile(crypto.seal_bytes(data, context=context))
        )


def get(key: str, *, context: str) -> bytes:
    """
    取出.

    :raises ContentLost: gone, altered, or sealed for another context.
    :raises VaultDown: the store does not answer.
    """
    try:
        with _told(), default_storage.open(key) as file:
            sealed: bytes = file.read()
        return crypto.unseal_bytes(sealed, context=context)
    except (FileNotFoundError, crypto.SealBroken, LookupError):
        raise ContentLost from None


def drop(key: str) -> None:
    """
    删除; what is gone already is gone.

    :raises VaultDown: the store does not answer.
    """
    with _told():
        default_storage.delete(key)


def names() -> Iterator[str]:
    """Yield every name there is."""
    for kind in (FILES, PARTS):
        for folder in _listed(kind)[0]:
            for name in _listed(f"{kind}/{folder}")[1]:
                yield f"{kind}/{folder}/{name}"


def written_at(key: str) -> datetime | None:
    """Return when it was written, None where it has gone meanwhile."""
    try:
        with _told():
            return default_storage.get_modified_time(key)
    except FileNotFoundError:
        return None


def _listed(path: str) -> tuple[list[str], list[str]]:
    try:
        with _told():
            return default_storage.listdir(path)
    except FileNotFoundError:
        return [], []


@contextmanager
def _told() -> Iterator[None]:
    """Turn what a folder or a store cannot do into our own words."""
    try:
        yield
    except FileNotFoundError:
        raise
    except OSError as fault:
        raise (VaultFull if fault.errno in _NO_ROOM else VaultDown) from None
    except (BotoCoreError, ClientError) as fault:
        if _is_missing(fault):
            raise FileNotFoundError from None
        raise VaultDown from None


def _is_missing(fault: Exception) -> bool:
    answer = fault.response if isinstance(fault, ClientError) else {}
    return answer.get("Error", {}).get("Code") in ("404", "NoSuchKey", "NotFound")
