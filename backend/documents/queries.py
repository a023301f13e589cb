"""What is asked of papers: those of a subject, and whether one is genuine (验真)."""

import hashlib
import hmac
import re
from typing import Any
from uuid import UUID

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.conf import settings
from django.db.models import QuerySet
from django.utils import timezone

from backend.core import crypto
from backend.core.errors import NotFound
from backend.core.kept import Kept
from backend.documents import seal
from backend.documents.kinds import KINDS
from backend.documents.models import Paper, short_code

S = Paper.State
GENUINE, REVOKED, CHANGED, UNKNOWN = "genuine", "revoked", "changed", "unknown"
RESULTS = (
    (GENUINE, "真实有效"),
    (REVOKED, "真实, 但已撤销"),
    (CHANGED, "被改动过"),
    (UNKNOWN, "不是本平台出具, 或签名已被破坏"),
)
_NOT_OURS = "签名有效, 但本平台没有出具过这份文书"
_SEPARATORS = re.compile(r"[\s-]")


class PaperNotFound(NotFound):
    code, title = "paper_not_found", "没有找到这份文书, 请刷新后再看"


class PaperUnknown(NotFound):
    code, title = "paper_unknown", "编号与验证码不符, 请对照纸上的编号和八位验证码重新填写"


class PaperNotReady(NotFound):
    code, title = "paper_not_ready", "文书正在生成, 一般几秒钟就好, 请稍后再打开"


def of_subject(subject: str) -> list[dict[str, Any]]:
    """Return the papers of a subject, the newest first; one statement."""
    return [
        {
            "uid": uid,
            "kind": kind,
            "title": KINDS[kind].title,
            "number": number,
            "office": office,
            "made_on": timezone.localdate(made_at),
            "ready": state == S.ISSUED,
            "pages": pages,
            "size": size,
            "large": large,
            "revoked": revoked_at is not None,
            "revoked_why": why,
        }
        for (
            uid, kind, number, office, made_at, state, pages, size, large, revoked_at, why
        ) in _OF_SUBJECT.rows(subject=subject)
    ]  # fmt: skip


_OF_SUBJECT = Kept(
    lambda subject: (
        Paper.objects.filter(subject=subject)
        .order_by("-made_at", "-pk")
        .values_list(
            "uid",
            "kind",
            "number",
            "office_name",
            "made_at",
            "state",
            "pages",
            "size",
            "large",
            "revoked_at",
            "revoked_why",
        )
    ),
    subject=str,
)


def issued(*, subject: str, uid: UUID) -> Paper:
    """
    Return a paper that can be handed out.

    :raises PaperNotFound: there is none of this subject.
    :raises PaperNotReady: ordered, and not issued yet.
    """
    paper = _of(uid).filter(subject=subject).first()
    if paper is None:
        raise PaperNotFound
    if paper.state != S.ISSUED:
        raise PaperNotReady
    return paper


def _of(uid: UUID) -> QuerySet[Paper]:
    return Paper.objects.filter(uid=uid).defer("sealed_content")


def look(*, number: str, code: str) -> dict[str, Any]:
    """
    按编号验真: say what paper the number and its code name; nobody's data.

    :param code: as typed, spaces, dashes and case not counted.
    :raises PaperUnknown: no such number, or another's code; the same words for both.
    """
    number = number.strip().upper()
    given = _SEPARATORS.sub("", code).upper()
    fits = hmac.compare_digest(short_code(number).encode(), given.encode())
    paper = Paper.objects.filter(number=number).first() if number and fits else None
    if paper is None:
        raise PaperUnknown
    return _told(paper, REVOKED if paper.revoked_at else GENUINE)


def judge(file: bytes) -> dict[str, Any]:
    """按文件验真: say whether these bytes are a paper as it left the press."""
    verdict = seal.check(file, keys=public_keys())
    paper = Paper.objects.filter(number=verdict.number).first() if verdict.number else None
    if not verdict.genuine:
        result = CHANGED if paper is not None else UNKNOWN
        return {**_NOTHING, "result": result, "why": verdict.sentence, "number": verdict.number}
    if paper is None or bytes(paper.sha256 or b"") != hashlib.sha256(file).digest():
        return {**_NOTHING, "result": UNKNOWN, "why": _NOT_OURS, "number": verdict.number}
    return _told(paper, REVOKED if paper.revoked_at else GENUINE) | {"why": verdict.sentence}


def public_keys() -> dict[int, Ed25519PublicKey]:
    """Return the public half of every signing key, by number."""
    return {number: crypto.signing_key(number) for number in settings.SIGNING_KEYS}


_NOTHING: dict[str, Any] = {
    "result": UNKNOWN,
    "why": "",
    "number": "",
    "title": "",
    "office": "",
    "made_on": None,
    "revoked_on": None,
    "revoked_why": "",
    "sha256": "",
    "pages": None,
}


def _told(paper: Paper, result: str) -> dict[str, Any]:
    return {
        **_NOTHING,
        "result": result,
        "number": paper.number,
        "title": KINDS[paper.kind].title,
        "office": paper.office_name,
        "made_on": timezone.localdate(paper.made_at),
        "revoked_on": timezone.localdate(paper.revoked_at) if paper.revoked_at else None,
        "revoked_why": paper.revoked_why,
        "sha256": bytes(paper.sha256 or b"").hex(),
        "pages": paper.pages,
    }
