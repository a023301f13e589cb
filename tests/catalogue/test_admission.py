"""Admission and exit are procedures: three people, two limits, reasons, and a trail."""

import datetime as dt
from dataclasses import replace
from decimal import Decimal

import pytest
import time_machine
from django.db import Error, connection, transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import admissions, exits, overdue, procedures
from backend.catalogue.actions.admissions import Application
from backend.catalogue.models import Admission, CatalogueEvent, Exit, ProcedureStage, ServiceItem
from backend.catalogue.queries import procedures as queries
from backend.core.lifecycle import IllegalMove
from backend.organisation import duties
from notifications.models import Notification
from tests import racing
from tests.factories import world

pytestmark = pytest.mark.django_db

ASKED = Application(
    code="ZY-CL-009",
    name="残疾人辅具借用",
    theme="助残服务",
    level="county",
    department_code="CL",
    legal_basis="残疾预防和残疾人康复条例第二十条",
    reason="社区离残疾人最近, 可当场核验与登记",
    monthly_cases=40,
    minutes_each=15,
    yearly_funding=Decimal(120000),
)
MONDAY = dt.datetime(2026, 6, 1, 2, tzinfo=dt.UTC)


@pytest.fixture
def people():
    world.a_city()
    return {
        "head": world.staff("department_head", "CL"),
        "county": world.staff("county_reviewer", "MZ"),
        "city": world.staff("city_reviewer", "MZ", world.CITY),
        "meeting": world.staff("department_head", "LX"),
    }


def proposed(people, **changes):
    return admissions.propose(actor=people["head"], application=replace(ASKED, **changes))


def vetted(people):
    one = proposed(people)
    return procedures.vet(Admission, actor=people["county"], uid=one.uid, opinion="依据充分")


def admitted(people):
    one = vetted(people)
    return admissions.approve(
        actor=people["meeting"], uid=one.uid, opinion="同意", minutes="资社联纪〔2026〕3号"
    )


def told(account):
    return list(
        Notification.objects.filter(account=account).order_by("pk").values_list("kind", flat=True)
    )


def test_gives_civil_affairs_fifteen_working_days_and_tells_them(people):
    with time_machine.travel(MONDAY, tick=False):
        one = proposed(people)
    (stage,) = one.stages.all()
    assert (one.status, stage.name) == ("vetting", "vetting")
    # world's calendar has no announced days: weekdays and fixed festivals only
    assert stage.due_on == dt.date(2026, 6, 22)
    assert told(people["county"]) == ["staff.procedure_waits"]
    assert told(people["city"]) == told(people["meeting"]) == []


def test_an_approved_admission_puts_a_draft_into_the_catalogue(people):
    one = admitted(people)
    item = ServiceItem.objects.get(code="ZY-CL-009")
    assert (one.status, one.item, item.status) == ("approved", item, "draft")
    assert (item.department_code, item.name, item.theme) == ("CL", "残疾人辅具借用", "助残服务")
    assert one.closed_at is not None
    assert told(people["head"]) == ["staff.procedure_answered"]
    assert [(s.name, s.outcome, s.done_by, s.minutes) for s in one.stages.order_by("pk")] == [
        ("vetting", "vet", people["county"], ""),
        ("meeting", "approve", people["meeting"], "资社联纪〔2026〕3号"),
    ]
    trail = CatalogueEvent.objects.filter(subject="admission").order_by("pk")
    assert [(e.verb, e.status, e.office) for e in trail] == [
        ("propose", "vetting", "雁江区残联"),
        ("vet", "meeting", "雁江区民政局"),
        ("approve", "approved", "资阳市社区公共服务联席会议办公室"),
    ]


def test_the_trail_only_grows(people):
    proposed(people)
    for sql in (
        "UPDATE catalogue_catalogueevent SET verb = 'x'",
        "DELETE FROM catalogue_catalogueevent",
    ):
        with pytest.raises(Error, match="only grows"), transaction.atomic():
            connection.cursor().execute(sql)


@pytest.mark.parametrize(
    "missing", [{"yearly_funding": Decimal(0)}, {"yearly_funding": Decimal(-1)}]
)
def test_work_comes_with_funds_or_staff(people, missing):
    with pytest.raises(admissions.NothingOffered):
        proposed(people, **missing)
    assert proposed(people, **missing, staff_offered=Decimal("0.5")).status == "vetting"


def test_one_code_is_asked_for_once(people):
    proposed(people)
    with pytest.raises(admissions.CodeTaken):
        proposed(people)
    world.an_item(code="ZY-CL-010")
    with pytest.raises(admissions.CodeTaken):
        proposed(people, code="ZY-CL-010")


def test_somebody_must_answer_for_it(people):
    with pytest.raises(admissions.NoSuchDepartment):
        proposed(people, department_code="QQ")


@pytest.mark.parametrize("who", ["county", "city"])
def test_civil_affairs_of_county_or_city_may_refuse_with_a_reason(people, who):
    one = proposed(people)
    with pytest.raises(procedures.OpinionMissing):
        procedures.refuse(Admission, actor=people[who], uid=one.uid, opinion=" ")
    one = procedures.refuse(Admission, actor=people[who], uid=one.uid, opinion="可全程网办")
    assert one.status == "refused"
    assert one.stages.get().opinion == "可全程网办"
    assert not ServiceItem.objects.exists()


def test_the_meeting_refuses_by_its_minutes(people):
    one = vetted(people)
    with pytest.raises(procedures.MinutesMissing):
        procedures.refuse(Admission, actor=people["meeting"], uid=one.uid, opinion="力量不足")
    one.refresh_from_db()
    assert one.status == "meeting"
    one = procedures.refuse(
        Admission, actor=people["meeting"], uid=one.uid, opinion="力量不足", minutes="3号"
    )
    assert one.status == "refused"


def test_what_was_sent_back_comes_again_with_a_limit_of_its_own(people):
    with time_machine.travel(MONDAY, tick=False):
        one = proposed(people)
        procedures.send_back(Admission, actor=people["county"], uid=one.uid, opinion="经费依据")
    with time_machine.travel(MONDAY + dt.timedelta(days=30), tick=False):
        again = replace(ASKED, yearly_funding=Decimal(200000))
        one = admissions.resubmit(actor=people["head"], uid=one.uid, application=again)
    assert (one.status, one.yearly_funding) == ("vetting", Decimal(200000))
    assert [s.due_on.month for s in one.stages.order_by("pk")] == [6, 7]
    one = procedures.vet(Admission, actor=people["county"], uid=one.uid, opinion="可以")
    assert one.status == "meeting"


def test_the_office_may_take_it_back_until_it_is_decided(people):
    one = procedures.withdraw(Admission, actor=people["head"], uid=vetted(people).uid)
    assert (one.status, one.stages.filter(done_at__isnull=True).count()) == ("withdrawn", 0)
    with pytest.raises(IllegalMove):
        procedures.withdraw(Admission, actor=people["head"], uid=one.uid)


def test_another_office_may_not_answer_for_it(people):
    one = proposed(people)
    colleague = world.staff("department_head", "MZ", world.CITY)
    with pytest.raises(queries.ProcedureNotFound):
        procedures.withdraw(Admission, actor=colleague, uid=one.uid)
    with pytest.raises(procedures.NotYourOffice):
        procedures.withdraw(Admission, actor=people["county"], uid=one.uid)


def test_nobody_judges_what_they_proposed_or_vetted(people):
    """One person with three posts still needs two others."""
    busy = people["head"]
    member = busy.staff
    for role, code, place in (
        ("county_reviewer", "MZ", None),
        ("department_head", "LX", None),
    ):
        member.posts.create(
            role=role, department=world.office(code, place), valid_from=dt.date(2020, 1, 1)
        )
    one = proposed(people)
    with pytest.raises(procedures.SomebodyElseMust):
        procedures.vet(Admission, actor=busy, uid=one.uid, opinion="好")
    one = procedures.vet(Admission, actor=people["county"], uid=one.uid, opinion="好")
    with pytest.raises(procedures.SomebodyElseMust):
        admissions.approve(actor=busy, uid=one.uid, opinion="好", minutes="1")


@pytest.mark.parametrize(
    ("role", "office"),
    [
        ("county_reviewer", "CL"),
        ("item_admin", "MZ"),
        ("supervisor", "MZ"),
        ("department_head", "CL"),
    ],
)
def test_only_civil_affairs_vets(people, role, office):
    one = proposed(people)
    with pytest.raises((duties.NotYourDuty, queries.ProcedureNotFound)):
        procedures.vet(Admission, actor=world.staff(role, office), uid=one.uid, opinion="好")


def test_only_heads_propose(people):
    for actor in (people["county"], world.staff("item_admin", "MZ"), world.a_resident().account):
        with pytest.raises(duties.NotYourDuty):
            admissions.propose(actor=actor, application=ASKED)


@pytest.mark.parametrize("verb", ["vet", "send_back", "refuse", "approve", "resubmit", "withdraw"])
def test_a_closed_procedure_stays_closed(people, verb):
    one = admitted(people)
    acts = {
        "approve": lambda: admissions.approve(
            actor=people["meeting"], uid=one.uid, opinion="好", minutes="1"
        ),
        "resubmit": lambda: admissions.resubmit(
            actor=people["head"], uid=one.uid, application=replace(ASKED, code="ZY-CL-011")
        ),
        "withdraw": lambda: procedures.withdraw(Admission, actor=people["head"], uid=one.uid),
    }
    with pytest.raises(IllegalMove) as refused:
        acts.get(
            verb,
            lambda: getattr(procedures, verb)(
                Admission, actor=people["county"], uid=one.uid, opinion="好"
            ),
        )()
    assert refused.value.extra["state"] == "approved"


def test_an_overdue_stage_is_told_once_to_the_office_and_to_supervision(people):
    supervisor = world.staff("supervisor", "MZ", world.CITY)
    with time_machine.travel(MONDAY, tick=False):
        proposed(people)
    due = ProcedureStage.objects.get().due_on
    assert overdue.alert_procedures(today=due) == 0
    assert overdue.alert_procedures(today=due + dt.timedelta(days=1)) == 1
    assert overdue.alert_procedures(today=due + dt.timedelta(days=2)) == 0
    assert told(people["county"]) == ["staff.procedure_waits", "staff.procedure_overdue"]
    assert told(supervisor) == ["staff.procedure_overdue"]


@pytest.mark.django_db(transaction=True)
def test_two_decisions_at_once_are_one(people):
    one = vetted(people)
    second = world.staff("department_head", "LX")

    def decide(i):
        actor = Account.objects.get(pk=(people["meeting"], second)[i % 2].pk)
        if i % 2:
            return procedures.refuse(Admission, actor=actor, uid=one.uid, opinion="不", minutes="1")
        return admissions.approve(actor=actor, uid=one.uid, opinion="好", minutes="1")

    answers = racing.together(decide, times=6)
    won = [a for a in answers if isinstance(a, Admission)]
    assert len(won) == 1, answers
    assert all(isinstance(a, IllegalMove) for a in answers if a not in won)
    assert ServiceItem.objects.count() == (1 if won[0].status == "approved" else 0)
    assert CatalogueEvent.objects.filter(subject="admission").count() == 3


# -- 退出 ----------------------------------------------------------------------------------------


def leaving(people, version):
    return exits.propose(
        actor=people["head"],
        item_code=version.item.code,
        ground="rare",
        legal_basis="近一年全市不足10件",
        reason="建议由县级窗口直接办理",
    )


def exited(people, version):
    one = leaving(people, version)
    procedures.vet(Exit, actor=people["county"], uid=one.uid, opinion="属实")
    return exits.approve(actor=people["meeting"], uid=one.uid, opinion="同意", minutes="4号")


def test_an_item_leaves_by_the_same_procedure(people):
    version = world.an_item()
    one = exited(people, version)
    version.item.refresh_from_db()
    assert (one.status, version.item.status) == ("approved", "exited")
    event = CatalogueEvent.objects.get(subject="item")
    assert (event.verb, event.details) == ("exit", {"ground": "rare"})


def test_an_item_leaves_once(people):
    version = world.an_item()
    leaving(people, version)
    with pytest.raises(exits.ExitRunning):
        leaving(people, version)
    draft = world.an_item(status="draft")
    with pytest.raises(IllegalMove):
        leaving(people, draft)


# -- 目录 ----------------------------------------------------------------------------------------


def test_each_sees_what_is_theirs(people):
    proposed(people)
    today = timezone.localdate()
    elsewhere = world.staff("county_reviewer", "MZ", _another_county())
    for actor, sees in (
        (people["head"], 1),
        (people["county"], 1),
        (people["city"], 1),
        (people["meeting"], 1),
        (elsewhere, 0),
        (world.staff("department_head", "MZ"), 0),
        (world.staff("community_worker", "ZD"), 0),
        (world.staff("item_admin", "MZ", world.CITY), 1),
    ):
        rows = queries.page(Admission, duties.posts_of(actor), today=today, size=20)
        assert len(rows) == sees, actor


def _another_county():
    from backend.organisation.models import Department, Division

    city = Division.objects.get(code=world.CITY)
    other = world._division("512021000000", "安岳县", Division.Level.COUNTY, city)
    Department.objects.create(code="MZ", name="安岳县民政局", division=other)
    return other.code


def test_a_page_costs_two_statements_however_long(people, django_assert_num_queries):
    posts, today = duties.posts_of(people["county"]), timezone.localdate()
    for n in range(12):
        proposed(people, code=f"ZY-CL-1{n:02}")
        with django_assert_num_queries(2):
            rows = queries.page(Admission, posts, today=today, size=20)
    assert [row["code"] for _, row in rows] == [f"ZY-CL-1{n:02}" for n in reversed(range(12))]
    after = queries.page(Admission, posts, today=today, size=20, after=rows[4][0])
    assert [row["code"] for _, row in after] == [f"ZY-CL-1{n:02}" for n in reversed(range(7))]
