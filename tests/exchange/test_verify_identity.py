"""Asking the population registry: a checked answer, a kept question, and patience that ends."""

import json
import time

import pytest

from backend.accounts.models import Account
from backend.core import crypto
from backend.exchange import actions
from backend.exchange.connectors import population
from backend.exchange.models import RegistryQuery
from tests.sandboxes import free_port, someone
from tests.stubs import Stub

PURPOSE = "高龄津贴:资格核验"
pytestmark = pytest.mark.django_db


@pytest.fixture
def clerk():
    return Account.objects.create(name="clerk", kind=Account.Kind.STAFF)


def verify(person, actor=None, **more):
    asked = {"name": person.name, "id_number": person.id_number, "purpose": PURPOSE, **more}
    return actions.verify_identity(actor=actor, **asked)


def person_of(person):
    return actions.person_of(actor=None, id_number=person.id_number, purpose=PURPOSE)


def test_says_yes_to_the_right_name(registry):
    assert verify(someone()) is True


def test_says_no_to_a_wrong_name_and_to_nobodys_number(registry):
    assert verify(someone(), name="别人") is False
    assert verify(someone(), id_number="51200219990101001X") is False


def test_gives_the_record_of_a_person(registry):
    person = someone()

    record = person_of(person)

    assert record.name == person.name
    assert record.birth_on.isoformat() == person.birth_on
    assert record.residence_division == person.residence_division
    assert record.alive


def test_gives_nothing_for_nobodys_number(registry):
    nobody = actions.person_of(actor=None, id_number="51200219990101001X", purpose=PURPOSE)
    assert nobody is None
    assert actions.facts_of(actor=None, id_number="51200219990101001X", purpose=PURPOSE) == {}


def test_gives_facts_by_the_names_forms_use(registry):
    person = someone()
    facts = actions.facts_of(actor=None, id_number=person.id_number, purpose=PURPOSE)
    assert facts["population.birth_date"] == person.birth_on
    assert facts["population.hukou_division"] == person.hukou_division
    assert "" not in facts.values()


def test_keeps_every_question_and_nothing_of_the_person_in_clear(registry, clerk):
    person = someone()
    verify(person, actor=clerk, case_number="512000202601010001")
    verify(person, name="别人")
    person_of(person)

    rows = list(RegistryQuery.objects.order_by("pk"))

    assert [row.outcome for row in rows] == ["matched", "different", "found"]
    assert (rows[0].asked_by, rows[0].case_number) == (clerk, "512000202601010001")
    assert rows[0].purpose == PURPOSE
    assert bytes(rows[0].subject) == crypto.digest(person.id_number, index="id_number")
    kept = str(list(RegistryQuery.objects.values()))
    assert person.id_number not in kept
    assert person.name not in kept


@pytest.mark.parametrize("purpose", ["", "  "])
def test_asks_nothing_without_a_purpose(registry, purpose):
    with pytest.raises(actions.PurposeMissing):
        verify(someone(), purpose=purpose)
    assert registry.get("/sandbox/oracle")["outcomes"] == {}


@pytest.mark.parametrize(
    "rule",
    [
        {"kind": "http", "status": 500},
        {"kind": "html"},
        {"kind": "garbage"},
        {"kind": "reset"},
        {"kind": "reset", "stage": "after"},
        {"kind": "http", "status": 401},
    ],
)
def test_says_that_the_registry_is_away_and_keeps_that_too(registry, rule):
    registry.faults(rule)
    with pytest.raises(actions.RegistryUnavailable):
        verify(someone())
    with pytest.raises(actions.RegistryUnavailable):
        person_of(someone())
    assert {row.outcome for row in RegistryQuery.objects.all()} == {"unavailable"}


def test_waits_four_seconds_and_no_longer(registry):
    registry.faults({"kind": "timeout", "seconds": 8})
    began = time.monotonic()
    with pytest.raises(actions.RegistryUnavailable):
        verify(someone())
    assert time.monotonic() - began < 6
    assert RegistryQuery.objects.get().latency_ms > 3500


def test_does_not_ask_again_after_five_failures(registry, settings):
    registry.faults({"kind": "http", "status": 500})
    for _ in range(5):
        with pytest.raises(actions.RegistryUnavailable):
            verify(someone())
    registry.faults()

    with pytest.raises(actions.RegistryUnavailable):
        verify(someone())
    assert registry.get("/sandbox/oracle")["outcomes"] == {}
    population.BREAKER._rest_until = 0.0  # the rest is over
    assert verify(someone()) is True
    assert verify(someone()) is True


def test_is_unavailable_when_nobody_listens(settings):
    settings.REGISTRY_BASE_URL = f"http://127.0.0.1:{free_port()}"
    with pytest.raises(actions.RegistryUnavailable) as caught:
        verify(someone())
    assert caught.value.__context__ is None
    assert caught.value.detail == actions.RegistryUnavailable.title


ROW = {
    "name": "李桂华",
    "gender": "female",
    "birth_on": "1946-12-20",
    "id_type": "id_card",
    "hukou_division": "512002001001",
    "hukou_address": "",
    "residence_division": "",
    "residence_address": "",
    "id_card_expires_on": "",
    "ethnicity": "汉族",
    "education": "",
    "alive": True,
}


@pytest.fixture
def answer(settings):
    """Let a stub answer in the registry's place."""
    stub = Stub()
    settings.REGISTRY_BASE_URL = stub.url
    yield lambda content: setattr(stub, "body", json.dumps(content).encode())
    stub.close()


def test_believes_a_row_of_the_right_shape(answer):
    answer({"code": "ok", "person": ROW})
    record = actions.person_of(actor=None, id_number="x", purpose=PURPOSE)
    assert record.name == "李桂华"
    assert record.id_card_expires_on is None


@pytest.mark.parametrize(
    "change",
    [
        {"name": ""},
        {"name": "x" * 51},
        {"name": "李\0"},
        {"gender": "女"},
        {"gender": ["female"]},
        {"birth_on": "46-12-20"},
        {"birth_on": None},
        {"id_type": "passport"},
        {"hukou_division": "512002"},
        {"hukou_division": 512002001001},
        {"id_card_expires_on": "长期"},
        {"alive": "yes"},
        {"residence_address": "x" * 201},
    ],
)
def test_does_not_believe_a_row_of_another_shape(answer, change):
    answer({"code": "ok", "person": {**ROW, **change}})
    with pytest.raises(actions.RegistryUnavailable):
        actions.person_of(actor=None, id_number="x", purpose=PURPOSE)


@pytest.mark.parametrize(
    "content", [{"code": "ok"}, {"person": ROW}, {"code": "ok", "person": []}, [], None, "ok"]
)
def test_does_not_believe_an_answer_of_another_shape(answer, content):
    answer(content)
    with pytest.raises(actions.RegistryUnavailable):
        actions.person_of(actor=None, id_number="x", purpose=PURPOSE)
