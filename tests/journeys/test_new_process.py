"""
A process nobody wrote code for, from its admission to the last day of its first case, over HTTP.

Three departments in parallel, a step on a condition, an outside agency with a special procedure,
publicity: configured, signed off, tried out, published, run. Every date is counted by hand below.
"""

import datetime as dt

import pytest
import time_machine

from backend.catalogue.models import ServiceVersion
from backend.organisation import actions as organisation
from backend.organisation.actions import Day
from backend.organisation.models import Division
from backend.seeds import calendar, checking
from tests.factories import world

pytestmark = pytest.mark.django_db

STAFF, PHONE = "/api/staff/v1/", "/api/v1/"
CODE = "ZY-CL-090"


def step(key, phase, role, department, place, days, actions, **more):
    told = {"key": key, "name": key, "phase": phase, "role": role, "department": department}
    return {**told, "place": place, "days": days, "actions": actions, **more}


APPROVE = ["approve", "reject"]
DEFINITION = {
    "code": CODE,
    "name": "辅助器具适配补贴",
    "short_name": "辅具适配",
    "theme": "助残服务",
    "department": "CL",
    "level": "county",
    "kind": "promised",
    "applicants": ["person"],
    "legal_days": 30,
    "promised_days": 20,
    "day_kind": "working",
    "publicity": {"days": 7, "day_kind": "calendar", "counts": False},
    "authority": "residence",
    "authority_field": "division_code",
    "joins": {"A": "all"},
    "conditions": ["持证残疾人"],
    "materials": [
        {"key": "form", "name": "申请表", "required": True, "source": "self", "form": "auto_form"}
    ],
    "form": [
        {"key": "division_code", "label": "所属村(社区)", "type": "division", "required": True},
        {"key": "severe", "label": "行动不便", "type": "bool", "required": True},
    ],
    "steps": [
        step("intake", "intake", "community_worker", "ZD", "village", 1, ["accept", "refuse"]),
        step("lowincome", "review", "county_reviewer", "MZ", "county", 3, APPROVE, group="A"),
        step("insured", "review", "county_reviewer", "RS", "county", 4, APPROVE, group="A"),
        step("resident", "review", "county_reviewer", "GA", "county", 2, APPROVE, group="A"),
        step(
            "visit", "review", "community_worker", "ZD", "village", 2, ["visit", "approve"],
            when="severe == true",
        ),
        step(
            "appraise", "review", "external_agency", "YY", "county", 5,
            ["approve", "reject", "suspend", "resume"],
        ),
        {
            key: value
            for key, value in step(
                "show", "review", "town_reviewer", "SW", "town", 0, ["publicize"], publicity=True
            ).items()
            if key != "days"
        },
        step("confirm", "decision", "county_reviewer", "CL", "county", 3, APPROVE, decides=True),
        step("hand_over", "delivery", "window_clerk", "BM", "town", 2, ["deliver", "close"]),
    ],
    "result": {"kind": "补贴", "document": "补贴告知书", "delivery": ["电子"]},
}  # fmt: skip


def june(day, hour=10):
    """A moment of June 2026 in Ziyang; the 31st is the first of July."""
    return dt.datetime(2026, 6, 1, hour - 8, tzinfo=dt.UTC) + dt.timedelta(days=day - 1)


@pytest.fixture
def people():
    world.a_city()
    world._office("YY", "雁江区定点医疗机构", Division.objects.get(code=world.COUNTY))
    days = calendar.seed_rows()
    organisation.load_calendar(
        days=(Day(d.day, d.is_workday, d.label, d.provisional, d.source) for d in days)
    )
    for place in (world.OTHER_VILLAGE, world.OTHER_TOWN):
        village = place == world.OTHER_VILLAGE
        for role, office in (
            (("community_worker", "ZD"),) if village
            else (("town_reviewer", "SW"), ("window_clerk", "BM"))
        ):  # fmt: skip
            world.staff(role, office, place)
    return {
        "head": world.staff("department_head", "CL"),
        "civil": world.staff("county_reviewer", "MZ"),
        "meeting": world.staff("department_head", "LX"),
        "editor": world.staff("item_admin", "MZ", world.CITY),
        "second": world.staff("item_admin", "MZ", world.CITY),
        "worker": world.staff("community_worker", "ZD"),
        "insured": world.staff("county_reviewer", "RS"),
        "police": world.staff("county_reviewer", "GA"),
        "hospital": world.staff("external_agency", "YY"),
        "town": world.staff("town_reviewer", "SW"),
        "bureau": world.staff("county_reviewer", "CL"),
        "clerk": world.staff("window_clerk", "BM"),
    }


@pytest.fixture
def say(client_of, people):
    """Say something at the staff's door, signed in afresh, and expect it to be done."""

    def said(who, path, body=None, *, method="post", code=200):
        client = client_of(people[who])
        call = getattr(client, method)
        answer = call(STAFF + path) if method == "get" else call(STAFF + path, body or {}, "json")
        assert answer.status_code == code, (path, answer.json())
        return answer.json()

    return said


def admit(say):
    uid = say(
        "head",
        "catalogue/admissions",
        {
            "code": CODE, "name": DEFINITION["name"], "theme": "助残服务", "level": "county",
            "department_code": "CL", "legal_basis": "残疾预防和残疾人康复条例",
            "reason": "社区最近", "monthly_cases": 30, "minutes_each": 20, "staff_offered": "1.0",
        },
        code=201,
    )["uid"]  # fmt: skip
    say("civil", f"catalogue/admissions/{uid}/vet", {"opinion": "依据充分"})
    decided = {"opinion": "同意", "minutes": "资社联纪〔2026〕6号"}
    say("meeting", f"catalogue/admissions/{uid}/approve", decided)


SAMPLE = {
    "name": "行动不便, 鉴定停表六日",
    "division": world.VILLAGE,
    "start_on": "2026-06-01",
    "answers": {"severe": True},
    "doings": {
        "intake": {"takes": 0},
        "lowincome": {"takes": 2},
        "insured": {"takes": 3},
        "resident": {"takes": 1},
        "appraise": {"takes": 4, "stops": [{"after": 2, "days": 6}]},
        "confirm": {"takes": 2},
    },
}
# Counted by hand on the calendar of June and July 2026; 端午 is 6/19–6/21, no swapped weekends.
BY_HAND = {
    # step: opened, last day, done
    "intake": ("06-01", "06-02", "06-01"),
    "lowincome": ("06-01", "06-04", "06-03"),  # 2, 3, 4
    "insured": ("06-01", "06-05", "06-04"),  # 2, 3, 4, 5
    "resident": ("06-01", "06-03", "06-02"),  # 2, 3
    "visit": ("06-04", "06-08", "06-08"),  # 5, 8
    "appraise": ("06-08", "06-22", "06-18"),  # 9; 10–15 stopped; 16, 17, 18; 19 端午; 22
    "show": ("06-18", "06-25", "06-25"),  # seven calendar days: 19–25
    "confirm": ("06-25", "06-30", "06-29"),  # 26, 29, 30
    "hand_over": ("06-29", "07-01", "07-01"),  # 30, 1
}
# 2–5, 8, 9 (6); 10–15 stopped; 16, 17 (8); 18–24 on show; 25, 26, 29, 30 (12); 1–3 (15); 6–10 (20)
PROMISED = "2026-07-10"
STATUTORY = "2026-07-24"  # 13–17 (25), 20–24 (30)


def configure(say):
    uid = say("editor", f"catalogue/items/{CODE}/drafts", code=201)["uid"]
    path = f"catalogue/drafts/{uid}"
    saved = say("editor", path, {"revision": 1, "definition": DEFINITION}, method="put")
    assert (saved["faults"], saved["warnings"]) == ([], [])
    seen = {"revision": saved["revision"]}
    (walked,) = say("editor", f"{path}/simulate", {"samples": [SAMPLE]})["results"]
    say("head", f"{path}/sign-off", seen, code=201)
    say("second", f"{path}/try-out", {**seen, "divisions": [world.TOWN]})
    say("second", f"{path}/publish", seen)
    return walked


def apply_for(client_of):
    person = world.a_resident()
    answer = client_of(person.account).post(
        PHONE + "cases",
        {"item": CODE, "answers": {"division_code": world.VILLAGE, "severe": True}},
        format="json",
        headers={"Idempotency-Key": "first-of-its-kind"},
    )
    assert answer.status_code == 201, answer.json()
    return answer.json()["number"]


APPRAISAL = {"step": "appraise", "reason": "appraisal", "expected_days": 6}


def run(say, client_of):
    """Let the staff of six offices carry the first case to its end, each on their day."""
    number = ""
    days = (
        (1, "worker", "accept", {}),
        (2, "police", "steps/resident/pass", {}),
        (3, "civil", "steps/lowincome/pass", {}),
        (4, "insured", "steps/insured/pass", {}),
        (8, "worker", "steps/visit/pass", {"opinion": "行动不便属实"}),
        (10, "hospital", "suspend", APPRAISAL),
        (16, "hospital", "resume", {}),
        (18, "hospital", "steps/appraise/pass", {"opinion": "适配轮椅"}),
        (25, "town", "steps/show/pass", {"opinion": "无异议"}),
        (29, "bureau", "decide", {"outcome": "granted"}),
        (31, "clerk", "deliver", {}),
        (31, "clerk", "conclude", {}),
    )  # fmt: skip
    for day, who, verb, body in days:
        with time_machine.travel(june(day), tick=True):
            number = number or apply_for(client_of)
            say(who, f"cases/{number}/{verb}", body)
    return number


def test_runs_by_its_configuration_and_ends_on_the_days_counted_by_hand(say, client_of):
    with time_machine.travel(june(1, hour=9), tick=True):
        admit(say)
        walked = configure(say)
    number = run(say, client_of)

    with time_machine.travel(june(31, hour=12), tick=True):
        record = say("bureau", f"cases/{number}", method="get")
    assert (record["status"], record["outcome"]) == ("concluded", "granted")
    ran = {
        one["step"]: (one["opened_at"][5:10], one["due_on"][5:], one["done_at"][5:10])
        for one in record["steps"]
    }
    assert ran == BY_HAND
    assert record["clock"]["promised_due_on"] == PROMISED
    assert record["clock"]["statutory_due_on"] == STATUTORY
    assert record["clock"]["provisional"] is False

    foretold = {
        one["key"]: (one["opened_on"][5:], one["due_on"][5:], one["done_on"][5:])
        for one in walked["steps"]
    }
    assert foretold == BY_HAND
    assert (walked["promised_due_on"], walked["statutory_due_on"]) == (PROMISED, STATUTORY)
    assert (walked["decided_on"], walked["ended_on"]) == ("2026-06-29", "2026-07-01")
    assert walked["kept"] is True
    assert walked["steps"][1]["office"] == "雁江区民政局"
    assert [*checking.of_catalogue(), *checking.of_cases()] == []


def test_leaves_out_the_visit_where_nobody_needs_it(say):
    with time_machine.travel(june(1, hour=9), tick=True):
        admit(say)
        uid = say("editor", f"catalogue/items/{CODE}/drafts", code=201)["uid"]
        path = f"catalogue/drafts/{uid}"
        say("editor", path, {"revision": 1, "definition": DEFINITION}, method="put")
        sample = {**SAMPLE, "answers": {"severe": False}, "granted": False}
        (walked,) = say("editor", f"{path}/simulate", {"samples": [sample]})["results"]
    assert [one["key"] for one in walked["steps"]] == [
        "intake", "lowincome", "insured", "resident", "appraise", "show", "confirm", "deliver",
    ]  # fmt: skip
    assert walked["outcome"] == "refused"
    assert not ServiceVersion.objects.exists()
