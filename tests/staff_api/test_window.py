"""Any window takes any item: the person, the form, the case, the instant item, over HTTP."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import AuditEntry
from backend.cases.models import Case
from backend.organisation.models import Department, Division
from backend.residents.models import Resident
from backend.seeds import checking
from backend.staff_api import window
from notifications.models import Notification
from tests.exchange.conftest import closed_breaker, registry, registry_process  # noqa: F401
from tests.factories import world
from tests.sandboxes import Sandbox

pytestmark = pytest.mark.django_db

DOOR = "/api/staff/v1"
FORM = [
    {"key": "division_code", "label": "所属村(社区)", "type": "division", "required": True},
    {"key": "phone", "label": "电话", "type": "phone", "required": False,
     "prefill": "account.phone"},
]  # fmt: skip


@pytest.fixture
def clerk():
    return world.staff("window_clerk", "BM")


@pytest.fixture
def desk(client_of, clerk):
    return client_of(clerk)


@pytest.fixture
def elsewhere():
    """安岳县: another county with offices of its own."""
    world.a_city()
    city = Division.objects.get(code=world.CITY)
    county = world._division("512021000000", "安岳县", "county", city)
    town = world._division("512021100000", "岳阳镇", "town", county)
    village = world._division("512021100007", "土地堂村", "village", town)
    for code, name, place in (
        ("ZD", "土地堂村便民服务站", village),
        ("BM", "岳阳镇便民服务中心", town),
        ("SW", "岳阳镇社会事务办", town),
        ("MZ", "安岳县民政局", county),
    ):
        Department.objects.create(code=code, name=name, division=place)
    return village


def body_of(person, version, **changes):
    return {
        "person": str(person.uid),
        "item": version.item.code,
        "answers": {"division_code": person.residence_division.code}
        if person.residence_division
        else {"division_code": world.VILLAGE},
        "channel": "window",
        "consent": "in_person",
        **changes,
    }


def send(desk, path, body, key=None):
    key = key or f"key-{uuid.uuid4()}"
    return desk.post(f"{DOOR}/{path}", body, format="json", headers={"Idempotency-Key": key})


def test_a_window_of_one_county_takes_in_for_another(client_of, desk, elsewhere):
    person = world.a_resident(village=elsewhere.code)
    answer = send(desk, "cases", body_of(person, world.an_item()))
    assert answer.status_code == 201, answer.content
    told = answer.json()
    assert set(told) == set(window.ReceiptOut().fields)
    case = Case.objects.get(number=told["number"])
    assert case.number.startswith(world.TOWN[:9])
    assert (case.intake_division.code, case.county_code) == (world.TOWN, "512021000000")
    assert case.steps.get().department.name == "土地堂村便民服务站"
    # the window follows it and cannot act; whose it is sees and acts
    assert desk.get(f"{DOOR}/cases/{case.number}").status_code == 200
    assert send(desk, f"cases/{case.number}/accept", {}).status_code == 403
    theirs = client_of(
        world.staff("community_worker", Department.objects.get(code="ZD", division=elsewhere))
    )
    assert send(theirs, f"cases/{case.number}/accept", {}).status_code == 200
    assert [row["number"] for row in desk.get(f"{DOOR}/cases/taken").json()["results"]] == [
        case.number
    ]
    assert list(checking.of_cases()) == []


def test_the_resident_sees_who_took_it_in_and_may_take_it_back(client_of, desk):
    person = world.a_resident()
    case = send(desk, "cases", body_of(person, world.an_item(), consent="call")).json()
    note = Notification.objects.get(account=person.account, kind="case.submitted")
    assert "由雁江镇便民服务中心代您提交" in note.body
    phone = client_of(person.account)
    page = phone.get(f"/api/v1/cases/{case['number']}").json()
    assert (page["channel"], page["intake"]) == ("window", "雁江镇")
    first = page["timeline"][0]
    assert first["text"] == "雁江镇便民服务中心代您提交了申请"
    assert first["note"] == "代办依据: 与您电话确认"
    assert phone.post(f"/api/v1/cases/{case['number']}/withdraw").status_code == 200


def test_shares_queue_and_rule_with_the_mini_program(desk, client_of):
    person, version = world.a_resident(), world.an_item()
    mine = world.submitted(version=version, applicant=person)
    again = send(desk, "cases", body_of(person, version))
    assert (again.status_code, again.json()["number"]) == (409, mine.number)


def test_twice_is_once_and_another_content_is_refused(desk):
    person, version = world.a_resident(), world.an_item()
    body, key = body_of(person, version), "one-key-for-this"
    first, second = send(desk, "cases", body, key), send(desk, "cases", body, key)
    assert first.json()["number"] == second.json()["number"]
    other = send(desk, "cases", {**body, "answers": {}}, key)
    assert (other.status_code, other.json()["code"]) == (422, "token_reused")


def test_a_card_shown_counts_as_level_three_for_this_application_only(desk):
    person, version = world.a_resident(level=2), world.an_item(realname_level=3)
    by_phone = send(desk, "cases", body_of(person, version, channel="phone", consent="call"))
    assert (by_phone.status_code, by_phone.json()["code"]) == (403, "realname_too_low")
    assert send(desk, "cases", body_of(person, version)).status_code == 201
    person.refresh_from_db()
    assert person.realname_level == 2


def test_nobody_shows_a_card_over_the_telephone(desk):
    person = world.a_resident()
    answer = send(desk, "cases", body_of(person, world.an_item(), channel="phone"))
    assert (answer.status_code, answer.json()["code"]) == (422, "consent_does_not_fit")


def test_takes_what_is_not_online(desk):
    person = world.a_resident()
    assert send(desk, "cases", body_of(person, world.an_item(online=False))).status_code == 201


def test_asks_the_database_little(desk, client_of):
    version = world.an_item()
    send(desk, "cases", body_of(world.a_resident(), version))
    body = body_of(world.a_resident(), version)
    with CaptureQueriesContext(connection) as asked:
        assert send(desk, "cases", body).status_code == 201
    writes = [q["sql"] for q in asked if "SAVEPOINT" not in q["sql"]]
    assert len(writes) <= 16, writes


class TestPerson:
    def test_is_found_by_number_and_the_look_is_kept(self, desk, clerk):
        person = world.a_resident(name="李桂花")
        answer = send(
            desk, "persons/find", {"id_number": person.id_number, "purpose": "收高龄津贴件"}
        )
        assert answer.status_code == 200
        told = answer.json()
        assert set(told) == set(window.PersonOut().fields)
        assert (told["uid"], told["name"], told["reach"]) == (str(person.uid), "李*花", "miniapp")
        assert person.id_number not in str(told)
        entry = AuditEntry.objects.get(act="read", actor=clerk)
        assert (entry.resident_id, entry.purpose) == (person.pk, "收高龄津贴件")

    def test_nobody_is_404_and_kept_too(self, desk, clerk):
        number = world.id_number()
        answer = send(desk, "persons/find", {"id_number": number, "purpose": "收件"})
        assert (answer.status_code, answer.json()["code"]) == (404, "person_not_found")
        assert AuditEntry.objects.filter(act="read", actor=clerk, resident_id=None).count() == 1

    def test_registers_whom_the_registry_knows(self, desk, registry: Sandbox):  # noqa: F811
        world.a_city()
        known = next(p for p in people() if p["alive"] is not False and p["id_type"] == "id_card")
        asked = {"name": known["name"], "id_number": known["id_number"], "purpose": "收件"}
        wrong = send(desk, "persons", {**asked, "name": "别的人"})
        assert (wrong.status_code, wrong.json()["code"]) == (422, "realname_mismatch")
        made = send(desk, "persons", asked)
        assert made.status_code == 201, made.content
        assert made.json()["reach"] == "none"
        person = Resident.objects.get(uid=made.json()["uid"])
        assert (person.account, person.name) == (None, known["name"])
        taken = send(desk, "cases", body_of(person, world.an_item()))
        assert taken.status_code == 201, taken.content

    def test_a_silent_registry_stops_nobody(self, desk, registry: Sandbox):  # noqa: F811
        registry.faults({"kind": "http", "status": 503})
        asked = {"name": "陈小丽", "id_number": world.id_number(), "purpose": "收件"}
        assert send(desk, "persons", asked).status_code == 201


def people():
    from backend.seeds import demo

    return [{"alive": True, **row} for row in demo.people()]


def test_fills_the_form_in_with_sources(desk, clerk):
    person, version = world.a_resident(), world.an_item(form=FORM)
    path = f"items/{version.item.code}/form"
    answer = send(desk, path, {"person": str(person.uid), "purpose": "收件"})
    assert answer.status_code == 200, answer.content
    form = answer.json()
    assert set(form) == set(window.FormOut().fields)
    phone = next(field for field in form["fields"] if field["key"] == "phone")
    assert (phone["value"], phone["source_label"]) == (person.phone, "本人登记的电话")
    assert AuditEntry.objects.filter(actor=clerk, resident_id=person.pk).count() == 1


def test_lists_the_same_catalogue(desk):
    offline = world.an_item(online=False, code="B-2")
    world.an_item(code="A-1", status="suspended")
    rows = desk.get(f"{DOOR}/items").json()["results"]
    assert [set(row) for row in rows] == [set(window.ItemRow().fields)] * 2
    assert [(row["code"], row["open"]) for row in rows] == [
        ("A-1", False),
        (offline.item.code, True),
    ]


class TestInstant:
    def test_is_over_in_one_act(self, client_of):
        desk = client_of(world.staff("community_worker", "ZD"))
        person, version = world.a_resident(), world.an_instant_item()
        body, key = body_of(person, version, channel="tablet"), "instant-key"
        answer = send(desk, "cases/instant", body, key)
        assert answer.status_code == 201, answer.content
        assert (answer.json()["status"], answer.json()["outcome"]) == ("concluded", "granted")
        again = send(desk, "cases/instant", body, key)
        assert again.json() == answer.json()
        case = Case.objects.get()
        assert [e.verb for e in case.events.order_by("seq")] == [
            "submit", "accept", "decide", "conclude",
        ]  # fmt: skip
        assert list(checking.of_cases()) == []

    def test_leaves_nothing_where_another_office_acts(self, desk, elsewhere):
        person = world.a_resident(village=elsewhere.code)
        answer = send(desk, "cases/instant", body_of(person, world.an_instant_item()))
        assert (answer.status_code, Case.objects.count()) == (403, 0)

    def test_leaves_nothing_of_a_promised_item(self, desk):
        answer = send(desk, "cases/instant", body_of(world.a_resident(), world.an_item()))
        assert (answer.json()["code"], Case.objects.count()) == ("not_instant", 0)
        assert not Notification.objects.exists()

    def test_does_at_once_what_the_platform_would(self, desk):
        alone = world.step("s1", "system", "MZ", "system", phase="intake", days=0, decides=True)
        version = world.an_item(kind="instant", steps=[alone])
        answer = send(desk, "cases/instant", body_of(world.a_resident(), version))
        assert answer.json()["status"] == "concluded"
