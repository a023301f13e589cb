"""A draft is checked as it is written, and signed off as it stands."""

import pytest
from django.db import Error, connection, transaction
from django.utils import timezone

from backend.catalogue.actions import (
    drafting,
    loading,
    publishing,
)
from backend.catalogue.models import SignOff
from backend.catalogue.queries import drafts as queries
from backend.catalogue.queries import signatures
from backend.organisation import duties
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


# -- 草稿 ----------------------------------------------------------------------------------------


def test_a_first_draft_begins_with_what_was_admitted(people):
    items.an_admitted_item()
    draft = drafting.begin(actor=people["editor"], item_code="T-1")
    assert draft.definition["code"] == "T-1"
    assert draft.definition["department"] == "MZ"
    with pytest.raises(drafting.DraftOpen):
        drafting.begin(actor=people["second"], item_code="T-1")


def test_the_next_draft_begins_with_what_the_last_version_said(people):
    items.published(people, promised_days=16)
    draft = drafting.begin(actor=people["editor"], item_code="T-1")
    assert draft.definition["promised_days"] == 16
    assert drafting.check(draft.item, draft.definition, today=timezone.localdate()).faults == []


def test_keeps_a_faulty_draft_and_says_what_is_wrong(people):
    draft = items.a_draft(people)
    draft, checked = drafting.revise(
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
        drafting.revise(actor=people["editor"], uid=draft.uid, revision=draft.revision, **given)


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
            drafting.begin(actor=actor, item_code="T-1")


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
