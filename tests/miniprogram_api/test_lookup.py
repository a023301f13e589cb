"""自助查询 over HTTP: nothing to guess, nothing personal."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backend.cases import numbers
from backend.cases.models import LookupGuard
from backend.core import api
from miniprogram_api.lookup import LookupOut
from tests.factories import world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db
UNKNOWN = numbers.format_number("512002100", timezone.localdate(), 999_999)


@pytest.fixture
def case():
    return world.submitted()


def look_up(client, number, last4):
    body = {"number": number, "last4": last4}
    return client.post("/api/v1/lookup", body, format="json")


def last4_of(case):
    return case.applicant.id_number[-4:]


def wrong(case):
    return "0000" if last4_of(case) != "0000" else "1111"


def test_shows_progress_and_no_person(client, case):
    answer = look_up(client, case.number, last4_of(case))
    assert answer.status_code == 200
    assert_holds(LookupOut, answer.json())
    text = answer.content.decode()
    person = case.applicant
    for secret in (person.name, person.id_number, person.phone):
        assert secret not in text


def test_reads_a_number_with_spaces_and_a_small_x(client, case):
    spoken = " ".join(case.number[i : i + 4] for i in range(0, 24, 4))
    assert look_up(client, spoken, last4_of(case).lower()).status_code == 200


def test_an_unknown_number_and_wrong_digits_get_the_same_words(client, case):
    answers = [look_up(client, case.number, wrong(case)), look_up(client, UNKNOWN, "0000")]
    told = [answer.json() | {"request_id": ""} for answer in answers]
    assert told[0] == told[1]
    assert {answer.status_code for answer in answers} == {404}


def test_an_unknown_number_costs_the_same_queries(
    client, case, django_assert_num_queries, django_assert_max_num_queries
):
    with django_assert_max_num_queries(20) as known:
        look_up(client, case.number, wrong(case))
    with django_assert_num_queries(len(known)):
        look_up(client, UNKNOWN, "0000")


def test_a_slip_in_the_number_is_told(client):
    slip = UNKNOWN[:-1] + str((int(UNKNOWN[-1]) + 1) % 10)
    answer = look_up(client, slip, "0000")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_case_number")
    assert "校验位" in answer.json()["detail"]


@pytest.mark.parametrize("known", [True, False])
def test_three_errors_lock_for_thirty_minutes(client, case, known):
    number = case.number if known else UNKNOWN
    for _ in range(3):
        assert look_up(client, number, wrong(case)).status_code == 404
    answer = look_up(client, number, last4_of(case))
    assert (answer.status_code, answer.json()["code"]) == (403, "lookup_locked")
    assert 1700 < answer.json()["retry_after"] <= 1801
    LookupGuard.objects.update(locked_until=timezone.now() - timedelta(seconds=1))
    assert look_up(client, number, last4_of(case)).status_code == (200 if known else 404)


def test_a_hit_forgets_earlier_errors(client, case):
    for _ in range(3):
        for _ in range(2):
            look_up(client, case.number, wrong(case))
        assert look_up(client, case.number, last4_of(case)).status_code == 200


def test_counts_attempts_by_address(client):
    statuses = [look_up(client, UNKNOWN, "0000").status_code for _ in range(21)]
    assert statuses[-1] == 429


def test_counts_attempts_while_valkey_is_down(client, settings):
    settings.REDIS_URL = "redis://127.0.0.1:9/0"
    api._limiters.cache_clear()
    try:
        statuses = [look_up(client, UNKNOWN, "0000").status_code for _ in range(21)]
    finally:
        api._limiters.cache_clear()
    assert statuses[0] == 404
    assert statuses[-1] == 429


def test_wants_four_signs(client, case):
    for last4 in ("", "123", "12345", "12a4", "一二三四"):
        answer = look_up(client, case.number, last4)
        assert (answer.status_code, list(answer.json()["fields"])) == (400, ["last4"])


@pytest.mark.django_db(transaction=True)
def test_guesses_sent_at_once_are_counted_one_by_one(together, client):
    case = world.submitted()
    right = last4_of(case)
    guesses = [f"{n:04d}" for n in range(9) if f"{n:04d}" != right][:8]
    statuses = together(lambda i: look_up(client, case.number, guesses[i]).status_code, times=8)
    assert statuses.count(404) == 3
    assert statuses.count(403) == 5
