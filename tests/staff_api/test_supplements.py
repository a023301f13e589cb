"""补正 over HTTP: asked once, proposed and endorsed, answered at the window, counted."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import AuditEntry
from backend.cases import actions
from backend.cases.lifecycle import Status
from backend.cases.models import CaseMaterial, Supplement
from backend.staff_api import supplements as door
from tests.factories import supplements as papers
from tests.factories import world
from tests.staff_api.test_cases import held_to

pytestmark = pytest.mark.django_db
BASE = "/api/staff/v1"
PHONE, PHOTO = papers.PHONE, papers.PHOTO


@pytest.fixture
def people():
    return {
        "worker": world.staff("community_worker", "ZD"),
        "clerk": world.staff("window_clerk", "BM"),
        "reviewer": world.staff("town_reviewer", "SW"),
        "head": world.staff("department_head", "SW"),
        "supervisor": world.staff("supervisor", "MZ"),
    }


@pytest.fixture
def desks(client_of, people):
    return {who: client_of(account) for who, account in people.items()}


@pytest.fixture
def proposed(people):
    """A case that was mended at intake, and whose reviewer wants more."""

    def make(*defects):
        case = papers.mended(papers.asked(papers.submitted(), people["worker"]))
        actions.accept(actor=people["worker"], number=case.number)
        return actions.request_supplement(
            actor=people["reviewer"], number=case.number, step="s2",
            defects=list(defects or [PHOTO]), late_reason="复核才发现",
        )  # fmt: skip

    return make


def act(desk, case, verb, **body):
    return desk.post(f"{BASE}/cases/{case.number}/{verb}", body, format="json")


def read(desk, path, **query):
    answer = desk.get(f"{BASE}/{path}", query)
    assert answer.status_code == 200, answer.content
    return answer.json()


# -- 一次性告知 ----------------------------------------------------------------------------------


def test_asks_once_and_is_answered_at_the_window(desks):
    case = papers.submitted()
    asked = act(desks["worker"], case, "steps/s1/request-supplement", defects=[PHONE, PHOTO])
    assert (asked.status_code, asked.json()["status"]) == (200, Status.SUPPLEMENTING)
    put_off = act(desks["clerk"], case, "supplement/prolong")
    assert put_off.status_code == 200
    again = act(desks["clerk"], case, "supplement/prolong")
    assert (again.status_code, again.json()["code"]) == (409, "already_prolonged")
    part = act(desks["clerk"], case, "supplement", answers={"phone": "13900000002"})
    assert part.json()["status"] == Status.SUPPLEMENTING
    rest = act(desks["clerk"], case, "supplement", replies={"2": "收到原件"}, revision=1)
    assert rest.json()["status"] == Status.SUBMITTED
    told = read(desks["worker"], f"cases/{case.number}/supplements")
    held_to(door.SupplementOut, told)
    held_to(door.LineOut, told[0]["lines"])
    assert [line["reply"] for line in told[0]["lines"]] == ["", "收到原件"]
    assert (told[0]["state"], told[0]["prolonged"], told[0]["revision"]) == ("answered", True, 2)


def test_the_catalogue_offers_just_what_the_act_takes(desks, people):
    """Each thing and reason that is offered is taken, with its usual words; no other is."""
    case = papers.submitted()
    CaseMaterial.objects.update_or_create(
        case=case, key="id_card",
        defaults={"name": "身份证", "required": True, "resolved_by": "registry",
                  "state": "verified", "updated_at": case.submitted_at,
                  "updated_by": people["worker"]},
    )  # fmt: skip
    offer = read(desks["worker"], f"cases/{case.number}/defect-catalogue")
    held_to(door.CatalogueOut, offer)
    held_to(door.ThingOut, offer["things"])
    assert offer["steps"] == ["s1"]
    assert (offer["ordinal"], offer["needs_approval"]) == (1, False)
    assert {one["key"] for one in offer["things"]} == {
        "division_code", "home_visit", "phone", "note", "photo",
    }  # fmt: skip
    defects = [
        {"on": one["on"], "key": one["key"], "sample": one["sample"], **reason}
        for one in offer["things"]
        for reason in one["reasons"]
    ]
    for defect in defects:
        asked = act(desks["worker"], papers.submitted(), "steps/s1/request-supplement",
                    defects=[defect])  # fmt: skip
        assert asked.status_code == 200, (defect, asked.content)
    for key in ("id_card", "proxy_letter"):
        refused = act(desks["worker"], case, "steps/s1/request-supplement",
                      defects=[{**PHOTO, "key": key}])  # fmt: skip
        assert refused.json()["code"] == "defects_rejected"


def test_the_catalogue_shows_what_stands_there_masked(desks):
    case = papers.submitted()
    offer = read(desks["worker"], f"cases/{case.number}/defect-catalogue")
    values = {one["key"]: one["value"] for one in offer["things"]}
    assert values["phone"] == "138****0001"
    assert AuditEntry.objects.filter(case_number=case.number, act="read").count() == 1


def test_a_note_of_the_item_is_the_sample(desks):
    photo = {**papers.MATERIALS[1], "note": "免冠正面照 [K]"}
    case = papers.submitted(materials=[papers.MATERIALS[0], photo])
    offer = read(desks["worker"], f"cases/{case.number}/defect-catalogue")
    assert {one["key"]: one["sample"] for one in offer["things"]}["photo"] == "免冠正面照"


def test_tells_every_fault_at_once(desks):
    case = papers.submitted()
    shape = act(desks["worker"], case, "steps/s1/request-supplement",
                defects=[{"on": "field"}, {"on": "field", "key": "k" * 40}])  # fmt: skip
    assert shape.status_code == 400
    assert set(shape.json()["fields"]["defects"]) == {"0", "1"}
    wrong = [{**PHONE, "reason": "?"}, {**PHOTO, "key": "?", "remedy": ""}]
    content = act(desks["worker"], case, "steps/s1/request-supplement", defects=wrong)
    assert content.status_code == 422
    assert set(content.json()["fields"]) == {
        "defects[0].reason", "defects[1].key", "defects[1].remedy",
    }  # fmt: skip
    assert act(desks["worker"], case, "steps/s1/request-supplement", defects=[]).json()["code"] == (
        "nothing_missing"
    )
    assert act(desks["worker"], case, "supplement/refuse").status_code == 400
    odd = act(desks["worker"], case, "supplement", replies={"一": "x", "1.5": "y"}, answers=[1])
    assert odd.status_code == 400
    assert set(odd.json()["fields"]) == {"replies", "answers"}


# -- 再次补正 ------------------------------------------------------------------------------------


def test_a_head_finds_and_endorses_what_waits(desks, proposed, client_of):
    first, other = proposed(), proposed(PHOTO, PHONE)
    assert act(desks["reviewer"], first, "supplement/approve").status_code == 403
    rows = read(desks["head"], "supplements/proposed")["results"]
    held_to(door.SecondRow, rows)
    assert [row["number"] for row in rows] == [first.number, other.number]
    assert rows[1]["lines"] == ["近期照片: 看不清", "联系电话: 填写有误"]
    assert rows[0]["late_reason"] == "复核才发现"
    done = act(desks["head"], first, "supplement/approve", note="确有必要")
    assert done.json()["status"] == Status.AWAITING
    kept = act(desks["head"], other, "supplement/refuse", note="首次就该看到")
    assert kept.json()["status"] == Status.ACCEPTED
    assert read(desks["head"], "supplements/proposed")["results"] == []
    again = act(desks["head"], other, "supplement/approve")
    assert (again.status_code, again.json()["code"]) == (409, "no_proposal")
    stranger = client_of(world.staff("department_head", "CL"))
    assert read(stranger, "supplements/proposed")["results"] == []


def test_second_notices_count_against_their_office(desks, proposed, people, client_of):
    proposed()
    proposed()
    rows = read(desks["supervisor"], "supplements/second", avoidable=True)["results"]
    assert [row["avoidable"] for row in rows] == [True, True]
    counted = read(desks["supervisor"], "supplements/second/by-office")
    held_to(door.OfficeOut, counted)
    assert counted == [{
        "department": "雁江镇社会事务办", "department_code": "SW",
        "asked": 2, "avoidable": 2, "refused": 0,
    }]  # fmt: skip
    assert read(desks["head"], "supplements/second/by-office") == counted
    assert read(desks["supervisor"], "supplements/second", department="MZ")["results"] == []
    later = read(desks["supervisor"], "supplements/second/by-office", since="2999-01-01")
    assert later == []
    elsewhere = client_of(world.staff("department_head", "MZ"))
    assert read(elsewhere, "supplements/second")["results"] == []


def test_lists_walk_page_by_page_in_few_statements(desks, proposed):
    cases = [proposed() for _ in range(3)]
    for path, order in (
        ("supplements/proposed", [case.number for case in cases]),
        ("supplements/second", [case.number for case in reversed(cases)]),
    ):
        seen, after, asked = [], "", []
        while after is not None:
            with CaptureQueriesContext(connection) as statements:
                page = read(desks["head"], path, limit=1, after=after)
            asked.append(len(statements))
            seen += [row["number"] for row in page["results"]]
            after = page["next"]
        assert seen == order
        with CaptureQueriesContext(connection) as statements:
            read(desks["head"], path)
        assert len(statements) <= max(asked) <= 6


def test_lists_walk_their_index(people, proposed):
    """With thousands of notices that were answered, the few that wait are found at once."""
    proposed()
    with connection.cursor() as cursor:
        cursor.execute(
            """INSERT INTO cases_supplement (case_id, ordinal, state, step, department_id, note,
                 late_reason, avoidable, asked_by_id, asked_at, prolonged, approved_by_id, due_on)
               SELECT case_id, n + 10, 'answered', step, department_id, '', '', n % 2 = 0,
                 asked_by_id, asked_at - n * interval '1 hour', false, asked_by_id, current_date
               FROM cases_supplement, generate_series(1, 3000) n WHERE ordinal = 2"""
        )
        cursor.execute("ANALYZE cases_supplement")
    told = Supplement.objects.filter(ordinal__gt=1)
    office = told.first().department_id
    waiting = told.filter(department__in=[office], state="proposed").order_by("asked_at", "pk")
    assert "supplement_proposed" in waiting[:21].explain()
    assert "supplement_second" in told.order_by("-asked_at", "-pk")[:21].explain()
    of_office = told.filter(department=office).order_by("-asked_at", "-pk")
    assert "Index Scan" in of_office[:21].explain()


def test_the_record_offers_the_verbs(desks, proposed):
    case = proposed()
    rows = read(desks["head"], f"cases/{case.number}")["verbs"]
    verbs = {(row["verb"], row["step"]): row for row in rows}
    assert verbs["approve_supplement", ""]["possible"]
    assert verbs["supplement", ""]["code"] == "illegal_move"
    assert verbs["request_supplement", "s2"]["code"] == "not_your_duty"
