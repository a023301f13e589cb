"""The search box: numbers, names and items; people only by what stands in the body."""

import pytest

from tests.factories import world

pytestmark = pytest.mark.django_db

LIST, CASES = "/api/staff/v1/worklist", "/api/staff/v1/cases"


@pytest.fixture
def desk(client_of):
    return client_of(world.staff("community_worker", "ZD"))


def numbers(answer):
    assert answer.status_code == 200, answer.json()
    return [row["number"] for row in answer.json()["results"]]


def test_finds_by_number_or_its_beginning(desk):
    case = world.submitted()
    assert numbers(desk.get(LIST, {"q": case.number})) == [case.number]
    assert numbers(desk.get(LIST, {"q": f"{case.number[:9]} {case.number[9:17]}"})) == [case.number]
    for known in range(4, 24):  # a beginning may look like an old identity number, or a phone
        assert numbers(desk.get(LIST, {"q": case.number[:known]})) == [case.number]
    assert numbers(desk.get(LIST, {"q": "5110"})) == []


def test_finds_by_the_full_name_of_the_applicant(desk):
    case = world.submitted(applicant=world.a_resident(name="赵春梅"))
    world.submitted(applicant=world.a_resident(name="赵春"))
    assert numbers(desk.get(LIST, {"q": "赵春梅"})) == [case.number]
    assert numbers(desk.get(CASES, {"q": "赵春梅"})) == [case.number]


def test_finds_by_a_name_of_four_byte_letters(desk):
    case = world.submitted(applicant=world.a_resident(name="𠮷𠮷"))
    assert numbers(desk.get(LIST, {"q": "𠮷𠮷"})) == [case.number]


def test_finds_by_part_of_the_items_name(desk):
    case = world.submitted(version=world.an_item(name="残疾人两项补贴"))
    world.submitted(version=world.an_item(name="高龄津贴认定"))
    assert numbers(desk.get(LIST, {"q": "两项补贴"})) == [case.number]
    assert numbers(desk.get(LIST, {"q": "没有这样的东西"})) == []


def test_keeps_identity_numbers_and_phones_out_of_addresses(desk):
    person = world.a_resident()
    for secret in (person.id_number, person.phone):
        answer = desk.get(LIST, {"q": secret})
        assert answer.status_code == 422
        assert answer.json()["code"] == "personal_in_search"
        assert secret not in answer.content.decode()


@pytest.mark.parametrize("what", ["id_number", "phone", "name"])
def test_finds_a_person_by_what_stands_in_the_body(desk, client_of, what):
    person = world.a_resident(name="钱多多")
    case = world.submitted(applicant=person)
    found = desk.post(f"{CASES}/search", {"q": getattr(person, what)}, format="json")
    assert numbers(found) == [case.number]
    elsewhere = client_of(world.staff("community_worker", "ZD", world.OTHER_VILLAGE))
    assert numbers(elsewhere.post(f"{CASES}/search", {"q": person.phone}, format="json")) == []
