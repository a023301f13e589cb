"""交材料: what comes in after submission, by whom, and what it holds up until then."""

import uuid

import pytest

from backend.accounts import actions as accounts
from backend.cases import actions
from backend.cases.actions import bringing, ledger, showing
from backend.cases.actions.taking import How
from backend.cases.lifecycle import Status
from backend.cases.models import CaseMaterial
from backend.cases.queries import scope
from backend.organisation.duties import NotYourDuty
from backend.seeds import checking
from notifications.models import Notification
from tests.cases.test_submit_materials import EXTRA, FACE, INCOME, PHOTO, SHARED
from tests.factories import supplements as notices
from tests.factories import world
from tests.factories.materials import a_file

pytestmark = pytest.mark.django_db
STEPS = [notices.INTAKE, notices.REVIEW, world.DECISION, world.PAY]


@pytest.fixture(autouse=True)
def sound():
    yield
    assert list(checking.of_cases()) == []


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


@pytest.fixture
def town():
    return world.staff("town_reviewer", "SW")


@pytest.fixture
def bureau():
    return world.staff("county_reviewer", "MZ")


def sent(*materials, **chosen):
    version = world.an_item(materials=list(materials), steps=STEPS)
    return world.submitted(version=version, materials=chosen)


def line(case, key):
    return case.materials.select_related("file").get(key=key)


def in_doubt(case, key="id_card", how="different"):
    CaseMaterial.objects.filter(case=case, key=key).update(verification=how)


def upload(case):
    return {"by": "upload", "file": a_file(case.applicant.account).uid}


def hand(case, key, choice, actor=None):
    return actions.hand_in(
        actor=actor or case.applicant.account, number=case.number, key=key, choice=choice
    )


def refusal(case, actor, verb="accept", **body):
    with pytest.raises((ledger.MaterialsWanted, ledger.MaterialsUnsettled)) as refused:
        getattr(actions, verb)(actor=actor, number=case.number, **body)
    case.refresh_from_db()
    return {one["key"]: one["why"] for one in refused.value.extra["materials"]}


# -- 补交 ---------------------------------------------------------------------------------------


def test_what_was_put_off_comes_in_and_the_delay_is_kept():
    case = sent(INCOME, income={"by": "deferred"})
    due = line(case, "income").due_on
    hand(case, "income", choice := upload(case))
    one = line(case, "income")
    assert (one.resolved_by, one.state, one.file.uid) == ("upload", "given", choice["file"])
    assert one.due_on == due
    old = one.replacements.get()
    assert (old.resolved_by, old.state, old.file) == ("deferred", "wanted", None)
    event = case.events.order_by("-seq")[0]
    assert (event.verb, event.details["material"]) == ("hand_in", "income")


def test_a_defective_one_is_replaced_and_the_old_one_kept():
    case = world.submitted(version=world.an_item(materials=[PHOTO], steps=STEPS))
    before = line(case, "photo").file
    CaseMaterial.objects.filter(case=case).update(state="defective")
    hand(case, "photo", upload(case))
    one = line(case, "photo")
    assert (one.state, one.replacements.get().file) == ("given", before)
    assert one.file != before


def test_with_the_notice_what_the_notice_names(worker):
    case = notices.asked(notices.submitted(), worker)
    with pytest.raises(bringing.MaterialNotWanted):
        hand(case, "photo", upload(case))


def test_what_is_there_is_not_wanted_again():
    case = world.submitted(version=world.an_item(materials=[PHOTO]))
    with pytest.raises(bringing.MaterialNotWanted):
        hand(case, "photo", upload(case))


def test_what_a_registry_did_not_confirm_may_be_handed_in():
    case = sent(SHARED)
    with pytest.raises(bringing.MaterialNotWanted):
        hand(case, "id_card", upload(case))
    in_doubt(case)
    hand(case, "id_card", upload(case))
    one = line(case, "id_card")
    assert (one.resolved_by, one.verification) == ("upload", "")
    assert one.replacements.get().resolved_by == "registry"


@pytest.mark.parametrize(
    ("choice", "code"),
    [
        ({"by": "deferred"}, "not_this_way"),
        ({"by": "paper"}, "not_this_way"),
        ({"by": "commitment", "agreed": True}, "not_both"),
        ({"by": "upload", "file": uuid.uuid4()}, "no_such_file"),
        ({"by": "earlier", "earlier": 1}, "no_such_earlier"),
    ],
)
def test_is_given_as_it_may_be(choice, code):
    case = sent(INCOME, income={"by": "deferred"})
    with pytest.raises(ledger.MaterialsRejected) as refused:
        hand(case, "income", choice)
    assert refused.value.extra["codes"] == {"income": code}


def test_a_promise_may_still_be_given_where_nothing_is_put_off():
    case = sent(INCOME | {"required": False})
    hand(case, "income", {"by": "commitment", "agreed": True})
    assert line(case, "income").resolved_by == "commitment"


def test_is_the_applicants_or_a_windows(worker, bureau):
    case = sent(EXTRA)
    with pytest.raises(scope.CaseNotFound):
        hand(case, "extra", upload(case), actor=world.a_resident().account)
    mine = {"by": "upload", "file": a_file(worker).uid}
    hand(case, "extra", mine, actor=worker)
    assert line(case, "extra").updated_by == worker


def test_unknown_materials_are_not_found():
    case = sent(EXTRA)
    with pytest.raises(bringing.MaterialNotFound):
        hand(case, "nothing", upload(case))


def test_nothing_comes_into_a_case_that_has_ended():
    case = sent(EXTRA)
    actions.withdraw(actor=case.applicant.account, number=case.number)
    with pytest.raises(bringing.MaterialNotWanted):
        hand(case, "extra", upload(case))


# -- 窗口 ---------------------------------------------------------------------------------------


def test_a_window_takes_paper_and_sees_people(worker):
    case = sent(PHOTO, FACE, photo={"by": "paper"})
    actions.receive_material(actor=worker, number=case.number, key="photo", note="原件一张")
    actions.witness_material(actor=worker, number=case.number, key="face")
    photo, face = line(case, "photo"), line(case, "face")
    assert (photo.resolved_by, photo.state, photo.reference) == (
        "paper", "given", {"note": "原件一张"},
    )  # fmt: skip
    assert (face.resolved_by, face.state, face.updated_by) == ("onsite", "verified", worker)
    assert [one.verb for one in case.events.order_by("seq")][-2:] == [
        "receive_material", "witness_material",
    ]  # fmt: skip
    told = " ".join(str(one.details) for one in case.events.all())
    assert "原件一张" not in told


def test_a_window_that_takes_an_application_in_has_the_papers_already(worker):
    person, version = world.a_resident(), world.an_item(materials=[PHOTO, FACE])
    case = actions.take(
        actor=worker,
        person=person.uid,
        item_code=version.item.code,
        answers={"division_code": world.VILLAGE},
        token=uuid.uuid4(),
        how=How("window", "in_person"),
        materials={"photo": {"by": "paper"}, "face": {"by": "onsite"}},
    )
    assert [one.state for one in case.materials.order_by("pk")] == ["given", "verified"]


def test_only_a_window_takes_paper(bureau):
    case = sent(PHOTO, photo={"by": "paper"})
    for actor in (case.applicant.account, world.staff("department_head", "MZ")):
        with pytest.raises((NotYourDuty, scope.CaseNotFound)):
            actions.receive_material(actor=actor, number=case.number, key="photo")


# -- 核对 ---------------------------------------------------------------------------------------


def test_who_has_the_case_looks_at_the_papers(worker, town):
    case = world.submitted(version=world.an_item(materials=[PHOTO], steps=STEPS))
    with pytest.raises(NotYourDuty):
        actions.verify_material(actor=town, number=case.number, key="photo")
    actions.verify_material(actor=worker, number=case.number, key="photo", note="清楚")
    assert line(case, "photo").state == "verified"


def test_a_file_nobody_scanned_is_not_looked_at(worker):
    person = world.a_resident()
    chosen = {"photo": {"by": "upload", "file": a_file(person.account, "quarantined").uid}}
    case = world.submitted(
        version=world.an_item(materials=[PHOTO]), applicant=person, materials=chosen
    )
    with pytest.raises(bringing.FileNotClean):
        actions.verify_material(actor=worker, number=case.number, key="photo")


@pytest.mark.parametrize("how", ["different", "manual"])
def test_a_difference_is_settled_with_a_reason(worker, how):
    case = sent(SHARED)
    in_doubt(case, how=how)
    with pytest.raises(bringing.SettleReasonMissing):
        actions.settle_material(actor=worker, number=case.number, key="id_card", reason=" ")
    actions.settle_material(actor=worker, number=case.number, key="id_card", reason="刚改过名")
    one = line(case, "id_card")
    assert (one.state, one.verification, one.reference) == (
        "verified", how, {"settled": "刚改过名"},
    )  # fmt: skip
    with pytest.raises(bringing.MaterialNotWanted):
        actions.settle_material(actor=worker, number=case.number, key="id_card", reason="再来")


def test_what_matched_has_nothing_to_settle(worker):
    case = sent(SHARED)
    with pytest.raises(bringing.MaterialNotWanted):
        actions.settle_material(actor=worker, number=case.number, key="id_card", reason="无")


# -- 事后核查 -----------------------------------------------------------------------------------


def promised():
    must = INCOME | {"check": "must"}
    return sent(must, income={"by": "commitment", "agreed": True})


def test_a_promise_is_looked_into_by_who_decides(worker, bureau):
    case = promised()
    with pytest.raises(NotYourDuty):
        actions.check_promise(actor=worker, number=case.number, key="income", honest=True)
    actions.check_promise(actor=bureau, number=case.number, key="income", honest=True)
    one = line(case, "income")
    assert (one.state, one.verification) == ("verified", "matched")
    with pytest.raises(bringing.MaterialNotWanted):
        actions.check_promise(actor=bureau, number=case.number, key="income", honest=True)


def test_a_false_promise_is_the_last(bureau):
    case = promised()
    actions.check_promise(
        actor=bureau, number=case.number, key="income", honest=False, note="收入不符"
    )
    assert line(case, "income").verification == "different"
    assert line(case, "income").reference["found"] == "收入不符"
    assert told_of(case) == ["case.submitted", "case.promise_false"]
    person = case.applicant
    with pytest.raises(ledger.MaterialsRejected):
        world.submitted(
            applicant=person,
            version=world.an_item(materials=[INCOME]),
            materials={"income": {"by": "commitment", "agreed": True}},
        )


def told_of(case):
    found = Notification.objects.filter(case_number=case.number, account=case.applicant.account)
    return list(found.order_by("pk").values_list("kind", flat=True))


# -- 文件 ---------------------------------------------------------------------------------------


def test_who_sees_the_case_may_look_at_its_papers_and_says_why(worker):
    case = world.submitted(version=world.an_item(materials=[PHOTO]))
    owner, n = case.applicant.account, case.number
    assert actions.open_material(actor=owner, number=n, key="photo").token
    assert actions.open_material(actor=worker, number=n, key="photo", purpose="核对").token
    with pytest.raises(showing.SightPurposeMissing):
        actions.open_material(actor=worker, number=n, key="photo", purpose=" ")
    with pytest.raises(scope.CaseNotFound):
        actions.open_material(actor=world.a_resident().account, number=n, key="photo")
    with pytest.raises(bringing.MaterialNotFound):
        actions.open_material(actor=worker, number=n, key="nothing", purpose="核对")


def test_a_file_with_a_virus_is_not_there_and_the_applicant_hears(worker):
    case = world.submitted(version=world.an_item(materials=[PHOTO], steps=STEPS))
    file = line(case, "photo").file
    file.state = "refused"
    file.save()
    system = accounts.system_account()
    assert actions.tell_refused_papers(actor=system, number=case.number)
    assert "case.paper_refused" in told_of(case)
    assert refusal(case, worker) == {"photo": "文件没有通过查毒"}
    hand(case, "photo", upload(case))
    assert not actions.tell_refused_papers(actor=system, number=case.number)
    assert actions.accept(actor=worker, number=case.number).status == Status.ACCEPTED
    with pytest.raises(NotYourDuty):
        actions.tell_refused_papers(actor=worker, number=case.number)
