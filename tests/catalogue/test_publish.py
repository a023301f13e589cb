"""A version comes into force signed off as it stands, and by a second person."""

import datetime as dt
import uuid

import pytest
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import actions as cases
from backend.cases.actions.filing import ItemSuspended, NotOfferedHere
from backend.catalogue import queries as catalogue
from backend.catalogue.actions import (
    drafting,
    exits,
    procedures,
    publishing,
    standing,
)
from backend.catalogue.actions.procedures import OpinionMissing
from backend.catalogue.models import CatalogueEvent, Exit, Rollout, VersionDraft
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
    return drafting.revise(
        actor=people["editor"],
        uid=draft.uid,
        revision=draft.revision,
        definition={**draft.definition, **changes},
    )[0]


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
    draft, _ = drafting.revise(
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
        drafting.begin(actor=people["editor"], item_code="T-1")
