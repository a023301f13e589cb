"""Kin (亲属比对): staff whose own case it is, or whose number or telephone stands in it."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from django.db.models import Q

from backend.cases.models import Recusal
from backend.cases.queries.answers import PERSON
from backend.core import crypto
from backend.organisation.models import StaffMember
from backend.residents.models import Resident

Relation = Recusal.Relation


def on_staff(
    person: Resident, form: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]
) -> dict[int, str]:
    """
    Return the staff who must keep away from an application: account id → relation.

    One's own number is 本人; a number among the family members of the form, or the applicant's
    telephone, is 同户. Only blind indexes are compared, in one statement.
    """
    own = bytes(person.id_digest or b"")
    numbers = {crypto.digest(text, index="id_number") for text in numbers_in(form, answers)}
    same = Q(id_digest__in=[one for one in {own, *numbers} if one])
    if person.phone_digest:
        same |= Q(phone_digest=person.phone_digest)
    rows = StaffMember.objects.filter(same, account__is_active=True)
    return {
        account: Relation.SELF if own and bytes(digest or b"") == own else Relation.HOUSEHOLD
        for account, digest in rows.values_list("account_id", "id_digest")
    }


def numbers_in(form: Sequence[Mapping[str, Any]], answers: Mapping[str, Any]) -> Iterator[str]:
    """Yield every identity number that stands in the answers, tables and persons included."""
    for field in form:
        value = answers.get(field["key"])
        if isinstance(value, str) and field["type"] == "id_no":
            yield value
        rows = value if isinstance(value, list) else [value]
        columns = field.get("columns") or PERSON
        for row in rows:
            if isinstance(row, Mapping):
                yield from numbers_in(columns, row)
