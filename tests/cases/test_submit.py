import uuid
from datetime import date

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.cases import actions, numbers
from backend.cases.actions import filing, submission
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseCounter, Draft
from backend.catalogue import forms
from backend.catalogue import queries as catalogue
from backend.catalogue.models import Rollout, ServiceItem
from backend.organisation.models import Custody, Department, Division
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db


def send(resident, version, *, token=None, **answers):
    return actions.submit(
        actor=resident.account,
        applicant=resident,
        item_code=version.item.code,
        answers={"division_code": world.VILLAGE, **answers},
        token=token or uuid.uuid4(),
    )


def test_gives_a_number_a_first_step_and_a_first_link():
    case = world.submitted()
    case.refresh_from_db()
    assert case.status == Status.SUBMITTED
    assert numbers.read(case.number).startswith(world.VILLAGE[:9])
    step = case.steps.get()
    assert (step.key, step.department.code, step.state) == ("s1", "ZD", "open")
    assert step.department.division.code == world.VILLAGE
    event = case.events.get()
    assert (event.seq, event.verb, bytes(event.hash)) == (1, "submit", bytes(case.event_head))


def test_tells_the_applicant_in_the_same_transaction():
    case = world.submitted()
    told = Notification.objects.get(account=case.applicant.account)
    assert (told.kind, told.case_number) == ("case.submitted", case.number)


def test_keeps_the_answers_sealed_and_bound_to_their_case():
    one, two = world.submitted(home_visit=True), world.submitted()
    assert one.answers["home_visit"] is True
    assert b"home_visit" not in bytes(one.sealed_answers)
    two.sealed_answers = one.sealed_answers
    with pytest.raises(Exception, match=r"cases\.answers"):
        _ = two.answers


def test_twice_is_once():
    resident, version, token = world.a_resident(), world.an_item(), uuid.uuid4()
    first = send(resident, version, token=token)
    assert send(resident, version, token=token).pk == first.pk
    assert Case.objects.count() == 1
    assert Notification.objects.count() == 1


def test_a_token_belongs_to_its_content():
    resident, version, token = world.a_resident(), world.an_item(), uuid.uuid4()
    send(resident, version, token=token)
    with pytest.raises(submission.TokenReused):
        send(resident, version, token=token, home_visit=True)


def test_one_person_has_one_open_case_of_an_item():
    resident, version = world.a_resident(), world.an_item()
    first = send(resident, version)
    with pytest.raises(submission.AlreadyOpen) as refused:
        send(resident, version)
    assert refused.value.extra["number"] == first.number
    actions.withdraw(actor=resident.account, number=first.number)
    assert send(resident, version).number != first.number


def test_a_refused_submission_leaves_nothing():
    resident, version = world.a_resident(), world.an_item()
    send(resident, version)
    before = CaseCounter.objects.get().value
    with pytest.raises(submission.AlreadyOpen):
        send(resident, version)
    assert CaseCounter.objects.get().value == before
    assert Notification.objects.count() == 1


def test_goes_to_whoever_has_the_village_in_custody():
    resident = world.a_resident()
    county = Division.objects.get(code=world.COUNTY)
    zone = Division.objects.create(
        code="512002900000",
        name="临空经济区",
        short_name="临空经济区",
        full_name="临空经济区",
        level="zone",
        parent=county,
        county_code=world.COUNTY,
        town_code="512002900000",
        valid_from=date(2017, 1, 1),
    )
    Department.objects.create(code="SW", name="临空社会事务办", division=zone)
    Custody.objects.create(
        node=Division.objects.get(code=world.VILLAGE), authority=zone, valid_from=date(2018, 1, 1)
    )
    case = send(resident, world.an_item())
    assert (case.town_code, case.village_code) == (zone.code, world.VILLAGE)
    worker = world.staff("community_worker", "ZD")
    actions.accept(actor=worker, number=case.number)
    assert case.steps.get(key="s2").department.name == "临空社会事务办"


def test_follows_the_hukou_where_the_item_says_so():
    resident = world.a_resident(village=world.OTHER_VILLAGE)
    version = world.an_item(authority="hukou")
    case = send(resident, version)  # 前进村 is where he asks, 书台村 where he is registered
    assert case.number.startswith(world.VILLAGE[:9])
    assert case.village_code == world.OTHER_VILLAGE


@pytest.mark.parametrize(
    ("change", "refusal"),
    [
        ({"status": "suspended"}, filing.ItemSuspended),
        ({"status": "exited"}, catalogue.ItemNotFound),
        ({"online": False}, filing.NotOnline),
        ({"realname_level": 3}, filing.RealnameTooLow),
    ],
)
def test_refuses_what_is_not_open(change, refusal):
    with pytest.raises(refusal):
        send(world.a_resident(), world.an_item(**change))


def test_refuses_an_unknown_item():
    resident = world.a_resident()
    with pytest.raises(catalogue.ItemNotFound):
        actions.submit(
            actor=resident.account,
            applicant=resident,
            item_code="没有",
            answers={},
            token=uuid.uuid4(),
        )


def test_refuses_outside_the_months_of_application():
    closed = [timezone.localdate().month % 12 + 1]
    with pytest.raises(filing.OutOfWindow):
        send(world.a_resident(), world.an_item(guide={"window": {"months": closed}}))


def test_the_nearest_rollout_counts():
    resident, version = world.a_resident(), world.an_item()
    county = Division.objects.get(code=world.COUNTY)
    village = Division.objects.get(code=world.VILLAGE)
    Rollout.objects.create(item=None, division=county, stage="off")
    with pytest.raises(filing.NotOfferedHere):
        send(resident, version)
    Rollout.objects.create(item=version.item, division=village, stage="pilot")
    assert send(resident, version).pk


def test_names_every_faulty_field_at_once():
    with pytest.raises(forms.FormRejected) as refused:
        send(world.a_resident(), world.an_item(), division_code="999", home_visit="也许", more=1)
    assert set(refused.value.extra["fields"]) == {"division_code", "home_visit", "more"}


def test_takes_its_draft_along():
    resident, version, uid = world.a_resident(), world.an_item(), uuid.uuid4()
    Draft.objects.create(
        uid=uid,
        account=resident.account,
        item=version.item,
        sealed_answers=b"x",
        updated_at=timezone.now(),
    )
    actions.submit(
        actor=resident.account,
        applicant=resident,
        item_code=version.item.code,
        answers={"division_code": world.VILLAGE},
        token=uuid.uuid4(),
        draft=uid,
    )
    assert not Draft.objects.exists()


def test_asks_the_database_little():
    resident, version = world.a_resident(), world.an_item()
    send(world.a_resident(), version)  # the catalogue and the calendar are in the process now
    with CaptureQueriesContext(
        connection,
    ) as asked:
        send(resident, version)
    assert len([q for q in asked if "SAVEPOINT" not in q["sql"]]) <= 14


def test_an_item_without_an_office_here_is_said_so():
    steps = [world.step("s1", "county_reviewer", "JY", "county", phase="intake", decides=True)]
    with pytest.raises(actions_no_office()):
        send(world.a_resident(), world.an_item(steps=steps))


def actions_no_office():
    from backend.cases.actions.moves import NoOffice

    return NoOffice


def test_an_item_that_does_not_exist_any_more_keeps_its_cases():
    case = world.submitted()
    ServiceItem.objects.filter(pk=case.item_id).update(status="exited")
    worker = world.staff("community_worker", "ZD")
    assert actions.accept(actor=worker, number=case.number).status == Status.ACCEPTED


def test_a_credit_code_names_the_county_that_acts():
    form = [*world.FORM, {"key": "uscc", "label": "信用代码", "type": "uscc", "required": True}]
    steps = [world.step("s1", "county_reviewer", "MZ", "county", phase="intake", decides=True)]
    version = world.an_item(
        form=form, steps=steps, authority="place", guide={"authority_field": "uscc"}
    )
    case = send(world.a_resident(), version, uscc="91512002MA62K0001N")
    assert (case.county_code, case.town_code, case.village_code) == (world.COUNTY, "", "")
