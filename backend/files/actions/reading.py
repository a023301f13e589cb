"""Reading (查看): leave for one minute, then the content; staff see marked copies, on record."""

import uuid
from dataclasses import dataclass
from datetime import datetime

from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.core.errors import Conflict, NotFound
from backend.files import links, queries, vault
from backend.files.formats import watermarks
from backend.files.models import StoredFile

State = StoredFile.State


class LinkInvalid(NotFound):
    code, title = "link_invalid", "链接已失效, 请回到页面重新打开"


class StillQuarantined(Conflict):
    code, title = "file_quarantined", "文件正在查毒, 请稍后再看; 不用重新上传"


class FileRefused(Conflict):
    code, title = "file_refused", "文件未通过安全检查, 已删除, 请检查手机或电脑后重新上传"


@dataclass(frozen=True, slots=True)
class Link:
    """A token for `…/files/content/<token>`, and when it ends."""

    token: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class Content:
    """Bytes to show, and what they are."""

    data: bytes
    media_type: str
    name: str


def link(*, actor: Account, uid: uuid.UUID, purpose: str = "") -> Link:
    """
    取链接: leave to read a file of one's own.

    :raises FileNotFound: not the actor's.
    :raises StillQuarantined: not searched yet.
    :raises FileRefused: something was found in it.
    """
    file = queries.file_of(actor, uid=uid)
    return _linked(file, links.Leave(str(file.uid), actor.pk, _until(), purpose))


def link_of_case(
    *,
    actor: Account,
    file: StoredFile,
    purpose: str,
    case_number: str,
    resident_id: int | None,
    marked: bool = True,
) -> Link:
    """
    取链接 (办件材料): leave for staff to read a file of a case.

    The caller has checked that the actor sees the case: files know no cases.

    :param marked: draw the reader's name over it; what shows a person's identity always is.
    :raises StillQuarantined: not searched yet.
    :raises FileRefused: something was found in it.
    """
    leave = links.Leave(
        str(file.uid), actor.pk, _until(), purpose, marked, case_number, resident_id
    )
    return _linked(file, leave)


def read(*, actor: Account, token: str, reader: str = "") -> Content:
    """
    查看: the content behind a link; staff's reading of another's file is put on record.

    :param reader: office and name of a staff member, drawn over a marked copy.
    :raises LinkInvalid: altered, older than a minute, or another account's.
    :raises Conflict: the file is no longer to be read.
    :raises ContentLost: its bytes are gone or altered.
    """
    now = timezone.now()
    leave = links.read(token, account=actor.pk, now=now)
    file = StoredFile.objects.filter(uid=leave.uid).first() if leave else None
    if leave is None or file is None:
        raise LinkInvalid
    _require_clean(file)
    data = vault.get(file.storage_key, context=file.context)
    if actor.kind == Account.Kind.STAFF:
        accounts.record_read(
            actor=actor,
            subject=f"file:{file.uid}",
            purpose=leave.purpose[:64],
            case_number=leave.case_number,
            resident_id=leave.resident_id,
        )
    if leave.marked:
        words = watermarks.words(reader=reader, purpose=leave.purpose, at=timezone.localtime(now))
        data = watermarks.drawn(data, media=file.media_type, words=words)
    kind = file.media_type.rpartition("/")[2].replace("jpeg", "jpg")
    return Content(data, file.media_type, f"{file.uid}.{kind}")


def _until() -> float:
    return (timezone.now() + links.LIVES).timestamp()


def _linked(file: StoredFile, leave: links.Leave) -> Link:
    _require_clean(file)
    until = datetime.fromtimestamp(leave.until, tz=timezone.get_current_timezone())
    return Link(links.write(leave), until)


def _require_clean(file: StoredFile) -> None:
    if file.state == State.QUARANTINED:
        raise StillQuarantined(retry_after=3)
    if file.state == State.REFUSED:
        raise FileRefused(finding=file.finding)
    if file.state != State.CLEAN:
        raise queries.FileNotFound
