"""
Ask another department's registry (共享查询), and keep that it was asked.

A query waits for the outside world: call these outside a transaction, so that nothing is held while
they wait, and so that the record of the query stays whatever becomes of the caller.
"""

import time
from collections.abc import Callable
from typing import TypeVar

from django.utils import timezone

from backend.accounts.models import Account
from backend.core import crypto
from backend.core.errors import Invalid
from backend.exchange.connectors import population, registries
from backend.exchange.connectors.population import PopulationRecord, RegistryUnavailable
from backend.exchange.connectors.registries import Question
from backend.exchange.models import RegistryQuery
from backend.residents import actions as residents
from backend.residents.models import Resident

__all__ = [
    "PopulationRecord",
    "PurposeMissing",
    "Question",
    "RealnameMismatch",
    "RegistryUnavailable",
]
REALNAME_PURPOSE = "居民实名认证"
_Answer = TypeVar("_Answer")
_O = RegistryQuery.Outcome


class PurposeMissing(Invalid):
    code, title = "purpose_missing", "查询他人信息须说明目的"


class RealnameMismatch(Invalid):
    code = "realname_mismatch"
    title = "姓名与证件号码和人口库的登记不一致, 请对照证件核对后重填, 或带证件到社区便民服务站办理"


def verify_identity(
    *, actor: Account | None, name: str, id_number: str, purpose: str, case_number: str = ""
) -> bool:
    """
    核验身份: ask the population registry whether a name and a number belong together.

    :param actor: who asks; None for the system itself.
    :param id_number: normalised (residents.identity).
    :raises PurposeMissing: why is not said (个人信息保护法 §6: 明确、合理的目的).
    :raises RegistryUnavailable: no answer; the caller may try later.
    """
    result = _logged(
        lambda: population.verify(
            name=name, id_number=id_number, purpose=purpose, case_number=case_number
        ),
        _O,
        query=_query(actor, id_number, purpose, case_number),
    )
    return result == _O.MATCHED


def person_of(
    *, actor: Account | None, id_number: str, purpose: str, case_number: str = ""
) -> PopulationRecord | None:
    """
    查询人口信息: the registry's record of one person, or None when the number is nobody's.

    :param actor: who asks; None for the system itself.
    :raises PurposeMissing: why is not said.
    :raises RegistryUnavailable: no answer; the caller may try later.
    """
    return _logged(
        lambda: population.person(id_number=id_number, purpose=purpose, case_number=case_number),
        lambda record: _O.NOT_FOUND if record is None else _O.FOUND,
        query=_query(actor, id_number, purpose, case_number),
    )


def verify_material(*, actor: Account | None, question: Question) -> str:
    """
    核验材料: ask a registry whether it holds what a material would prove.

    :param actor: who asks; None for the system itself.
    :raises PurposeMissing: why is not said.
    :raises RegistryUnavailable: no answer; the caller may try later.
    """
    query = _query(actor, question.number, question.purpose, question.case_number)
    query.registry = question.registry
    return _logged(lambda: registries.verify(question), _O, query=query)


def facts_of(
    *, actor: Account | None, id_number: str, purpose: str, case_number: str = ""
) -> dict[str, str]:
    """
    查询字段: the registry's record as field → value, e.g. `population.birth_date` → ISO day.

    Fields without a value are left out; a number that is nobody's has none.

    :raises RegistryUnavailable: no answer; the caller may try later.
    """
    record = person_of(actor=actor, id_number=id_number, purpose=purpose, case_number=case_number)
    return {} if record is None else _facts(record)


def bind_realname(*, actor: Account, name: str, id_number: str, id_type: str = "") -> Resident:
    """
    实名: let the population registry confirm who an account belongs to, and bind the two.

    Somebody else's number and a number that is nobody's are refused in the same words, so that the
    door is no oracle of who exists.

    :raises IdentityRejected: a malformed name or number, field by field.
    :raises RealnameMismatch: name and number do not belong together.
    :raises RegisteredAsDeceased: the registry holds the person for dead.
    :raises RegistryUnavailable: no answer; nothing is bound.
    """
    written = {"name": name, "id_number": id_number}
    read = residents.readings(written, id_type=id_type, today=timezone.localdate())
    number, purpose = read["id_number"], REALNAME_PURPOSE
    if not verify_identity(actor=actor, name=read["name"], id_number=number, purpose=purpose):
        raise RealnameMismatch
    record = person_of(actor=actor, id_number=number, purpose=purpose)
    if record is None or record.name != read["name"]:
        raise RealnameMismatch
    if not record.alive:
        raise residents.RegisteredAsDeceased
    return residents.bind_identity(
        actor=actor,
        id_type=record.id_type,
        id_number=number,
        name=record.name,
        facts=_facts(record),
        source=RegistryQuery.Registry.POPULATION,
    )


def register_person(
    *,
    actor: Account,
    name: str,
    id_type: str,
    id_number: str,
    phone: str = "",
    purpose: str,
) -> Resident:
    """
    窗口建档: record a person without an account, as the population registry knows them.

    A registry that does not answer stops nobody, since the card was read at the counter; then, and
    for those it does not hold (港澳台、外国人、儿童), nothing but the card is known.

    :raises IdentityRejected: a malformed name, number or phone, field by field.
    :raises RealnameMismatch: name and number do not belong together.
    :raises RegisteredAsDeceased: the registry holds the person for dead.
    """
    written = {"name": name, "id_number": id_number, "phone": phone}
    read = residents.readings(written, id_type=id_type, today=timezone.localdate())
    facts: dict[str, str] = {}
    try:
        record = person_of(actor=actor, id_number=read["id_number"], purpose=purpose)
    except RegistryUnavailable:
        record = None
    else:
        elsewhere = record is None and id_type != Resident.IdType.ID_CARD
        if not elsewhere and (record is None or record.name != read["name"]):
            raise RealnameMismatch
    if record is not None:
        if not record.alive:
            raise residents.RegisteredAsDeceased
        facts = _facts(record)
    return residents.register(
        name=read["name"], id_type=id_type, id_number=read["id_number"], phone=phone, facts=facts
    )


def _facts(record: PopulationRecord) -> dict[str, str]:
    expires = record.id_card_expires_on
    facts = {
        "name": record.name,
        "gender": record.gender,
        "birth_date": record.birth_on.isoformat(),
        "id_type": record.id_type,
        "hukou_division": record.hukou_division,
        "hukou_address": record.hukou_address,
        "residence_division": record.residence_division,
        "residence_address": record.residence_address,
        "id_card_expires_on": expires.isoformat() if expires else "",
        "ethnicity": record.ethnicity,
        "education": record.education,
    }
    return {f"population.{field}": value for field, value in facts.items() if value}


def _query(actor: Account | None, id_number: str, purpose: str, case_number: str) -> RegistryQuery:
    if not purpose.strip():
        raise PurposeMissing
    return RegistryQuery(
        registry=RegistryQuery.Registry.POPULATION,
        purpose=purpose.strip()[:64],
        case_number=case_number,
        asked_by=actor,
        subject=crypto.digest(id_number, index="id_number"),
        at=timezone.now(),
    )


def _logged(
    ask: Callable[[], _Answer], outcome_of: Callable[[_Answer], str], *, query: RegistryQuery
) -> _Answer:
    """Ask, and write down what came of it, also when nothing came."""
    began = time.monotonic()
    query.outcome = _O.UNAVAILABLE
    try:
        answer = ask()
        query.outcome = outcome_of(answer)
        return answer
    finally:
        query.latency_ms = round((time.monotonic() - began) * 1000)
        query.save()
