"""提交时的材料: what is asked for, what is not, and what each answer becomes in the ledger."""

import uuid

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions
from backend.cases.actions import ledger, submission
from backend.cases.models import Case, CaseMaterial
from backend.organisation import queries as organisation
from tests.factories import world
from tests.factories.materials import a_file

pytestmark = pytest.mark.django_db

SHARED = {"key": "id_card", "name": "身份证", "required": True, "source": "shared",
          "registry": "population"}  # fmt: skip
PHOTO = {"key": "photo", "name": "近期照片", "required": True, "source": "self"}
TABLE = {"key": "application", "name": "申请表", "required": True, "source": "self",
         "form": "auto_form"}  # fmt: skip
INCOME = {"key": "income", "name": "收入证明", "required": True, "source": "self",
          "deferrable": True, "commitment": True}  # fmt: skip
PAPERS = {"key": "papers", "name": "案件材料", "required": True, "source": "self",
          "deferrable": True, "commitment": True}  # fmt: skip
FACE = {"key": "face", "name": "现场见证", "required": True, "source": "self",
        "form": "onsite_or_face"}  # fmt: skip
EXTRA = {"key": "extra", "name": "荣誉证书", "required": False, "source": "self"}
VISIT = {"key": "visit", "name": "上门说明", "required": True, "source": "self",
         "when": "home_visit"}  # fmt: skip


def send(person, *materials, version=None, token=None, chosen=None, **answers):
    version = version or world.an_item(materials=list(materials))
    return actions.submit(
        actor=person.account,
        applicant=person,
        item_code=version.item.code,
        answers={"division_code": world.VILLAGE, **answers},
        token=token or uuid.uuid4(),
        materials=chosen or {},
    )


def line(case, key):
    return case.materials.get(key=key)


def refused(person, *materials, chosen=None, **answers):
    with pytest.raises(ledger.MaterialsRejected) as refusal:
        send(person, *materials, chosen=chosen, **answers)
    assert set(refusal.value.extra["fields"]) == {
        f"materials.{key}" for key in refusal.value.extra["codes"]
    }
    assert not Case.objects.exists()
    return refusal.value.extra["codes"]


@pytest.fixture
def person():
    return world.a_resident()


def test_what_a_registry_holds_is_never_asked_for(person):
    one = line(send(person, SHARED, TABLE), "id_card")
    assert (one.resolved_by, one.state, one.verification) == ("registry", "given", "pending")


def test_and_is_not_taken_either(person):
    chosen = {"id_card": {"by": "upload", "file": a_file(person.account).uid}}
    assert refused(person, SHARED, chosen=chosen) == {"id_card": "not_needed"}


def test_a_registry_that_is_not_connected_gives_nothing(person, settings):
    settings.REGISTRIES = ("household",)
    assert refused(person, SHARED) == {"id_card": "missing"}


def test_an_electronic_licence_stands_for_it(person, settings):
    settings.REGISTRIES = ("licence",)
    one = line(send(person, SHARED | {"licence": "电子身份凭证"}), "id_card")
    assert (one.resolved_by, one.verification) == ("licence", "pending")


def test_nobody_is_known_by_number_no_registry_is_asked():
    person = world.a_resident(level=1)
    version = world.an_item(materials=[SHARED], realname_level=1)
    with pytest.raises(ledger.MaterialsRejected):
        send(person, version=version)


def test_what_the_form_makes_is_there(person):
    one = line(send(person, TABLE), "application")
    assert (one.resolved_by, one.state, one.verification) == ("form", "given", "")


def test_says_all_that_is_missing_at_once(person):
    chosen = {"nothing": {"by": "paper"}, "photo": {"by": "deferred"}}
    assert refused(person, PHOTO, INCOME, EXTRA, chosen=chosen) == {
        "nothing": "unknown",
        "photo": "not_this_way",
        "income": "missing",
    }


def test_a_condition_decides_whether_it_is_needed(person):
    assert refused(person, VISIT, home_visit=True) == {"visit": "missing"}
    assert not send(person, VISIT, home_visit=False).materials.exists()


def test_a_stale_choice_of_what_does_not_apply_is_left_alone(person):
    chosen = {"visit": {"by": "paper"}}
    assert not send(person, VISIT, home_visit=False, chosen=chosen).materials.exists()


@pytest.mark.parametrize("state", ["clean", "quarantined"])
def test_an_upload_of_ones_own(person, state):
    file = a_file(person.account, state)
    one = line(send(person, PHOTO, chosen={"photo": {"by": "upload", "file": file.uid}}), "photo")
    assert (one.resolved_by, one.state, one.file) == ("upload", "given", file)


@pytest.mark.parametrize("state", ["refused", "gone"])
def test_a_refused_file_is_none(person, state):
    chosen = {"photo": {"by": "upload", "file": a_file(person.account, state).uid}}
    assert refused(person, PHOTO, chosen=chosen) == {"photo": "no_such_file"}


def test_a_strangers_file_is_none(person):
    stranger = a_file(world.a_resident().account)
    for uid in (stranger.uid, uuid.uuid4(), None):
        chosen = {"photo": {"by": "upload", "file": uid}}
        assert refused(person, PHOTO, chosen=chosen) == {"photo": "no_such_file"}


def test_what_was_given_before_stands_again(person):
    file = a_file(person.account)
    first = send(person, PHOTO, chosen={"photo": {"by": "upload", "file": file.uid}})
    before = line(first, "photo")
    again = send(person, PHOTO, chosen={"photo": {"by": "earlier", "earlier": before.pk}})
    one = line(again, "photo")
    assert (one.resolved_by, one.earlier, one.file) == ("earlier", before, file)
    assert one.reference["given_on"]


@pytest.mark.parametrize("why", ["somebody else's", "another material", "run out", "not clean"])
def test_not_everything_given_before_does(person, why):
    owner = world.a_resident() if why == "somebody else's" else person
    file = a_file(owner.account)
    chosen = {"photo": {"by": "upload", "file": file.uid}}
    first = send(owner, PHOTO, chosen=chosen)
    before = line(first, "photo")
    if why == "not clean":
        file.state = "refused"
        file.save()
    wanted = {
        "another material": PHOTO | {"name": "全家合影"},
        "run out": PHOTO | {"valid_days": 0},
    }.get(why, PHOTO)
    if why == "run out":
        file.created_at = file.created_at.replace(year=file.created_at.year - 1)
        file.save()
    with pytest.raises(ledger.MaterialsRejected) as refusal:
        send(person, wanted, chosen={"photo": {"by": "earlier", "earlier": before.pk}})
    assert refusal.value.extra["codes"] == {"photo": "no_such_earlier"}


def test_a_promise_keeps_its_text_and_may_be_drawn(person, settings):
    settings.PROMISE_SAMPLE = 0
    promised = {"income": {"by": "commitment", "agreed": True}}
    one = line(send(person, INCOME, chosen=promised), "income")
    assert (one.resolved_by, one.state, one.verification) == ("commitment", "given", "")
    assert one.reference == {"promise": "2026-1", "agreed": True, "drawn": False}
    must = line(send(person, INCOME | {"check": "must"}, chosen=promised), "income")
    assert must.verification == "afterwards"
    settings.PROMISE_SAMPLE = 100
    assert line(send(person, INCOME, chosen=promised), "income").verification == "afterwards"


def test_a_promise_is_agreed_to(person):
    for agreed in ({}, {"agreed": False}):
        chosen = {"income": {"by": "commitment", **agreed}}
        assert refused(person, INCOME, chosen=chosen) == {"income": "agree_first"}


def test_who_promised_falsely_promises_no_more(person):
    promised = {"income": {"by": "commitment", "agreed": True}}
    first = send(person, INCOME, chosen=promised)
    CaseMaterial.objects.filter(case=first).update(verification="different")
    with pytest.raises(ledger.MaterialsRejected) as refusal:
        send(person, INCOME, chosen=promised)
    assert refusal.value.extra["codes"] == {"income": "no_more_promises"}


def test_what_comes_later_has_its_own_last_day(person):
    case = send(person, INCOME, chosen={"income": {"by": "deferred"}})
    one, today = line(case, "income"), timezone.localdate()
    assert (one.resolved_by, one.state) == ("deferred", "wanted")
    assert one.due_on == organisation.calendar().add(today, 10).day


def test_key_materials_are_promised_or_come_later_not_both(person):
    chosen = {"income": {"by": "deferred"}, "papers": {"by": "commitment", "agreed": True}}
    assert refused(person, INCOME, PAPERS, chosen=chosen) == dict.fromkeys(chosen, "not_both")
    optional = PAPERS | {"required": False}
    assert send(person, INCOME, optional, chosen=chosen).materials.count() == 2


def test_what_cannot_be_sent_is_brought_and_does_not_hold_up_the_application(person):
    case = send(person, FACE, PHOTO, chosen={"photo": {"by": "paper"}})
    assert (line(case, "face").resolved_by, line(case, "face").state) == ("onsite", "wanted")
    assert (line(case, "photo").resolved_by, line(case, "photo").state) == ("paper", "wanted")


def test_nobody_has_to_have_what_is_not_necessary(person):
    one = line(send(person, EXTRA), "extra")
    assert (one.resolved_by, one.state, one.required) == ("", "wanted", False)


def test_the_same_tap_with_other_materials_is_another_application(person):
    version, token = world.an_item(materials=[INCOME]), uuid.uuid4()
    first = send(person, version=version, token=token, chosen={"income": {"by": "deferred"}})
    same = send(person, version=version, token=token, chosen={"income": {"by": "deferred"}})
    assert (same.pk, CaseMaterial.objects.count()) == (first.pk, 1)
    with pytest.raises(submission.TokenReused):
        send(person, version=version, token=token, chosen={"income": {"by": "paper"}})


def test_asks_the_database_little(person):
    items = (SHARED, TABLE, PHOTO, INCOME, EXTRA)
    chosen = {"photo": {"by": "upload", "file": a_file(person.account).uid}}
    before = line(send(person, PHOTO, chosen=chosen), "photo")
    version = world.an_item(materials=[*items, FACE])
    everything = {
        "photo": {"by": "earlier", "earlier": before.pk},
        "income": {"by": "commitment", "agreed": True},
        "extra": {"by": "upload", "file": a_file(person.account).uid},
    }
    other = world.a_resident()
    more = {"photo": {"by": "paper"}, "income": {"by": "deferred"}}
    send(other, version=version, chosen=more)  # the catalogue and the calendar are here now
    with CaptureQueriesContext(connection) as asked:
        send(person, version=version, chosen=everything)
    said = [q["sql"] for q in asked if "SAVEPOINT" not in q["sql"]]
    assert len(said) <= 12, "\n".join(one[:110] for one in said)
