"""数据核验: registries are asked after the case is in; down or lying, they stop nobody."""

from datetime import timedelta

import pytest
import time_machine
from django.utils import timezone

from backend.cases import actions
from backend.cases.models import CaseMaterial
from backend.exchange.connectors import registries
from backend.exchange.models import RegistryQuery
from backend.seeds import checking
from notifications.models import Notification
from tests.cases.test_submit_materials import PHOTO, SHARED
from tests.factories import world
from tests.factories.materials import a_file
from tests.racing import together

pytestmark = pytest.mark.django_db
HOUSEHOLD = SHARED | {"key": "household_book", "name": "户口簿", "registry": "household"}
DOWN = {"path": "/materials/verify", "kind": "http", "status": 503}


@pytest.fixture(autouse=True)
def well():
    registries.BREAKERS.clear()
    yield
    registries.BREAKERS.clear()
    assert list(checking.of_cases()) == []


@pytest.fixture
def case(registry):
    return world.submitted(version=world.an_item(materials=[SHARED, HOUSEHOLD]))


def say(sandbox, case, result, kind="population"):
    number = case.applicant.id_number
    sandbox.post("/sandbox/say", {"registry": kind, "id_number": number, "result": result})


def line(case, key="id_card"):
    return case.materials.get(key=key)


def last(case):
    return case.events.order_by("-seq")[0]


def test_what_the_registries_hold_is_verified(registry, case):
    for kind in ("population", "household"):
        say(registry, case, "matched", kind)
    assert actions.check_materials() == 2
    assert [(one.state, one.verification) for one in case.materials.all()] == [
        ("verified", "matched"), ("verified", "matched"),
    ]  # fmt: skip
    assert last(case).details["materials"] == ["id_card", "household_book"]
    assert actions.check_materials() == 0


def test_each_query_names_its_case_and_purpose(registry, case):
    actions.check_materials()
    asked = registry.get("/sandbox/oracle")["queries"]
    assert {one["case"] for one in asked} == {case.number}
    assert all(one["purpose"].startswith(case.item.name[:10]) for one in asked)
    kept = RegistryQuery.objects.filter(case_number=case.number)
    assert set(kept.values_list("registry", flat=True)) == {"population", "household"}
    assert all(bytes(one.subject) == bytes(case.applicant.id_digest) for one in kept)


def test_who_is_not_known_there_is_left_to_people(registry, case):
    actions.check_materials()
    one = line(case)
    assert (one.state, one.verification, one.reference["why"]) == ("given", "manual", "not_found")
    assert last(case).details["manual"] == ["id_card", "household_book"]


def test_what_is_different_is_told_to_who_has_the_case(registry, case):
    worker = world.staff("community_worker", "ZD")
    say(registry, case, "different")
    actions.check_materials()
    one = line(case)
    assert (one.state, one.verification) == ("given", "different")
    told = Notification.objects.get(kind="staff.material_doubt")
    assert told.account == worker
    assert case.applicant.name not in told.body


@pytest.mark.parametrize("kind", ["garbage", "html", "reset"])
def test_a_lie_is_no_answer(registry, case, kind):
    registry.faults(DOWN | {"kind": kind})
    actions.check_materials()
    assert line(case).verification == "pending"
    assert not case.events.filter(verb="check_materials").exists()


def test_a_word_nobody_agreed_on_is_no_answer(registry, case):
    say(registry, case, "也许")
    actions.check_materials()
    assert line(case).verification == "pending"


def test_a_silent_registry_is_asked_again_and_then_left_to_people(
    registry,
    case,
    settings,
):
    settings.REGISTRY_CHECKS = 3
    head = world.staff("department_head", "MZ")
    registry.faults(DOWN)
    began = timezone.now()
    for n, wait in enumerate((0, 2, 10, 60), 1):
        registries.BREAKERS.clear()
        with time_machine.travel(began + timedelta(minutes=wait), tick=False):
            asked = actions.check_materials()
            assert asked == (2 if n <= 3 else 0)
            assert actions.check_materials() == 0  # not before its time
        if n == 1:
            assert (line(case).verification, line(case).checks) == ("pending", 1)
    one = line(case)
    assert (one.state, one.verification, one.reference["why"]) == ("given", "manual", "unavailable")
    assert RegistryQuery.objects.filter(outcome="unavailable").count() == 6
    assert not Notification.objects.filter(account=head).exists()  # three in a row each


def test_one_that_stays_silent_is_told_to_the_office_once(registry, case):
    head = world.staff("department_head", "MZ")
    registry.faults(DOWN)
    began = timezone.now()
    for n in range(7):
        registries.BREAKERS.clear()
        CaseMaterial.objects.update(check_at=None, checks=0)
        with time_machine.travel(began + timedelta(minutes=n), tick=False):
            actions.check_materials()
    told = Notification.objects.filter(account=head, kind="staff.registry_down")
    assert told.count() == 2  # one a registry and day


def test_the_registry_of_whom_the_item_names(registry):
    form = [*world.FORM, {"key": "child_id_no", "label": "儿童证件号", "type": "id_no",
                          "required": True}]  # fmt: skip
    child = world.id_number()
    material = SHARED | {"key": "child_id", "subject": "child_id_no"}
    case = world.submitted(
        version=world.an_item(form=form, materials=[material]), child_id_no=child
    )
    registry.post(
        "/sandbox/say", {"registry": "population", "id_number": child, "result": "matched"}
    )
    actions.check_materials()
    assert line(case, "child_id").verification == "matched"


def test_what_was_replaced_meanwhile_is_left_alone(registry, case):
    CaseMaterial.objects.filter(case=case, key="id_card").update(
        resolved_by="upload", verification="", file=a_file(case.applicant.account)
    )
    assert actions.check_materials() == 1
    assert line(case).resolved_by == "upload"


def test_a_submission_asks_no_registry(case, settings):
    settings.REGISTRY_BASE_URL = "http://127.0.0.1:9"
    version = world.an_item(materials=[SHARED, PHOTO])
    assert world.submitted(version=version).number


@pytest.mark.django_db(transaction=True)
def test_two_workers_ask_once(registry):
    case = world.submitted(version=world.an_item(materials=[SHARED, HOUSEHOLD]))
    asked = together(lambda _: actions.check_materials(), 4)
    assert sum(asked) == 2
    assert RegistryQuery.objects.filter(case_number=case.number).count() == 2
