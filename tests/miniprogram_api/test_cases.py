"""我的办件 over HTTP: submit, list, detail, withdraw."""

import secrets

import pytest

from backend.cases import actions
from backend.cases.models import Case, Draft
from miniprogram_api.cases import CaseOut, CaseRow, SubmitOut
from tests.factories import materials as papers
from tests.factories import world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db


@pytest.fixture
def resident():
    return world.a_resident(name="𠮷桂花")


@pytest.fixture
def phone(client_of, resident):
    return client_of(resident.account)


def submit(client, version, key="", **changes):
    body = {"item": version.item.code, "answers": {"division_code": world.VILLAGE}} | changes
    headers = {"HTTP_IDEMPOTENCY_KEY": key or secrets.token_hex(8)}
    return client.post("/api/v1/cases", body, format="json", **headers)


def worker():
    return world.staff("community_worker", "ZD")


def test_says_which_materials_are_missing(phone, resident):
    photo = {"key": "photo", "name": "照片", "required": True, "source": "self"}
    version = world.an_item(materials=[photo])
    answer = submit(phone, version)
    assert (answer.status_code, answer.json()["code"]) == (422, "materials_rejected")
    assert answer.json()["codes"] == {"photo": "missing"}
    file = str(papers.a_file(resident.account).uid)
    chosen = {"photo": {"by": "upload", "file": file}}
    assert submit(phone, version, materials=chosen).status_code == 201
    wrong = submit(phone, version, materials={"photo": {"by": "upload", "file": "x"}})
    assert wrong.status_code == 400


def test_gives_a_number_at_once(phone):
    answer = submit(phone, world.an_item())
    assert answer.status_code == 201
    assert_holds(SubmitOut, answer.json())
    assert len(answer.json()["number"]) == 24


def test_sent_twice_is_one_case(phone):
    version = world.an_item()
    first, again = (submit(phone, version, key="tap-tap-tap") for _ in range(2))
    assert first.json() == again.json()
    assert Case.objects.count() == 1


def test_the_same_key_with_another_body_is_refused(phone):
    submit(phone, world.an_item(), key="tap-tap-tap")
    answer = submit(phone, world.an_item(), key="tap-tap-tap")
    assert (answer.status_code, answer.json()["code"]) == (422, "token_reused")


def test_wants_an_idempotency_key(phone):
    body = {"item": world.an_item().item.code, "answers": {}}
    answer = phone.post("/api/v1/cases", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "idempotency_key_missing")


def test_a_second_open_case_gets_the_number_of_the_first(phone):
    version = world.an_item()
    first = submit(phone, version).json()["number"]
    answer = submit(phone, version)
    assert (answer.status_code, answer.json()["number"]) == (409, first)


def test_tells_all_faults_at_once_each_with_its_label(phone):
    form = [
        *world.FORM,
        {"key": "applicant_name", "label": "姓名", "type": "name", "required": True},
        {"key": "id_no", "label": "证件号码", "type": "id_no", "required": True},
        {"key": "born", "label": "出生日期", "type": "date", "required": True,
         "rules": {"not_after_days": 0}},
    ]  # fmt: skip
    answers = {
        "division_code": "512002100204000",
        "id_no": "512000194701151014",
        "born": "2999-01-01",
        "home_visit": "也许",
        "surplus": 1,
    }
    answer = submit(phone, world.an_item(form=form), answers=answers)
    assert (answer.status_code, answer.json()["code"]) == (422, "form_rejected")
    fields = answer.json()["fields"]
    assert set(fields) == {*answers, "applicant_name"}
    assert "姓名" in fields["applicant_name"]
    assert "证件号码" in fields["id_no"]


def test_takes_names_of_four_byte_letters(phone):
    form = [*world.FORM, {"key": "who", "label": "姓名", "type": "name", "required": True}]
    answers = {"division_code": world.VILLAGE, "who": "𠮷丽"}
    number = submit(phone, world.an_item(form=form), answers=answers).json()["number"]
    shown = phone.get(f"/api/v1/cases/{number}").json()["answers"]
    assert {"key": "who", "label": "姓名", "value": "𠮷丽"} in shown


def test_refuses_a_suspended_item(phone):
    answer = submit(phone, world.an_item(status="suspended"))
    assert (answer.status_code, answer.json()["code"]) == (409, "item_suspended")


def test_refuses_an_item_not_offered_here(phone):
    from backend.catalogue.models import Rollout
    from backend.organisation.models import Division

    version = world.an_item()
    town = Division.objects.get(code=world.TOWN)
    Rollout.objects.create(item=version.item, division=town, stage="off")
    answer = submit(phone, version)
    assert (answer.status_code, answer.json()["code"]) == (422, "not_offered_here")


def test_asks_for_a_higher_real_name_level(client_of):
    low = world.a_resident(level=2)
    answer = submit(client_of(low.account), world.an_item(realname_level=3))
    assert (answer.status_code, answer.json()["code"]) == (403, "realname_too_low")
    nobody = submit(client_of(world.an_account()), world.an_item())
    assert (nobody.status_code, nobody.json()["code"]) == (403, "realname_needed")


def test_ends_its_draft(phone, resident):
    version, uid = world.an_item(), "7f0fd3a0-7a5c-4c8e-9d7b-0d0a3c1f2b11"
    body = {"item": version.item.code, "answers": {}, "revision": 0}
    phone.put(f"/api/v1/drafts/{uid}", body, format="json")
    assert submit(phone, version, draft=uid).status_code == 201
    assert not Draft.objects.exists()


def test_refuses_a_body_that_is_no_json(phone):
    answer = phone.generic(
        "POST", "/api/v1/cases", "{否", "application/json", HTTP_IDEMPOTENCY_KEY="tap-tap-tap"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_refuses_ten_megabytes(phone):
    answer = submit(phone, world.an_item(), answers={"division_code": "5" * 10_000_000})
    assert (answer.status_code, answer.json()["code"]) == (413, "body_too_large")


def test_refuses_nul(phone):
    answer = submit(phone, world.an_item(), answers={"division_code": "a\0b"})
    assert (answer.status_code, answer.json()["code"]) == (400, "not_json")


def test_a_list_shows_the_latest_first_and_turns_pages(phone, resident):
    numbers = [submit(phone, world.an_item()).json()["number"] for _ in range(5)]
    first = phone.get("/api/v1/cases?limit=2").json()
    second = phone.get("/api/v1/cases", {"limit": 2, "after": first["next"]}).json()
    third = phone.get("/api/v1/cases", {"limit": 2, "after": second["next"]}).json()
    rows = first["results"] + second["results"] + third["results"]
    assert [row["number"] for row in rows] == numbers[::-1]
    assert third["next"] is None
    for row in rows:
        assert_holds(CaseRow, row)


def test_a_list_is_narrowed_to_open_or_closed(phone):
    kept = submit(phone, world.an_item()).json()["number"]
    gone = submit(phone, world.an_item()).json()["number"]
    phone.post(f"/api/v1/cases/{gone}/withdraw", {}, format="json")
    for status, number in (("open", kept), ("closed", gone)):
        rows = phone.get("/api/v1/cases", {"status": status}).json()["results"]
        assert [row["number"] for row in rows] == [number]
    assert phone.get("/api/v1/cases?status=lost").status_code == 400


@pytest.mark.parametrize("after", ["nonsense", "WyJ4IiwgIjEiXQ", "WzEsMiwzXQ", "e30", "bnVsbA"])
def test_an_altered_cursor_is_refused(phone, after):
    answer = phone.get("/api/v1/cases", {"after": after})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")


def test_detail_says_who_has_it_until_when_and_what_is_next(phone):
    number = submit(phone, world.an_item()).json()["number"]
    page = phone.get(f"/api/v1/cases/{number}").json()
    assert_holds(CaseOut, page)
    assert page["now"][0]["department"] == "前进村便民服务站"
    assert page["next"] == ["初审", "审核确认", "纳入发放"]
    assert "前进村便民服务站正在办理“收件受理”" in page["headline"]
    assert page["clock"] == ["5 个工作日内告知是否受理, 从提交的下一个工作日起算"]
    assert page["timeline"][0]["text"] == "您提交了申请"
    assert page["can_withdraw"]
    actions.accept(actor=worker(), number=number)
    page = phone.get(f"/api/v1/cases/{number}").json()
    assert_holds(CaseOut, page)
    assert (page["light"], page["status"]) == ("green", "accepted")
    assert page["clock"][0].startswith("承诺")
    assert "还剩 15 个工作日" in page["clock"][0]


def test_opinions_of_staff_stay_inside(phone):
    number = submit(phone, world.an_item()).json()["number"]
    actions.accept(actor=worker(), number=number, opinion="内部: 材料待核")
    reviewer = world.staff("town_reviewer", "SW")
    actions.reject_step(actor=reviewer, number=number, step="s2", opinion="内部: 收入存疑")
    page = phone.get(f"/api/v1/cases/{number}")
    assert "内部" not in page.content.decode()
    assert page.json()["timeline"][-1]["text"].startswith("雁江镇社会事务办在“初审”提出不同意见")


def test_a_refusal_shows_its_reason_and_the_remedies(phone):
    number = submit(phone, world.an_item()).json()["number"]
    actions.decline(actor=worker(), number=number, reason="户籍不在本市")
    page = phone.get(f"/api/v1/cases/{number}").json()
    assert page["reason"] == "户籍不在本市"
    assert "行政复议" in page["remedy"]
    assert "行政诉讼" in page["remedy"]
    assert (page["now"], page["next"], page["can_withdraw"]) == ([], [], False)


def test_sensitive_answers_are_masked(phone):
    form = [*world.FORM, {"key": "id_no", "label": "证件号码", "type": "id_no", "required": True}]
    number = world.id_number()
    answers = {"division_code": world.VILLAGE, "id_no": number}
    case = submit(phone, world.an_item(form=form), answers=answers).json()["number"]
    page = phone.get(f"/api/v1/cases/{case}")
    assert number not in page.content.decode()
    shown = {one["key"]: one["value"] for one in page.json()["answers"]}
    assert shown["id_no"] == f"512{'*' * 11}{number[-4:]}"
    assert shown["division_code"] == "前进村"


def test_another_persons_case_does_not_exist(phone, client_of):
    number = submit(phone, world.an_item()).json()["number"]
    stranger = client_of(world.a_resident().account)
    assert stranger.get(f"/api/v1/cases/{number}").status_code == 404
    answer = stranger.post(f"/api/v1/cases/{number}/withdraw", {}, format="json")
    assert answer.status_code == 404
    assert stranger.get("/api/v1/cases").json()["results"] == []


def test_a_slip_in_the_number_is_told(phone):
    number = submit(phone, world.an_item()).json()["number"]
    slip = number[:-1] + str((int(number[-1]) + 1) % 10)
    answer = phone.get(f"/api/v1/cases/{slip}")
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_case_number")


def test_withdraws_until_a_decision(phone):
    number = submit(phone, world.an_item()).json()["number"]
    answer = phone.post(f"/api/v1/cases/{number}/withdraw", {"reason": "填错了"}, format="json")
    assert answer.json()["status"] == "withdrawn"
    again = phone.post(f"/api/v1/cases/{number}/withdraw", {}, format="json")
    assert again.status_code == 409
    assert again.json()["status_label"] == "已撤回"
    page = phone.get(f"/api/v1/cases/{number}").json()
    assert page["timeline"][-1]["reason"] == "填错了"


@pytest.mark.parametrize("rows", [3, 30])
def test_a_list_costs_the_same_whatever_its_length(
    phone, resident, django_assert_num_queries, rows
):
    for _ in range(rows):
        world.submitted(applicant=resident)
    phone.get("/api/v1/cases?limit=1")  # the names of offices are read once
    with django_assert_num_queries(2):  # token, rows
        assert len(phone.get("/api/v1/cases?limit=100").json()["results"]) == rows


@pytest.mark.parametrize("rounds", [1, 6])
def test_a_detail_costs_the_same_whatever_its_history(phone, rounds, django_assert_num_queries):
    number = submit(phone, world.an_item()).json()["number"]
    clerk, reviewer = worker(), world.staff("town_reviewer", "SW")
    actions.accept(actor=clerk, number=number)
    for _ in range(rounds - 1):
        actions.return_step(actor=reviewer, number=number, step="s2", opinion="请再核实")
        actions.pass_step(actor=clerk, number=number, step="s1")
    phone.get(f"/api/v1/cases/{number}")  # the calendar and the names of places are read once
    with django_assert_num_queries(5):  # token, case, steps, events, papers
        assert phone.get(f"/api/v1/cases/{number}").status_code == 200
