"""What one request asks is seen whole, explained, and written for pgbench."""

import pytest
from django.db import connection
from django.utils import timezone

from backend.accounts import actions as accounts
from benchmarks import limit, statements
from benchmarks.scenarios import Ask
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def ask():
    person = world.submitted().applicant
    return Ask("/api/v1/cases", accounts.sign_in(account=person.account))


def test_sees_every_statement_of_a_request(ask):
    statements.capture(ask)

    asked = statements.capture(ask)

    assert len(asked) == 2
    assert all(one.sql.startswith("SELECT") and not one.changes for one in asked)
    assert statements.shape(asked) == statements.shape(statements.capture(ask))


def test_refuses_to_measure_a_refusal(ask):
    with pytest.raises(RuntimeError, match="401"):
        statements.capture(Ask(ask.path, "nobody"))


def test_explains_as_prepared_and_finds_whole_reads(ask):
    asked = statements.capture(ask)
    plans = [statements.explain(one, {}) for one in asked]
    whole = statements.Statement(
        "SELECT count(*) FROM cases_case WHERE status <> %s", ("x",), False
    )

    assert all(plan.lines and not plan.scanned for plan in plans)
    found = statements.explain(whole, {"cases_case": 1_000_000})
    assert found.scanned == ["cases_case (1,000,000 行)"]


def test_writes_a_request_as_a_script(ask):
    statements.capture(ask)

    script = limit.script(statements.capture(ask), "s7")

    assert script.text.count("SELECT") == 2
    assert "%s" not in script.text
    assert set(script.variables) == {f"s7_{n}" for n in range(len(script.variables))}


def test_gives_a_value_the_text_the_driver_would_send():
    values = (timezone.now(), 2**40, "O'Brien", b"\x00\xff", ["a", "b"], True)

    with connection.cursor() as cursor:
        for value, kind in zip(
            values, ("timestamptz", "bigint", "text", "bytea", "text[]", "bool"), strict=True
        ):
            cursor.execute(f"SELECT %s::{kind} = %s::{kind}", [statements.text_of(value), value])
            assert cursor.fetchone() == (True,)
            cursor.execute(f"SELECT {statements.literal(value)} = %s::{kind}", [value])
            assert cursor.fetchone() == (True,)
    assert statements.text_of(None) is None
