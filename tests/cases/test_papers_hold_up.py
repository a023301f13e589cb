"""材料与受理、决定: what is not there, wrong or in doubt holds a case up; the ledger shows it."""

from datetime import timedelta

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.lifecycle import Status
from backend.cases.models import CaseMaterial
from backend.cases.queries import ledger as standing
from backend.cases.queries import material_queues
from backend.organisation import duties
from backend.seeds import checking
from tests.cases.test_hand_in import STEPS, hand, in_doubt, line, refusal, sent, upload
from tests.cases.test_submit_materials import EXTRA, FACE, INCOME, PHOTO, SHARED
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


@pytest.fixture
def bureau(county):
    return county


def decide(case, bureau):
    return actions.decide(actor=bureau, number=case.number, outcome="granted")


def at_decision(case, worker, town):
    actions.accept(actor=worker, number=case.number)
    return actions.pass_step(actor=town, number=case.number, step="s2")


# -- 受理与决定 ---------------------------------------------------------------------------------


def test_is_not_accepted_without_what_it_needs(worker):
    case = sent(PHOTO, FACE, EXTRA, INCOME, photo={"by": "paper"}, income={"by": "deferred"})
    assert refusal(case, worker) == {"photo": "还没有交", "face": "还没有交"}
    actions.receive_material(actor=worker, number=case.number, key="photo")
    actions.witness_material(actor=worker, number=case.number, key="face")
    assert actions.accept(actor=worker, number=case.number).status == Status.ACCEPTED


def test_what_was_put_off_too_long_is_wanted(worker):
    case = sent(INCOME, income={"by": "deferred"})
    CaseMaterial.objects.filter(case=case).update(state="overdue", due_on="2026-01-05")
    assert refusal(case, worker) == {"income": "还没有交"}


def test_nothing_is_granted_while_something_is_put_off(worker, town, bureau):
    case = at_decision(sent(INCOME, income={"by": "deferred"}), worker, town)
    body = {"outcome": "granted"}
    assert refusal(case, bureau, "decide", **body) == {"income": "还没有交"}
    hand(case, "income", upload(case))
    assert decide(case, bureau).status == Status.DECIDED


def test_unless_the_item_lets_it_follow(worker, town, bureau):
    late = INCOME | {"follows_decision": True}
    case = at_decision(sent(late, income={"by": "deferred"}), worker, town)
    assert decide(case, bureau).status == Status.DECIDED
    hand(case, "income", upload(case))
    assert line(case, "income").state == "given"


@pytest.mark.parametrize(
    ("change", "why"),
    [
        ({"state": "defective"}, "还没有补正或核对"),
        ({"file": "quarantined"}, "文件还没有通过查毒"),
        ({"file": "refused"}, "文件还没有通过查毒"),
    ],
)
def test_nothing_is_granted_on_bad_papers(worker, town, bureau, change, why):
    case = world.submitted(version=world.an_item(materials=[PHOTO], steps=STEPS))
    case = at_decision(case, worker, town)
    one = line(case, "photo")
    if "file" in change:
        one.file.state = change["file"]
        one.file.save()
    else:
        CaseMaterial.objects.filter(pk=one.pk).update(**change)
    assert refusal(case, bureau, "decide", outcome="granted") == {"photo": why}
    refused = actions.decide(actor=bureau, number=case.number, outcome="refused", reason="缺照片")
    assert refused.outcome == "refused"


def test_a_registry_that_said_otherwise_is_settled_first(worker, town, bureau):
    case = at_decision(sent(SHARED), worker, town)
    in_doubt(case)
    assert refusal(case, bureau, "decide", outcome="granted") == {
        "id_card": "与共享数据不一致, 还没有核实"
    }
    actions.settle_material(actor=bureau, number=case.number, key="id_card", reason="同一人")
    assert decide(case, bureau).status == Status.DECIDED


@pytest.mark.parametrize("how", ["pending", "manual"])
def test_a_registry_that_does_not_answer_holds_up_nobody(worker, town, bureau, how):
    case = at_decision(sent(SHARED), worker, town)
    in_doubt(case, how=how)
    assert decide(case, bureau).status == Status.DECIDED


def test_an_instant_item_ends_only_with_its_papers(worker):
    version = world.an_instant_item(materials=[FACE])
    case = world.submitted(version=version)
    assert refusal(case, worker, "finish") == {"face": "还没有交"}
    actions.witness_material(actor=worker, number=case.number, key="face")
    assert actions.finish(actor=worker, number=case.number).status == Status.CONCLUDED


# -- 台账与待办 ---------------------------------------------------------------------------------


def test_the_ledger_says_who_gave_what(worker):
    case = sent(SHARED, PHOTO, photo={"by": "paper"})
    actions.receive_material(actor=worker, number=case.number, key="photo")
    posts = duties.posts_of(worker)
    rows = {row["key"]: row for row in standing.of_staff(worker, posts, number=case.number)}
    assert rows["id_card"]["says"] == "正在向共享数据核验, 不用申请人提供"
    assert rows["photo"]["before"][0]["by"] == "paper"
    assert rows["photo"]["given_by"] != "申请人"
    assert rows["photo"]["verbs"] == ["verify"]


def test_the_queues_page_by_key_in_one_statement_each(worker):
    for n in range(3):
        case = sent(INCOME, SHARED, income={"by": "deferred"})
        due = timezone.localdate() + timedelta(days=9 - n)
        CaseMaterial.objects.filter(case=case, key="income").update(due_on=due)
        in_doubt(case)
    posts = duties.posts_of(worker)
    material_queues.queue(
        worker, posts, kind="deferred", size=1
    )  # the offices' names are at hand now
    for kind in material_queues.QUEUES:
        with CaptureQueriesContext(connection) as asked:
            rows = material_queues.queue(worker, posts, kind=kind, size=2)
        assert len(asked) == 1
        assert len(rows) == (3 if kind in ("deferred", "doubtful") else 0)
    first = material_queues.queue(worker, posts, kind="deferred", size=2)
    rest = material_queues.queue(worker, posts, kind="deferred", after=first[1][0], size=2)
    assert [key for key, _ in first] == sorted(key for key, _ in first)
    assert {row["number"] for _, row in first[:2]} & {row["number"] for _, row in rest} == set()
    stranger = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    there = duties.posts_of(stranger)
    assert material_queues.queue(stranger, there, kind="deferred", size=5) == []


def test_each_act_asks_the_database_little(worker, town, bureau):
    case = sent(SHARED, PHOTO, INCOME, photo={"by": "paper"}, income={"by": "deferred"})
    in_doubt(case)
    n, file = case.number, upload(case)
    acts = [
        lambda: hand(case, "income", file),
        lambda: actions.receive_material(actor=worker, number=n, key="photo"),
        lambda: actions.verify_material(actor=worker, number=n, key="photo"),
        lambda: actions.settle_material(actor=worker, number=n, key="id_card", reason="已核"),
        lambda: actions.accept(actor=worker, number=n),
    ]
    for act in acts:
        with CaptureQueriesContext(connection) as asked:
            act()
        assert len([q for q in asked if "SAVEPOINT" not in q["sql"]]) <= 12
