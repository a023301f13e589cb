"""Whether sign-offs hold (签认核验): every version in force or past was confirmed as it stands."""

import hashlib
from collections.abc import Iterator, Mapping
from typing import Any

import orjson

from backend.catalogue.models import ServiceVersion, SignOff
from backend.core import crypto

PURPOSE = "signoff"
_CONTENT = (
    "legal_days", "promised_days", "day_kind", "authority", "realname_level", "online",
    "form", "materials", "steps", "guide",
)  # fmt: skip


def digest_of(content: Mapping[str, Any]) -> bytes:
    """Return the digest of a content, whatever the order of its keys."""
    return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


def message_of(one: SignOff) -> bytes:
    """Return what is signed: who confirmed which content of which item, for whom, and when."""
    told = {
        "item": one.item_id,
        "draft": one.draft_id,
        "revision": one.revision,
        "founding": one.founding,
        "whole": bytes(one.whole_digest).hex(),
        "version": bytes(one.version_digest).hex(),
        "signer": one.signer_id,
        "office": one.office_id,
        "at": int(one.signed_at.timestamp() * 1_000_000),
    }
    return orjson.dumps(told, option=orjson.OPT_SORT_KEYS)


def holds(one: SignOff) -> bool:
    """验签: say whether this row is what was signed."""
    return crypto.verifies(message_of(one), one.signature, purpose=PURPOSE)


def unsound() -> Iterator[tuple[str, str]]:
    """Yield (about, why) for each published version that nobody confirmed as it stands."""
    signed: dict[tuple[int, bytes], list[SignOff]] = {}
    for one in SignOff.objects.iterator():
        signed.setdefault((one.item_id, bytes(one.version_digest)), []).append(one)
        if not holds(one):
            yield f"签认 {one.pk}", "签名与内容不符"
    published = ServiceVersion.objects.filter(published_at__isnull=False).select_related("item")
    for version in published.iterator():
        digest = bytes(version.digest)
        about = f"{version.item.code} 第{version.number}版"
        if _digest(version) != digest:
            yield about, "版本内容与摘要不符"
        elif not any(holds(one) for one in signed.get((version.item_id, digest), [])):
            yield about, "没有责任部门的有效签认"


def _digest(version: ServiceVersion) -> bytes:
    return digest_of({name: getattr(version, name) for name in _CONTENT})
