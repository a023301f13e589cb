"""What a place has set reaches its cases: the lists of the form, and the days of publicity."""

import copy

import pytest

from backend.accounts import actions as accounts
from backend.cases import actions
from backend.cases.models import CaseStep
from backend.catalogue import actions as catalogue
from backend.catalogue.forms import FormRejected
from notifications.models import Notification
from tests.factories import world

pytestmark = pytest.mark.django_db

BANKS = {"key": "banks", "label": "银行", "per": "county", "value": ["工商银行"]}
DAYS = {"key": "show_days", "label": "公示天数", "per": "county", "value": 7}


def put(version, key, value):
    catalogue.set_param(
        actor=accounts.system_account(),
        item_code=version.item.code,
        division=world.COUNTY,
        key=key,
        value=value,
        reason="县里定",
    )


def test_the_form_takes_the_lists_of_the_place_that_handles_the_case():
    bank = {"key": "bank", "label": "银行", "type": "enum", "required": True}
    field = {**bank, "options": ["工商银行"], "options_param": "banks"}
    version = world.an_item(form=[*world.FORM, field], guide={"params": [BANKS]})
    with pytest.raises(FormRejected) as refused:
        world.submitted(version=version, bank="建设银行")
    assert refused.value.extra["fields"].keys() == {"bank"}
    put(version, "banks", ["建设银行"])
    assert world.submitted(version=version, bank="建设银行").answers["bank"] == "建设银行"
    with pytest.raises(FormRejected):
        world.submitted(version=version, bank="工商银行")


def test_all_that_is_missing_is_told_at_once_even_without_a_place():
    bank = {"key": "bank", "label": "银行", "type": "enum", "required": True}
    field = {**bank, "options": ["工商银行"], "options_param": "banks"}
    version = world.an_item(form=[*world.FORM, field], guide={"params": [BANKS]})
    homeless = world.a_resident()
    homeless.residence_division = None
    homeless.save()
    with pytest.raises(FormRejected) as refused:
        actions.submit(
            actor=homeless.account,
            applicant=homeless,
            item_code=version.item.code,
            answers={},
            token="5a1a2016-1024-4000-8000-000000000061",
        )
    assert refused.value.extra["fields"].keys() == {"bank", "division_code"}


def test_publicity_lasts_as_long_as_the_place_has_set():
    steps = copy.deepcopy([world.INTAKE, world.REVIEW, world.DECISION, world.PAY])
    shown = {"days": 7, "day_kind": "calendar", "counts": False, "publicity": True}
    steps[1] |= {**shown, "actions": ["approve", "reject", "publicize"]}
    guide = {"params": [DAYS], "publicity": {"days": 7, "days_param": "show_days"}}
    version = world.an_item(steps=steps, guide=guide)
    worker = world.staff("community_worker", "ZD")
    actions.accept(actor=worker, number=world.submitted(version=version).number)
    put(version, "show_days", 5)
    actions.accept(actor=worker, number=world.submitted(version=version).number)
    assert list(
        CaseStep.objects.filter(key="s2").order_by("pk").values_list("days", flat=True)
    ) == [
        7,
        5,
    ]
    told = Notification.objects.filter(kind="case.publicity_started").order_by("pk")
    assert ["公示7天" in told[0].body, "公示5天" in told[1].body] == [True, True]
