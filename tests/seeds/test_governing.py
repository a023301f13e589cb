"""The demo of governing is made by the people who would make it, once."""

import pytest

from backend.accounts import actions as accounts
from backend.catalogue.models import Admission, Refusal
from backend.seeds import demo, governing, reference

pytestmark = pytest.mark.django_db


@pytest.mark.slow
def test_leaves_an_admission_before_the_meeting_and_a_refusal():
    list(reference.load(actor=accounts.system_account()))
    demo._hire()
    assert governing.build() == 2
    assert governing.build() == 0
    one = Admission.objects.get()
    assert (one.status, one.office.name) == ("meeting", "资阳市残疾人联合会")
    assert Refusal.objects.get().office.name == "前进村便民服务站"
