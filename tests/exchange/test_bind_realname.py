"""Binding a real name: only what the registry confirms, in words that do not tell who exists."""

import pytest

from backend.accounts.models import Account
from backend.exchange import actions
from backend.exchange.models import RegistryQuery
from backend.residents import actions as residents
from tests.sandboxes import someone

pytestmark = pytest.mark.django_db


@pytest.fixture
def visitor():
    return Account.objects.create(name="visitor", kind=Account.Kind.RESIDENT)


def bind(actor, person, **more):
    written = {"name": person.name, "id_number": person.id_number, "id_type": person.id_type}
    return actions.bind_realname(actor=actor, **{**written, **more})


def test_makes_a_visitor_a_known_person(registry, visitor):
    person = someone(alive=True)

    resident = bind(visitor, person)

    assert (resident.account, resident.name) == (visitor, person.name)
    assert resident.realname_level == residents.REALNAME
    assert resident.birth_on.isoformat() == person.birth_on
    assert set(RegistryQuery.objects.values_list("outcome", "asked_by")) == {
        ("matched", visitor.pk),
        ("found", visitor.pk),
    }


def test_takes_the_number_as_people_write_it(registry, visitor):
    person = someone(alive=True)
    spaced = f" {person.id_number[:6]} {person.id_number[6:14]}-{person.id_number[14:].lower()} "
    assert bind(visitor, person, id_number=spaced).id_number == person.id_number


@pytest.mark.parametrize("wrong", [{"name": "别人"}, {"id_number": "512000194612201031"}])
def test_refuses_in_the_same_words(registry, visitor, wrong):
    with pytest.raises((actions.RealnameMismatch, residents.IdentityRejected)):
        bind(visitor, someone(alive=True), **wrong)
    assert not hasattr(Account.objects.get(pk=visitor.pk), "resident")


def test_refuses_what_is_malformed_before_it_asks(registry, visitor):
    with pytest.raises(residents.IdentityRejected):
        bind(visitor, someone(), id_number="123", name="")
    assert registry.get("/sandbox/oracle")["outcomes"] == {}


def test_refuses_a_person_who_has_died(registry, visitor):
    with pytest.raises(residents.RegisteredAsDeceased):
        bind(visitor, someone(alive=False))


def test_binds_nothing_while_the_registry_is_away(registry, visitor):
    registry.faults({"kind": "http", "status": 503})
    with pytest.raises(actions.RegistryUnavailable):
        bind(visitor, someone())
    assert not hasattr(Account.objects.get(pk=visitor.pk), "resident")
