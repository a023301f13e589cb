"""设定参数: a division's own value over the city's standard; what was set before stays."""

from datetime import date
from typing import Any

from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import definition as definitions
from backend.catalogue import queries
from backend.catalogue.definition import params
from backend.catalogue.models import LocalParam, ServiceVersion
from backend.core.errors import Invalid, NotFound
from backend.organisation import duties
from backend.organisation.duties import Duty
from backend.organisation.models import Division


class ParamNotFound(NotFound):
    code, title = "param_not_found", "该事项没有这个参数, 请从参数列表中选择"


class NotSetHere(Invalid):
    code, title = "param_not_set_here", "该参数在这一级不能单独设定, 请由规定的上级设定"


class BadValue(Invalid):
    """`extra["faults"]` lists {path, reason}, everything at once."""

    code, title = "bad_param_value", "参数的数值不符合标准规定的类型或范围, 请按原因修改"


class BeforeToday(Invalid):
    code, title = "param_before_today", "生效日不能早于今天, 请改为今天或以后"


def set_param(
    *,
    actor: Account,
    item_code: str,
    division: str,
    key: str,
    value: Any,
    reason: str,
    valid_from: date | None = None,
) -> LocalParam:
    """
    设定参数: give a division a value of its own, from a day on (today, where none is said).

    :raises BadValue: not of the standard's kind, out of its bounds, or the process would not work.
    :raises NotSetHere: the parameter is the city's, or belongs to another level.
    :raises NotYourDuty: not an item administrator of that division or above it.
    """
    version, place = queries.in_force_of(item_code), queries.place_of(division)
    may_configure(actor, place)
    param = _param(version, key)
    if not params.may_be_set_at(param, place.level):
        raise NotSetHere
    if faults := value_faults(version, param, value):
        told = "; ".join(one["reason"] for one in faults)
        raise BadValue(f"{BadValue.title}: {told}", faults=faults)
    return _write(actor, version, place, key, value, reason, valid_from)


def unset_param(
    *,
    actor: Account,
    item_code: str,
    division: str,
    key: str,
    reason: str,
    valid_from: date | None = None,
) -> LocalParam:
    """
    撤销本地参数: from a day on, what holds above holds here again.

    :raises NotYourDuty: not an item administrator of that division or above it.
    """
    version, place = queries.in_force_of(item_code), queries.place_of(division)
    may_configure(actor, place)
    return _write(actor, version, place, key, None, reason, valid_from)


def value_faults(version: ServiceVersion, param: Any, value: Any) -> list[dict[str, str]]:
    """Return what is wrong with a value: by itself, and for the process it would be used in."""
    told = [
        {"path": definitions.written(path), "reason": reason}
        for path, reason in params.faults(param, value)
    ]
    if told:
        return told
    whole = queries.definition_of(version)
    before = {(fault.path, fault.reason) for fault in definitions.faults(whole)}
    after = definitions.faults(params.set_in(whole, param["key"], value))
    return [
        {"path": fault.path, "reason": fault.reason}
        for fault in after
        if (fault.path, fault.reason) not in before
    ]


def may_configure(actor: Account, place: Division) -> None:
    """
    Check that the actor is an item administrator of a place, or above it.

    :raises NotYourDuty: no such post.
    """
    if actor.kind != Account.Kind.SYSTEM:
        duties.require_for(duties.posts_of(actor), Duty.CONFIGURE, place)


def _param(version: ServiceVersion, key: str) -> dict[str, Any]:
    found = next((one for one in queries.params_of(version) if one["key"] == key), None)
    if found is None:
        raise ParamNotFound
    return found


def _write(
    actor: Account,
    version: ServiceVersion,
    place: Division,
    key: str,
    value: Any,
    reason: str,
    valid_from: date | None,
) -> LocalParam:
    now = timezone.now()
    since = valid_from or timezone.localdate(now)
    if since < timezone.localdate(now):
        raise BeforeToday
    return LocalParam.objects.create(
        item=version.item,
        division=place,
        key=key,
        value=value,
        valid_from=since,
        set_by=actor,
        set_at=now,
        reason=reason,
    )
