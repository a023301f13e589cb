"""Every write to accounts: signing in and out, and the record of who read what."""

import secrets
from datetime import timedelta

import structlog
from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.authentication import LONGEST
from backend.accounts.models import AccessToken, Account, AuditEntry, UsedLoginCode, WeChatIdentity
from backend.core import crypto
from backend.core.errors import Conflict, NotFound

SYSTEM_NAME = "system"
_CODE_KEPT = timedelta(minutes=10)


class CodeReplayed(Conflict):
    code, title = "login_code_replayed", "登录码已使用, 请重新打开小程序登录"


class SessionNotFound(NotFound):
    code, title = "session_not_found", "没有找到这个登录设备"


def use_code(*, code: str) -> None:
    """
    登录码: remember a one-time code, so that a replay is refused without asking WeChat.

    :raises CodeReplayed: the code was used in the last ten minutes.
    """
    try:
        with transaction.atomic():
            UsedLoginCode.objects.create(digest=crypto.token_digest(code), used_at=timezone.now())
    except IntegrityError:
        raise CodeReplayed from None


def forget_codes() -> int:
    """Drop the codes older than ten minutes; WeChat itself lets them live five."""
    old = UsedLoginCode.objects.filter(used_at__lt=timezone.now() - _CODE_KEPT)
    return old.delete()[0]


@transaction.atomic
def of_openid(*, app_id: str, openid: str) -> Account:
    """微信账号: return the account of an openid, made on its first visit."""
    found = WeChatIdentity.objects.filter(app_id=app_id, openid=openid).select_related("account")
    if identity := found.first():
        return identity.account
    try:
        with transaction.atomic():
            account = Account(name=f"r-{secrets.token_hex(12)}", kind=Account.Kind.RESIDENT)
            account.set_unusable_password()
            account.save(force_insert=True)
            WeChatIdentity.objects.create(account=account, app_id=app_id, openid=openid)
    except IntegrityError:  # two devices on the very first visit
        return found.get().account
    return account


def sign_in(*, account: Account, device: str = "") -> str:
    """登录: return a fresh token (43 characters, 256 bits); only its digest stays here."""
    token, now = secrets.token_urlsafe(32), timezone.now()
    AccessToken.objects.create(
        digest=crypto.token_digest(token),
        account=account,
        device=device[:64],
        created_at=now,
        seen_at=now,
        expires_at=now + LONGEST[Account.Kind(account.kind)],
    )
    return token


def sign_out(*, account: Account, token_uid: str) -> None:
    """
    退出: end one of the account's own tokens, at once.

    :raises SessionNotFound: no living token of this account has that id.
    """
    ended = AccessToken.objects.filter(
        account=account, uid=token_uid, revoked_at__isnull=True
    ).update(revoked_at=timezone.now())
    if not ended:
        raise SessionNotFound


def record_read(
    *, actor: Account, subject: str, purpose: str, case_number: str = "", resident_id: int | None
) -> None:
    """查阅留痕: staff looked at personal data; who, what, for which case and why (个保法 §44)."""
    AuditEntry.objects.create(
        actor=actor,
        act="read",
        purpose=purpose,
        subject=subject,
        case_number=case_number,
        resident_id=resident_id,
        request_id=structlog.contextvars.get_contextvars().get("request_id", ""),
    )


def system_account() -> Account:
    """系统账号: whoever acts when the clock does."""
    account, _ = Account.objects.get_or_create(
        name=SYSTEM_NAME, defaults={"kind": Account.Kind.SYSTEM, "password": "!"}
    )
    return account
