"""What a resident reads before applying (办事大厅): what there is for them, the guide, the form."""

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.queries import materials, prefill
from backend.catalogue import guides
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceItem, ServiceVersion, Stage
from backend.catalogue.queries import ItemRow
from backend.exchange import queries as exchange
from backend.organisation import queries as organisation
from backend.organisation.models import Department
from backend.residents import queries as residents
from backend.residents.models import Resident

KINDS: dict[str, str] = {kind.value: str(kind.label) for kind in ServiceItem.Kind}
STAGES: dict[str, str] = {stage.value: str(stage.label) for stage in Stage}
SUSPENDED = "该事项暂停办理, 恢复后可再申请"
_OFFLINE = "该事项暂不支持网上办理, 请到便民服务中心窗口办理"
_NOT_HERE = "您所在地区尚未开通网上办理, 请到便民服务中心窗口办理"
_LEVELS = {
    1: "请先绑定手机",
    2: "请先在“我的”中完成实名认证",
    3: "请先带证件到社区便民服务站现场核验",
}
_FIELD = ("key", "label", "type", "required", "options", "columns", "rules", "when")
Chains = Mapping[str, Sequence[str]]
Fields = Sequence[Mapping[str, Any]]


def listed(
    account: Account | None,
    *,
    theme: str = "",
    audience: str = "",
    q: str = "",
    now: datetime,
    after: tuple[str] | None = None,
    size: int,
) -> list[tuple[tuple[str], dict[str, Any]]]:
    """
    事项目录: return up to `size` + 1 (key, row) pairs by code; each says whether it is open to you.

    :param q: name, popular name, pinyin or first letters.
    """
    person = residents.of_account(account) if account else None
    rows = catalogue.listed(
        theme=theme,
        audience=audience,
        search=q,
        after=after[0] if after else "",
        limit=size + 1,
    )
    chains = _chains(person, timezone.localdate(now))
    here = catalogue.standings({row.code: _chain(chains, row.authority) for row in rows})
    return [((row.code,), _row(row, person, here[row.code])) for row in rows]


def themes() -> dict[str, list[dict[str, Any]]]:
    """Return themes and audiences with how many items each has, for the first screen."""
    return {
        "themes": [{"name": name, "count": count} for name, count in catalogue.themes().items()],
        "audiences": [
            {"name": name, "count": count} for name, count in catalogue.audiences().items()
        ],
    }


def guide(account: Account | None, *, code: str, now: datetime) -> dict[str, Any]:
    """
    办事指南: return all that an applicant should know of the version in force.

    :raises ItemNotFound: unknown, not published, or gone.
    """
    version, person = in_force(code), residents.of_account(account) if account else None
    item, told, today = version.item, version.guide, timezone.localdate(now)
    chain = _chain(_chains(person, today), version.authority)
    local = catalogue.in_force(version, chain, on=today)
    texts = {key: one.text for key, one in local.items()}
    given_by = exchange.answering_for(person)
    entries = catalogue.entries_of(item.code)
    return {
        **_offer(version, person, catalogue.standing(entries, item.code, chain)),
        "open_in": catalogue.open_in(entries, item.code, today=today),
        "theme": item.theme,
        "kind": item.kind,
        "kind_label": KINDS[item.kind],
        "audience": item.audience,
        "promised": guides.duration(version.promised_days, version.day_kind),
        "legal": guides.duration(version.legal_days, version.day_kind),
        "conditions": [guides.filled(text, texts) for text in told.get("conditions", [])],
        "amounts": guides.amounts(local.values()),
        "materials": guides.materials(version.materials, given_by=given_by),
        "steps": guides.steps(
            version.workflow,
            offices=_offices({step["department"] for step in version.workflow}, chain),
            day_kind=version.day_kind,
        ),
        "onsite": guides.onsite(told, version.workflow),
        "fee": guides.filled(guides.fee(told), texts),
        "window": guides.window(told),
        "publicity": guides.publicity(told, local),
        "result": told.get("result") or {"kind": "", "document": "", "delivery": []},
        "validity": guides.filled(told.get("validity", ""), texts),
        "cross_region": told.get("cross_region", ""),
        "proxy_allowed": told.get("proxy_allowed", True),
        "legal_basis": guides.legal_basis(told),
        "remedies": list(guides.REMEDIES),
        "version": version.number,
        "published_at": version.published_at,
    }


def form(account: Account | None, *, code: str, now: datetime) -> dict[str, Any]:
    """
    表单: return the fields of the version in force, each with what is known and from where; and of
    each material what will happen to it, before anything is asked.

    :raises ItemNotFound: unknown, not published, or gone.
    """
    version, person = in_force(code), residents.of_account(account) if account else None
    chain = _chain(_chains(person, timezone.localdate(now)), version.authority)
    known = prefill.prefilled(person, version, now=now)
    here = catalogue.standings({code: chain})[code]
    fields = catalogue.form_of(version, chain, on=timezone.localdate(now))
    return {
        **_offer(version, person, here),
        **filled(version, fields, known),
        "materials": materials.ahead(version, person, today=timezone.localdate(now)),
    }


def fields_for(version: ServiceVersion, person: Resident, *, now: datetime) -> Fields:
    """Return the form as it stands where somebody's case would be handled."""
    today = timezone.localdate(now)
    chain = _chain(_chains(person, today), version.authority)
    return catalogue.form_of(version, chain, on=today)


def filled(
    version: ServiceVersion,
    fields: Fields,
    known: prefill.Prefilled,
    sources: Mapping[str, str] = prefill.SOURCES,
) -> dict[str, Any]:
    """Return the fields of a version as a form shows them, each with what is known of it."""
    return {
        "version": version.number,
        "degraded": known.degraded,
        "fields": [
            {key: value for key, value in field.items() if key in _FIELD}
            | prefill.shown(known.values.get(field["key"]), sources)
            for field in fields
        ],
    }


def in_force(code: str) -> ServiceVersion:
    """
    Return the version in force, of an item that is not gone.

    :raises ItemNotFound: unknown, not published, or gone.
    """
    version = catalogue.published(code)
    if version is None or version.item.status not in catalogue.LISTED:
        raise catalogue.ItemNotFound
    return version


def _offer(
    version: ServiceVersion, person: Resident | None, here: catalogue.Standing
) -> dict[str, Any]:
    item = version.item
    why = _why_not(
        suspended=item.status == ServiceItem.Status.SUSPENDED,
        online=version.online,
        offered=here.is_open,
        needs=version.realname_level,
        person=person,
    )
    return {
        "code": item.code,
        "name": item.name,
        "short_name": version.guide.get("short_name", item.name),
        "realname_level": version.realname_level,
        "online": version.online,
        "stage": here.stage,
        "stage_label": STAGES[here.stage],
        "offered": not why,
        "why_not": why,
    }


def _row(row: ItemRow, person: Resident | None, here: catalogue.Standing) -> dict[str, Any]:
    why = _why_not(
        suspended=row.status == ServiceItem.Status.SUSPENDED,
        online=row.online,
        offered=here.is_open,
        needs=row.realname_level,
        person=person,
    )
    return {
        "code": row.code,
        "name": row.name,
        "short_name": row.short_name or row.name,
        "theme": row.theme,
        "audience": row.audience,
        "kind": row.kind,
        "kind_label": KINDS[row.kind],
        "promised": guides.duration(row.promised_days, row.day_kind),
        "max_onsite": row.max_onsite or 0,
        "realname_level": row.realname_level,
        "online": row.online,
        "stage": here.stage,
        "stage_label": STAGES[here.stage],
        "offered": not why,
        "why_not": why,
    }


def _why_not(
    *, suspended: bool, online: bool, offered: bool, needs: int, person: Resident | None
) -> str:
    """Return why one cannot apply now and what to do, "" when one can; visitors see the best."""
    if suspended:
        return SUSPENDED
    if not online:
        return _OFFLINE
    if not offered:
        return _NOT_HERE
    have = person.realname_level if person else needs
    return "" if have >= needs else _LEVELS[needs]


def _chains(person: Resident | None, today: date) -> Chains:
    """Return the divisions that decide about a person's places, the nearest first."""
    residence = person.residence_division if person else None
    hukou = (person.hukou_division if person else None) or residence
    found: dict[str, Sequence[str]] = {"residence": [organisation.CITY_CODE]}
    if residence:
        found["residence"] = organisation.territory_of(residence, today=today).chain()
    if hukou and hukou != residence:
        found["hukou"] = organisation.territory_of(hukou, today=today).chain()
    return found


def _chain(chains: Chains, authority: str) -> Sequence[str]:
    return chains.get(authority) or chains["residence"]


def _offices(codes: Collection[str], chain: Sequence[str]) -> dict[tuple[str, str], str]:
    """Return the names of the reader's own offices; for a visitor, those of the city."""
    rows = Department.objects.filter(
        division__code__in=chain, code__in=codes, division__valid_to__isnull=True
    )
    return {
        (code, "town" if level == "zone" else level): name
        for code, level, name in rows.values_list("code", "division__level", "name")
    }
