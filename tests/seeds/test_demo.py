"""The demo city builds through the real actions, twice without doubling, and shows the rules."""

import pytest

from backend.accounts import actions as accounts
from backend.cases.models import Case
from backend.seeds import checking, demo, reference
from tests.sandboxes import registry, registry_process, wechat, wechat_process  # noqa: F401

pytestmark = [pytest.mark.django_db, pytest.mark.slow]


@pytest.mark.usefixtures("wechat", "registry")
def test_a_window_of_one_county_has_taken_a_case_in_for_another():
    list(reference.load(actor=accounts.system_account()))
    list(demo.build())
    case = Case.objects.exclude(channel=Case.Channel.MINIAPP).get()
    assert case.number.startswith("512002100")
    assert case.county_code == "512021000000"
    assert case.consent == Case.Consent.IN_PERSON
    cases = Case.objects.count()
    list(demo.build())
    assert Case.objects.count() == cases
    assert list(checking.of_cases()) == []
