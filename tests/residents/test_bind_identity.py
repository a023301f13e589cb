"""实名: an account and a person become one."""

import pytest

from backend.accounts.models import Account
from backend.organisation.models import Division
from backend.residents import actions
from backend.residents.models import AttributeFact, Resident
from tests.factories import world

pytestmark = pytest.mark.django_db
FACTS = {
    "population.birth_date": "1946-03-07",
    "population.gender": "female",
    "population.hukou_division": world.VILLAGE,
    "population.residence_division": world.OTHER_VILLAGE,
    "population.residence_address": "书台村 3 组 12 号",
}


def bind(account: Account, number: str, name: str = "李桂花", **facts) -> Resident:
    world.a_city()
    return actions.bind_identity(
        actor=account,
        id_type="id_card",
        id_number=number,
        name=name,
        facts=FACTS | facts,
        source="population",
    )


def test_raises_the_account_to_level_two_and_keeps_every_fact_with_its_source():
    account = world.an_account()
    resident = bind(account, world.id_number())
    resident.refresh_from_db()
    assert (resident.account, resident.realname_level) == (account, 2)
    assert resident.hukou_division == Division.objects.get(code=world.VILLAGE)
    assert resident.residence_division == Division.objects.get(code=world.OTHER_VILLAGE)
    assert (str(resident.birth_on), resident.gender) == ("1946-03-07", "female")
    facts = AttributeFact.objects.filter(resident=resident)
    assert {fact.field: fact.value for fact in facts} == FACTS
    assert {fact.source for fact in facts} == {"population"}
    assert all(fact.verified_at for fact in facts)


def test_links_a_person_registered_at_a_counter_instead_of_doubling_them():
    number = world.id_number()
    world.a_city()
    known = actions.register(name="李桂花", id_type="id_card", id_number=number, facts={})
    account = world.an_account()
    assert bind(account, number).pk == known.pk
    known.refresh_from_db()
    assert known.account == account
    assert Resident.objects.count() == 1


def test_moves_what_a_mere_phone_owner_had_to_the_person(monkeypatch):
    number, account = world.id_number(), world.an_account()
    world.a_city()
    known = actions.register(name="李桂花", id_type="id_card", id_number=number, facts={})
    shell = Resident.objects.create(account=account, realname_level=1, elder=True)
    shell.set_phone("13800001111")
    shell.save()
    bind(account, number)
    known.refresh_from_db()
    assert known.phone == "13800001111"
    assert known.elder
    assert not Resident.objects.filter(pk=shell.pk).exists()


def test_twice_by_the_same_person_is_once():
    account, number = world.an_account(), world.id_number()
    assert bind(account, number).pk == bind(account, number).pk


def test_refuses_an_identity_that_is_on_another_account():
    number = world.id_number()
    bind(world.an_account(), number)
    with pytest.raises(actions.IdentityTaken):
        bind(world.an_account(), number)


def test_refuses_to_turn_an_account_into_another_person():
    account = world.an_account()
    bind(account, world.id_number())
    with pytest.raises(actions.AlreadyRealname):
        bind(account, world.id_number())


def test_refuses_whose_death_is_on_record():
    number = world.id_number()
    world.a_city()
    known = actions.register(name="李桂花", id_type="id_card", id_number=number, facts={})
    Resident.objects.filter(pk=known.pk).update(deceased_on="2026-01-01")
    with pytest.raises(actions.RegisteredAsDeceased):
        bind(world.an_account(), number)


def test_takes_a_name_of_four_byte_letters():
    resident = bind(world.an_account(), world.id_number(), name="𠮷丽·阿依古丽")
    resident.refresh_from_db()
    assert resident.name == "𠮷丽·阿依古丽"


def test_keeps_neither_name_nor_number_in_clear():
    number = world.id_number()
    resident = bind(world.an_account(), number)
    row = Resident.objects.filter(pk=resident.pk).values().get()
    stored = b"".join(bytes(value) for value in row.values() if isinstance(value, memoryview))
    assert number.encode() not in stored
    assert "李桂花".encode() not in stored


@pytest.mark.django_db(transaction=True)
def test_ten_accounts_race_for_one_person_and_one_wins(together):
    number = world.id_number()
    accounts = [world.an_account() for _ in range(10)]
    world.a_city()
    results = together(lambda i: bind(accounts[i], number), times=10)
    won = [one for one in results if isinstance(one, Resident)]
    assert len(won) == 1
    assert all(isinstance(one, actions.IdentityTaken) for one in results if one not in won)
    assert Resident.objects.filter(id_digest__isnull=False).count() == 1
