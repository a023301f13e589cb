"""试运行与发布: what was signed off comes into force, by who neither wrote nor signed it."""

from collections.abc import Sequence
from uuid import UUID

from django.db import transaction

from backend.accounts.models import Account
from backend.catalogue.actions import drafting, rollout, trail, versions
from backend.catalogue.actions.drafting import Turn
from backend.catalogue.actions.procedures import Subject
from backend.catalogue.definition import Definition
from backend.catalogue.lifecycle import ITEMS
from backend.catalogue.models import Capability, Rollout, ServiceItem, Stage, VersionDraft
from backend.catalogue.queries import signatures
from backend.core.errors import Conflict, Forbidden, Invalid
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Division
from backend.organisation.queries import CITY_CODE


class NotSignedOff(Conflict):
    code, title = "not_signed_off", "责任部门还没有签认这一稿, 请先签认; 改动后须重新签认"


class AnotherPublishes(Forbidden):
    code, title = (
        "another_publishes",
        "编辑或签认过这一稿的人不能发布, 请由另一位事项管理员复核发布",
    )


class TryFirst(Conflict):
    code, title = "try_first", "新事项须先试运行再发布, 请先选择试点区划试运行"


class NoPlaceToTry(Invalid):
    code, title = "no_place_to_try", "请选择在用的县区、乡镇街道或村社区作为试点"


def try_out(*, actor: Account, uid: UUID, revision: int, divisions: Sequence[str]) -> VersionDraft:
    """
    试运行: a new item takes cases in the divisions named, and nowhere else.

    :param divisions: codes of counties, towns or villages.
    :raises NotSignedOff: nobody confirmed this content.
    :raises AnotherPublishes: the actor wrote or signed it.
    :raises NoPlaceToTry: no such division.
    """
    with transaction.atomic():
        turn = drafting.acting("try_out", actor=actor, uid=uid, revision=revision)
        post, whole = _second_person(turn)
        turn.item.status = ITEMS.move("try_out", turn.item.status).target
        places = list(Division.objects.filter(code__in=divisions, valid_to__isnull=True))
        if not places or len(places) != len(set(divisions)):
            raise NoPlaceToTry
        _put_in_force(turn, whole)
        _open_only_in(turn, places)
        _trail(turn, "try_out", post, divisions=sorted(divisions))
    return turn.draft


def publish(*, actor: Account, uid: UUID, revision: int) -> VersionDraft:
    """
    发布: the draft is the item's version in force; a new item was tried out before.

    :raises TryFirst: a new item that nobody tried out, or a text other than the one tried out.
    :raises NotSignedOff: nobody confirmed this content.
    :raises AnotherPublishes: the actor wrote or signed it.
    """
    with transaction.atomic():
        turn = drafting.acting("publish", actor=actor, uid=uid, revision=revision)
        post, whole = _second_person(turn)
        _tried(turn, whole)
        first = turn.item.status == ServiceItem.Status.TRIAL
        turn.item.status = ITEMS.move("publish", turn.item.status).target
        _put_in_force(turn, whole)
        if first:
            _open_everywhere(turn)
        _trail(turn, "publish", post)
    return turn.draft


def _second_person(turn: Turn) -> tuple[HeldPost, Definition]:
    """Check that it is signed off as it stands, and that neither editor nor signer publishes."""
    post = drafting.configurer(turn.posts, Duty.PUBLISH)
    whole = drafting.sound(turn)
    one = drafting.signed(turn.draft, whole)
    if one is None or not signatures.holds(one):
        raise NotSignedOff
    if turn.actor.pk in {*turn.draft.editors, one.signer_id}:
        raise AnotherPublishes
    return post, whole


def _tried(turn: Turn, whole: Definition) -> None:
    status, current = turn.item.status, versions.in_force(turn.item)
    if status not in (ServiceItem.Status.DRAFT, ServiceItem.Status.TRIAL):
        return
    tried = current and bytes(current.digest) == signatures.digest_of(versions.content_of(whole))
    if status == ServiceItem.Status.DRAFT or not tried:
        raise TryFirst


def _put_in_force(turn: Turn, whole: Definition) -> None:
    changed = versions.describe(turn.item, whole)
    turn.item.save(update_fields=sorted(changed | {"status"}))
    turn.draft.version = versions.put_in_force(turn.item, whole, now=turn.now)
    turn.draft.save(update_fields=["state", "version"])


def _open_only_in(turn: Turn, places: Sequence[Division]) -> None:
    """Close the item in the whole city but for the divisions named: the nearest entry counts."""
    city = Division.objects.get(code=CITY_CODE, valid_to__isnull=True)
    earlier = Division.objects.filter(rollout__item=turn.item).distinct()
    stages = dict.fromkeys([*earlier, city], Stage.OFF) | dict.fromkeys(places, Stage.PILOT)
    for capability in Capability:
        for division, stage in stages.items():
            rollout.put(turn.actor, division, turn.item, capability, stage, "试运行")


def _open_everywhere(turn: Turn) -> None:
    for entry in Rollout.objects.filter(item=turn.item).select_related("division"):
        where = (entry.division, turn.item, entry.capability)
        rollout.put(turn.actor, *where, Stage.LIVE, "试运行结束, 正式发布")


def _trail(turn: Turn, verb: str, post: HeldPost, **details: object) -> None:
    version = turn.draft.version
    for about, key, status in (
        (Subject.DRAFT, str(turn.draft.uid), turn.draft.state),
        (Subject.ITEM, turn.item.code, turn.item.status),
    ):
        trail.record(
            about,
            key,
            verb,
            by=(turn.actor, post),
            at=turn.now,
            item=turn.item,
            status=status,
            version=version.number if version else None,
            **details,
        )
