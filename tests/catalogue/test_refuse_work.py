"""A community may refuse what is not admitted, and the refusal is kept and answered."""

import datetime as dt

import pytest
from django.utils import timezone

from backend.catalogue.actions import refusals
from backend.catalogue.actions.procedures import OpinionMissing
from backend.catalogue.actions.refusals import Demand
from backend.catalogue.models import CatalogueEvent, Refusal
from backend.catalogue.queries import procedures as queries
from backend.organisation import duties
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db


@pytest.fixture
def worker():
    return world.staff("community_worker", "ZD")


def demand(**changes):
    told = {
        "asked_by": "雁江区某局",
        "asked_on": timezone.localdate(),
        "work": "逐户登记养犬情况并录入该局系统",
        "evidence": "工作群通知, 2026-11-20",
    }
    return Demand(**{**told, **changes})


def test_keeps_who_asked_for_what_and_tells_civil_affairs(worker):
    reviewer = world.staff("county_reviewer", "MZ")
    one = refusals.refuse_work(actor=worker, demand=demand())
    assert (one.division.code, one.office.code) == (world.VILLAGE, "ZD")
    event = CatalogueEvent.objects.get()
    assert (event.subject, event.key, event.office) == ("refusal", str(one.uid), "前进村便民服务站")
    assert "养犬" not in str(event.details)
    notice = Notification.objects.get(account=reviewer)
    assert "前进村" in notice.body
    assert "雁江区某局" in notice.body


@pytest.mark.parametrize("status", ["trial", "published"])
def test_what_is_admitted_must_be_done(worker, status):
    version = world.an_item(status=status)
    with pytest.raises(refusals.WorkIsAdmitted):
        refusals.refuse_work(actor=worker, demand=demand(), item_code=version.item.code)
    assert not Refusal.objects.exists()


@pytest.mark.parametrize("status", ["draft", "exited"])
def test_what_is_not_open_may_be_refused(worker, status):
    version = world.an_item(status=status)
    assert refusals.refuse_work(actor=worker, demand=demand(), item_code=version.item.code)


def test_is_for_communities(worker):
    for role, office in (("town_reviewer", "SW"), ("department_head", "CL"), ("item_admin", "MZ")):
        with pytest.raises(duties.NotYourDuty):
            refusals.refuse_work(actor=world.staff(role, office), demand=demand())
    tomorrow = timezone.localdate() + dt.timedelta(days=1)
    with pytest.raises(refusals.AskedLater):
        refusals.refuse_work(actor=worker, demand=demand(asked_on=tomorrow))


def test_civil_affairs_answers_once_with_a_finding(worker):
    one = refusals.refuse_work(actor=worker, demand=demand())
    reviewer = world.staff("city_reviewer", "MZ", world.CITY)
    with pytest.raises(OpinionMissing):
        refusals.answer_refusal(actor=reviewer, uid=one.uid, finding="")
    one = refusals.answer_refusal(actor=reviewer, uid=one.uid, finding="已通知停止交办")
    assert (one.seen_by, one.finding) == (reviewer, "已通知停止交办")
    with pytest.raises(refusals.AlreadySeen):
        refusals.answer_refusal(actor=reviewer, uid=one.uid, finding="再说")
    assert [e.verb for e in CatalogueEvent.objects.order_by("pk")] == [
        "refuse_work",
        "answer_refusal",
    ]


def test_a_community_sees_its_own_and_answers_none(worker):
    one = refusals.refuse_work(actor=worker, demand=demand())
    elsewhere = world.staff("community_worker", "ZD", world.OTHER_VILLAGE)
    assert len(queries.refusal_page(duties.posts_of(worker), size=20)) == 1
    assert queries.refusal_page(duties.posts_of(elsewhere), size=20) == []
    with pytest.raises(queries.RefusalNotFound):
        refusals.answer_refusal(actor=elsewhere, uid=one.uid, finding="x")
    with pytest.raises(duties.NotYourDuty):
        refusals.answer_refusal(actor=worker, uid=one.uid, finding="x")


def test_a_page_is_one_statement(worker, django_assert_num_queries):
    posts = duties.posts_of(worker)
    for _ in range(4):
        refusals.refuse_work(actor=worker, demand=demand())
        with django_assert_num_queries(1):
            rows = queries.refusal_page(posts, size=20)
    assert [key for key, _ in rows] == sorted((key for key, _ in rows), reverse=True)
