"""Seeding sows a city that could have grown by itself, and leaves the tables as they were."""

import re
from collections import Counter
from datetime import timedelta
from urllib.parse import quote

import psycopg
import pytest
from django.conf import settings
from django.core.management import call_command
from django.db import connection
from django.db.models import Count
from django.utils import timezone

from backend.accounts.models import AccessToken, Account
from backend.cases import numbers, trace
from backend.cases.lifecycle import OPEN
from backend.cases.models import Case, CaseCounter, CaseEvent, CaseStep, Defect, Supplement
from backend.residents.models import Resident
from backend.seeds import checking
from benchmarks import people, seed
from benchmarks.plan import Plan
from tests.factories import world

pytestmark = pytest.mark.django_db

_SHAPE = """
SELECT indexdef FROM pg_indexes WHERE schemaname = 'public' AND tablename <> 'benchmark_marker'
UNION ALL
SELECT conrelid::regclass || ' ' || conname || ' ' || pg_get_constraintdef(oid)
FROM pg_constraint WHERE connamespace = 'public'::regnamespace
"""


def _url() -> str:
    database = settings.DATABASES["default"]
    user = database["USER"] + (f":{quote(database['PASSWORD'])}" if database["PASSWORD"] else "")
    name = connection.settings_dict["NAME"]
    return f"postgres://{user}@{database['HOST']}:{database['PORT']}/{name}"


def _shape() -> list[str]:
    """Every index and constraint, without the casts PostgreSQL moves about when it prints one."""
    with psycopg.connect(_url()) as link:
        return sorted(re.sub(r"::[a-z ]+(\[\])?|[()]", "", row[0]) for row in link.execute(_SHAPE))


@pytest.fixture(scope="module")
def sown(django_db_setup, django_db_blocker):
    """Sow once for all tests of this file: what they read is committed, and removed at the end."""
    with django_db_blocker.unblock():
        world.a_city()
        for _ in range(2):
            world.an_item()
        world.an_instant_item()
        world.an_item(promised_days=5)
        before = _shape()
        yield seed.ensure(scale=0.0004, url=_url()), before
        call_command("flush", verbosity=0, interactive=False)
    with psycopg.connect(_url()) as link:
        link.execute("DROP TABLE benchmark_marker")


def test_fills_the_tables_and_leaves_them_as_they_were(sown):
    plan, before = sown

    assert Resident.objects.count() == plan.residents == 120
    assert Case.objects.count() == plan.cases == 400
    assert 0.05 < Case.objects.filter(status__in=OPEN).count() / plan.cases < 0.3
    assert _shape() == before


def test_chains_every_event_as_the_actions_do(sown):
    heads = {}
    for event in CaseEvent.objects.order_by("case_id", "seq").select_related("case"):
        number, prev = event.case.number, heads.get(event.case_id, b"")
        shaped = trace.canonical(
            seq=event.seq,
            verb=event.verb,
            actor_id=event.actor_id,
            at=event.at,
            status=event.status,
            step=event.step,
            details=event.details,
        )
        assert bytes(event.prev_hash) == prev
        assert bytes(event.hash) == trace.link(prev=prev, number=number, event=shaped)
        heads[event.case_id] = bytes(event.hash)
    for case in Case.objects.annotate(counted=Count("events")):
        assert (bytes(case.event_head), case.event_count) == (heads[case.pk], case.counted)


def test_sows_nothing_that_fsck_would_find(sown):
    assert list(checking.of_cases()) == []


def test_asks_some_for_what_is_missing(sown):
    asked = Counter(Supplement.objects.values_list("state", flat=True))

    assert asked.keys() == {"open", "answered"}
    assert Defect.objects.count() == asked.total()


def test_gives_open_cases_an_open_step_and_closed_ones_none(sown):
    waiting = set(CaseStep.objects.filter(state="open").values_list("case_id", flat=True))

    assert waiting == set(Case.objects.filter(status__in=OPEN).values_list("pk", flat=True))
    assert not CaseStep.objects.filter(done_at__gt=timezone.now()).exists()


def test_numbers_cases_as_the_counter_says(sown):
    rows = Case.objects.values_list("number", "submitted_at")
    taken = {(number[:9], number[9:17], int(number[17:23])) for number, _ in rows}

    assert all(numbers.read(number) for number, _ in rows)
    for counter in CaseCounter.objects.all():
        serials = {n for point, day, n in taken if (point, day) == _key(counter)}
        assert serials == set(range(1, counter.value + 1))


def _key(counter):
    return counter.point, f"{counter.day:%Y%m%d}"


def test_makes_people_who_can_sign_in_and_read_their_cases(sown, client):
    person = people.person(3, 2)
    resident = Resident.objects.get(account__name="r-bench-00000003")
    client.credentials(HTTP_AUTHORIZATION=f"Bearer {people.token('resident', 3)}")
    seed.freshen()

    page = client.get("/api/v1/cases").json()["results"]
    shown = client.get(f"/api/v1/cases/{page[0]['number']}").json()

    assert (resident.name, resident.id_number) == (person.name, person.id_number)
    assert len(page) >= 1
    assert shown["timeline"]
    assert shown["answers"]


def test_gives_every_office_somebody_with_a_token(sown):
    staff = Account.objects.filter(kind=Account.Kind.STAFF)

    assert staff.count() == AccessToken.objects.filter(account__in=staff).count() > 0


def test_uses_a_city_again(sown, capsys):
    plan, _ = sown

    again = seed.ensure(scale=plan.scale, url=_url())

    assert again == plan
    assert Case.objects.count() == plan.cases
    assert not seed.is_taken(_url(), scale=plan.scale)
    assert seed.is_taken(_url(), scale=1.0)


def test_plans_the_same_lives_everywhere():
    plan = Plan(scale=1.0, seed=7, today=timezone.localdate())
    pairs = {plan.applicant(i) for i in range(0, plan.cases, 997)}

    assert len(pairs) == len(range(0, plan.cases, 997))
    assert plan.first_cases[-1] == plan.cases == 1_000_000
    assert plan.day(0) + timedelta(days=400) == plan.today
