"""The desk's lists: who sees what, each filter, pages, counts, and the budget of statements."""

from datetime import date, timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.models import Case, CaseStep
from backend.cases.queries import staff as queries
from backend.organisation import duties
from backend.organisation.models import Custody, Division
from backend.staff_api import worklist
from tests.factories import world

pytestmark = pytest.mark.django_db

LIST, COUNTS, CASES = (
    "/api/staff/v1/worklist",
    "/api/staff/v1/worklist/counts",
    "/api/staff/v1/cases",
)


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def desk(client_of, worker):
    return client_of(worker)


def numbers(answer):
    assert answer.status_code == 200, answer.json()
    return [row["number"] for row in answer.json()["results"]]


def make_due(case, *, days, warn=None):
    """Move a case's open step so that it is due in so many calendar days."""
    today = timezone.localdate()
    due = today + timedelta(days=days)
    CaseStep.objects.filter(case=case, state="open").update(
        due_on=due, warn_on=due - timedelta(days=1) if warn is None else today + timedelta(warn)
    )
    return case


def test_shows_a_row_complete_and_masked(desk):
    case = make_due(world.submitted(applicant=world.a_resident(name="李桂花")), days=9)
    (row,) = desk.get(LIST).json()["results"]
    assert set(row) == set(worklist.TodoRow().fields)
    worklist.TodoRow(data=row).is_valid(raise_exception=True)
    assert row["number"] == case.number
    assert row["applicant"] == "李*花"
    assert row["division_name"] == "前进村"
    assert row["light"] == "green"
    assert row["light_shape"] == "circle"
    assert row["light_text"].startswith("剩")
    assert row["status_label"] == "待受理"
    assert row["step_name"] == "收件受理"


def test_holds_only_what_waits_for_my_post(client_of, desk):
    case = world.submitted()
    reviewer = client_of(world.staff("town_reviewer", "SW"))
    elsewhere = client_of(world.staff("community_worker", "ZD", world.OTHER_VILLAGE))
    assert numbers(desk.get(LIST)) == [case.number]
    assert numbers(reviewer.get(LIST)) == []
    assert numbers(elsewhere.get(LIST)) == []


def test_moves_with_the_case_to_the_next_desk(client_of, desk, worker):
    case = world.submitted()
    actions.accept(actor=worker, number=case.number)
    reviewer = client_of(world.staff("town_reviewer", "SW"))
    assert numbers(desk.get(LIST)) == []
    assert numbers(reviewer.get(LIST)) == [case.number]
    assert numbers(desk.get(CASES)) == [case.number]  # 在办: still in sight


def test_lets_overseers_see_the_open_steps_of_their_territory(client_of):
    near = world.submitted()
    far = world.submitted(applicant=world.a_resident(village=world.OTHER_VILLAGE))
    supervisor = client_of(world.staff("supervisor", "MZ"))
    assert set(numbers(supervisor.get(LIST))) == {near.number, far.number}
    head = client_of(world.staff("department_head", "ZD"))
    assert numbers(head.get(LIST)) == [near.number]


def test_lets_the_city_see_every_county(client_of):
    case = world.submitted()
    office = world.office("MZ", world.CITY)
    supervisor, auditor = world.staff("supervisor", office), world.staff("auditor", office)
    assert numbers(client_of(supervisor).get(LIST)) == [case.number]
    assert numbers(client_of(supervisor).get(CASES)) == [case.number]
    assert numbers(client_of(auditor).get(CASES)) == [case.number]
    assert numbers(client_of(auditor).get(LIST)) == []  # nothing waits for an auditor


@pytest.mark.parametrize("role", ["platform_admin", "item_admin"])
def test_shows_no_business_to_who_runs_the_platform(client_of, role):
    world.submitted()
    admin = client_of(world.staff(role, "MZ"))
    assert numbers(admin.get(LIST)) == []
    assert numbers(admin.get(CASES)) == []


def test_shows_a_post_of_yesterday_nothing(client_of, worker):
    world.submitted()
    worker.staff.posts.update(valid_to=timezone.localdate() - timedelta(days=1))
    assert numbers(client_of(worker).get(LIST)) == []


def test_joins_the_lists_of_two_posts(client_of, worker):
    mine = world.submitted()
    other = world.submitted(applicant=world.a_resident(village=world.OTHER_VILLAGE))
    second = world.office("ZD", world.OTHER_VILLAGE)
    worker.staff.posts.create(
        role="community_worker", department=second, valid_from=date(2020, 1, 1)
    )
    assert set(numbers(client_of(worker).get(LIST))) == {mine.number, other.number}


def test_filters_by_status(client_of, desk, worker):
    case = world.submitted()
    assert numbers(desk.get(LIST, {"status": "submitted"})) == [case.number]
    assert numbers(desk.get(LIST, {"status": "accepted"})) == []


def test_filters_by_item(desk):
    wanted, _ = world.submitted(), world.submitted()
    assert numbers(desk.get(LIST, {"item": wanted.item.code})) == [wanted.number]


def test_filters_by_department(client_of):
    case = world.submitted()
    supervisor = client_of(world.staff("supervisor", "MZ"))
    assert numbers(supervisor.get(LIST, {"department": "ZD"})) == [case.number]
    assert numbers(supervisor.get(LIST, {"department": "SW"})) == []


@pytest.mark.parametrize(
    ("division", "seen"),
    [
        (world.CITY, {"near", "far"}),
        (world.COUNTY, {"near", "far"}),
        (world.TOWN, {"near"}),
        (world.OTHER_TOWN, {"far"}),
        (world.VILLAGE, {"near"}),
        (world.OTHER_VILLAGE, {"far"}),
    ],
)
def test_filters_by_territory_with_all_below(client_of, division, seen):
    cases = {
        "near": world.submitted(),
        "far": world.submitted(applicant=world.a_resident(village=world.OTHER_VILLAGE)),
    }
    supervisor = client_of(world.staff("supervisor", "MZ"))
    expected = {cases[name].number for name in seen}
    assert set(numbers(supervisor.get(LIST, {"division": division}))) == expected
    assert set(numbers(supervisor.get(CASES, {"division": division}))) == expected


def test_counts_a_village_in_custody_to_its_zone(client_of):
    world.a_city()
    county = Division.objects.get(code=world.COUNTY)
    zone = world._division("512002900000", "临空经济区", "zone", county)
    Division.objects.filter(pk=zone.pk).update(county_code=world.COUNTY)
    node = Division.objects.get(code=world.VILLAGE)
    Custody.objects.create(node=node, authority=zone, valid_from=date(2019, 1, 1))
    world._office("SW", "临空经济区社会事务局", zone)
    case = world.submitted()
    supervisor = client_of(world.staff("supervisor", "MZ"))
    assert numbers(supervisor.get(LIST, {"division": zone.code})) == [case.number]
    assert numbers(supervisor.get(LIST, {"division": world.TOWN})) == []
    assert numbers(supervisor.get(LIST, {"division": world.COUNTY})) == [case.number]


def test_refuses_an_unknown_division(desk):
    answer = desk.get(LIST, {"division": "999999999999"})
    assert answer.status_code == 400
    assert "区划" in answer.json()["fields"]["division"][0]


def test_filters_by_light_and_counts_each(desk):
    by_light = {
        "red": make_due(world.submitted(), days=-2),
        "yellow": make_due(world.submitted(), days=1),
        "green": make_due(world.submitted(), days=9),
        "blue": make_due(world.submitted(), days=-5),
    }
    Case.objects.filter(pk=by_light["blue"].pk).update(
        paused_on=timezone.localdate(), status="supplementing"
    )
    for light, case in by_light.items():
        answer = desk.get(LIST, {"light": light})
        assert numbers(answer) == [case.number]
        assert answer.json()["results"][0]["light"] == light
    counts = desk.get(COUNTS).json()
    assert counts == {
        "red": 1, "yellow": 1, "green": 1, "blue": 1, "mine": 0, "unclaimed": 4, "all": 4,
    }  # fmt: skip


@pytest.mark.parametrize(
    ("days", "light"), [(-1, "red"), (0, "yellow"), (1, "yellow"), (2, "green")]
)
def test_agrees_with_the_light_on_every_edge(desk, days, light):
    make_due(world.submitted(), days=days)
    (row,) = desk.get(LIST).json()["results"]
    assert row["light"] == light
    assert len(numbers(desk.get(LIST, {"light": light}))) == 1


def test_filters_by_who_claimed_it(client_of, desk, worker):
    mine, theirs, free = world.submitted(), world.submitted(), world.submitted()
    colleague = world.staff("community_worker", "ZD")
    actions.claim(actor=worker, number=mine.number, step="s1")
    actions.claim(actor=colleague, number=theirs.number, step="s1")
    assert numbers(desk.get(LIST, {"mine": "true"})) == [mine.number]
    assert numbers(desk.get(LIST, {"unclaimed": "true"})) == [free.number]
    rows = {row["number"]: row for row in desk.get(LIST).json()["results"]}
    assert rows[mine.number]["mine"] is True
    assert rows[theirs.number]["claimed_by"] == colleague.staff.name
    assert rows[free.number]["claimed_by"] is None
    assert desk.get(COUNTS).json()["mine"] == 1


def test_frees_a_claim_whose_lease_ran_out(desk, worker):
    case = world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    CaseStep.objects.update(claimed_until=timezone.now() - timedelta(seconds=1))
    assert numbers(desk.get(LIST, {"mine": "true"})) == []
    assert numbers(desk.get(LIST, {"unclaimed": "true"})) == [case.number]


def test_filters_by_the_day_it_came_in(desk):
    old, new = world.submitted(), world.submitted()
    today = timezone.localdate()
    Case.objects.filter(pk=old.pk).update(submitted_at=timezone.now() - timedelta(days=10))
    day = (today - timedelta(days=3)).isoformat()
    assert numbers(desk.get(LIST, {"received_after": day})) == [new.number]
    assert numbers(desk.get(LIST, {"received_before": day})) == [old.number]
    assert numbers(desk.get(LIST, {"received_before": today.isoformat()})) == [
        old.number,
        new.number,
    ]


@pytest.mark.parametrize(
    "query", [{"light": "purple"}, {"status": "?"}, {"received_after": "soon"}, {"mine": "maybe"},
              {"q": "长" * 65}, {"limit": "0"}, {"limit": "101"}],
)  # fmt: skip
def test_says_which_filter_is_wrong(desk, query):
    answer = desk.get(LIST, query)
    if query == {"mine": "maybe"}:  # django-filter reads any other word as "not asked"
        assert answer.status_code == 200
    else:
        assert answer.status_code == 400
        assert set(answer.json()["fields"]) == set(query)


def test_refuses_a_bent_cursor(desk):
    assert desk.get(LIST, {"after": "bent"}).json()["code"] == "bad_cursor"


def some(n, version=None):
    version = version or world.an_item()
    return [world.submitted(version=version) for _ in range(n)]


def walk(desk, url, **query):
    seen, after = [], ""
    while True:
        body = desk.get(url, {**query, "after": after, "limit": 4}).json()
        seen += [row["number"] for row in body["results"]]
        after = body["next"]
        if not after:
            return seen


def test_pages_by_key_without_gap_or_repeat(desk):
    cases = some(11)
    for i, case in enumerate(cases):
        make_due(case, days=i % 3)
    expected = [
        step.case.number
        for step in CaseStep.objects.filter(state="open")
        .order_by("due_on", "pk")
        .select_related("case")
    ]
    assert walk(desk, LIST) == expected
    assert walk(desk, CASES) == [case.number for case in reversed(cases)]


def test_keeps_its_place_when_rows_come_and_go(desk, worker):
    cases = some(8)
    first = desk.get(LIST, {"limit": 4}).json()
    actions.accept(actor=worker, number=cases[0].number)
    second = desk.get(LIST, {"limit": 4, "after": first["next"]}).json()
    assert [row["number"] for row in second["results"]] == [case.number for case in cases[4:]]


def test_shows_closed_cases_among_all(client_of, desk, worker):
    case = world.submitted()
    actions.decline(actor=worker, number=case.number, reason="不属于本事项范围", remedy="")
    assert numbers(desk.get(LIST)) == []
    (row,) = desk.get(CASES, {"status": "declined"}).json()["results"]
    assert set(row) == set(worklist.CaseRow().fields)
    worklist.CaseRow(data=row).is_valid(raise_exception=True)
    assert row["number"] == case.number
    assert row["light"] is None


def test_filters_all_cases_by_light_and_claim(desk, worker):
    case = world.submitted()
    actions.claim(actor=worker, number=case.number, step="s1")
    assert numbers(desk.get(CASES, {"light": "green"})) == [case.number]
    assert numbers(desk.get(CASES, {"light": "red"})) == []
    assert numbers(desk.get(CASES, {"mine": "true"})) == [case.number]
    assert numbers(desk.get(CASES, {"unclaimed": "true"})) == []


def test_stops_counting_at_1001(worker, monkeypatch):
    some(5)
    monkeypatch.setattr(queries, "COUNT_CAP", 3)
    steps = queries.todo_of(duties.posts_of(worker))
    counted = queries.counts(steps, account=worker, now=timezone.now())
    assert counted["all"] == counted["unclaimed"] == 3


def statements(desk, url, **query):
    with CaptureQueriesContext(connection) as caught:
        assert desk.get(url, query).status_code == 200
    return len(caught)


@pytest.mark.parametrize("url", [LIST, CASES])
@pytest.mark.parametrize(
    "query", [{}, {"division": world.TOWN, "light": "green", "q": "李桂花"}, {"item": "x"}]
)
def test_asks_as_little_for_thirty_rows_as_for_three(desk, url, query):
    version = some(3)[0].version
    desk.get(url)  # calendar, levels and step kinds are kept in the process
    few = statements(desk, url, **query)
    some(27, version)
    assert statements(desk, url, limit=100, **query) == few <= 8


def test_counts_in_one_statement_beside_login_and_posts(desk):
    some(3)
    assert statements(desk, COUNTS) == 3


def test_shows_names_only_through_the_seal(desk):
    """A row copied onto another person does not open: the name is bound to its owner."""
    case = world.submitted()
    other = world.a_resident(name="王五")
    case.applicant.sealed_name = other.sealed_name
    case.applicant.save(update_fields=["sealed_name"])
    with pytest.raises(Exception, match="residents"):
        desk.get(LIST)
