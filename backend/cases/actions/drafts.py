"""草稿: answers on their way, kept on the server so that a lost phone or signal loses nothing."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import orjson
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.models import Draft
from backend.cases.queries import resident as queries
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceItem
from backend.core import crypto
from backend.core.errors import Conflict, Invalid

MOST_DRAFTS = 20
MOST_BYTES = 64 * 1024


class DraftMoved(Conflict):
    code, title = "draft_moved", "这份草稿已在另一台设备上修改, 请选择保留哪一份后再保存"


class DraftGone(Conflict):
    code, title = "draft_gone", "这份草稿已提交或删除, 请到“我的办件”查看, 或重新填写"


class DraftOfOtherItem(Invalid):
    code, title = "draft_of_other_item", "这份草稿属于另一个事项, 请从该事项重新进入"


class DraftTooLarge(Invalid):
    code, title = "draft_too_large", "草稿内容过大(最多64KB), 请精简文字后再保存"


class TooManyDrafts(Invalid):
    code, title = "too_many_drafts", "草稿已满20份, 请先删除不用的草稿"


@transaction.atomic
def save_draft(
    *,
    actor: Account,
    uid: UUID,
    item_code: str,
    answers: Mapping[str, Any],
    revision: int,
    device: str = "",
    materials: Mapping[str, Any] | None = None,
) -> Draft:
    """
    保存草稿: keep `answers` as the next revision of the draft the client knows as `revision`.

    Repeating the last save from the same device changes nothing and returns the same revision.

    :param revision: the one last seen by the client; 0 for a new draft.
    :param materials: how each material is to be given, as `submit` takes it.
    :raises DraftMoved: another device saved meanwhile; extra holds what stands there now.
    :raises DraftGone: it was submitted or discarded meanwhile.
    :raises ItemNotFound: a new draft for an item nobody knows.
    """
    content = {"answers": answers, "materials": _plain(materials or {})}
    if len(orjson.dumps(content)) > MOST_BYTES:
        raise DraftTooLarge
    draft = Draft.objects.select_for_update().filter(account=actor, uid=uid).first()
    if draft is None:
        draft, created = _begin(actor, uid, item_code, content, revision, device)
        if created:
            return draft
    if draft.item.code != item_code:
        raise DraftOfOtherItem
    if draft.revision != revision:
        return _repeated(draft, content, revision, device)
    draft.revision += 1
    draft.device, draft.updated_at = device[:64], timezone.now()
    draft.sealed_answers = _sealed(actor, uid, content["answers"])
    draft.materials = content["materials"]
    draft.save(update_fields=["revision", "device", "updated_at", "sealed_answers", "materials"])
    return draft


def discard_draft(*, actor: Account, uid: UUID) -> None:
    """
    删除草稿: one's own, for good.

    :raises DraftNotFound: there is none (left).
    """
    gone, _ = Draft.objects.filter(account=actor, uid=uid).delete()
    if not gone:
        raise queries.DraftNotFound


def _begin(
    actor: Account,
    uid: UUID,
    item_code: str,
    content: Mapping[str, Any],
    revision: int,
    device: str,
) -> tuple[Draft, bool]:
    if revision:
        raise DraftGone(revision=0)
    item = ServiceItem.objects.filter(code=item_code).first()
    if item is None:
        raise catalogue.ItemNotFound
    if Draft.objects.filter(account=actor).count() >= MOST_DRAFTS:
        raise TooManyDrafts
    return Draft.objects.get_or_create(
        account=actor,
        uid=uid,
        defaults={
            "item": item,
            "sealed_answers": _sealed(actor, uid, content["answers"]),
            "materials": content["materials"],
            "device": device[:64],
            "updated_at": timezone.now(),
        },
    )


def _plain(materials: Mapping[str, Any]) -> Any:
    """Return choices as JSON keeps them: a file's uid as text."""
    return orjson.loads(orjson.dumps(materials))


def _repeated(draft: Draft, content: Mapping[str, Any], revision: int, device: str) -> Draft:
    """Accept the same save sent twice, as bad lines do; anything else is a conflict."""
    standing = {"answers": draft.answers, "materials": draft.materials}
    same = draft.device == device[:64] and standing == content
    if same and draft.revision == revision + 1:
        return draft
    raise DraftMoved(
        revision=draft.revision,
        **standing,
        device=draft.device or "另一台设备",
        updated_at=draft.updated_at,
    )


def _sealed(actor: Account, uid: UUID, answers: Mapping[str, Any]) -> bytes:
    return crypto.seal_json(answers, context=Draft.context(actor.pk, uid))
