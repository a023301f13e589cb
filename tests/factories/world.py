"""A small city to test in: one county, two towns, offices, people, and items of any shape."""

import itertools
import uuid
from datetime import date
from typing import Any

from django.utils import timezone
from stdnum.iso7064 import mod_11_2

from backend.accounts import actions as accounts
from backend.accounts.models import Account, WeChatIdentity
from backend.cases import actions
from backend.cases.models import Case
from backend.catalogue.actions import signing, versions
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.catalogue.queries import drafts, signatures
from backend.organisation.models import Department, Division, Post, StaffMember
from backend.residents.models import Resident
from tests.factories import materials as papers

_serial = itertools.count(1)
_SINCE = date(2016, 10, 24)
CITY, COUNTY, TOWN, VILLAGE = "512000000000", "512002000000", "512002100000", "512002100204"
OTHER_TOWN, OTHER_VILLAGE = "512002101000", "512002101201"
L = Division.Level


def a_city() -> None:
    """资阳市 with 雁江区, 雁江镇 (前进村) and 松涛镇 (一个村), and the offices in each."""
    if Division.objects.filter(code=CITY).exists():
        return
    city = _division(CITY, "资阳市", L.CITY, None)
    county = _division(COUNTY, "雁江区", L.COUNTY, city)
    for town_code, town_name, code, name in (
        (TOWN, "雁江镇", VILLAGE, "前进村"),
        (OTHER_TOWN, "松涛镇", OTHER_VILLAGE, "书台村"),
    ):
        town = _division(town_code, town_name, L.TOWN, county)
        village = _division(code, name, L.VILLAGE, town)
        _office("ZD", f"{name}便民服务站", village)
        _office("BM", f"{town_name}便民服务中心", town)
        _office("SW", f"{town_name}社会事务办", town)
    for code, name in (("MZ", "民政局"), ("CL", "残联"), ("GA", "公安分局"), ("RS", "人社局")):
        _office(code, f"雁江区{name}", county)
    for code, name in (("MZ", "民政局"), ("LX", "社区公共服务联席会议办公室")):
        _office(code, f"资阳市{name}", city)


def _division(code: str, name: str, level: str, parent: Division | None) -> Division:
    county = parent.code if parent and parent.level == L.COUNTY else ""
    town = parent.code if parent and parent.level == L.TOWN else ""
    if level == L.VILLAGE and parent:
        county = parent.county_code
    return Division.objects.create(
        code=code,
        name=name,
        short_name=name,
        full_name=name,
        level=level,
        parent=parent,
        county_code=code if level == L.COUNTY else county,
        town_code=code if level == L.TOWN else town,
        valid_from=_SINCE,
    )


def _office(code: str, name: str, division: Division) -> Department:
    return Department.objects.create(code=code, name=name, division=division)


def office(code: str, division: str | None = None) -> Department:
    a_city()
    place = {"ZD": VILLAGE, "BM": TOWN, "SW": TOWN, "LX": CITY}.get(code, COUNTY)
    return Department.objects.get(code=code, division__code=division or place)


def an_account(kind: str = Account.Kind.RESIDENT, **changes: Any) -> Account:
    account = Account(name=f"{kind}-{next(_serial)}", kind=kind, **changes)
    account.set_unusable_password()
    account.save()
    return account


def staff(role: str, department: Department | str, division: str | None = None) -> Account:
    """Return the account of a staff member who holds one post."""
    if isinstance(department, str):
        department = office(department, division)
    account = an_account(Account.Kind.STAFF)
    member = StaffMember.objects.create(account=account, name=f"职员{account.pk}")
    Post.objects.create(staff=member, role=role, department=department, valid_from=_SINCE)
    return account


def id_number(birth_on: date = date(1946, 3, 7), region: str = "512002") -> str:
    """Return a valid, fictitious identity number nobody else in this run has."""
    body = f"{region}{birth_on:%Y%m%d}{next(_serial) % 1000:03d}"
    return body + mod_11_2.calc_check_digit(body)


def a_resident(
    *,
    name: str = "李桂花",
    village: str = VILLAGE,
    birth_on: date = date(1946, 3, 7),
    level: int = 2,
    openid: str = "",
    **changes: Any,
) -> Resident:
    """Return a real-named resident with an account (and an openid, where one is given)."""
    a_city()
    account = an_account()
    if openid:
        WeChatIdentity.objects.create(account=account, app_id="wx5a1yang0000demo", openid=openid)
    home = Division.objects.get(code=village)
    person = Resident(
        account=account,
        birth_on=birth_on,
        hukou_division=home,
        residence_division=home,
        realname_level=level,
        **changes,
    )
    person.set_name(name)
    person.set_identity(Resident.IdType.ID_CARD, id_number(birth_on))
    person.set_phone(f"138{next(_serial):08d}")
    person.save()
    return person


FORM = [
    {"key": "division_code", "label": "所属村(社区)", "type": "division", "required": True},
    {"key": "home_visit", "label": "是否需要上门服务", "type": "bool", "required": False},
]


def step(key: str, role: str, department: str, place: str, **changes: Any) -> dict[str, Any]:
    return {
        "key": key,
        "name": changes.pop("name", f"环节{key}"),
        "phase": "review",
        "role": role,
        "department": department,
        "place": place,
        "days": 2,
        "counts": True,
        "actions": ["approve", "reject", "return_prev"],
        **changes,
    }


INTAKE = step("s1", "community_worker", "ZD", "village", name="收件受理", phase="intake", days=1)
REVIEW = step("s2", "town_reviewer", "SW", "town", name="初审", days=4)
DECISION = step(
    "s3", "county_reviewer", "MZ", "county", name="审核确认", phase="decision", days=8, decides=True
)
PAY = step(
    "s4", "system", "MZ", "county", name="纳入发放", phase="delivery", actions=["pay", "close"]
)


def an_item(*, steps: list[dict[str, Any]] | None = None, **changes: Any) -> ServiceVersion:
    """Return a published version; its process is intake, review, decision, payment by default."""
    n = next(_serial)
    kind = changes.pop("kind", "promised")
    item = ServiceItem.objects.create(
        code=changes.pop("code", f"T-{n}"),
        name=changes.pop("name", f"高龄津贴{n}"),
        theme="养老服务",
        department_code="MZ",
        kind=kind,
        level="county",
        aliases=["高龄补贴"],
        search_text="高龄津贴",
        status=changes.pop("status", "published"),
    )
    version = ServiceVersion(
        item=item,
        number=1,
        steps=steps if steps is not None else [INTAKE, REVIEW, DECISION, PAY],
        form=changes.pop("form", FORM),
        promised_days=changes.pop("promised_days", 0 if kind == "instant" else 15),
        legal_days=changes.pop("legal_days", 30),
        day_kind=changes.pop("day_kind", "working"),
        authority=changes.pop("authority", "residence"),
        published_at=timezone.now(),
        **changes,
    )
    whole = drafts.whole_of(item, version)
    version.digest = signatures.digest_of(versions.content_of(whole))
    version.save(force_insert=True)
    signing.sign(item, whole, by=signing.By(accounts.system_account()), at=version.published_at)
    return version


def an_instant_item(**changes: Any) -> ServiceVersion:
    only = step("s1", "community_worker", "ZD", "village", phase="intake", days=0, decides=True)
    return an_item(kind="instant", steps=[only], **changes)


def submitted(
    *,
    version: ServiceVersion | None = None,
    applicant: Resident | None = None,
    materials: dict[str, Any] | None = None,
    **answers: Any,
) -> Case:
    """Return a case that came in through the real action, with all its materials uploaded."""
    applicant = applicant or a_resident()
    version = version or an_item()
    if materials is None:
        materials = papers.all_of(version, applicant, **answers)
    return actions.submit(
        actor=applicant.account,
        applicant=applicant,
        item_code=version.item.code,
        answers={"division_code": applicant.residence_division.code, **answers},
        token=uuid.uuid4(),
        materials=materials,
    )
