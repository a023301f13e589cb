"""The population registry sandbox: who may ask, for what purpose, and what it gives."""

from datetime import date

import pytest
import requests

from backend.devstack import people
from tests.sandboxes import someone


@pytest.fixture
def ask(registry):
    def post(path, key="sandbox-registry-key", **body):
        body = {"purpose": "居民实名认证", "case": "", **body}
        return requests.post(
            f"{registry.url}/population/{path}", json=body, headers={"X-Api-Key": key}, timeout=10
        )

    return post


def test_says_whether_name_and_number_belong_together(ask):
    one, other = someone(alive=True), someone(alive=False)

    def result(**body):
        return ask("verify", **body).json()["result"]

    assert result(name=one.name, id_number=one.id_number) == "matched"
    assert result(name=other.name, id_number=one.id_number) == "different"
    assert result(name=one.name, id_number="51200219990101001X") == "not_found"


def test_gives_a_record_without_number_and_phone(ask):
    one = someone()

    row = ask("person", id_number=one.id_number).json()["person"]

    assert row["name"] == one.name
    assert date.fromisoformat(row["birth_on"])
    assert row["alive"] is True
    assert not {"phone", "id_number", "key"} & set(row)
    assert ask("person", id_number="nobody").json()["person"] is None


def test_refuses_a_question_without_purpose_or_key(ask):
    number = someone().id_number
    assert ask("person", id_number=number, purpose=" ").status_code == 422
    assert ask("person", id_number=number, key="").status_code == 401
    assert ask("verify", name="x").status_code == 422


def test_remembers_who_asked_why_but_not_about_whom(registry, ask):
    one = someone()
    ask("person", id_number=one.id_number, case="512000202601010001")

    oracle = registry.get("/sandbox/oracle")

    assert oracle["outcomes"] == {"found": 1}
    assert oracle["queries"][0]["purpose"] == "居民实名认证"
    assert one.id_number not in str(oracle)


def test_reads_people_of_many_shapes(tmp_path):
    file = tmp_path / "people.yaml"
    file.write_text(
        "people:\n"
        "  - {key: a-b, name: 甲, birth: 1950-03-01, hukou: '512002001001', address: 某街1号}\n"
        "  - {name: 没有键}\n"
        "  - {key: c, name: 乙, alive: 'false', birth_on: '1960-01-02', phone: 13900000000}\n",
        encoding="utf-8",
    )

    first, second = people.load(file)

    assert (first.birth_on, first.residence_division) == ("1950-03-01", "512002001001")
    assert first.hukou_address == first.residence_address == "某街1号"
    assert (second.alive, second.phone) == (False, "13900000000")
    assert people.load(tmp_path / "none.yaml") == []
