"""Readers of notices: accounts with an openid, a phone and grants, made in bulk."""

import itertools
from typing import Any

from django.conf import settings

from backend.accounts.models import Account, WeChatIdentity
from backend.devstack.wechat.account import openid_of
from backend.residents.models import Resident
from notifications import actions
from notifications.models import Notification, Quota

_serial = itertools.count(1)
A, B = settings.WECHAT_TEMPLATES["A"][1], settings.WECHAT_TEMPLATES["B"][1]


def readers(
    count: int, *, grants: int = 1, phone: bool = True, prefix: str = "reader"
) -> list[Account]:
    """Return accounts of residents who granted template A `grants` times, by our ledger."""
    names = [f"{prefix}-{next(_serial)}" for _ in range(count)]
    accounts = Account.objects.bulk_create(
        Account(name=name, kind=Account.Kind.RESIDENT, password="!") for name in names
    )
    identities = WeChatIdentity.objects.bulk_create(
        WeChatIdentity(account=account, app_id=settings.WECHAT_APP_ID, openid=openid(account))
        for account in accounts
    )
    people = [Resident(account=account) for account in accounts]
    for i, person in enumerate(people):
        person.set_name("李桂花")
        if phone:
            person.set_phone(f"139{accounts[i].pk % 10**8:08d}")
    Resident.objects.bulk_create(people, batch_size=1000)
    Quota.objects.bulk_create(
        Quota(identity=identity, template_id=A, type="once", balance=grants)
        for identity in identities
        if grants
    )
    return accounts


def reader(**how: Any) -> Account:
    return readers(1, **how)[0]


def openid(account: Account) -> str:
    return openid_of(account.name, settings.WECHAT_APP_ID)


def number(serial: int) -> str:
    return f"5120021002042611220{serial:05d}"


def told(account: Account, kind: str = "case.submitted", **params: str) -> Notification | None:
    """Tell an account something of a case, through the action."""
    serial = next(_serial)
    known = {
        "number": number(serial),
        "item": "80周岁以上老年人高龄津贴",
        "short_item": "高龄津贴",
        "status_text": "待受理",
        "next_step": "收件受理",
        "outcome": "准予" if kind in ("case.decided", "case.concluded") else "",
    }
    return actions.send(
        to=account, kind=kind, params={**known, **params}, case_number=number(serial)
    )
