"""Every write to accounts: signing in and out, and the record of who read what."""

import secrets
from dataclasses import dataclass
from datetime import timedelta

import structlog
from axes.handlers.proxy import AxesProxyHandler
from django.conf import settings
from django.contrib.auth import authenticate
from django.core import signing
from django.db import IntegrityError, transaction
from django.http import HttpRequest
from django.utils import timezone
from django_otp.plugins.otp_totp.models import TOTPDevice

from backend.accounts.authentication import LONGEST
from backend.accounts.models import AccessToken, Account, AuditEntry, UsedLoginCode, WeChatIdentity
from backend.core import crypto
from backend.core.errors import Conflict, Forbidden, Invalid, NotFound

SYSTEM_NAME = "system"
_CODE_KEPT = timedelta(minutes=10)
_TICKET, _TICKET_LIVES = "accounts.otp", timedelta(minutes=10)


class CodeReplayed(Conflict):
    code, title = "login_code_replayed", "登录码已使用, 请重新打开小程序登录"


class LoginRefused(Forbidden):
    code, title = "login_refused", "登录名、密码或动态口令不正确, 请核对后重试"


class LockedOut(Forbidden):
    code, title = "login_locked", "失败次数过多, 已锁定 30 分钟, 请届时再试或联系系统管理员"


class TicketInvalid(Forbidden):
    code, title = "otp_ticket_invalid", "绑定凭据已失效, 请重新输入登录名和密码"


class AlreadyEnrolled(Conflict):
    code, title = "otp_already_enrolled", "已绑定动态口令, 请直接登录; 更换手机请联系系统管理员"


class WrongCode(Invalid):
    code, title = "otp_wrong", "动态口令不正确, 请核对手机时间后输入最新一组 6 位数字"


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


@dataclass(frozen=True, slots=True)
class Entry:
    """Past the staff door: a token; or a ticket, good only for binding a second factor."""

    token: str = ""
    ticket: str = ""


def sign_in_staff(
    *, request: HttpRequest, name: str, password: str, otp: str = "", device: str = ""
) -> Entry:
    """
    工作人员登录: the password, and the six digits where STAFF_SECOND_FACTOR asks for them.

    An unknown name, another kind of account, a wrong password and wrong digits get one answer.
    Five of them lock the name at this address for 30 minutes (领域说明 §2.12).

    :raises LoginRefused: one of the three does not fit.
    :raises LockedOut: too many failures; nothing was compared.
    """
    account = authenticate(request, username=name, password=password)
    if account is not None and not _is_open_staff(account):
        account = None
        _count_failure(request, name)
    if account is None:
        raise _refusal(request)
    if settings.STAFF_SECOND_FACTOR:
        fits = _fits(account, otp)
        if fits is None:
            return Entry(ticket=signing.dumps(account.pk, salt=_TICKET))
        if not fits:
            _count_failure(request, name)
            raise _refusal(request)
    AxesProxyHandler.user_logged_in(Account, request, account)
    return Entry(token=_admit(account, device))


def _is_open_staff(account: object) -> bool:
    return isinstance(account, Account) and account.kind == Account.Kind.STAFF


def _count_failure(request: HttpRequest, name: str) -> None:
    """Count what Django's own backends let pass: axes hears of wrong passwords only."""
    AxesProxyHandler.user_login_failed(Account, {"username": name}, request)


def _refusal(request: HttpRequest) -> Forbidden:
    if getattr(request, "axes_locked_out", False):
        return LockedOut(retry_after=int(settings.AXES_COOLOFF_TIME * 3600))
    return LoginRefused()


@transaction.atomic
def _fits(account: Account, otp: str) -> bool | None:
    """Compare the digits under a row lock, so that one code admits once; None: none is bound."""
    bound = TOTPDevice.objects.select_for_update().filter(user=account, confirmed=True).first()
    return None if bound is None else bool(bound.verify_token(otp))


def _admit(account: Account, device: str) -> str:
    AuditEntry.objects.create(
        actor=account,
        act="sign_in",
        purpose="登录",
        subject=f"account:{account.pk}",
        request_id=_request_id(),
    )
    return sign_in(account=account, device=device)


@transaction.atomic
def enrol_otp(*, ticket: str) -> str:
    """
    绑定动态口令: return the otpauth:// address of a new secret; it is shown this once.

    :raises TicketInvalid: altered, or older than ten minutes.
    :raises AlreadyEnrolled: a confirmed device exists.
    """
    account = _ticket_holder(ticket)
    TOTPDevice.objects.filter(user=account, confirmed=False).delete()
    return str(TOTPDevice.objects.create(user=account, name="totp", confirmed=False).config_url)


def confirm_otp(*, ticket: str, otp: str, device: str = "") -> str:
    """
    确认动态口令: the first right code binds the device and signs in; return the token.

    :raises TicketInvalid: altered, or older than ten minutes.
    :raises AlreadyEnrolled: a confirmed device exists.
    :raises WrongCode: wrong digits, tried again too soon, or nothing was enrolled.
    """
    with transaction.atomic():
        account = _ticket_holder(ticket)
        waiting = TOTPDevice.objects.filter(user=account, confirmed=False).first()
        fits = waiting is not None and waiting.verify_token(otp)
        if fits:
            TOTPDevice.objects.filter(pk=waiting.pk).update(confirmed=True)
    if not fits:
        raise WrongCode
    return _admit(account, device)


def _ticket_holder(ticket: str) -> Account:
    """Return the account of a ticket, its row locked until the transaction ends."""
    try:
        pk = signing.loads(ticket, salt=_TICKET, max_age=_TICKET_LIVES)
    except signing.BadSignature:
        raise TicketInvalid from None
    account = Account.objects.select_for_update().filter(pk=pk, is_active=True).first()
    if account is None:
        raise TicketInvalid
    if TOTPDevice.objects.filter(user=account, confirmed=True).exists():
        raise AlreadyEnrolled
    return account


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


def close(*, account: Account) -> None:
    """停用账号: nobody signs in as it again, and what is signed in ends with this transaction."""
    Account.objects.filter(pk=account.pk).update(is_active=False)
    AccessToken.objects.filter(account=account, revoked_at__isnull=True).update(
        revoked_at=timezone.now()
    )


def still_open(*, account: Account) -> bool:
    """Say whether an account is in use, and keep it from being closed until the commit."""
    held = Account.objects.select_for_update(no_key=True).filter(pk=account.pk, is_active=True)
    return held.first() is not None


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
        request_id=_request_id(),
    )


def _request_id() -> str:
    return str(structlog.contextvars.get_contextvars().get("request_id", ""))


def system_account() -> Account:
    """系统账号: whoever acts when the clock does."""
    account, _ = Account.objects.get_or_create(
        name=SYSTEM_NAME, defaults={"kind": Account.Kind.SYSTEM, "password": "!"}
    )
    return account
