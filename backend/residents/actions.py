"""Every write to residents (居民): coming in, being known by phone, then by name; what is known."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import IntegrityError, transaction
from django.db.models import ProtectedError, Q
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.core import crypto, wechat
from backend.core.errors import Conflict, Invalid
from backend.organisation.models import Division
from backend.residents import identity
from backend.residents.models import AttributeFact, Resident, StatusRecord

PHONE, REALNAME = 1, 2


class IdentityTaken(Conflict):
    code = "identity_taken"
    title = "该身份已在另一个微信上实名, 请用原微信登录, 或带证件到社区便民服务站更换绑定"


class AlreadyRealname(Conflict):
    code = "already_realname"
    title = "本账号已完成实名, 不能改为另一个人; 如有错误请带证件到社区便民服务站更正"


class RegisteredAsDeceased(Invalid):
    code = "registered_as_deceased"
    title = "该身份已登记为死亡, 如有错误请带证件到户籍地派出所更正"


@dataclass(frozen=True, slots=True)
class Entry:
    """A signed-in device: the token to send as `Authorization: Bearer …`, and whose it is."""

    token: str
    account: Account
    realname_level: int


def log_in(*, code: str, device: str = "") -> Entry:
    """
    登录: exchange a one-time `wx.login` code for a token of ours.

    :param device: what the phone calls itself, at most 64 characters.
    :raises CodeReplayed: the code was used before; WeChat is not asked.
    :raises DomainError: WeChat refused the code, or is down.
    """
    accounts.use_code(code=code)
    session = wechat.session_of(code=code)
    account = accounts.of_openid(app_id=settings.WECHAT_APP_ID, openid=session.openid)
    known = Resident.objects.filter(account=account).values_list("realname_level", flat=True)
    return Entry(
        token=accounts.sign_in(account=account, device=device),
        account=account,
        realname_level=known.first() or 0,
    )


def bind_phone(*, actor: Account, code: str) -> str:
    """
    绑定手机: take the phone WeChat vouches for (code of `getPhoneNumber`); return it masked.

    A number several residents share is fine: old people often leave a child's (领域说明 §3).
    """
    number = identity.phone(wechat.phone_of(code=code))
    with transaction.atomic():
        resident = _own(actor)
        resident.set_phone(number)
        resident.phone_verified_at = timezone.now()
        resident.realname_level = max(resident.realname_level, PHONE)
        resident.save()
    return crypto.mask_phone(number)


def set_preferences(
    *, actor: Account, elder: bool | None = None, personalised: bool | None = None
) -> None:
    """偏好: the elder version (适老化), and personalised reminders on or off (个保法 §24)."""
    with transaction.atomic():
        resident = _own(actor)
        resident.elder = resident.elder if elder is None else elder
        resident.personalised = resident.personalised if personalised is None else personalised
        resident.save(update_fields=["elder", "personalised"])


def bind_identity(
    *,
    actor: Account,
    id_type: str,
    id_number: str,
    name: str,
    facts: Mapping[str, object],
    source: str,
) -> Resident:
    """
    实名: tie an account to the person a registry has just confirmed.

    A person registered at a counter before is linked, not doubled; what the account had as a
    mere phone owner moves over.

    :param id_number: as `identity.id_number` returns it.
    :param facts: field → value as the registry gave them, e.g. `population.hukou_division`.
    :raises IdentityTaken: the person uses another account.
    :raises AlreadyRealname: the account is another person's.
    :raises RegisteredAsDeceased: the person's death is on record.
    """
    digest = crypto.digest(id_number, index="id_number")
    try:
        with transaction.atomic():
            resident = _claimed(actor, digest)
            resident.set_name(name)
            resident.set_identity(id_type, id_number)
            resident.realname_level = max(resident.realname_level, REALNAME)
            _fill(resident, id_number, facts)
            resident.save()
            record_facts(resident=resident, facts=facts, source=source)
    except IntegrityError:  # another account bound the same person in the same instant
        raise IdentityTaken from None
    return resident


def register(
    *, name: str, id_type: str, id_number: str, phone: str = "", facts: Mapping[str, object]
) -> Resident:
    """
    建档: record a person who has come to a counter and may have no account at all.

    Someone known already is returned as they are.

    :raises Invalid: a malformed name, number or phone, field by field.
    """
    values = {"name": name, "id_number": id_number, "phone": phone}
    checked = readings(values, id_type=id_type, today=timezone.localdate())
    known = Resident.objects.filter(
        id_digest=crypto.digest(checked["id_number"], index="id_number")
    ).first()
    if known:
        return known
    with transaction.atomic():
        resident = Resident()
        resident.set_name(checked["name"])
        resident.set_identity(id_type, checked["id_number"])
        if checked["phone"]:
            resident.set_phone(checked["phone"])
        resident.realname_level = REALNAME
        _fill(resident, checked["id_number"], facts)
        resident.save()
        record_facts(resident=resident, facts=facts, source="counter")
    return resident


def record_facts(
    *, resident: Resident, facts: Mapping[str, object], source: str, at: datetime | None = None
) -> None:
    """字段事实: keep what a source says of a person; the newest verified value of a field wins."""
    now = at or timezone.now()
    AttributeFact.objects.bulk_create(
        [
            AttributeFact(
                resident=resident,
                field=field,
                sealed_value=crypto.seal_json(
                    value, context=AttributeFact.context(resident.pk, field)
                ),
                source=source,
                verified_at=now,
            )
            for field, value in facts.items()
            if value not in (None, "")
        ],
        update_conflicts=True,
        unique_fields=["resident", "field"],
        update_fields=["sealed_value", "source", "verified_at"],
    )


def record_status(
    *,
    resident: Resident,
    kind: str,
    valid_from: date,
    valid_to: date | None = None,
    value: Mapping[str, Any] | None = None,
    source: str,
) -> StatusRecord:
    """状态登记: such as a disability card and the day it expires; reminders hang on it."""
    return StatusRecord.objects.create(
        resident=resident,
        kind=kind,
        value=dict(value or {}),
        valid_from=valid_from,
        valid_to=valid_to,
        source=source,
    )


class IdentityRejected(Invalid):
    code, title = "identity_rejected", "身份信息填写有误, 请按提示修改"


def readings(values: Mapping[str, str], *, id_type: str, today: date) -> dict[str, str]:
    """
    Read name, id_number and phone as written into their normal form; an empty phone stays empty.

    :raises IdentityRejected: with one sentence for every faulty field, all at once.
    """
    readers: dict[str, Callable[[str], str]] = {
        "name": identity.person_name,
        "id_number": lambda text: identity.id_number(text, id_type=id_type, today=today),
        "phone": lambda text: identity.phone(text) if text else "",
    }
    read: dict[str, str] = {}
    faults: dict[str, str] = {}
    for field, text in values.items():
        try:
            read[field] = readers[field](text)
        except ValueError as refusal:
            faults[field] = str(refusal)
    if faults:
        raise IdentityRejected(fields=faults)
    return read


def _own(account: Account) -> Resident:
    """Lock the account's resident, made on first need."""
    Resident.objects.get_or_create(account=account)
    return Resident.objects.select_for_update().get(account=account)


def _claimed(account: Account, digest: bytes) -> Resident:
    """Lock and return the one row that is to be this person with this account."""
    rows = list(
        Resident.objects.select_for_update()
        .filter(Q(account=account) | Q(id_digest=digest))
        .order_by("pk")
    )
    own = next((row for row in rows if row.account_id == account.pk), None)
    person = next((row for row in rows if bytes(row.id_digest or b"") == digest), None)
    if person and person.account_id not in (None, account.pk):
        raise IdentityTaken
    if own and own.id_digest is not None and own is not person:
        raise AlreadyRealname
    if person and person.deceased_on:
        raise RegisteredAsDeceased
    if person and own and person is not own:
        _absorb(own, into=person)
    resident = person or own or Resident()
    resident.account = account
    return resident


def _absorb(shell: Resident, *, into: Resident) -> None:
    """Move what a phone owner had to the person they turn out to be, and let the shell go."""
    if shell.sealed_phone is not None:
        into.set_phone(shell.phone)
        into.phone_verified_at = shell.phone_verified_at
    into.elder, into.personalised = shell.elder, shell.personalised
    shell.account = None
    shell.save(update_fields=["account"])
    try:
        with transaction.atomic():
            shell.delete()
    except ProtectedError:  # it has applied for something: the record stays, without an account
        pass


def _fill(resident: Resident, id_number: str, facts: Mapping[str, object]) -> None:
    """Copy what lists and rules ask for into columns; the number itself tells the rest."""
    birth = facts.get("population.birth_date")
    resident.birth_on = date.fromisoformat(str(birth)) if birth else identity.birth_on_of(id_number)
    gender = str(facts.get("population.gender") or identity.gender_of(id_number))
    resident.gender = gender if gender in Resident.Gender.values else Resident.Gender.UNKNOWN
    codes = {
        "hukou_division": facts.get("population.hukou_division"),
        "residence_division": facts.get("population.residence_division"),
    }
    found = {
        division.code: division
        for division in Division.objects.filter(
            code__in=[code for code in codes.values() if code], valid_to__isnull=True
        )
    }
    for column, code in codes.items():
        if code in found:
            setattr(resident, column, found[str(code)])
