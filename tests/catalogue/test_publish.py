"""A version comes into force signed off as it stands, and by a second person."""

import datetime as dt
import uuid

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import actions as cases
from backend.cases.actions.submission import ItemSuspended, NotOfferedHere
from backend.catalogue import queries as catalogue
from backend.catalogue.actions import (
    drafting,
    exits,
    loading,
    procedures,
    publishing,
    standing,
)
from backend.catalogue.actions.procedures import OpinionMissing
from backend.catalogue.models import CatalogueEvent, Exit, Rollout, SignOff, VersionDraft
from backend.catalogue.queries import drafts as queries
from backend.catalogue.queries import signatures
from backend.core.lifecycle import IllegalMove
from backend.organisation import duties
from backend.seeds import drive
from tests import racing
from tests.factories import items, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return items.staffed()


def save(people, draft, **changes):
    return drafting.save(
        actor=people["editor"],
        uid=draft.uid,
        revision=draft.revision,
        definition={**draft.definition, **changes},
    )[0]


# -- 草稿 ----------------------------------------------------------------------------------------


def test_a_first_draft_begins_with_what_was_admitted(people):
    items.an_admitted_item()
    draft = drafting.create(actor=people["editor"], item_code="T-1")
    assert draft.definition["code"] == "T-1"
    assert draft.definition["department"] == "MZ"
    with pytest.raises(drafting.DraftOpen):
        drafting.create(actor=people["second"], item_code="T-1")


def test_the_next_draft_begins_with_what_the_last_version_said(people):
    items.published(people, promised_days=16)
    draft = drafting.create(actor=people["editor"], item_code="T-1")
    assert draft.definition["promised_days"] == 16
    assert drafting.check(draft.item, draft.definition, today=timezone.localdate()).faults == []


def test_keeps_a_faulty_draft_and_says_what_is_wrong(people):
    draft = items.a_draft(people)
    draft, checked = drafting.save(
        actor=people["editor"],
        uid=draft.uid,
        revision=draft.revision,
        text="code: T-1\nname: 津贴\nlegal_days: 三十\n",
    )
    assert draft.definition == {"code": "T-1", "name": "津贴", "legal_days": "三十"}
    assert [(one.path, one.line) for one in checked.faults if one.path == "legal_days"] == [
        ("legal_days", 3)
    ]


def test_keeps_the_order_of_choices(people):
    draft = items.a_draft(people)
    draft.refresh_from_db()
    assert draft.definition["form"][1]["options"] == [
        {"value": "small", "label": "小额"},
        {"value": "normal", "label": "一般"},
    ]


def test_who_comes_second_is_told(people):
    draft = items.a_draft(people)
    save(people, draft, promised_days=17)
    with pytest.raises(drafting.DraftChanged):
        save(people, draft, promised_days=18)


@pytest.mark.parametrize(
    "given",
    [
        {"definition": {"name": "a\x00"}},
        {"definition": {"name": "\ud800"}},
        {"definition": {"n": 2**70}},
        {"definition": {"name": "字" * 100_000}},
        {"definition": []},
        {"definition": None},
        {"text": "a: [1"},
        {"text": "a: &x 1\nb: *x"},
    ],
    ids=["nul", "surrogate", "number", "large", "list", "nothing", "broken", "anchor"],
)
def test_refuses_what_no_database_keeps(people, given):
    draft = items.a_draft(people)
    with pytest.raises(drafting.UnreadableDefinition):
        drafting.save(actor=people["editor"], uid=draft.uid, revision=draft.revision, **given)


@pytest.mark.parametrize(
    ("changes", "path"), [({"code": "T-2"}, "code"), ({"department": "CL"}, "department")]
)
def test_a_draft_stays_with_its_item(people, changes, path):
    draft = items.a_draft(people, **changes)
    with pytest.raises(loading.BadDefinition) as refused:
        drafting.sign_off(actor=people["signer"], uid=draft.uid, revision=draft.revision)
    assert path in {one["path"] for one in refused.value.extra["faults"]}


def test_counties_do_not_write_the_city_s_standard(people):
    items.an_admitted_item()
    for actor in (world.staff("item_admin", "MZ"), people["signer"]):
        with pytest.raises(duties.NotYourDuty):
            drafting.create(actor=actor, item_code="T-1")


# -- 签认 ----------------------------------------------------------------------------------------


def test_a_sign_off_names_who_what_and_when_and_holds(people):
    draft = items.signed_off(people)
    one = SignOff.objects.get()
    assert (one.signer, one.office.name, one.revision) == (
        people["signer"],
        "资阳市民政局",
        draft.revision,
    )
    assert signatures.holds(one)
    one.revision += 1
    assert not signatures.holds(one)
    with pytest.raises(Error, match="only grows"), transaction.atomic():
        connection.cursor().execute("UPDATE catalogue_signoff SET revision = 9")


def test_a_changed_draft_needs_a_new_sign_off(people):
    draft = items.signed_off(people)
    draft = save(people, draft, promised_days=17)
    with pytest.raises(publishing.NotSignedOff):
        publishing.try_out(
            actor=people["second"], uid=draft.uid, revision=draft.revision, divisions=[world.TOWN]
        )


def test_a_change_of_the_name_alone_needs_one_too(people):
    draft = save(people, items.signed_off(people), name="老年津贴")
    with pytest.raises(publishing.NotSignedOff):
        publishing.publish(actor=people["second"], uid=draft.uid, revision=draft.revision)


def test_what_was_changed_back_is_signed_off_still(people):
    draft = items.signed_off(people)
    draft = save(people, draft, promised_days=17)
    draft = save(people, draft, promised_days=15)
    assert publishing.try_out(
        actor=people["second"], uid=draft.uid, revision=draft.revision, divisions=[world.TOWN]
    ).version


def test_nobody_signs_what_they_have_not_seen(people):
    draft = items.a_draft(people)
    seen = draft.revision
    save(people, draft, promised_days=17)
    with pytest.raises(drafting.DraftChanged):
        drafting.sign_off(actor=people["signer"], uid=draft.uid, revision=seen)


@pytest.mark.parametrize(
    ("role", "office", "place"),
    [
        ("department_head", "MZ", None),  # the county's: there is a city's
        ("department_head", "CL", None),
        ("item_admin", "MZ", world.CITY),
        ("city_reviewer", "MZ", world.CITY),
    ],
)
def test_the_responsible_department_s_head_signs(people, role, office, place):
    draft = items.a_draft(people)
    with pytest.raises((duties.NotYourDuty, queries.DraftNotFound)):
        drafting.sign_off(
            actor=world.staff(role, office, place), uid=draft.uid, revision=draft.revision
        )


def test_a_county_s_head_signs_where_the_city_has_no_such_office(people):
    items.an_admitted_item(department_code="RS")
    draft = items.a_draft(people, department="RS")
    one = drafting.sign_off(
        actor=world.staff("department_head", "RS"), uid=draft.uid, revision=draft.revision
    )
    assert one.office.name == "雁江区人社局"


# -- 试运行与发布 --------------------------------------------------------------------------------


def test_neither_editor_nor_signer_publishes(people):
    draft = items.signed_off(people)
    both = people["signer"]
    both.staff.posts.create(
        role="item_admin", department=world.office("MZ", world.CITY), valid_from="2020-01-01"
    )
    for actor in (people["editor"], both):
        with pytest.raises(publishing.AnotherPublishes):
            publishing.try_out(
                actor=actor, uid=draft.uid, revision=draft.revision, divisions=[world.TOWN]
            )


def test_who_edited_once_is_an_editor_for_good(people):
    draft = items.a_draft(people)
    draft, _ = drafting.save(
        actor=people["second"],
        uid=draft.uid,
        revision=draft.revision,
        definition={**draft.definition, "promised_days": 18},
    )
    draft = save(people, draft, promised_days=15)
    drafting.sign_off(actor=people["signer"], uid=draft.uid, revision=draft.revision)
    with pytest.raises(publishing.AnotherPublishes):
        publishing.try_out(
            actor=people["second"], uid=draft.uid, revision=draft.revision, divisions=[world.TOWN]
        )


def test_a_new_item_is_tried_out_first(people):
    draft = items.signed_off(people)
    with pytest.raises(publishing.TryFirst):
        publishing.publish(actor=people["second"], uid=draft.uid, revision=draft.revision)
    with pytest.raises(publishing.NoPlaceToTry):
        publishing.try_out(
            actor=people["second"],
            uid=draft.uid,
            revision=draft.revision,
            divisions=["510000000000"],
        )


def test_a_trial_takes_cases_where_it_is_tried_and_nowhere_else(people):
    draft = items.on_trial(people)
    assert (draft.state, draft.item.status, draft.version.number) == ("trial", "trial", 1)
    case = applied(world.VILLAGE)
    assert case.version_id == draft.version_id
    with pytest.raises(NotOfferedHere):
        applied(world.OTHER_VILLAGE)


def applied(village):
    person = world.a_resident(village=village)
    return cases.submit(
        actor=person.account,
        applicant=person,
        item_code="T-1",
        answers={"home": village, "track": "small"},
        token=uuid.uuid4(),
    )


def test_publishing_what_was_tried_opens_it_everywhere_on_the_same_version(people):
    draft = items.published(people)
    assert (draft.state, draft.item.status, draft.version.number) == ("published", "published", 1)
    assert applied(world.OTHER_VILLAGE).version_id == draft.version_id
    assert set(Rollout.objects.values_list("stage", flat=True)) == {"live"}
    assert list(signatures.unsound()) == []


def test_what_changed_during_the_trial_is_tried_again(people):
    draft = save(people, items.on_trial(people), promised_days=16)
    drafting.sign_off(actor=people["signer"], uid=draft.uid, revision=draft.revision)
    with pytest.raises(publishing.TryFirst):
        publishing.publish(actor=people["second"], uid=draft.uid, revision=draft.revision)
    draft = publishing.try_out(
        actor=people["second"], uid=draft.uid, revision=draft.revision, divisions=[world.TOWN]
    )
    assert draft.version.number == 2
    assert (
        publishing.publish(
            actor=people["second"], uid=draft.uid, revision=draft.revision
        ).version.number
        == 2
    )


def test_a_trial_may_be_called_off_and_what_runs_finishes(people):
    draft = items.on_trial(people)
    case = applied(world.VILLAGE)
    with pytest.raises(OpinionMissing):
        standing.call_off(actor=people["second"], item_code="T-1", reason="")
    item = standing.call_off(actor=people["second"], item_code="T-1", reason="材料要改")
    draft.refresh_from_db()
    assert (item.status, draft.state) == ("draft", "editing")
    with pytest.raises(catalogue.ItemNotFound):
        applied(world.VILLAGE)
    worker = world.staff("community_worker", "ZD")
    assert cases.accept(actor=worker, number=case.number).status == "accepted"
    assert CatalogueEvent.objects.get(verb="call_off").note == "材料要改"


def test_the_next_version_replaces_the_last_and_cases_keep_theirs(people):
    first = items.published(people)
    case = applied(world.VILLAGE)
    draft = items.signed_off(people, promised_days=16)
    draft = publishing.publish(actor=people["second"], uid=draft.uid, revision=draft.revision)
    assert (draft.version.number, draft.version.promised_days) == (2, 16)
    case.refresh_from_db()
    assert case.version_id == first.version_id
    assert catalogue.published("T-1").number == 2
    assert list(signatures.unsound()) == []


def test_the_trail_tells_the_whole_way(people):
    draft = items.published(people)
    told = CatalogueEvent.objects.filter(subject="draft", key=str(draft.uid)).order_by("pk")
    assert [one.verb for one in told] == ["create", "save", "sign_off", "try_out", "publish"]


def test_two_publications_at_once_are_one(people, transactional_db):
    draft = items.on_trial(people)
    third = world.staff("item_admin", "MZ", world.CITY)

    def go(i):
        actor = Account.objects.get(pk=(people["second"], third)[i % 2].pk)
        return publishing.publish(actor=actor, uid=draft.uid, revision=draft.revision)

    answers = racing.together(go, times=6)
    assert sum(isinstance(one, VersionDraft) for one in answers) == 1, answers
    assert CatalogueEvent.objects.filter(subject="item", verb="publish").count() == 1


# -- 暂停、恢复、退出 ----------------------------------------------------------------------------


def later(days=10):
    return timezone.localdate() + dt.timedelta(days=days)


def test_a_suspended_item_takes_no_case_and_what_runs_finishes(people):
    items.published(people)
    case = applied(world.VILLAGE)
    standing.suspend(
        actor=people["signer"], item_code="T-1", reason="系统对接", expected_on=later()
    )
    with pytest.raises(ItemSuspended):
        applied(world.VILLAGE)
    worker = world.staff("community_worker", "ZD")
    assert cases.accept(actor=worker, number=case.number).status == "accepted"
    item = standing.resume(actor=people["signer"], item_code="T-1")
    assert item.status == "published"
    assert item.suspensions.get().ended_at is not None
    assert applied(world.VILLAGE).status == "submitted"


def test_a_suspension_says_why_and_until_when(people):
    items.published(people)
    for changes, refusal in (
        ({"reason": ""}, OpinionMissing),
        ({"expected_on": timezone.localdate()}, standing.EndsBeforeItBegan),
        ({"actor": people["editor"]}, duties.NotYourDuty),
        ({"item_code": "T-9"}, catalogue.ItemNotFound),
    ):
        asked = {"actor": people["signer"], "item_code": "T-1", "reason": "对接"}
        with pytest.raises(refusal):
            standing.suspend(**{**asked, "expected_on": later(), **changes})
    with pytest.raises(IllegalMove):
        standing.resume(actor=people["signer"], item_code="T-1")


def test_an_exited_item_takes_no_case_and_what_runs_ends_on_its_version(people):
    draft = items.published(people)
    case = applied(world.VILLAGE)
    one = exits.propose(
        actor=people["signer"], item_code="T-1", ground="repealed",
        legal_basis="川府发〔2026〕9号", reason="依据废止",
    )  # fmt: skip
    reviewer = world.staff("city_reviewer", "MZ", world.CITY)
    meeting = world.staff("department_head", "LX")
    procedures.vet(Exit, actor=reviewer, uid=one.uid, opinion="属实")
    exits.approve(actor=meeting, uid=one.uid, opinion="同意", minutes="5号")
    with pytest.raises(catalogue.ItemNotFound):
        applied(world.OTHER_VILLAGE)
    ended = drive.carry(case, until="concluded")
    assert (ended.status, ended.outcome, ended.version_id) == (
        "concluded",
        "granted",
        draft.version_id,
    )
    with pytest.raises(drafting.ItemGone):
        drafting.create(actor=people["editor"], item_code="T-1")
