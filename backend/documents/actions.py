"""Every write to papers: order, issue, revoke, and hand out by a short-lived link."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.core import crypto
from backend.core.errors import Conflict
from backend.documents import press, tasks
from backend.documents.content import Content
from backend.documents.models import Paper
from backend.documents.queries import PaperNotFound
from backend.files import links
from backend.files.actions.reading import LinkInvalid

MOST_A_RING = 200
S = Paper.State


class AlreadyRevoked(Conflict):
    code, title = "already_revoked", "这份文书已经撤销过, 无需再撤销"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be printed: content as it stands at the time of the act."""

    kind: str
    subject: str
    purpose: str
    office: str
    content: Content
    large: bool = False


def order(*, orders: Sequence[Order], at: datetime) -> None:
    """
    下单: lay the papers of one act into the caller's transaction; they are printed after it.

    One statement. The same `purpose` of a subject is ordered once.

    :param at: the moment of the act, which every paper of it bears.
    """
    if orders:
        papers = [_paper(one, at) for one in orders]
        Paper.objects.bulk_create(papers, ignore_conflicts=True)
        transaction.on_commit(tasks.ring, robust=True)


def _paper(one: Order, at: datetime) -> Paper:
    paper = Paper(
        kind=one.kind,
        subject=one.subject,
        purpose=one.purpose,
        office=one.office,
        office_name=one.content.office,
        large=one.large,
        made_at=at,
        next_at=at,
    )
    paper.sealed_content = crypto.seal_json(one.content.as_data(), context=paper.content_context)
    return paper


def issue_waiting(*, most: int = MOST_A_RING) -> int:
    """出具: print, number, sign and keep what is due. Return how many were issued."""
    return press.run(now=timezone.now(), most=most)


@transaction.atomic
def revoke(*, uid: UUID, why: str) -> Paper:
    """
    撤销: a paper stays readable, and every check says it no longer holds, since when and why.

    :raises PaperNotFound: no such paper.
    :raises AlreadyRevoked: it was before.
    """
    paper = Paper.objects.select_for_update().filter(uid=uid).first()
    if paper is None:
        raise PaperNotFound
    if paper.revoked_at is not None:
        raise AlreadyRevoked
    paper.revoked_at, paper.revoked_why = timezone.now(), why
    paper.save(update_fields=["revoked_at", "revoked_why"])
    return paper


def link(*, account: Account, paper: Paper) -> str:
    """取链接: a word that opens this one paper for a minute, for this account alone."""
    until = timezone.now() + links.LIVES
    return links.write(links.Leave(str(paper.uid), account.pk, until.timestamp()))


def open_link(*, account: Account, token: str) -> tuple[Paper, bytes]:
    """
    凭链接下载: return the paper and its PDF.

    :raises LinkInvalid: older than a minute, altered, or another account's.
    :raises ContentLost: its bytes are gone or altered.
    """
    leave = links.read(token, account=account.pk, now=timezone.now())
    paper = Paper.objects.filter(uid=leave.uid, state=S.ISSUED).first() if leave else None
    if paper is None:
        raise LinkInvalid
    return paper, press.file_of(paper)
