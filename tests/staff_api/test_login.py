"""Staff sign in: password, lockout, second factor."""

import pytest
from django_otp.oath import totp
from django_otp.plugins.otp_totp.models import TOTPDevice

from backend.accounts import actions as accounts
from backend.accounts.models import AccessToken, Account, AuditEntry
from tests.factories import world

pytestmark = pytest.mark.django_db

LOGIN, PASSWORD = "/api/staff/v1/login", "雁江-Worker-2026"


@pytest.fixture
def clerk():
    account = world.staff("window_clerk", "BM")
    account.set_password(PASSWORD)
    account.save()
    return account


@pytest.fixture(autouse=True)
def many_attempts(monkeypatch):
    """The limit per address has its own test; here the lock per name is what counts."""
    from backend.staff_api import auth

    monkeypatch.setattr(auth.LOGINS, "spend", lambda subject: None)


def sign_in(client, name, password=PASSWORD, **more):
    body = {"name": name, "password": password, **more}
    return client.post(LOGIN, body, format="json")


def digits(device):
    return f"{totp(device.bin_key):06d}"


def a_bound_device(account):
    return TOTPDevice.objects.create(user=account, name="totp", confirmed=True)


def test_gives_a_token_that_opens_the_door(client, clerk):
    answer = sign_in(client, clerk.name, device="窗口一号")
    assert answer.status_code == 200
    assert answer.json()["state"] == "signed_in"
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {answer.json()['token']}")
    me = client.get("/api/staff/v1/me").json()
    assert me["login"] == clerk.name
    assert me["posts"][0]["department_code"] == "BM"
    assert me["duties"]["intake"] == "受理"
    assert me["may"] == ["worklist", "cases"]
    assert AuditEntry.objects.get(actor=clerk).act == "sign_in"


def test_keeps_only_a_digest_of_the_token(client, clerk):
    token = sign_in(client, clerk.name).json()["token"]
    assert len(token) >= 43
    assert token.encode() not in bytes(AccessToken.objects.get().digest)


def test_says_the_same_whatever_was_wrong(client, clerk):
    resident = world.a_resident().account
    gone = world.staff("window_clerk", "BM")
    gone.set_password(PASSWORD)
    gone.is_active = False
    gone.save()
    answers = [
        sign_in(client, clerk.name, "wrong"),
        sign_in(client, "nobody-of-that-name", "wrong"),
        sign_in(client, resident.name, "wrong"),
        sign_in(client, gone.name),
    ]
    bodies = [{k: v for k, v in a.json().items() if k != "request_id"} for a in answers]
    assert [a.status_code for a in answers] == [403] * 4
    assert bodies[0]["code"] == "login_refused"
    assert all(body == bodies[0] for body in bodies)


def test_hashes_a_password_for_an_unknown_name_too(client, clerk, settings, monkeypatch):
    """About the same time: the costly part runs once for a known and for an unknown name."""
    from django.contrib.auth import hashers

    runs = []
    real = hashers.MD5PasswordHasher.encode

    def counted(self, password, salt):
        runs.append(1)
        return real(self, password, salt)

    monkeypatch.setattr(hashers.MD5PasswordHasher, "encode", counted)
    sign_in(client, clerk.name, "wrong")
    known = len(runs)
    sign_in(client, "nobody-of-that-name", "wrong")
    assert known == len(runs) - known > 0


def test_locks_the_name_after_five_failures(client, clerk):
    codes = [sign_in(client, clerk.name, "wrong").json()["code"] for _ in range(5)]
    assert codes == ["login_refused"] * 4 + ["login_locked"]
    locked = sign_in(client, clerk.name)
    assert locked.status_code == 403
    assert locked.json()["code"] == "login_locked"
    assert locked.json()["retry_after"] == 1800
    assert "30 分钟" in locked.json()["title"]


def test_locks_an_unknown_name_alike(client):
    codes = [sign_in(client, "nobody-of-that-name", "wrong").json()["code"] for _ in range(6)]
    assert codes == ["login_refused"] * 4 + ["login_locked"] * 2


def test_unlocks_after_thirty_minutes_even_if_tried_meanwhile(client, clerk, time_machine):
    time_machine.move_to("2026-11-20 09:00 +0800", tick=False)
    for _ in range(5):
        sign_in(client, clerk.name, "wrong")
    time_machine.move_to("2026-11-20 09:20 +0800", tick=False)
    assert sign_in(client, clerk.name).json()["code"] == "login_locked"
    time_machine.move_to("2026-11-20 09:31 +0800", tick=False)
    assert sign_in(client, clerk.name).status_code == 200


def test_locks_nobody_else_and_forgets_failures_on_success(client, clerk):
    colleague = world.staff("window_clerk", "BM")
    colleague.set_password(PASSWORD)
    colleague.save()
    for _ in range(4):
        sign_in(client, clerk.name, "wrong")
    assert sign_in(client, colleague.name).status_code == 200
    assert sign_in(client, clerk.name).status_code == 200
    assert sign_in(client, clerk.name, "wrong").json()["code"] == "login_refused"


def test_limits_attempts_of_one_address(client, monkeypatch):
    from backend.core.api import Limit
    from backend.staff_api import auth

    monkeypatch.setattr(auth, "LOGINS", Limit("staff_login_test", "3/minute"))
    import uuid

    spare = {"REMOTE_ADDR": f"test-{uuid.uuid4()}"}
    body = {"name": "someone", "password": "x"}
    codes = [client.post(LOGIN, body, format="json", **spare).status_code for _ in range(4)]
    assert codes == [403, 403, 403, 429]


def test_keeps_residents_out_and_staff_out_of_the_residents_door(client, client_of, clerk):
    resident = world.a_resident().account
    resident.set_password(PASSWORD)
    resident.save()
    assert sign_in(client, resident.name).json()["code"] == "login_refused"
    assert client_of(resident).get("/api/staff/v1/me").status_code == 403
    assert client_of(clerk).get("/api/v1/cases").status_code == 403


def test_asks_for_a_second_factor_to_be_bound(client, clerk, settings):
    settings.STAFF_SECOND_FACTOR = True
    entry = sign_in(client, clerk.name).json()
    assert entry["state"] == "enrol"
    assert entry["token"] == ""
    assert not AccessToken.objects.exists()

    ticket = entry["ticket"]
    enrolled = client.post("/api/staff/v1/otp/enrol", {"ticket": ticket}, format="json").json()
    assert enrolled["otpauth"].startswith("otpauth://totp/")
    device = TOTPDevice.objects.get(user=clerk)
    body = {"ticket": ticket, "otp": digits(device)}
    confirmed = client.post("/api/staff/v1/otp/confirm", body, format="json")
    assert confirmed.json()["state"] == "signed_in"
    assert TOTPDevice.objects.get(user=clerk).confirmed


def test_shows_a_secret_once(client, clerk, settings):
    settings.STAFF_SECOND_FACTOR = True
    ticket = sign_in(client, clerk.name).json()["ticket"]
    first = client.post("/api/staff/v1/otp/enrol", {"ticket": ticket}, format="json").json()
    second = client.post("/api/staff/v1/otp/enrol", {"ticket": ticket}, format="json").json()
    assert first != second
    assert TOTPDevice.objects.filter(user=clerk).count() == 1


def test_wants_the_six_digits_once_bound(client, clerk, settings):
    settings.STAFF_SECOND_FACTOR = True
    device = a_bound_device(clerk)
    assert sign_in(client, clerk.name).json()["code"] == "login_refused"
    device.throttle_reset()
    code = digits(device)
    assert sign_in(client, clerk.name, otp=code).json()["state"] == "signed_in"
    assert sign_in(client, clerk.name, otp=code).json()["code"] == "login_refused"  # used up


def test_counts_wrong_digits_towards_the_lock(client, clerk, settings):
    settings.STAFF_SECOND_FACTOR = True
    a_bound_device(clerk)
    codes = [sign_in(client, clerk.name, otp="000000").json()["code"] for _ in range(6)]
    assert codes == ["login_refused"] * 4 + ["login_locked"] * 2


def test_does_not_let_a_ticket_replace_a_bound_device(client, clerk, settings):
    settings.STAFF_SECOND_FACTOR = True
    ticket = sign_in(client, clerk.name).json()["ticket"]
    a_bound_device(clerk)
    refused = client.post("/api/staff/v1/otp/enrol", {"ticket": ticket}, format="json")
    assert refused.json()["code"] == "otp_already_enrolled"


@pytest.mark.parametrize("ticket", ["", "forged:abc:def"])
def test_refuses_a_forged_ticket(client, ticket):
    answer = client.post("/api/staff/v1/otp/enrol", {"ticket": ticket}, format="json")
    assert answer.status_code in (400, 403)


def test_refuses_a_ticket_after_ten_minutes(client, clerk, settings, time_machine):
    settings.STAFF_SECOND_FACTOR = True
    time_machine.move_to("2026-11-20 09:00 +0800", tick=False)
    ticket = sign_in(client, clerk.name).json()["ticket"]
    time_machine.move_to("2026-11-20 09:11 +0800", tick=False)
    late = client.post("/api/staff/v1/otp/enrol", {"ticket": ticket}, format="json")
    assert late.json()["code"] == "otp_ticket_invalid"


def test_ends_at_logout_at_once(client, clerk):
    token = sign_in(client, clerk.name).json()["token"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    assert client.post("/api/staff/v1/logout").status_code == 204
    assert client.get("/api/staff/v1/me").status_code == 401


def test_lists_and_ends_own_sessions_only(client, client_of, clerk):
    other = world.staff("window_clerk", "BM")
    foreign = client_of(other)
    theirs = foreign.get("/api/staff/v1/sessions").json()[0]["uid"]
    mine, tablet = client_of(clerk), client_of(clerk)
    rows = mine.get("/api/staff/v1/sessions").json()
    assert len(rows) == 2
    assert [row["current"] for row in rows].count(True) == 1
    lost = next(row["uid"] for row in rows if not row["current"])
    assert mine.post(f"/api/staff/v1/sessions/{lost}/end").status_code == 204
    assert tablet.get("/api/staff/v1/me").status_code == 401
    assert mine.post(f"/api/staff/v1/sessions/{theirs}/end").status_code == 404
    assert foreign.get("/api/staff/v1/me").status_code == 200


def test_falls_asleep_after_thirty_idle_minutes(client, clerk, time_machine):
    time_machine.move_to("2026-11-20 09:00 +0800", tick=False)
    token = sign_in(client, clerk.name).json()["token"]
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    time_machine.move_to("2026-11-20 09:29 +0800", tick=False)
    assert client.get("/api/staff/v1/me").status_code == 200
    time_machine.move_to("2026-11-20 10:00 +0800", tick=False)
    assert client.get("/api/staff/v1/me").status_code == 401


def test_needs_both_name_and_password(client):
    answer = client.post(LOGIN, {"name": ""}, format="json")
    assert answer.status_code == 400
    assert set(answer.json()["fields"]) == {"name", "password"}


def test_closes_with_the_account(client, client_of, clerk):
    desk = client_of(clerk)
    Account.objects.filter(pk=clerk.pk).update(is_active=False)
    assert desk.get("/api/staff/v1/me").status_code == 401


def test_one_code_admits_once_however_many_try(clerk, settings):
    settings.STAFF_SECOND_FACTOR = True
    device = a_bound_device(clerk)
    code = digits(device)
    assert accounts._fits(clerk, code) is True
    assert accounts._fits(clerk, code) is False
