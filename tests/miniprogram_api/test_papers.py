"""A resident finds the papers of a case and opens each by a link of a minute."""

from datetime import timedelta

import pytest
from django.utils import timezone

from backend import clock
from backend.accounts.models import AuditEntry
from backend.documents import press
from backend.documents.models import Paper
from backend.files import links
from tests.factories import world

pytestmark = pytest.mark.django_db
BASE, STAFF = "/api/v1/", "/api/staff/v1/"


@pytest.fixture
def case():
    return world.submitted()


@pytest.fixture
def owner(client_of, case):
    return client_of(case.applicant.account)


def listed(client, case, base=BASE):
    return client.get(f"{base}cases/{case.number}/papers").json()["results"]


def link(client, case, uid, base=BASE, **body):
    return client.post(f"{base}cases/{case.number}/papers/{uid}/link", body, format="json")


def test_the_list_names_them_and_says_which_can_be_opened(owner, case):
    (row,) = listed(owner, case)
    assert (row["title"], row["ready"], row["number"]) == ("收件凭证", False, "")
    assert link(owner, case, row["uid"]).json()["code"] == "paper_not_ready"
    clock.typeset()
    (row,) = listed(owner, case)
    assert row["ready"]
    assert row["number"] == Paper.objects.get().number


def test_the_case_page_lists_them_too(owner, case):
    page = owner.get(f"{BASE}cases/{case.number}").json()
    assert [row["title"] for row in page["papers"]] == ["收件凭证"]


def test_a_link_opens_the_file_for_its_owner_for_a_minute(client, client_of, owner, case):
    clock.typeset()
    paper = Paper.objects.get()
    given = link(owner, case, paper.uid).json()
    assert given["seconds"] == 60
    answer = owner.get(given["url"])
    assert answer["Content-Type"] == "application/pdf"
    assert answer["Content-Disposition"] == f'inline; filename="{paper.number}.pdf"'
    assert answer["Cache-Control"] == "no-store"
    assert answer.content == press.file_of(paper)
    assert client.get(given["url"]).status_code == 401
    assert client_of(world.a_resident().account).get(given["url"]).status_code == 404
    old = timezone.now() - timedelta(seconds=1)
    late = links.write(links.Leave(str(paper.uid), case.applicant.account_id, old.timestamp()))
    assert owner.get(f"{BASE}papers/{late}").json()["code"] == "link_invalid"


def test_a_paper_of_another_case_is_not_opened_by_ones_own(owner, case):
    other = world.submitted()
    clock.typeset()
    uid = Paper.objects.get(subject=other.number).uid
    assert link(owner, case, uid).json()["code"] == "paper_not_found"
    assert link(owner, other, uid).json()["code"] == "case_not_found"


def test_staff_open_it_for_a_purpose_and_leave_a_trace(client_of, case):
    clock.typeset()
    paper = Paper.objects.get()
    worker = world.staff("community_worker", "ZD")
    desk = client_of(worker)
    assert [row["kind"] for row in listed(desk, case, STAFF)] == ["receipt"]
    assert link(desk, case, paper.uid, STAFF).status_code == 400
    given = link(desk, case, paper.uid, STAFF, purpose="代为送达").json()
    assert desk.get(given["url"]).content == press.file_of(paper)
    entry = AuditEntry.objects.filter(subject="paper:receipt").get()
    assert (entry.actor, entry.purpose) == (worker, "代为送达")
    assert entry.resident_id == case.applicant_id


def test_staff_who_only_see_the_case_do_not_open_its_papers(client_of, case):
    clock.typeset()
    paper = Paper.objects.get()
    onlooker = client_of(world.staff("town_reviewer", "SW"))
    assert listed(onlooker, case, STAFF)
    assert link(onlooker, case, paper.uid, STAFF, purpose="看看").json()["code"] == "not_your_duty"


def test_the_list_is_read_in_a_constant_number_of_statements(
    owner, case, django_assert_max_num_queries
):
    listed(owner, case)
    with django_assert_max_num_queries(4):
        listed(owner, case)
