"""导入配置: what another environment exported, put in force here; only what differs, and traced."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import folders, queries
from backend.catalogue.actions import drafting, rollout
from backend.catalogue.actions.loading import load_item
from backend.catalogue.actions.params import may_configure
from backend.catalogue.definition import Fault
from backend.catalogue.folders import Configuration, Difference, Reading
from backend.catalogue.models import LocalParam, ServiceItem
from backend.catalogue.queries import config as present
from backend.core.errors import Invalid
from backend.organisation import queries as organisation
from notifications.actions import loading as rules


class BadConfiguration(Invalid):
    """`extra["faults"]` lists {file, line, path, reason}, everything at once."""

    code, title = "bad_configuration", "配置文件有误, 请按所列文件、行号和原因修改后重新导入"


@dataclass(frozen=True, slots=True)
class Imported:
    """What an import would change, or has changed."""

    differences: list[Difference]
    faults: list[dict[str, Any]]
    applied: bool
    drafts: list[str] = field(default_factory=list)


def import_config(
    *, actor: Account, texts: Mapping[str, str], reason: str, apply: bool = False
) -> Imported:
    """
    导入配置: compare a folder with what is in force, and put in force what differs.

    New content of an item is a new version; running cases keep theirs. From the hands of people it
    is a draft first, to be signed off and published as any other; only the platform's operators
    bring versions that were signed elsewhere. What is only here stays. Without `apply` nothing is
    written, and faults are told instead of refused.

    :param texts: path → YAML, as `manage.py config export` writes them.
    :raises BadConfiguration: anything of it cannot be; nothing is written.
    :raises NotYourDuty: not an item administrator of the city.
    """
    may_configure(actor, queries.place_of(organisation.CITY_CODE))
    today = timezone.localdate()
    with transaction.atomic():
        told, reading = present.differences(texts, today=today)
        drafts: list[str] = []
        if actor.kind != Account.Kind.SYSTEM:
            _only_admitted(reading)
        faults = [_told(fault) for fault in reading.faults]
        if faults and apply:
            shown = "; ".join(str(fault) for fault in reading.faults)
            raise BadConfiguration(f"{BadConfiguration.title}: {shown}", faults=faults)
        if apply and told:
            here = present.present(today=today)
            drafts = _put_items(actor, reading, here, texts)
            _apply(actor, reading.config, here, reason, today)
    return Imported(told, faults, applied=apply, drafts=drafts)


def _only_admitted(reading: Reading) -> None:
    codes = set(reading.config.items)
    known = set(ServiceItem.objects.filter(code__in=codes).values_list("code", flat=True))
    for code in sorted(codes - known):
        reading.fault("item", code, "code", "没有这个事项, 新事项须先准入")


def _told(fault: Fault) -> dict[str, Any]:
    return {
        "file": fault.file,
        "line": fault.line,
        "path": fault.path,
        "reason": fault.reason,
    }


def _put_items(
    actor: Account, reading: Reading, here: Configuration, texts: Mapping[str, str]
) -> list[str]:
    """Publish items that differ, or begin drafts of them; return the codes of the drafts."""
    drafts: list[str] = []
    for code, definition in reading.config.items.items():
        if code in here.items and folders.same("item", here.items[code], definition):
            continue
        file, lines = reading.lines[code]
        if actor.kind == Account.Kind.SYSTEM:
            load_item(actor=actor, definition=definition, lines=lines, file=file)
            continue
        draft = drafting.begin(actor=actor, item_code=code)
        drafting.revise(actor=actor, uid=draft.uid, revision=draft.revision, text=texts[file])
        drafts.append(code)
    return drafts


def _apply(
    actor: Account, there: Configuration, here: Configuration, reason: str, today: date
) -> None:
    for key, rule in there.rules.items():
        if here.rules.get(key) != rule:
            rules.load_rule(data=rule)
    items = {item.code: item for item in ServiceItem.objects.filter(code__in=_codes(there))}
    _set_params(actor, there, here, items, reason, today)
    for opened, stage in there.rollout.items():
        if here.rollout.get(opened) != stage:
            item, division, capability = opened
            place = queries.place_of(division)
            rollout.put(actor, place, items.get(item), capability, stage, reason)


def _codes(there: Configuration) -> set[str]:
    return {key[0] for key in there.params} | {key[0] for key in there.rollout}


def _set_params(
    actor: Account,
    there: Configuration,
    here: Configuration,
    items: Mapping[str, ServiceItem],
    reason: str,
    today: date,
) -> None:
    now = timezone.now()
    LocalParam.objects.bulk_create(
        LocalParam(
            item=items[item],
            division=queries.place_of(division),
            key=name,
            value=value,
            valid_from=max(today, date.fromisoformat(since)) if since else today,
            set_by=actor,
            set_at=now,
            reason=reason,
        )
        for (item, name, division, since), value in sorted(there.params.items(), key=_by_key)
        if here.params.get((item, name, division, since)) != value
    )


def _by_key(pair: tuple[folders.ParamKey, Any]) -> folders.ParamKey:
    return pair[0]
