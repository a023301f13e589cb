"""登录 over HTTP: codes, tokens, devices, the phone."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backend.accounts.authentication import IDLE
from backend.accounts.models import AccessToken, Account
from backend.residents.models import Resident
from miniprogram_api.auth import LogInOut, SessionOut
from tests.factories import world
from tests.miniprogram_api import outside
from tests.miniprogram_api.shapes import assert_holds

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wechat")]


def log_in(client, code, device="红米"):
    return client.post("/api/v1/login", {"code": code, "device": device}, format="json")


def carry(client, token):
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {token}")
    return client


def test_gives_a_token_that_opens_the_door(client):
    answer = log_in(client, outside.code(outside.LOGIN))
    assert answer.status_code == 201
    assert_holds(LogInOut, answer.json())
    assert answer.json()["account"]["realname_level"] == 0
    assert carry(client, answer.json()["token"]).get("/api/v1/cases").status_code == 200


def test_the_same_person_is_the_same_account(client):
    for _ in range(2):
        log_in(client, outside.code(outside.LOGIN))
    assert Account.objects.count() == 1
    assert AccessToken.objects.count() == 2


def test_a_replayed_code_is_refused_without_asking_wechat(client, wechat):
    code = outside.code(outside.LOGIN)
    assert log_in(client, code).status_code == 201
    again = log_in(client, code)
    assert (again.status_code, again.json()["code"]) == (409, "login_code_replayed")
    assert wechat.get("/sandbox/oracle")["calls"]["/sns/jscode2session"] == 1


def test_an_unknown_code_is_refused(client):
    answer = log_in(client, "nonsense-000000")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_login_code")


@pytest.mark.parametrize("kind", ["reset", "html", "garbage", "http"])
def test_says_so_when_wechat_is_down(client, wechat, kind):
    wechat.faults({"kind": kind})
    answer = log_in(client, outside.code(outside.LOGIN))
    assert answer.status_code == 503
    assert answer["Content-Type"] == "application/problem+json"


def test_names_the_missing_field(client):
    answer = client.post("/api/v1/login", {}, format="json")
    assert answer.status_code == 400
    assert list(answer.json()["fields"]) == ["code"]


def test_counts_attempts_by_address(client):
    code = outside.code(outside.LOGIN)
    statuses = [log_in(client, code).status_code for _ in range(61)]
    assert statuses[0] == 201
    assert statuses[-1] == 429


@pytest.mark.parametrize(
    "change",
    [
        {"revoked_at": timezone.now()},
        {"expires_at": timezone.now() - timedelta(seconds=1)},
        {"seen_at": timezone.now() - IDLE[Account.Kind.RESIDENT] - timedelta(seconds=1)},
    ],
    ids=["revoked", "expired", "idle"],
)
def test_an_ended_token_opens_nothing(client, client_of, change):
    account = world.an_account()
    phone = client_of(account)
    assert phone.get("/api/v1/cases").status_code == 200
    AccessToken.objects.filter(account=account).update(**change)
    answer = phone.get("/api/v1/cases")
    assert (answer.status_code, answer.json()["code"]) == (401, "token_invalid")


def test_a_foreign_token_opens_nothing(client, client_of):
    assert carry(client, "x" * 43).get("/api/v1/cases").status_code == 401
    clerk = client_of(world.an_account(Account.Kind.STAFF))
    assert clerk.get("/api/v1/cases").status_code == 403


def test_logs_out_at_once(client_of):
    phone = client_of(world.an_account())
    assert phone.post("/api/v1/logout").status_code == 204
    assert phone.get("/api/v1/cases").status_code == 401


def test_lists_and_ends_devices(client_of):
    account = world.an_account()
    old, new = client_of(account), client_of(account)
    rows = new.get("/api/v1/sessions").json()
    assert [row["current"] for row in rows] == [True, False]
    for row in rows:
        assert_holds(SessionOut, row)
    assert new.post(f"/api/v1/sessions/{rows[1]['uid']}/end").status_code == 204
    assert old.get("/api/v1/sessions").status_code == 401
    assert len(new.get("/api/v1/sessions").json()) == 1


def test_another_persons_device_does_not_exist(client_of):
    mine, theirs = client_of(world.an_account()), client_of(world.an_account())
    uid = theirs.get("/api/v1/sessions").json()[0]["uid"]
    assert mine.post(f"/api/v1/sessions/{uid}/end").status_code == 404
    assert theirs.get("/api/v1/sessions").status_code == 200


def test_takes_the_phone_wechat_vouches_for(client_of):
    account = world.an_account()
    phone = client_of(account)
    body = {"code": outside.code(outside.PHONE)}
    answer = phone.post("/api/v1/phone", body, format="json")
    number = outside.PEOPLE["zhao-deming"].phone
    assert answer.json() == {"phone": f"{number[:3]}****{number[-4:]}"}
    resident = Resident.objects.get(account=account)
    assert (resident.phone, resident.realname_level) == (number, 1)
    assert resident.phone_verified_at
    again = phone.post("/api/v1/phone", body, format="json")
    assert (again.status_code, again.json()["code"]) == (422, "bad_phone_code")
