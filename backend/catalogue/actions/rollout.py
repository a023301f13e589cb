"""开通与关停: where an item may be asked for, step by step; a case that runs is never touched."""

from collections.abc import Sequence

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import queries
from backend.catalogue.actions.params import may_configure
from backend.catalogue.models import Capability, Rollout, RolloutChange, ServiceItem, Stage
from backend.catalogue.queries import rollout as standing
from backend.core.errors import Conflict
from backend.organisation.models import Division

_STEPS = frozenset(
    {
        (Stage.OFF, Stage.PILOT),
        (Stage.PILOT, Stage.LIVE),
        (Stage.PILOT, Stage.OFF),
        (Stage.LIVE, Stage.OFF),
    }
)
"""关闭 → 试点 → 开通, and back to 关闭 from either."""


class StageSkipped(Conflict):
    code, title = "rollout_stage_skipped", "只能按关闭、试点、开通的顺序推进, 或者关闭"


class NotSetHere(Conflict):
    code, title = "rollout_not_set", "此处没有自己的设定, 随上级执行, 不用撤销"


@transaction.atomic
def set_rollout(
    *,
    actor: Account,
    division: str,
    stage: str,
    reason: str,
    item_code: str = "",
    capability: str = Capability.ONLINE,
) -> Rollout:
    """
    设定开通: let an item ("" for all) stand at a stage in a division and below.

    What may follow is told by the stage that holds there now, its own or inherited. Running cases
    go on wherever they are, and drafts stay.

    :raises StageSkipped: not the next step from the stage that holds now.
    :raises NotYourDuty: not an item administrator of that division or above it.
    """
    place, item = queries.place_of(division), _item(item_code)
    may_configure(actor, place)
    now, own = _locked(place, item, capability)
    _follow(now, stage)
    before = own.stage if own else ""
    if own and before == stage:
        return own
    return put(actor, place, item, capability, stage, reason)


@transaction.atomic
def unset_rollout(
    *,
    actor: Account,
    division: str,
    reason: str,
    item_code: str = "",
    capability: str = Capability.ONLINE,
) -> None:
    """
    撤销设定: let a division follow what holds above it again.

    :raises NotSetHere: it has no entry of its own.
    :raises StageSkipped: what holds above is not the next step from here.
    """
    place, item = queries.place_of(division), _item(item_code)
    may_configure(actor, place)
    now, own = _locked(place, item, capability)
    if own is None:
        raise NotSetHere
    entries = dict(standing.entries_of(item.code if item else None, capability))
    del entries[place.code, item.code if item else None]
    above = standing.standing(entries, item.code if item else None, _chain(place))
    _follow(now, above.stage)
    before = own.stage
    own.delete()
    _note(actor, place, item, capability, before, "", reason)


def put(
    actor: Account,
    place: Division,
    item: ServiceItem | None,
    capability: str,
    stage: str,
    reason: str,
) -> Rollout:
    """Write an entry and its trail, whatever stood there before."""
    own = Rollout.objects.filter(division=place, item=item, capability=capability).first()
    before = own.stage if own else ""
    row, _ = Rollout.objects.update_or_create(
        division=place, item=item, capability=capability, defaults={"stage": stage}
    )
    _note(actor, place, item, capability, before, stage, reason)
    return row


def _item(code: str) -> ServiceItem | None:
    if not code:
        return None
    item = ServiceItem.objects.filter(code=code).first()
    if item is None:
        raise queries.ItemNotFound
    return item


def _locked(
    place: Division, item: ServiceItem | None, capability: str
) -> tuple[str, Rollout | None]:
    """Lock the way up, so that nobody changes what is inherited meanwhile; return what holds."""
    chain = _chain(place)
    above = Division.objects.filter(code__in=chain, valid_to__isnull=True).order_by("pk")
    list(above.select_for_update(no_key=True))
    name = item.code if item else None
    entries = standing.entries_of(name, capability)
    own = Rollout.objects.filter(division=place, item=item, capability=capability).first()
    return standing.standing(entries, name, chain).stage, own


def _chain(place: Division) -> Sequence[str]:
    return standing.chain_of(place, today=timezone.localdate())


def may_follow(now: str, stage: str) -> bool:
    """Say whether a stage may be set where another one holds now."""
    return now == stage or (now, stage) in _STEPS


def _follow(now: str, stage: str) -> None:
    if not may_follow(now, stage):
        raise StageSkipped(f"现在是{Stage(now).label}, 不能直接改为{Stage(stage).label}", state=now)


def _note(
    actor: Account,
    place: Division,
    item: ServiceItem | None,
    capability: str,
    before: str,
    after: str,
    reason: str,
) -> None:
    RolloutChange.objects.create(
        item=item,
        division=place,
        capability=capability,
        before=before,
        after=after,
        changed_by=actor,
        changed_at=timezone.now(),
        reason=reason,
    )
