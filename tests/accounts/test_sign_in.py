"""Tokens, sessions and second factors, below any door."""

import re
from datetime import timedelta

import pytest
from django.db import DatabaseError, transaction
from django.utils import timezone
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice
from rest_framework.exceptions import AuthenticationFailed

from backend.accounts import actions, queries
from backend.accounts.authentication import account_of
from backend.accounts.models import AccessToken, Account, AuditEntry
from tests.factories import world


@pytest.fixture
def member():
    return world.staff("community_worker", "ZD")


@pytest.mark.django_db
def test_draws_a_fresh_token_of_256_bits_each_time(member):
    tokens = {actions.sign_in(account=member) for _ in range(20)}
    assert len(tokens) == 20
    assert all(re.fullmatch(r"[\w-]{43}", token) for token in tokens)


@pytest.mark.django_db
def test_keeps_no_token_anybody_could_use(member):
    token = actions.sign_in(account=member)
    kept = AccessToken.objects.values().get()
    assert token not in str(kept)
    assert account_of(token)[0] == member


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("kind", "idle", "longest"),
    [
        ("staff", timedelta(minutes=30), timedelta(hours=10)),
        ("resident", timedelta(days=7), timedelta(days=30)),
    ],
)
def test_ends_a_token_by_idleness_and_by_age(kind, idle, longest, time_machine):
    time_machine.move_to("2026-11-02 08:00 +0800", tick=False)
    start = timezone.now()
    account = world.an_account(kind)
    token = actions.sign_in(account=account)
    at = start
    while at + idle * 0.9 < start + longest:  # in use all along, and still it ends
        at += idle * 0.9
        time_machine.move_to(at, tick=False)
        account_of(token)
    time_machine.move_to(start + longest + timedelta(seconds=1), tick=False)
    with pytest.raises(AuthenticationFailed):
        account_of(token)
    sleepy = actions.sign_in(account=account)
    time_machine.move_to(start + longest + idle + timedelta(minutes=2), tick=False)
    with pytest.raises(AuthenticationFailed):
        account_of(sleepy)


@pytest.mark.django_db
def test_refuses_an_unknown_an_ended_and_a_closed_account_s_token(member):
    ended, closed = actions.sign_in(account=member), actions.sign_in(account=member)
    actions.sign_out(account=member, token_uid=account_of(ended)[1])
    Account.objects.filter(pk=member.pk).update(is_active=False)
    for token in ("nonsense", ended, closed):
        with pytest.raises(AuthenticationFailed):
            account_of(token)


@pytest.mark.django_db
def test_asks_one_statement_a_request(member, django_assert_num_queries):
    token = actions.sign_in(account=member)
    with django_assert_num_queries(1):
        account_of(token)


@pytest.mark.django_db
def test_lists_living_sessions_only(member, time_machine):
    time_machine.move_to("2026-11-02 08:00 +0800", tick=False)
    actions.sign_in(account=member, device="旧平板")
    time_machine.move_to("2026-11-02 09:00 +0800", tick=False)
    actions.sign_in(account=member, device="窗口")
    rows = queries.sessions_of(member, now=timezone.now())
    assert [row["device"] for row in rows] == ["窗口"]


@pytest.mark.django_db
def test_ends_no_one_else_s_session(member):
    theirs = account_of(actions.sign_in(account=world.staff("window_clerk", "BM")))[1]
    with pytest.raises(actions.SessionNotFound):
        actions.sign_out(account=member, token_uid=theirs)


@pytest.mark.django_db
def test_lets_the_audit_only_grow(member):
    actions.record_read(actor=member, subject="case", purpose="核实", resident_id=None)
    for change in (AuditEntry.objects.all().delete, lambda: AuditEntry.objects.update(act="x")):
        with pytest.raises(DatabaseError, match="only grow"), transaction.atomic():
            change()
    assert AuditEntry.objects.count() == 1


def a_bound_device(account):
    return TOTPDevice.objects.create(user=account, name="totp", confirmed=True)


def admitted(member, together, fits):
    """How many of ten at once get in with one code."""
    device = a_bound_device(member)
    code = f"{totp(device.bin_key):06d}"
    return [bool(answer) for answer in together(lambda _: fits(member, code), 10)].count(True)


@pytest.mark.django_db(transaction=True)
def test_admits_one_of_ten_with_the_same_code(member, together):
    assert admitted(member, together, actions._fits) == 1


@pytest.mark.django_db(transaction=True)
def test_would_admit_more_without_the_row_lock(member, together, monkeypatch):
    """The negative control: read, compare, write; and a pause where a busy server has one."""
    import threading

    gate = threading.Barrier(10)

    def unguarded(account, code):
        bound = TOTPDevice.objects.get(user=account, confirmed=True)
        gate.wait()
        return bound.verify_token(code)

    assert admitted(member, together, unguarded) > 1


@pytest.mark.django_db
def test_uses_a_login_code_once(time_machine):
    time_machine.move_to("2026-11-02 08:00 +0800", tick=False)
    actions.use_code(code="081abc")
    with pytest.raises(actions.CodeReplayed):
        actions.use_code(code="081abc")
    time_machine.move_to("2026-11-02 08:11 +0800", tick=False)
    assert actions.forget_codes() == 1
