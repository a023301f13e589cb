"""Each of the 33 items, from submission to conclusion, driven by nothing but its configuration."""

import datetime as dt
import uuid

import pytest
import time_machine
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases import actions, workflow
from backend.cases.lifecycle import CLOSED, Status
from backend.cases.models import Case
from backend.cases.queries import materials, missing
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceItem
from backend.exchange import queries as registry
from backend.residents import actions as residents
from backend.seeds import answers, checking, demo, drive, reference
from tests import driving

PERSON = "wang-fang"
TODAY = dt.date(2026, 11, 23)


@pytest.fixture
def city(db):
    """The real city: divisions, offices, items, and the demo staff in their posts."""
    list(reference.load(actor=accounts.system_account()))
    demo._hire()


def known(key):
    """Return a demo person as the city knows them, with an account."""
    person = next(row for row in demo.people() if row["key"] == key)
    resident = residents.register(
        name=person["name"],
        id_type=person["id_type"],
        id_number=person["id_number"],
        phone=person["phone"],
        facts=demo._facts(person),
    )
    resident.account = Account.objects.create(name=f"r-{key}", kind=Account.Kind.RESIDENT)
    resident.save()
    return resident, person


@pytest.fixture
def applicant(city):
    return known(PERSON)


def in_season(version):
    """Return a moment at which the item takes applications."""
    now = timezone.now()
    months = (version.guide.get("window") or {}).get("months") or [now.month]
    return now if now.month in months else now.replace(year=now.year + 1, month=months[0], day=12)


def apply_for(code, resident, person):
    version = catalogue.published(code)
    filled = answers.sample(version.form, person, today=timezone.localdate())
    return actions.submit(
        actor=resident.account,
        applicant=resident,
        item_code=code,
        answers=filled,
        materials=answers.papers(version.materials, filled, registry.answering_for(resident)),
        token=uuid.uuid4(),
    )


def corrects_at(case):
    """Return the last step on the way that may say what is missing; "" where there is none."""
    plan = workflow.plan(case.version.workflow, case.facts)
    asking = [
        step["key"]
        for stage in plan
        for step in stage
        if "correction" in step["actions"] and step["role"] != workflow.SYSTEM
    ]
    return asking[-1] if asking else ""


def ask_and_answer(case, step):
    """
    Tell the applicant what is missing, and let them answer.

    What, why and how to mend it is read from the item: the first thing its catalogue offers.
    """
    offer = missing.catalogue(case)
    assert step.key in offer["steps"]
    thing = offer["things"][0]
    line = {name: thing[name] for name in ("on", "key", "sample")} | thing["reasons"][0]
    actions.request_supplement(
        actor=driving.holder(case, step), number=case.number, step=step.key, defects=[line]
    )
    driving.answer(case)


def turn_away(case, step):
    """Decline, where taking in already decides."""
    system = step.role == workflow.SYSTEM
    actor = accounts.system_account() if system else driving.holder(case, step)
    actions.decline(actor=actor, number=case.number, reason="不符合条件")


def lead(case, outcome, wait):
    """Lead a case to its end with a supplement on the way; return it and where that was."""
    asked = ""
    while True:
        case = Case.objects.select_related("item", "version", "applicant").get(pk=case.pk)
        if case.status in CLOSED:
            return case, asked
        step = driving.next_step(case)
        if not asked and step.key == corrects_at(case):
            asked = step.key
            ask_and_answer(case, step)
        elif outcome == "refused" and case.item.kind == ServiceItem.Kind.INSTANT:
            turn_away(case, step)
        else:
            driving.advance(case, outcome=outcome, wait=wait)


@pytest.mark.slow
@pytest.mark.parametrize("outcome", ["granted", "refused"])
def test_runs_from_submission_to_its_end(applicant, outcome):
    """With a supplement in the middle wherever a person may ask; approved, and rejected."""
    resident, person = applicant
    codes = list(ServiceItem.objects.order_by("code").values_list("code", flat=True))
    assert len(codes) == 33
    mended = 0
    for code in codes:
        with time_machine.travel(in_season(catalogue.published(code)), tick=True) as clock:
            case = apply_for(code, resident, person)
            offers = corrects_at(case)
            case, asked = lead(case, outcome, clock.move_to)
        away = outcome == "refused" and case.item.kind == ServiceItem.Kind.INSTANT
        ended = (Status.DECLINED, "") if away else (Status.CONCLUDED, outcome)
        assert (case.status, case.outcome) == ended, code
        assert not case.steps.filter(state="open").exists(), code
        assert asked == offers, code
        assert case.supplements.filter(state="answered").count() == bool(offers), code
        mended += bool(offers)
    assert mended == 28  # three need no papers, and two are taken in by the platform itself
    assert list(checking.of_cases()) == []


def test_promises_the_day_counted_by_hand(applicant):
    """Accepted on Monday 23 November 2026, fifteen working days end on Monday 14 December."""
    resident, person = applicant
    with time_machine.travel(dt.datetime(2026, 11, 23, 2, tzinfo=dt.UTC), tick=True):
        case = drive.carry(apply_for("ZY-MZ-001", resident, person), until=Status.ACCEPTED)
    assert case.promised_due_on == dt.date(2026, 12, 14)
    assert case.statutory_due_on > case.promised_due_on


def test_what_the_registries_hold_is_asked_of_nobody(applicant):
    """国务院令第 716 号 §9, over every material of every item; the ledger shows it."""
    resident, person = applicant
    for code in ServiceItem.objects.order_by("code").values_list("code", flat=True):
        version = catalogue.published(code)
        with time_machine.travel(in_season(version), tick=True):
            told = {row["key"]: row for row in materials.ahead(version, resident, today=TODAY)}
            case = apply_for(code, resident, person)
            lines = {line.key: line for line in case.materials.all()}
            actions.withdraw(actor=resident.account, number=case.number)  # some exclude each other
        shared = {one["key"] for one in version.materials if one["source"] == "shared"}
        assert {key for key, row in told.items() if row["by"] == "registry"} == shared
        assert not any(told[key]["choices"] for key in shared)
        for key in shared & lines.keys():
            assert (lines[key].resolved_by, lines[key].verification) == ("registry", "pending")
        assert all(line.resolved_by for line in lines.values() if line.required)


def test_the_demo_shows_a_paper_put_off_one_promised_and_one_from_a_registry(city):
    shown = set()
    for key, code in demo._CHOSEN:
        case = demo._submit(known(key)[1], code)
        shown |= set(case.materials.values_list("resolved_by", "state"))
    assert {("deferred", "wanted"), ("commitment", "given"), ("registry", "given")} <= shown
