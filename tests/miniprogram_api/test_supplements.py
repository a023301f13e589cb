"""补正 over HTTP: the resident sees what is missing and answers it line by line."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.lifecycle import Status
from backend.organisation import queries as organisation
from miniprogram_api.cases import CaseOut
from miniprogram_api.supplements import LackingOut, SupplementOut
from tests.factories import supplements as papers
from tests.factories import world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def case(worker):
    return papers.asked(papers.submitted(), worker, note="周末也可以来")


@pytest.fixture
def phone(client_of, case):
    return client_of(case.applicant.account)


def url(case, verb=""):
    return f"/api/v1/cases/{case.number}{verb}"


def mend(client, case, **body):
    return client.post(url(case, "/supplement"), body, format="json")


def notice(client, case):
    answer = client.get(url(case, "/supplement"))
    assert answer.status_code == 200, answer.content
    return answer.json()


def test_shows_each_line_with_what_stands_there(phone, case):
    told = notice(phone, case)
    assert_holds(LackingOut, told)
    assert (told["ordinal"], told["left"], told["revision"]) == (1, 2, 0)
    assert (told["may_prolong"], told["note"], told["days_left"]) == (True, "周末也可以来", 15)
    one, two = told["lines"]
    assert (one["label"], one["reason_label"], one["remedy"]) == (
        "联系电话", "填写有误", "请填能打通的号码",
    )  # fmt: skip
    assert one["value"] == "138****0001"
    assert one["input"] == {"type": "phone", "required": True}
    assert (two["on"], two["value"], two["input"]) == ("material", "", None)
    assert two["sample"] == "样例: 免冠正面照"
    assert not one["answered"]


def test_the_detail_says_what_is_to_be_done_and_by_whom_next(phone, case):
    page = phone.get(url(case)).json()
    assert_holds(CaseOut, page)
    (todo,) = page["todo"]
    assert (todo["text"], todo["labels"]) == ("还差 2 项要补", ["联系电话", "近期照片"])
    due = organisation.calendar().add(timezone.localdate(), 15).day
    for words in ("还差 2 项要补: 联系电话、近期照片", f"{due.month}月{due.day}日 前补齐",
                  "补齐后由前进村便民服务站继续办理"):  # fmt: skip
        assert words in page["headline"]
    assert page["clock"] == ["补正期间不计时限, 补齐后从补齐之日起算"]
    assert page["light"] == "blue"
    assert "一次性告知还差 2 项" in page["timeline"][-1]["text"]
    assert phone.get("/api/v1/bootstrap").json()["counters"]["to_mend"] == 1


def test_answers_line_by_line_and_the_case_goes_on(phone, case):
    part = mend(phone, case, answers={"phone": "139 0000 0002"}, revision=0)
    assert part.status_code == 200
    assert_holds(SupplementOut, part.json())
    assert (part.json()["status"], part.json()["left"]) == (Status.SUPPLEMENTING, 1)
    told = notice(phone, case)
    assert [line["answered"] for line in told["lines"]] == [True, False]
    assert told["lines"][0]["value"] == "139****0002"
    assert phone.get(url(case)).json()["todo"][0]["labels"] == ["近期照片"]
    file = papers.a_file(case.applicant.account)
    rest = mend(
        phone, case, materials={"photo": str(file.uid)}, replies={"2": "刚拍的"}, revision=1
    )
    assert (rest.json()["status"], rest.json()["left"]) == (Status.SUBMITTED, 0)
    page = phone.get(url(case)).json()
    assert page["todo"] == []
    assert [line["text"] for line in page["timeline"][-2:]] == [
        "您补正了其中 1 项, 还有没补的", "您补齐了告知的内容",
    ]  # fmt: skip
    assert phone.get(url(case, "/supplement")).json()["code"] == "nothing_asked"
    assert phone.get("/api/v1/bootstrap").json()["counters"]["to_mend"] == 0


def test_two_devices_conflict_instead_of_losing(client_of, phone, case):
    other = client_of(case.applicant.account)
    assert mend(phone, case, answers={"phone": "13900000002"}, revision=0).status_code == 200
    late = mend(other, case, answers={"phone": "13900000003"}, revision=0)
    assert (late.status_code, late.json()["code"]) == (409, "supplement_moved")
    assert (late.json()["revision"], late.json()["lines"]) == (1, [1])
    assert "139" not in late.content.decode()
    seen = notice(other, case)["revision"]
    assert mend(other, case, answers={"phone": "13900000003"}, revision=seen).status_code == 200
    assert notice(phone, case)["lines"][0]["value"] == "139****0003"


def test_sent_twice_counts_once(phone, case):
    first, again = (mend(phone, case, answers={"phone": "13900000002"}) for _ in range(2))
    assert first.json() == again.json()


def test_says_everything_that_is_wrong_at_once(phone, case):
    shape = mend(phone, case, materials={"photo": "x", "id_card": "y"}, replies={"a": "x"},
                 revision=-1)  # fmt: skip
    assert shape.status_code == 400
    assert set(shape.json()["fields"]) == {"materials", "replies", "revision"}
    content = mend(
        phone, case, answers={"phone": "12", "note": "顺便"},
        materials={"photo": str(uuid.uuid4())}, replies={"7": "?", "1": "长" * 301},
    )  # fmt: skip
    assert (content.status_code, content.json()["code"]) == (422, "supplement_rejected")
    assert set(content.json()["fields"]) == {
        "answers.phone", "answers.note", "materials.photo", "replies.7", "replies.1",
    }  # fmt: skip
    assert mend(phone, case).json()["code"] == "nothing_answered"


def test_more_days_once(phone, case):
    before = notice(phone, case)["due_on"]
    answer = phone.post(url(case, "/supplement/prolong"))
    assert (answer.status_code, answer.json()["left"]) == (200, 2)
    after = notice(phone, case)
    assert (after["due_on"] > before, after["may_prolong"]) == (True, False)
    again = phone.post(url(case, "/supplement/prolong"))
    assert (again.status_code, again.json()["code"]) == (409, "already_prolonged")


def test_somebody_elses_notice_does_not_exist(client_of, case):
    stranger = client_of(world.a_resident().account)
    for answer in (
        stranger.get(url(case, "/supplement")),
        mend(stranger, case, replies={"1": "x"}),
        stranger.post(url(case, "/supplement/prolong")),
    ):
        assert (answer.status_code, answer.json()["code"]) == (404, "case_not_found")


def test_a_case_in_review_says_its_clock_stands(client_of, worker):
    case = actions.accept(actor=worker, number=papers.submitted().number)
    actions.request_supplement(
        actor=world.staff("town_reviewer", "SW"), number=case.number, step="s2",
        defects=[papers.PHOTO],
    )  # fmt: skip
    page = client_of(case.applicant.account).get(url(case)).json()
    assert page["light"] == "blue"
    assert page["clock"][0] == "等您补充材料, 这段时间不计入时限"


def test_reads_the_notice_in_few_statements(phone, case):
    notice(phone, case)
    with CaptureQueriesContext(connection) as asked:
        notice(phone, case)
    assert len(asked) <= 6
