"""Which act gives which paper, fixed at the act, and what it says."""

from datetime import timedelta

import pypdfium2
import pytest
from django.utils import timezone

from backend import clock
from backend.cases import actions, papers
from backend.cases.lifecycle import LIFECYCLE
from backend.core import crypto
from backend.documents import press
from backend.documents.models import Paper
from notifications.models import Notification
from tests.factories import supplements, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def town():
    return world.staff("town_reviewer", "SW")


@pytest.fixture
def county():
    return world.staff("county_reviewer", "MZ")


def ordered(case):
    return list(Paper.objects.filter(subject=case.number).order_by("pk"))


def kinds(case):
    return [paper.kind for paper in ordered(case)]


def text(paper):
    clock.typeset()
    paper.refresh_from_db()
    pages = pypdfium2.PdfDocument(press.file_of(paper))
    said = "".join(page.get_textpage().get_text_bounded() for page in pages)
    return "".join(said.split())


def decided(worker, town, county, outcome, reason=""):
    case = world.submitted()
    actions.accept(actor=worker, number=case.number)
    actions.pass_step(actor=town, number=case.number, step="s2", opinion="属实")
    return actions.decide(actor=county, number=case.number, outcome=outcome, reason=reason)


def test_coming_in_gives_a_receipt_from_who_has_it_first():
    case = world.submitted()
    (paper,) = ordered(case)
    assert (paper.kind, paper.office) == ("receipt", "512002100204-ZD")
    said = text(paper)
    person = case.applicant
    for one in ("李桂花", case.number, case.item.name, "前进村便民服务站", "五个工作日内"):
        assert one in said
    assert crypto.mask_id_number(person.id_number) in said
    assert person.id_number not in said


def test_accepting_says_both_limits(worker):
    case = actions.accept(actor=worker, number=world.submitted().number)
    assert kinds(case) == ["receipt", "acceptance"]
    said = text(ordered(case)[-1])
    due = case.promised_due_on
    assert f"15个工作日，最迟{due.year}年{due.month}月{due.day}日" in said
    assert "30个工作日" in said


def test_declining_says_why_and_to_whom_to_object(worker):
    case = world.submitted()
    actions.decline(actor=worker, number=case.number, reason="不属于本单位职权 #[*粗*]")
    said = text(ordered(case)[-1])
    assert "不属于本单位职权#[*粗*]" in said
    assert "六十日内向雁江区人民政府申请行政复议" in said
    assert "六个月内向人民法院提起行政诉讼" in said


def test_an_office_may_name_its_own_remedy(worker):
    case = world.submitted()
    actions.decline(actor=worker, number=case.number, reason="不符", remedy="可向县残联申请复核。")
    said = text(ordered(case)[-1])
    assert "可向县残联申请复核。" in said
    assert "行政复议" not in said


def test_the_one_time_notice_lists_every_defect_and_how_to_mend_it(worker):
    case = supplements.submitted()
    supplements.asked(case, worker)
    assert kinds(case) == ["receipt", "supplement"]
    said = text(ordered(case)[-1])
    for one in ("还差以下2项", "联系电话", "填写有误", "请填能打通的号码", "近期照片", "看不清",
                "请在亮处重拍", "样例：样例：免冠正面照"):  # fmt: skip
        assert one in said


@pytest.mark.parametrize(
    ("outcome", "kind", "said"),
    [("granted", "grant", "决定准予"), ("refused", "refusal", "决定不予批准")],
)
def test_deciding_gives_the_decision_of_the_office_that_decides(
    worker, town, county, outcome, kind, said
):
    case = decided(worker, town, county, outcome, "收入超过标准")
    paper = ordered(case)[-1]
    assert (paper.kind, paper.office, paper.office_name) == (kind, "512002-MZ", "雁江区民政局")
    shown = text(paper)
    assert said in shown
    assert "收入超过标准" in shown
    assert ("行政复议" in shown) is (outcome == "refused")


def test_an_instant_item_gives_its_decision_and_no_acceptance(worker):
    case = world.submitted(version=world.an_instant_item())
    actions.finish(actor=worker, number=case.number)
    assert kinds(case) == ["receipt", "grant"]


def test_every_row_of_the_table_is_a_verb():
    acts = {"submit", "give_out", "confirm_receipt"}
    assert set(papers.PAPERS) <= set(LIFECYCLE.moves) | acts


def test_elders_get_the_large_print():
    person = world.a_resident(elder=True)
    (paper,) = ordered(world.submitted(applicant=person))
    assert paper.large


def test_what_a_paper_says_is_fixed_with_the_act(worker):
    """The name is corrected between act and printing; the paper is of the day of the act."""
    case = world.submitted()
    person = case.applicant
    person.set_name("李桂芳")
    person.save()
    assert "李桂花" in text(ordered(case)[0])


def test_a_press_that_stands_still_stops_no_act(worker, settings, tmp_path):
    """The storage is broken: its folder is a file. Acts go on; papers come when it is mended."""
    case = world.submitted()
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    whole, settings.MEDIA_ROOT = settings.MEDIA_ROOT, str(blocked)
    clock.typeset()
    actions.accept(actor=worker, number=case.number)
    clock.typeset()
    assert [paper.state for paper in ordered(case)] == ["ordered", "ordered"]
    settings.MEDIA_ROOT = whole
    Paper.objects.update(next_at=timezone.now() - timedelta(seconds=1))
    clock.typeset()
    assert [paper.state for paper in ordered(case)] == ["issued", "issued"]


def test_the_notice_says_where_the_paper_is(worker):
    case = actions.accept(actor=worker, number=world.submitted().number)
    told = Notification.objects.filter(case_number=case.number, kind="case.accepted").get()
    assert "「受理通知书」在这个办件的文书里" in told.body


def test_an_act_that_is_refused_orders_nothing(worker):
    case = world.submitted()
    with pytest.raises(Exception, match="理由"):
        actions.decline(actor=worker, number=case.number, reason=" ")
    assert kinds(case) == ["receipt"]
