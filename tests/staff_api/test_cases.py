"""One case's page: whole, masked, traced; clear values on request; who read it."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from backend.accounts.models import AuditEntry
from backend.cases import actions, numbers
from backend.staff_api import shapes
from tests.factories import world

pytestmark = pytest.mark.django_db

CASES, AUDIT = "/api/staff/v1/cases", "/api/staff/v1/audit"
FORM = [
    *world.FORM,
    {"key": "applicant_name", "label": "姓名", "type": "name", "required": True},
    {"key": "id_no", "label": "证件号码", "type": "id_no", "required": True},
    {"key": "phone", "label": "联系电话", "type": "phone", "required": True},
    {"key": "bank_account", "label": "发放账户", "type": "bank_account", "required": False},
]


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def desk(client_of, worker):
    return client_of(worker)


@pytest.fixture
def person():
    return world.a_resident(name="李桂花")


@pytest.fixture
def case(person):
    materials = [
        {"key": "id", "name": "身份证", "required": True, "source": "shared"},
        {"key": "letter", "name": "委托书", "required": False, "when": "proxy.authorized"},
    ]
    return world.submitted(
        version=world.an_item(form=FORM, materials=materials),
        applicant=person,
        applicant_name=person.name,
        id_no=person.id_number,
        phone=person.phone,
        home_visit=True,
    )


def page(desk, case):
    answer = desk.get(f"{CASES}/{case.number}")
    assert answer.status_code == 200, answer.content
    return answer.json()


def held_to(shape, rows):
    """The rows show what the schema declares: no more, no less."""
    many = rows if isinstance(rows, list) else [rows]
    assert many
    for row in many:
        assert set(row) == set(shape().fields)
        shape(data=row).is_valid(raise_exception=True)


def test_shows_the_whole_record_as_declared(desk, case):
    record = page(desk, case)
    held_to(shapes.RecordOut, record)
    for name, shape in {
        "applicant": shapes.ApplicantOut,
        "answers": shapes.AnswerOut,
        "materials": shapes.MaterialOut,
        "clock": shapes.ClockOut,
        "steps": shapes.StepOut,
        "ahead": shapes.AheadOut,
        "events": shapes.EventOut,
        "verbs": shapes.VerbOut,
    }.items():
        held_to(shape, record[name])
    assert [step["name"] for step in record["steps"]] == ["收件受理"]
    assert [step["name"] for step in record["ahead"]] == ["初审", "审核确认", "纳入发放"]
    assert record["events"][0]["verb_label"] == "提交"
    assert {one["key"]: one["applies"] for one in record["materials"]} == {
        "id": True,
        "letter": False,
    }


def test_masks_the_person_and_the_answers(desk, case, person):
    answer = desk.get(f"{CASES}/{case.number}")
    record = answer.json()
    assert record["applicant"]["name"] == "李*花"
    assert record["applicant"]["phone"].startswith("138****")
    by_key = {line["key"]: line for line in record["answers"]}
    assert by_key["id_no"]["masked"]
    assert by_key["applicant_name"]["value"] == "李*花"
    assert by_key["home_visit"] == {
        "key": "home_visit", "label": "是否需要上门服务", "value": "是", "masked": False,
    }  # fmt: skip
    text = answer.content.decode()
    for secret in (person.name, person.id_number, person.phone):
        assert secret not in text


def test_keeps_that_it_was_read(desk, worker, case, person):
    AuditEntry.objects.all()
    page(desk, case)
    entry = AuditEntry.objects.get(act="read")
    assert (entry.actor, entry.case_number, entry.resident_id) == (worker, case.number, person.pk)
    assert entry.purpose == "handle case"


def test_tells_nobody_that_a_case_out_of_sight_exists(client_of, case):
    elsewhere = client_of(world.staff("community_worker", "ZD", world.OTHER_VILLAGE))
    foreign = elsewhere.get(f"{CASES}/{case.number}")
    body = case.number[:-1]
    unknown_number = next(n for n in (f"{int(body) + 1:023d}{d}" for d in range(10)) if _valid(n))
    unknown = elsewhere.get(f"{CASES}/{unknown_number}")
    assert foreign.status_code == unknown.status_code == 404
    bare = [{k: v for k, v in a.json().items() if k != "request_id"} for a in (foreign, unknown)]
    assert bare[0] == bare[1]
    assert not AuditEntry.objects.filter(act="read").exists()


def _valid(number):
    try:
        return numbers.read(number)
    except numbers.BadNumber:
        return False


def test_says_when_a_digit_slipped(desk, case):
    slipped = case.number[:-1] + str((int(case.number[-1]) + 1) % 10)
    answer = desk.get(f"{CASES}/{slipped}")
    assert answer.status_code == 422
    assert answer.json()["code"] == "bad_case_number"


def test_lets_no_browser_keep_the_page(desk, case):
    assert desk.get(f"{CASES}/{case.number}")["Cache-Control"] == "no-store"


def test_reveals_clear_values_for_a_purpose_and_keeps_each(desk, worker, case, person):
    body = {"fields": ["id_number", "answers.phone"], "purpose": "电话核实户籍"}
    answer = desk.post(f"{CASES}/{case.number}/reveal", body, format="json")
    assert answer.json() == {
        "values": {"id_number": person.id_number, "answers.phone": person.phone}
    }
    assert answer["Cache-Control"] == "no-store"
    entries = AuditEntry.objects.filter(act="read").order_by("pk")
    assert [e.subject for e in entries] == ["field:id_number", "field:answers.phone"]
    assert {e.purpose for e in entries} == {"电话核实户籍"}


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"fields": [], "purpose": "核实"},
        {"fields": ["name"]},
        {"fields": ["name"], "purpose": ""},
    ],
)
def test_reveals_nothing_without_fields_and_purpose(desk, case, body):
    assert desk.post(f"{CASES}/{case.number}/reveal", body, format="json").status_code == 400
    assert not AuditEntry.objects.filter(act="read").exists()


def test_reveals_only_what_is_masked(desk, case):
    body = {"fields": ["answers.home_visit", "sealed_name"], "purpose": "核实"}
    answer = desk.post(f"{CASES}/{case.number}/reveal", body, format="json")
    assert answer.json()["code"] == "nothing_to_reveal"


@pytest.mark.parametrize("role", ["supervisor", "auditor"])
def test_reveals_nothing_to_who_only_looks_on(client_of, case, role):
    onlooker = client_of(world.staff(role, "MZ"))
    assert onlooker.get(f"{CASES}/{case.number}").status_code == 200
    body = {"fields": ["id_number"], "purpose": "抽查"}
    refused = onlooker.post(f"{CASES}/{case.number}/reveal", body, format="json")
    assert refused.status_code == 403
    assert refused.json()["code"] == "not_your_duty"


def test_shows_opinions_to_reviewers_and_not_to_the_village(client_of, desk, worker, case):
    reviewer = world.staff("town_reviewer", "SW")
    actions.accept(actor=worker, number=case.number, opinion="材料齐全")
    actions.pass_step(actor=reviewer, number=case.number, step="s2", opinion="家庭情况属实")
    village = page(desk, case)
    county = page(client_of(world.staff("county_reviewer", "MZ")), case)
    assert [s["opinion"] for s in county["steps"]][:2] == ["材料齐全", "家庭情况属实"]
    assert [s["opinion"] for s in village["steps"]][:2] == [
        "材料齐全",  # its own
        "(意见仅审核、督办岗位可见)",
    ]
    assert "家庭情况属实" not in str(village["events"])


def test_shows_the_two_clocks_after_acceptance(desk, worker, case):
    before = page(desk, case)["clock"]
    assert before["promised_due_on"] is None
    actions.accept(actor=worker, number=case.number)
    after = page(desk, case)["clock"]
    assert after["promised_left"] == 15
    assert after["statutory_left"] == 30
    assert after["light"] == "green"


def test_asks_few_statements(desk, worker, case):
    actions.accept(actor=worker, number=case.number)
    page(desk, case)
    with CaptureQueriesContext(connection) as caught:
        page(desk, case)
    assert len(caught) <= 12


def test_tells_supervisors_and_auditors_who_read_it(client_of, desk, worker, case):
    page(desk, case)
    auditor = client_of(world.staff("auditor", "MZ"))
    rows = auditor.get(AUDIT, {"number": case.number}).json()["results"]
    held_to(shapes.TraceOut, rows)
    assert rows[0]["actor"] == worker.staff.name
    assert desk.get(AUDIT, {"number": case.number}).status_code == 403
    assert auditor.get(AUDIT).status_code == 400


def test_pages_through_who_read_it(client_of, desk, case):
    for _ in range(5):
        page(desk, case)
    auditor = client_of(world.staff("auditor", "MZ"))
    first = auditor.get(AUDIT, {"number": case.number, "limit": 3}).json()
    second = auditor.get(AUDIT, {"number": case.number, "limit": 3, "after": first["next"]}).json()
    assert len(first["results"]) == 3
    assert len(second["results"]) == 2
    assert second["next"] is None


def test_refuses_to_change_or_drop_an_entry(desk, case):
    page(desk, case)
    for wrong in (
        lambda: AuditEntry.objects.update(purpose="x"),
        lambda: AuditEntry.objects.all().delete(),
    ):
        from django.db import DatabaseError, transaction

        with pytest.raises(DatabaseError, match="only grow"), transaction.atomic():
            wrong()
