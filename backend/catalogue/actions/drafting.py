"""草稿: the next version of an item, written as a definition, checked as it is written."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import definition as definitions
from backend.catalogue import files
from backend.catalogue.actions import signing, trail, versions
from backend.catalogue.actions.loading import BadDefinition
from backend.catalogue.actions.procedures import Subject
from backend.catalogue.definition import Definition, Fault, Lines, choices
from backend.catalogue.files import MOST_BYTES
from backend.catalogue.lifecycle import DRAFTS
from backend.catalogue.models import ServiceItem, SignOff, VersionDraft
from backend.catalogue.queries import ItemNotFound, coverage
from backend.catalogue.queries import drafts as queries
from backend.core.errors import Conflict, Invalid
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Department, Division


class DraftOpen(Conflict):
    code, title = "version_draft_open", "该事项已有一份草稿在编辑或试运行, 请在那一份上修改"


class DraftChanged(Conflict):
    code, title = "version_draft_changed", "草稿已由他人修改, 请刷新并核对后再保存或签认"


class UnreadableDefinition(Invalid):
    code, title = "definition_unreadable", "事项定义无法读取, 请按所列行号和原因修改"


class ItemGone(Conflict):
    code, title = "item_gone", "该事项已经退出, 不能再编辑; 需要时请重新申请准入"


@dataclass
class Turn:
    """One act on one locked draft, and its item."""

    actor: Account
    posts: list[HeldPost]
    draft: VersionDraft
    item: ServiceItem
    now: datetime

    @property
    def today(self) -> date:
        return timezone.localdate(self.now)


@dataclass(frozen=True, slots=True)
class Checked:
    """What stands against a definition, and what only warns."""

    faults: list[Fault]
    warnings: list[Fault]


def begin(*, actor: Account, item_code: str) -> VersionDraft:
    """
    起草: begin the next version of an item on what the last one says.

    :raises ItemNotFound: no such item.
    :raises ItemGone: it has left the catalogue.
    :raises DraftOpen: one is being written or tried out.
    :raises NotYourDuty: not an item administrator of the city.
    """
    post, now = configurer(duties.posts_of(actor), Duty.CONFIGURE), timezone.now()
    item = ServiceItem.objects.filter(code=item_code).first()
    if item is None:
        raise ItemNotFound
    if item.status == ServiceItem.Status.EXITED:
        raise ItemGone
    draft = VersionDraft(
        item=item,
        definition=queries.written(item),
        editors=[actor.pk],
        edited_by=actor,
        edited_at=now,
    )
    try:
        with transaction.atomic():
            draft.save(force_insert=True)
    except IntegrityError as taken:
        raise DraftOpen from taken
    _trail(draft, "create", (actor, post), now)
    return draft


def revise(
    *, actor: Account, uid: UUID, revision: int, definition: object = None, text: str = ""
) -> tuple[VersionDraft, Checked]:
    """
    保存草稿: keep the next revision, faulty or not, and say at once what is wrong with it.

    A draft that changed needs a new sign-off; one that was tried out goes back to its desk, while
    the version on trial stays in force.

    :param definition: as JSON; or `text`, the same as YAML, whose faults name lines.
    :param revision: the one last seen.
    :raises DraftChanged: somebody saved meanwhile.
    :raises UnreadableDefinition: no YAML of ours, too large, or letters no database keeps.
    """
    data, lines = _read(definition, text)
    with transaction.atomic():
        turn = acting("save", actor=actor, uid=uid, revision=revision)
        post = configurer(turn.posts, Duty.CONFIGURE)
        draft = turn.draft
        if data != draft.definition:
            draft.definition, draft.revision = data, draft.revision + 1
            draft.editors = sorted({*draft.editors, actor.pk})
            draft.edited_by, draft.edited_at = actor, turn.now
            draft.save()
            _trail(draft, "save", (actor, post), turn.now, revision=draft.revision)
    return draft, check(draft.item, data, today=turn.today, lines=lines)


def validate(*, actor: Account, uid: UUID) -> tuple[VersionDraft, Checked]:
    """校验: say what stands against a draft as it is; nothing is written."""
    draft = queries.find(duties.posts_of(actor), uid)
    return draft, check(draft.item, draft.definition, today=timezone.localdate())


def sign_off(*, actor: Account, uid: UUID, revision: int) -> SignOff:
    """
    签认: the responsible department confirms this very revision, electronically.

    :raises DraftChanged: it is not the revision the signer saw.
    :raises BadDefinition: it cannot work; nobody signs for that.
    :raises NotYourDuty: not a head of the responsible department.
    """
    with transaction.atomic():
        turn = acting("sign_off", actor=actor, uid=uid, revision=revision)
        post = signing.responsible(turn.posts, turn.item)
        whole = sound(turn)
        made = signing.sign(
            turn.item, whole, by=signing.By(actor, post), at=turn.now, draft=turn.draft
        )
        _trail(turn.draft, "sign_off", (actor, post), turn.now, revision=turn.draft.revision)
    return made


def discard(*, actor: Account, uid: UUID, revision: int) -> VersionDraft:
    """作废: drop a draft; what it tried out stays in force until it is called off."""
    with transaction.atomic():
        turn = acting("discard", actor=actor, uid=uid, revision=revision)
        post = configurer(turn.posts, Duty.CONFIGURE)
        turn.draft.save(update_fields=["state"])
        _trail(turn.draft, "discard", (actor, post), turn.now)
    return turn.draft


def acting(verb: str, *, actor: Account, uid: UUID, revision: int) -> Turn:
    """
    Lock a draft and its item, and move the draft; the caller saves it.

    :raises DraftNotFound: unknown, or out of sight.
    :raises IllegalMove: not from where it stands.
    :raises DraftChanged: another revision than the one seen.
    """
    posts = duties.posts_of(actor)
    draft = queries.visible(posts).filter(uid=uid).select_for_update(of=("self",)).first()
    if draft is None:
        raise queries.DraftNotFound
    item = ServiceItem.objects.select_for_update().get(pk=draft.item_id)
    draft.item = item
    draft.state = DRAFTS.move(verb, draft.state).target
    if draft.revision != revision:
        raise DraftChanged(revision=draft.revision, edited_at=draft.edited_at)
    return Turn(actor, posts, draft, item, timezone.now())


def configurer(posts: list[HeldPost], duty: str) -> HeldPost:
    """
    Return the post of the city's item administrator: an item is one standard for the whole city.

    :raises NotYourDuty: none; a county sets parameters only (领域说明 §4).
    """
    for post in posts:
        if post.has(duty) and post.level == Division.Level.CITY:
            return post
    raise duties.NotYourDuty


def sound(turn: Turn) -> Definition:
    """
    Return the whole definition of a draft.

    :raises BadDefinition: all that is wrong with it, at once.
    """
    checked = check(turn.item, turn.draft.definition, today=turn.today)
    if checked.faults:
        raise BadDefinition(checked.faults)
    return definitions.complete(turn.draft.definition)


def check(
    item: ServiceItem, data: Mapping[str, Any], *, today: date, lines: Lines | None = None
) -> Checked:
    """校验: return everything against a definition as the next version of this item."""
    known = set(Department.objects.values_list("code", flat=True).distinct())
    faults = definitions.faults(data, lines=lines, departments=known)
    faults += _of_another_item(item, data, lines or {})
    if faults:
        return Checked(faults, [])
    found = coverage.of(data["steps"], today=today)
    return Checked(found.faults, found.warnings)


def signed(draft: VersionDraft, whole: Definition) -> SignOff | None:
    """Return the sign-off of this very content, if the responsible department gave one."""
    digest = versions.whole_digest(whole)
    return draft.sign_offs.filter(whole_digest=digest).order_by("-pk").first()


def _of_another_item(item: ServiceItem, data: Mapping[str, Any], lines: Lines) -> list[Fault]:
    """Hold a draft to its item: code, responsible department, and once open its kind."""
    kept = {"code": item.code, "department": item.department_code}
    if item.status != ServiceItem.Status.DRAFT:
        kept["kind"] = item.kind
    return [
        Fault(path=key, reason=f"应与准入时一致: {value}", line=lines.get((key,)))
        for key, value in kept.items()
        if data.get(key) != value
    ]


def _read(definition: object, text: str) -> tuple[dict[str, Any], Lines]:
    lines: Lines = {}
    data = definition
    if text:
        try:
            read = files.read("", text.encode(), {})
        except files.Unreadable as refused:
            raise UnreadableDefinition(
                str(refused), faults=[{"line": refused.fault.line, "reason": refused.fault.reason}]
            ) from None
        data, lines = read.data, read.lines
    if not isinstance(data, Mapping):
        raise UnreadableDefinition("应为一组“名称: 内容”")
    try:
        size = len(raw := orjson.dumps(data))
    except (TypeError, ValueError):
        raise UnreadableDefinition("含有无法保存的文字或数字") from None
    if size > MOST_BYTES or b"\\u0000" in raw:
        raise UnreadableDefinition(f"内容超过{MOST_BYTES // 1024}KB, 或含有空字符")
    form = data.get("form")
    if isinstance(form, list) and all(isinstance(one, Mapping) for one in form):
        data = {**data, "form": choices.fields(form)}
    return dict(data), lines


def _trail(
    draft: VersionDraft,
    verb: str,
    by: tuple[Account, HeldPost],
    at: datetime,
    **details: object,
) -> None:
    trail.record(
        Subject.DRAFT,
        draft.uid,
        verb,
        by=by,
        at=at,
        item=draft.item,
        status=draft.state,
        **details,
    )
