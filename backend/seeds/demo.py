"""
The demo city (演示城市): invented staff, residents and cases, made only through actions.

Residents come in as they would in life: a login code of the WeChat sandbox, a phone code, and the
population registry sandbox for the real name. So the demo cannot be illegal, and building it is a
smoke test of its own. Building twice adds nothing.
"""

import datetime as dt
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import yaml
from django.contrib.auth.hashers import make_password
from django.utils import timezone

from backend.cases import actions as cases
from backend.cases.actions.taking import How
from backend.cases.lifecycle import Status
from backend.cases.models import Case
from backend.cases.queries import applied
from backend.catalogue import queries as catalogue
from backend.core import crypto
from backend.core.errors import DomainError
from backend.exchange import actions as exchange
from backend.exchange import queries as registry
from backend.organisation import actions as organisation
from backend.organisation.models import StaffMember
from backend.residents import actions as residents
from backend.residents.models import Resident
from backend.seeds import answers, drive, governing, local
from notifications import actions as notifications

DATA = Path(__file__).parent / "data"
PASSWORD = "ziyang-demo"  # demo only: production starts without a single account
_NAMESPACE = uuid.UUID("5a1a2016-1024-4000-8000-000000000060")
# who, for what, carried how far; None leaves it where it came in
_CASES = (
    ("zhou-guangming", "ZY-MZ-001", Status.ACCEPTED),
    ("wang-fang", "ZY-ZJ-001", Status.ACCEPTED),
    ("zhao-deming", "ZY-WJ-002", None),
    ("wang-fang", "ZY-RS-004", Status.CONCLUDED),
    ("wang-fang", "ZY-SF-001", None),
    ("zhao-yong", "ZY-MZ-002", None),
)
# 材料的三种来路: put off with a last day; promised, and looked into; all else by the registries
_CHOSEN: dict[tuple[str, str], dict[str, dict[str, Any]]] = {
    ("wang-fang", "ZY-SF-001"): {"case_papers": {"by": "deferred"}},
    ("zhao-yong", "ZY-MZ-002"): {"income_proof": {"by": "commitment", "agreed": True}},
}


# at which counter, for whom of elsewhere, for what: 雁江窗口收安岳户籍的件 (领域说明 §1.1)
_TAKEN = (("yanjiang-zhen-window", "xie-suqing", "ZY-MZ-002"),)


def people() -> list[dict[str, Any]]:
    return _read("people.yaml")


def staff() -> list[dict[str, Any]]:
    return _read("staff.yaml")


def _read(name: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = yaml.safe_load((DATA / name).read_text(encoding="utf-8"))
    return rows


def build() -> Iterator[str]:
    """Build what is not there yet; yield a line for people watching after each part."""
    yield f"工作人员 {_hire()} 人到岗"
    yield f"本地参数与试点 {local.settle()} 项设定"
    yield f"目录治理 {governing.build()} 件: 待联席会议的准入申请, 社区拒办记录"
    yield f"居民 {_welcome()} 人登记、绑定、实名"
    yield f"办件 {_apply()} 件提交并办到不同环节"
    reminded = notifications.remind(now=timezone.now(), unless={"applied": applied.already})
    yield f"主动提醒 {reminded} 条到期 (每天 9 点起, 由时钟接着跑)"


def _hire() -> int:
    known = set(StaffMember.objects.values_list("account__name", flat=True))
    fresh = [row for row in staff() if row["key"] not in known]
    encoded = make_password(PASSWORD) if fresh else ""
    for row in fresh:
        organisation.appoint(
            login=row["key"],
            name=row["name"],
            encoded_password=encoded,
            role=row["role"],
            office=(row["department"], row["division"]),
            since=dt.date(2026, 1, 1),
        )
    return len(fresh)


def _welcome() -> int:
    return sum(_come_in(person) for person in people() if person.get("alive", True))


def resident_of(person: Mapping[str, Any]) -> Resident | None:
    digest = crypto.digest(person["id_number"], index="id_number")
    found = Resident.objects.filter(id_type=person["id_type"], id_digest=digest)
    return found.select_related("account", "hukou_division", "residence_division").first()


def _come_in(person: Mapping[str, Any]) -> bool:
    """Sign in and bind as the person would; without a phone, be registered at a counter."""
    if resident_of(person):
        return False
    facts = _facts(person)
    if person.get("phone"):
        suffix = f"{person['key']}-{uuid.uuid4().hex[:8]}"
        account = residents.log_in(code=f"demo-{suffix}", device="演示手机").account
        residents.bind_phone(actor=account, code=f"phone-{suffix}")
        resident = exchange.bind_realname(
            actor=account,
            name=person["name"],
            id_number=person["id_number"],
            id_type=person["id_type"],
        )
        if person.get("ui") == "elder":
            residents.set_preferences(actor=account, elder=True)
    else:
        resident = residents.register(
            name=person["name"],
            id_type=person["id_type"],
            id_number=person["id_number"],
            facts=facts,
        )
    residents.record_facts(resident=resident, facts=facts, source="demo")
    _record_statuses(resident, person)
    return True


def _facts(person: Mapping[str, Any]) -> dict[str, object]:
    """Return what registers other than the population's would say of a demo person."""
    wanted = {
        "socialcard.bank_account": person.get("bank_account"),
        "geo.address": person.get("residence_address"),
        "population.hukou_division": person.get("hukou_division"),
        "population.residence_division": person.get("residence_division"),
    }
    return {field: value for field, value in wanted.items() if value}


def _record_statuses(resident: Resident, person: Mapping[str, Any]) -> None:
    today = timezone.localdate()
    for status in person.get("statuses", []):
        ends = status.get("expires_in_days")
        residents.record_status(
            resident=resident,
            kind=status["kind"],
            value=status.get("value"),
            valid_from=today - dt.timedelta(days=status.get("started_days_ago", 0)),
            valid_to=today + dt.timedelta(days=ends) if ends is not None else None,
            source="demo",
        )


def _apply() -> int:
    by_key = {person["key"]: person for person in people()}
    made = 0
    for key, code, until in _CASES:
        if key in by_key and (case := _submit(by_key[key], code)):
            made += 1
            if until:
                drive.carry(case, until=until)
    return made + sum(_take(by_key[key], desk, code) for desk, key, code in _TAKEN)


def _take(person: Mapping[str, Any], desk: str, code: str) -> bool:
    """Take a case in at a window, once, for somebody who came with their card."""
    resident, version = resident_of(person), catalogue.published(code)
    if resident is None or version is None:
        return False
    if Case.objects.filter(applicant=resident, item=version.item).exists():
        return False
    filled = answers.sample(version.form, person, today=timezone.localdate())
    cases.take(
        actor=StaffMember.objects.select_related("account").get(account__name=desk).account,
        person=resident.uid,
        item_code=code,
        answers=filled,
        materials=answers.papers(version.materials, filled, registry.answering_for(resident)),
        token=uuid.uuid5(_NAMESPACE, f"{person['key']}:{code}"),
        how=How(Case.Channel.WINDOW, Case.Consent.IN_PERSON),
    )
    return True


def _submit(person: Mapping[str, Any], code: str) -> Case | None:
    resident, version = resident_of(person), catalogue.published(code)
    if resident is None or resident.account is None or version is None:
        return None
    if Case.objects.filter(applicant=resident, item=version.item).exists():
        return None
    filled = answers.sample(version.form, person, today=timezone.localdate())
    registries = registry.answering_for(resident)
    try:
        return cases.submit(
            actor=resident.account,
            applicant=resident,
            item_code=code,
            answers=filled,
            materials={
                **answers.papers(version.materials, filled, registries),
                **_CHOSEN.get((person["key"], code), {}),
            },
            token=uuid.uuid5(_NAMESPACE, f"{person['key']}:{code}"),
        )
    except DomainError as refused:
        raise RuntimeError(f"演示办件 {code}: {refused.code} {refused.extra}") from refused
