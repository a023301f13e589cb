"""Every desk's list walks an index in its own order: no scan, and no sort of all there is."""

import pytest
from django.db import connection
from django.utils import timezone

from backend.cases.models import Case
from backend.cases.queries import narrow, staff
from backend.organisation import duties
from backend.organisation.duties import HeldPost
from tests.factories import world

pytestmark = pytest.mark.django_db


ROWS = 6_000
# A city in small: copies of one case, spread over 3 counties, 90 towns and 1,200 villages.
MORE_CASES = """
INSERT INTO cases_case (number, version_id, item_id, department_id, applicant_id, submitted_by_id,
    channel, status, sealed_answers, token, request_digest, intake_division_id, county_code,
    town_code, village_code, submitted_at, paused_on, provisional, outcome, reason, event_count,
    event_head)
SELECT '9' || lpad(n::text, 23, '0'), c.version_id, c.item_id, d.ids[1 + n %% d.many],
    c.applicant_id, c.submitted_by_id, c.channel, 'withdrawn', c.sealed_answers,
    gen_random_uuid(), c.request_digest, c.intake_division_id, 'c' || n %% 3, 't' || n %% 90,
    'v' || n %% 1200, c.submitted_at - n * interval '1 minute',
    CASE WHEN n %% 500 = 0 THEN current_date END, false, '', '', 1, c.event_head
FROM cases_case c, generate_series(1, %s) n,
    (SELECT array_agg(id) AS ids, count(*) AS many FROM organisation_department) d
"""
MORE_STEPS = """
INSERT INTO cases_casestep (case_id, key, name, phase, stage, round, role, department_id,
    county_code, town_code, village_code, state, counts, alerted, opened_at, due_on, warn_on,
    opinion)
SELECT c.id, 's1', s.name, s.phase, 0, 1, s.role, c.department_id, c.county_code, c.town_code,
    c.village_code, 'open', true, 0, s.opened_at, current_date + c.id::int % 40,
    current_date + c.id::int % 40 - 2, ''
FROM cases_casestep s, cases_case c WHERE c.status = 'withdrawn'
"""


@pytest.fixture(autouse=True)
def a_city_in_small():
    for office in ("ZD", "SW", "MZ", "CL", "GA", "RS", "BM"):
        world.office(office)
    world.submitted()
    with connection.cursor() as cursor:
        cursor.execute(MORE_CASES, [ROWS])
        cursor.execute(MORE_STEPS)
        cursor.execute("ANALYZE cases_case, cases_casestep")
        cursor.execute("SET LOCAL random_page_cost = 1.1")


def explained(rows):
    return rows.explain()


def city_post():
    return HeldPost("supervisor", 0, "MZ", "市民政局", "city", world.CITY, "")


def posts(role, office):
    return duties.posts_of(world.staff(role, office))


@pytest.mark.parametrize(
    ("held", "index"),
    [
        (lambda: posts("community_worker", "ZD"), "step_todo_department"),
        (lambda: posts("department_head", "SW"), "step_todo_department"),
        (lambda: posts("supervisor", "MZ"), "step_todo_county"),
        (lambda: [city_post()], "step_todo_city"),
    ],
)
def test_walks_what_waits_by_its_due_day(held, index):
    steps = staff.todo_of(held()).order_by("due_on", "pk")[:21]
    told = explained(steps)
    assert index in told
    assert "Seq Scan" not in told
    assert "Sort" not in told


@pytest.mark.parametrize(
    ("division", "level", "index"),
    [("t7", "town", "step_todo_town"), ("v7", "village", "step_todo_village")],
)
def test_walks_a_territory_by_its_own_column(division, level, index):
    steps = staff.todo_of([city_post()]).filter(narrow.in_territory(division, level))
    told = explained(steps.order_by("due_on", "pk")[:21])
    assert index in told
    assert "Seq Scan" not in told


@pytest.mark.parametrize(
    ("held", "index"),
    [
        (lambda: posts("community_worker", "ZD"), "case_of_village"),
        (lambda: posts("town_reviewer", "SW"), "case_of_town"),
        (lambda: posts("county_reviewer", "MZ"), "case_of_department"),
        (lambda: posts("supervisor", "MZ"), "case_of_county"),
        (lambda: [city_post()], "case_newest"),
    ],
)
def test_walks_all_cases_by_the_newest(held, index):
    told = explained(staff.in_sight(held()).order_by("-submitted_at", "-pk")[:21])
    assert index in told
    assert "Seq Scan" not in told
    assert "Sort" not in told


def test_finds_paused_cases_by_their_own_index():
    blue = narrow.step_lit("blue", today=timezone.localdate())
    assert "case_paused" in explained(staff.todo_of([city_post()]).filter(blue))


def test_finds_the_beginning_of_a_number_by_index():
    beginning = Case.objects.exclude(status="withdrawn").get().number[:15]
    found = Case.objects.filter(narrow.matching(beginning, today=timezone.localdate()))
    told = explained(found)
    assert "Index" in told
    assert "number" in told
    assert "Seq Scan" not in told
