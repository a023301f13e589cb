"""A kept statement says what the queryset says, whatever its values."""

from datetime import UTC, date, datetime, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import AccessToken, Account
from backend.cases.models import Case
from backend.catalogue.models import ServiceVersion
from backend.core.kept import Kept
from tests.factories import world

pytestmark = pytest.mark.django_db


def _of(numbers, statuses, account, since, size):
    cases = Case.objects.filter(
        number__in=numbers,
        status__in=statuses,
        applicant__account=account,
        submitted_at__gte=since,
    )
    return cases.order_by("number").values_list("number", "submitted_at", "sealed_answers")[:size]


_CASES = Kept(_of, numbers=list[str], statuses=list[str], account=int, since=datetime)


def test_finds_what_the_queryset_finds():
    person = world.a_resident()
    cases = [world.submitted(applicant=person, version=world.an_item()) for _ in range(3)]
    asked = {
        "statuses": ["submitted", "accepted"],
        "account": person.account_id,
        "since": timezone.now() - timedelta(hours=1),
        "size": 2,
    }

    for numbers in ([], [cases[0].number], [case.number for case in cases]):
        kept = _CASES.rows(numbers=numbers, **asked)
        assert kept == list(_of(numbers, **asked))
    assert _CASES.rows(numbers=numbers, **asked | {"account": 0}) == []


def test_writes_a_shape_once_and_runs_one_statement():
    given = {"numbers": ["1"], "statuses": ["submitted"], "account": 1, "since": timezone.now()}
    _CASES.rows(**given, size=7)
    before = dict(_CASES._kept)

    with CaptureQueriesContext(
        connection,
    ) as asked:
        _CASES.rows(**given | {"numbers": ["2", "3"]}, size=7)

    assert len(asked) == 1
    assert _CASES._kept == before
    assert "ANY" in asked[0]["sql"]


def test_reads_json_as_the_model_does():
    version = world.an_item()
    kept = Kept(
        lambda pk: ServiceVersion.objects.filter(pk=pk).values_list("steps", "form"), pk=int
    )

    assert kept.one(pk=version.pk) == (version.steps, version.form)
    assert kept.one(pk=0) is None


def test_knows_when_nothing_can_be_found():
    nobody = Kept(lambda pk: Account.objects.none().filter(pk=pk).values_list("pk"), pk=int)

    assert nobody.rows(pk=1) == []


def test_takes_bytes_and_days():
    account = world.an_account()
    token = accounts.sign_in(account=account)
    digest = bytes(AccessToken.objects.get(account=account).digest)
    of_token = Kept(
        lambda digest, day: AccessToken.objects.filter(
            digest=digest, created_at__date__gte=day
        ).values_list("account"),
        digest=bytes,
        day=date,
    )

    assert token
    assert of_token.one(digest=digest, day=date(2020, 1, 1)) == (account.pk,)
    assert of_token.one(digest=digest, day=date(2999, 1, 1)) is None


@pytest.mark.parametrize(
    "moment",
    [
        datetime(2026, 3, 5, 9, 30, tzinfo=UTC),
        datetime(1890, 1, 1, 0, 0, 0, 1, tzinfo=UTC),
        datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
        datetime(2026, 3, 5, 9, 30, 0, 120_000, tzinfo=UTC),
    ],
)
def test_reads_moments_to_the_microsecond(moment):
    with connection.cursor() as cursor:
        cursor.execute("SELECT %s::timestamptz", [moment])
        (read,) = cursor.fetchone()

    assert read == moment
    assert read.tzinfo is UTC


def test_searches_for_a_text_as_it_stands():
    account = world.an_account()
    Account.objects.filter(pk=account.pk).update(name="100%_sure")
    kept = Kept(
        lambda part: Account.objects.filter(name__contains=part).values_list("name"), part=str
    )

    assert kept.rows(part="%_s") == [("100%_sure",)]
    assert kept.rows(part="0_") == []
