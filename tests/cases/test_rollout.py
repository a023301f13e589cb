"""Closing a town loses nothing: its running cases end, its drafts stay, new ones are told why."""

import uuid

import pytest

from backend.accounts import actions as accounts
from backend.cases import actions
from backend.cases.actions import drafts
from backend.cases.actions.filing import NotOfferedHere
from backend.cases.models import Case, Draft
from backend.catalogue import actions as catalogue
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    world.a_city()
    return world.an_item()


def close(item, division=world.TOWN, stage="off"):
    catalogue.set_rollout(
        actor=accounts.system_account(),
        division=division,
        stage=stage,
        reason="暂停试点",
        item_code=item.item.code,
    )


def test_running_cases_of_a_closed_town_still_run_to_their_end(item):
    worker = world.staff("community_worker", "ZD")
    reviewer, decider = world.staff("town_reviewer", "SW"), world.staff("county_reviewer", "MZ")
    fresh, accepted = world.submitted(version=item), world.submitted(version=item)
    actions.accept(actor=worker, number=accepted.number)
    close(item)
    actions.accept(actor=worker, number=fresh.number)
    for case in (fresh, accepted):
        actions.pass_step(actor=reviewer, number=case.number, step="s2")
        actions.decide(actor=decider, number=case.number, outcome="granted")
        actions.run_system_step(step_id=case.steps.get(state="open").pk)
    assert set(Case.objects.values_list("status", "outcome")) == {("concluded", "granted")}


def test_new_submissions_are_refused_and_drafts_stay(item):
    person = world.a_resident()
    uid = uuid.uuid4()
    answers = {"division_code": world.VILLAGE}
    drafts.save_draft(
        actor=person.account, uid=uid, item_code=item.item.code, answers=answers, revision=0
    )
    close(item)
    with pytest.raises(NotOfferedHere):
        actions.submit(
            actor=person.account,
            applicant=person,
            item_code=item.item.code,
            answers=answers,
            token=uuid.uuid4(),
            draft=uid,
        )
    assert Draft.objects.filter(account=person.account, uid=uid).exists()
    assert not Case.objects.exists()
    elsewhere = world.a_resident(village=world.OTHER_VILLAGE)
    assert world.submitted(version=item, applicant=elsewhere).number
    close(item, stage="pilot")
    assert world.submitted(version=item, applicant=person).number


def test_the_catalogue_and_the_guide_say_where_an_item_is_open(item, client_of):
    close(item)
    code = item.item.code
    here = client_of(world.a_resident().account)
    elsewhere = client_of(world.a_resident(village=world.OTHER_VILLAGE).account)
    (row,) = here.get("/api/v1/items").json()["results"]
    assert (row["stage"], row["stage_label"], row["offered"]) == ("off", "关闭", False)
    assert "尚未开通" in row["why_not"]
    (row,) = elsewhere.get("/api/v1/items").json()["results"]
    assert (row["stage"], row["offered"]) == ("live", True)
    guide = here.get(f"/api/v1/items/{code}").json()
    assert [(one["name"], one["stage"]) for one in guide["open_in"]] == [
        ("资阳市", "live"),
        ("雁江镇", "off"),
    ]
    assert here.get(f"/api/v1/items/{code}/form").json()["stage"] == "off"
