"""实名 over HTTP, against the population registry."""

import logging

import pytest

from backend.exchange.connectors import population
from backend.residents import actions
from backend.residents.models import AttributeFact, Resident
from miniprogram_api.auth import RealnameOut
from tests.factories import world
from tests.miniprogram_api import outside
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db
ZHAO = outside.PEOPLE["zhao-deming"]


@pytest.fixture(autouse=True)
def city(registry):
    world.a_city()
    population.BREAKER.forget()
    yield
    population.BREAKER.forget()


@pytest.fixture
def account():
    return world.an_account()


def bind(client, **changes):
    body = {"name": ZHAO.name, "id_number": ZHAO.id_number, "id_type": ZHAO.id_type}
    return client.post("/api/v1/realname", body | changes, format="json")


def test_binds_whom_the_registry_knows(client_of, account):
    answer = bind(client_of(account))
    assert answer.status_code == 200
    assert_holds(RealnameOut, answer.json())
    assert answer.json()["realname_level"] == 2
    resident = Resident.objects.get(account=account)
    assert resident.id_number == ZHAO.id_number
    assert resident.hukou_division.code == world.VILLAGE
    fact = AttributeFact.objects.get(resident=resident, field="population.residence_address")
    assert (fact.value, fact.source) == (ZHAO.residence_address, "population")


def test_answers_and_logs_without_the_values(client_of, account, caplog):
    caplog.set_level(logging.DEBUG)
    answers = [bind(client_of(account)), bind(client_of(account), name="别人")]
    for text in [caplog.text, *(answer.content.decode() for answer in answers)]:
        assert ZHAO.id_number not in text
        assert ZHAO.name not in text


def test_refuses_what_does_not_belong_together(client_of, account):
    answer = bind(client_of(account), name="赵得明")
    assert (answer.status_code, answer.json()["code"]) == (422, "realname_mismatch")
    assert not Resident.objects.filter(account=account).exists()


def test_names_every_faulty_field_at_once(client_of, account):
    slip = ZHAO.id_number[:-1] + ("0" if ZHAO.id_number[-1] != "0" else "1")
    answer = bind(client_of(account), name="赵　明", id_number=slip)
    assert answer.status_code == 422
    fields = answer.json()["fields"]
    assert "全角空格" in fields["name"]
    assert "校验位" in fields["id_number"]


def test_refuses_a_birthday_in_the_future(client_of, account):
    answer = bind(client_of(account), id_number="512000299901011023")
    assert "出生日期" in answer.json()["fields"]["id_number"]


def test_refuses_an_unknown_kind_of_document(client_of, account):
    answer = bind(client_of(account), id_type="library_card")
    assert (answer.status_code, list(answer.json()["fields"])) == (400, ["id_type"])


def test_says_what_to_do_when_the_person_has_another_account(client_of, account):
    bind(client_of(world.an_account()))
    answer = bind(client_of(account))
    assert (answer.status_code, answer.json()["code"]) == (409, "identity_taken")
    assert "社区" in answer.json()["title"]


def test_links_whom_a_counter_registered_before(client_of, account):
    known = actions.register(
        name=ZHAO.name, id_type=ZHAO.id_type, id_number=ZHAO.id_number, facts={}
    )
    assert bind(client_of(account)).status_code == 200
    known.refresh_from_db()
    assert known.account == account
    assert Resident.objects.count() == 1


@pytest.mark.parametrize("kind", ["reset", "html", "garbage", "http"])
def test_says_what_to_do_when_the_registry_is_down(client_of, account, registry, kind):
    registry.faults({"kind": kind})
    answer = bind(client_of(account))
    assert answer.status_code == 503
    assert "稍后" in answer.json()["title"]
    assert not Resident.objects.filter(account=account).exists()


def test_counts_attempts_by_account(client_of, account):
    phone = client_of(account)
    statuses = [bind(phone, id_number="1").status_code for _ in range(11)]
    assert statuses == [422] * 10 + [429]
