"""任职: who works where, and in what role."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.core.errors import NotFound
from backend.organisation.models import Department, Post, StaffMember


class NoSuchOffice(NotFound):
    code, title = "no_such_office", "没有这个部门, 请核对部门代码与区划代码"


@transaction.atomic
def appoint(
    *,
    login: str,
    name: str,
    encoded_password: str,
    role: str,
    office: tuple[str, str],
    since: date | None = None,
) -> StaffMember:
    """
    任职: give a person a post, and an account on the first one; the same post twice is one.

    :param encoded_password: as `make_password` returns it; kept only for a new account.
    :param office: department code and division code.
    :raises NoSuchOffice: no such department in that division.
    """
    code, division = office
    department = Department.objects.filter(
        code=code, division__code=division, division__valid_to__isnull=True
    ).first()
    if department is None:
        raise NoSuchOffice
    account, _ = Account.objects.get_or_create(
        name=login, defaults={"kind": Account.Kind.STAFF, "password": encoded_password}
    )
    member, _ = StaffMember.objects.get_or_create(account=account, defaults={"name": name})
    Post.objects.get_or_create(
        staff=member,
        role=role,
        department=department,
        valid_to=None,
        defaults={"valid_from": since or timezone.localdate()},
    )
    return member
