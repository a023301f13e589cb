"""预填: what a form can know beforehand, each value with its source and the day it was verified."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.models import Case
from backend.catalogue import forms
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceVersion
from backend.core.errors import Unavailable
from backend.exchange import actions as exchange
from backend.residents import identity
from backend.residents import queries as residents
from backend.residents.models import Resident
from backend.residents.queries import Known

PROFILE, ACCOUNT, CASE = "profile", "account", "case"
SOURCES = {
    PROFILE: "实名信息",
    ACCOUNT: "您绑定的手机",
    CASE: "您上次填写的内容",
    "population": "人口库(公安)",
    "counter": "社区登记",
}
FOR_STAFF = {**SOURCES, ACCOUNT: "本人登记的电话", CASE: "本人上次填写的内容"}
# 地址库尚未接入: the population registry's address of residence stands in for it.
_SAME = {"geo.address": "population.residence_address"}
_NAME = "population.name"
_LOOKED_AT = 5  # 往前看几件: older answers are stale anyway
_OWN: dict[str, Callable[[Resident], str]] = {
    "account.name": lambda person: person.name,
    "account.phone": lambda person: person.phone,
    "population.name": lambda person: person.name,
    "population.id_type": lambda person: person.id_type,
    "population.id_no": lambda person: person.id_number,
}


@dataclass(frozen=True, slots=True)
class Prefilled:
    """Values by field key, and whether a registry that should have been asked did not answer."""

    values: dict[str, Known]
    degraded: bool


def prefilled(
    person: Resident | None,
    version: ServiceVersion,
    *,
    now: datetime,
    asker: Account | None = None,
) -> Prefilled:
    """
    Return what is known for the form of `version`; nothing for a visitor.

    In this order: facts on file, the person's own profile, the population registry for what it
    alone knows, and the same field of an earlier case. A registry that is down costs its short
    timeout and leaves its fields empty.

    :param asker: who asks a registry; the person's own account, unless staff fill in for them.
    """
    if person is None:
        return Prefilled({}, degraded=False)
    today = timezone.localdate(now)
    form = catalogue.form_of(version, [], on=today) if catalogue.parts_of(version) else version.form
    wanted = {
        field["key"]: _SAME.get(field["prefill"], field["prefill"])
        for field in form
        if field.get("prefill")
    }
    facts = residents.facts_of(person.pk, [*wanted.values(), _NAME])
    known = _profile(person, wanted.values(), facts.get(_NAME)) | facts
    missing = {path for path in wanted.values() if path not in known}
    asked, degraded = _asked(
        person, missing, asker=asker, purpose=f"预填:{version.item.name}", now=now
    )
    known |= asked
    values = {key: known[path] for key, path in wanted.items() if path in known}
    values |= _answered_before(person, [f for f in form if f["key"] not in values])
    fitting = {f["key"]: _fit(f, values[f["key"]], today) for f in form if f["key"] in values}
    return Prefilled({key: one for key, one in fitting.items() if one}, degraded)


def _profile(person: Resident, paths: Iterable[str], confirmed: Known | None) -> dict[str, Known]:
    """Read the profile; whoever confirmed the name confirmed the number with it."""
    source = confirmed.source if confirmed else PROFILE
    verified_at = confirmed.verified_at if confirmed else None
    found: dict[str, Known] = {}
    for path in set(paths) & _OWN.keys():
        value = _OWN[path](person)
        if value and path == "account.phone":
            found[path] = Known(value, ACCOUNT, person.phone_verified_at)
        elif value:
            found[path] = Known(value, source, verified_at)
    for path, division in (
        ("population.hukou_division", person.hukou_division),
        ("population.residence_division", person.residence_division),
    ):
        if division:
            found[path] = Known(division.code, PROFILE, None)
    return found


def _asked(
    person: Resident, missing: set[str], *, asker: Account | None, purpose: str, now: datetime
) -> tuple[dict[str, Known], bool]:
    """Ask the population registry for what nobody else has, if there is anything to ask."""
    wanted = {path for path in missing if path.startswith("population.")}
    asker = asker or person.account
    if not wanted or not person.sealed_id_number or asker is None:
        return {}, False
    try:
        facts = exchange.facts_of(actor=asker, id_number=person.id_number, purpose=purpose)
    except Unavailable:
        return {}, True
    return {
        path: Known(value, "population", now) for path, value in facts.items() if path in wanted
    }, False


def _answered_before(person: Resident, fields: Sequence[Mapping[str, Any]]) -> dict[str, Known]:
    """Take the same field, of the same type, from the person's latest cases."""
    if not fields:
        return {}
    cases = Case.objects.filter(applicant=person).select_related("version")
    found: dict[str, Known] = {}
    for case in cases.order_by("-submitted_at", "-pk")[:_LOOKED_AT]:
        answers, types = case.answers, _types(case.version.form)
        for field in fields:
            key = field["key"]
            value = answers.get(key)
            reusable = field["type"] not in _NEVER and types.get(key) == field["type"]
            if reusable and key not in found and value not in (None, "", []):
                found[key] = Known(value, CASE, case.submitted_at)
    return found


# 同意、时段、附件每次都要本人重新给出.
_NEVER = ("consent", "slot", "image")


def _types(form: Iterable[Mapping[str, Any]]) -> dict[str, str]:
    return {field["key"]: field["type"] for field in form}


def _fit(field: Mapping[str, Any], known: Known, today: date) -> Known | None:
    """Keep a value that the field can hold; a birthday becomes its age band."""
    if field["type"] != "enum":
        return known
    options = list(forms.options_of(field))
    if known.value in options:
        return known
    band = _age_band(options, str(known.value), today=today)
    return Known(band, known.source, known.verified_at) if band else None


def _age_band(options: Sequence[str], birth: str, *, today: date) -> str:
    """Return the band such as `80-89` or `100+` that a birthday falls in, or ""."""
    try:
        age = identity.age_on(date.fromisoformat(birth), today)
    except ValueError:
        return ""
    for option in options:
        low, _, high = option.removesuffix("+").partition("-")
        if low.isdecimal() and int(low) <= age <= int(high or "999"):
            return option
    return ""


def shown(known: Known | None, sources: Mapping[str, str] = SOURCES) -> dict[str, Any]:
    """Shape one prefilled value for a form; nothing known is three nulls."""
    if known is None:
        return {"value": None, "source": None, "source_label": "", "verified_at": None}
    verified: datetime | None = known.verified_at
    return {
        "value": known.value,
        "source": known.source,
        "source_label": sources.get(known.source, known.source),
        "verified_at": verified,
    }
