"""Configuration as it is (现行配置), and what another one would change."""

from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from backend.catalogue import definition as definitions
from backend.catalogue import folders
from backend.catalogue.definition import params
from backend.catalogue.folders import Configuration, Difference, ParamKey, Reading, RolloutKey
from backend.catalogue.models import LocalParam, Rollout, ServiceVersion
from backend.catalogue.queries import items
from backend.organisation import queries as organisation
from backend.organisation.models import Department
from notifications.actions import loading
from notifications.queries import rules_in_force


def present(*, today: date) -> Configuration:
    """Return all configuration in force; local values also for days to come."""
    return Configuration(
        items={
            version.item.code: items.definition_of(version)
            for version in ServiceVersion.objects.filter(
                published_at__isnull=False, retired_at__isnull=True
            ).select_related("item")
        },
        params=dict(_params(today)),
        rollout=dict(_rollout()),
        rules=rules_in_force(),
    )


def _params(today: date) -> Iterator[tuple[ParamKey, Any]]:
    columns = ("item__code", "key", "division__code", "valid_from", "value")
    last = (
        LocalParam.objects.filter(valid_from__lte=today)
        .order_by("item_id", "key", "division_id", "-valid_from", "-pk")
        .distinct("item_id", "key", "division_id")
        .values_list(*columns)
    )
    for item, key, division, _, value in last:
        if value is not None:
            yield (item, key, division, ""), value
    coming = LocalParam.objects.filter(valid_from__gt=today, value__isnull=False).order_by("pk")
    for item, key, division, since, value in coming.values_list(*columns):
        yield (item, key, division, since.isoformat()), value


def _rollout() -> Iterator[tuple[RolloutKey, str]]:
    rows = Rollout.objects.values_list("item__code", "division__code", "capability", "stage")
    for item, division, capability, stage in rows:
        yield (item or "", division, capability), stage


def check(reading: Reading, here: Configuration) -> None:
    """Note what of a folder cannot be in this city, beside what its texts already got wrong."""
    known = set(Department.objects.values_list("code", flat=True).distinct())
    for code, (file, lines) in reading.lines.items():
        reading.faults += definitions.faults(
            reading.config.items[code], lines=lines, departments=known, file=file
        )
    whole = {**here.items, **reading.config.items}
    for key, value in reading.config.params.items():
        for reason in _param_faults(whole, key, value):
            reading.fault("param", key, "(整行)", reason)
    for opened in reading.config.rollout:
        for path, reason in _rollout_faults(whole, opened):
            reading.fault("rollout", opened, path, reason)
    for name, rule in reading.config.rules.items():
        for reason in loading.rule_faults(rule):
            reading.fault("rule", name, "(整条)", reason)
    reading.faults.sort(key=lambda fault: (fault.file, fault.line or 0, fault.path))


def _rollout_faults(whole: Mapping[str, object], key: RolloutKey) -> Iterator[tuple[str, str]]:
    if key[0] and key[0] not in whole:
        yield "item", "没有这个事项"
    if organisation.division_of(key[1]) is None:
        yield "division", "没有这个区划"


def _param_faults(
    whole: Mapping[str, Mapping[str, Any]], key: ParamKey, value: Any
) -> Iterator[str]:
    item, name, division, since = key
    if item not in whole:
        yield "没有这个事项"
        return
    param = next((one for one in whole[item].get("params", []) if one["key"] == name), None)
    place = organisation.division_of(division)
    if param is None:
        yield "该事项没有这个参数"
    if place is None:
        yield "没有这个区划"
    if param and place and not params.may_be_set_at(param, place.level):
        yield "该参数在这一级不能单独设定"
    if param:
        yield from param_faults(whole[item], param, value)
    if since and not _is_day(since):
        yield "from 不是有效的日期"


def param_faults(
    definition: Mapping[str, Any], param: Mapping[str, Any], value: Any
) -> Iterator[str]:
    """Yield why a value cannot be set: by itself, or for the process that would use it."""
    told = [reason for _, reason in params.faults(param, value)]
    yield from told
    publicity = definition.get("publicity") or {}
    if not told and publicity.get("days_param") == param["key"]:
        changed = params.set_in(definition, param["key"], value)
        yield from (fault.reason for fault in definitions.faults(changed))


def _is_day(text: str) -> bool:
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def differences(texts: Mapping[str, str], *, today: date) -> tuple[list[Difference], Reading]:
    """Compare a folder with what is in force here; the reading tells what is wrong with it."""
    here, reading = present(today=today), folders.read(texts)
    check(reading, here)
    return folders.compare(here, reading.config), reading


def exported(*, today: date) -> dict[str, str]:
    """Return all configuration as texts: path → YAML."""
    return folders.written(present(today=today))
