"""重复与重叠: items that exclude each other, and what is taken up again after coming to nothing."""

import pytest

from backend.cases import actions
from backend.cases.actions import filing
from backend.cases.models import Case
from backend.cases.queries import overlap
from tests.factories import world

pytestmark = pytest.mark.django_db


def excluding(other, **rule):
    return world.an_item(guide={"excludes": [{"item": other.item.code, **rule}]})


def test_an_open_case_of_an_item_that_excludes_it_refuses():
    person, other = world.a_resident(), world.an_item()
    standing = world.submitted(version=other, applicant=person)
    with pytest.raises(filing.Excluded) as refused:
        world.submitted(version=excluding(other, refuse=True, why="只能享受一项"), applicant=person)
    assert refused.value.extra["number"] == standing.number
    assert refused.value.extra["why"] == "只能享受一项"
    assert Case.objects.count() == 1


def test_once_it_was_taken_back_nothing_stands_in_the_way():
    person, other = world.a_resident(), world.an_item()
    standing = world.submitted(version=other, applicant=person)
    actions.withdraw(actor=person.account, number=standing.number)
    version = excluding(other, refuse=True)
    case = world.submitted(version=version, applicant=person)
    assert overlap.shown(case) == []


def test_where_the_item_only_warns_staff_see_it(client_of):
    person, other = world.a_resident(), world.an_item()
    standing = world.submitted(version=other, applicant=person)
    case = world.submitted(version=excluding(other, why="补差发放"), applicant=person)
    desk = client_of(world.staff("community_worker", "ZD"))
    told = desk.get(f"/api/staff/v1/cases/{case.number}").json()["overlaps"]
    assert told == [
        {
            "number": standing.number,
            "item_name": other.item.name,
            "status_label": "待受理",
            "granted": False,
            "why": "补差发放",
        }
    ]


def test_what_was_granted_warns_and_never_refuses():
    person, other = world.a_resident(), world.an_instant_item()
    standing = world.submitted(version=other, applicant=person)
    actions.finish(actor=world.staff("community_worker", "ZD"), number=standing.number)
    case = world.submitted(version=excluding(other, refuse=True), applicant=person)
    assert [row["granted"] for row in overlap.shown(case)] == [True]


def test_somebody_elses_case_excludes_nothing():
    other = world.an_item()
    world.submitted(version=other)
    assert world.submitted(version=excluding(other, refuse=True)).pk


class TestHousehold:
    """同户: two of one family apply for what is given to a household."""

    FORM = [
        *world.FORM,
        {"key": "family", "label": "家庭成员", "type": "table", "required": False,
         "columns": [{"key": "id_no", "label": "证件号码", "type": "id_no", "required": True}]},
    ]  # fmt: skip

    def item(self, **rule):
        return world.an_item(form=self.FORM, guide={"applicants": ["household"], **rule})

    def apply(self, version, person, other):
        family = [{"id_no": other.id_number}]
        return world.submitted(version=version, applicant=person, family=family)

    def test_the_second_is_refused_and_not_told_whose_case_it_is(self):
        one, two = world.a_resident(), world.a_resident(name="赵德明")
        version = self.item(once_a_household=True)
        first = self.apply(version, one, two)
        with pytest.raises(filing.HouseholdApplied) as refused:
            self.apply(version, two, one)
        assert first.number not in str(refused.value.extra)

    def test_where_the_item_does_not_refuse_staff_see_it(self):
        one, two = world.a_resident(), world.a_resident(name="赵德明")
        version = self.item()
        first = self.apply(version, one, two)
        second = self.apply(version, two, one)
        assert [row["number"] for row in overlap.shown(second)] == [first.number]

    def test_another_family_is_left_alone(self):
        version = self.item(once_a_household=True)
        self.apply(version, world.a_resident(), world.a_resident())
        assert self.apply(version, world.a_resident(), world.a_resident()).pk


class TestPrevious:
    """退件后重交: 新件号, 关联前件."""

    def again(self, case):
        return world.submitted(version=case.version, applicant=case.applicant)

    def test_a_declined_case_is_taken_up_again_under_a_new_number(self, client_of):
        case, worker = world.submitted(), world.staff("community_worker", "ZD")
        actions.decline(actor=worker, number=case.number, reason="不属于本事项")
        fresh = self.again(case)
        assert fresh.number != case.number
        assert fresh.previous_id == case.pk
        page = client_of(case.applicant.account).get(f"/api/v1/cases/{fresh.number}").json()
        assert page["previous"] == case.number
        desk = client_of(worker).get(f"/api/staff/v1/cases/{fresh.number}").json()
        assert desk["previous"] == case.number

    def test_so_is_one_that_was_taken_back(self):
        case = world.submitted()
        actions.withdraw(actor=case.applicant.account, number=case.number)
        assert self.again(case).previous_id == case.pk

    def test_the_latest_counts(self):
        first = world.submitted()
        actions.withdraw(actor=first.applicant.account, number=first.number)
        second = self.again(first)
        actions.withdraw(actor=first.applicant.account, number=second.number)
        assert self.again(first).previous_id == second.pk

    def test_what_was_granted_has_no_sequel(self):
        case = world.submitted(version=world.an_instant_item())
        actions.finish(actor=world.staff("community_worker", "ZD"), number=case.number)
        assert self.again(case).previous_id is None

    def test_a_first_application_has_none(self):
        assert world.submitted().previous_id is None
