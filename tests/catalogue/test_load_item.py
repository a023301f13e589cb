"""Loading an item publishes it once, and again only when it says something new."""

import copy

import pytest
from django.db import connection

from backend.accounts import actions as accounts
from backend.catalogue import actions, queries
from backend.catalogue.models import ServiceItem, ServiceVersion, SignOff
from backend.catalogue.queries import signatures
from backend.organisation.duties import NotYourDuty
from tests.catalogue.test_definition import PROMISED
from tests.factories import world

pytestmark = pytest.mark.django_db

PLAIN = copy.deepcopy(PROMISED)
PLAIN["steps"][-1]["department"] = "MZ"


def load(**changes):
    world.a_city()
    definition = {**copy.deepcopy(PLAIN), **changes}
    return actions.load_item(actor=accounts.system_account(), definition=definition)


def test_makes_the_item_and_its_first_version():
    version = load(aliases=["高龄补贴", "老人补贴"], audience=["老年人"])
    item = ServiceItem.objects.get()
    assert (item.code, item.department_code, item.status) == ("T-1", "MZ", "published")
    assert (item.aliases, item.audience) == (["高龄补贴", "老人补贴"], ["老年人"])
    assert "gljt" in item.search_text
    assert "laorenbutie" in item.search_text
    assert (version.number, version.promised_days, version.realname_level) == (1, 15, 2)
    assert version.published_at is not None
    assert [step["key"] for step in version.steps][-1] == "pay"
    assert version.guide["conditions"] == ["年满80周岁"]


def test_the_same_content_again_changes_nothing():
    first = load()
    before = ServiceVersion.objects.values().get()
    assert load() == first
    assert ServiceVersion.objects.values().get() == before


def test_new_content_is_a_new_version_and_the_old_one_is_kept():
    first, second = load(), load(promised_days=16)
    first.refresh_from_db()
    assert (first.number, first.retired_at is None) == (1, False)
    assert (second.number, second.retired_at) == (2, None)
    assert queries.published("T-1") == second


def test_a_new_name_reaches_the_item():
    load()
    load(name="老年津贴")
    item = ServiceItem.objects.get()
    assert item.name == "老年津贴"
    assert "lnjt" in item.search_text


@pytest.mark.parametrize("status", ["suspended", "exited"])
def test_a_closed_item_stays_closed(status):
    load()
    ServiceItem.objects.update(status=status)
    load(promised_days=16)
    assert ServiceItem.objects.get().status == status


def test_refuses_a_bad_definition_with_every_line_and_reason():
    world.a_city()
    definition = {**copy.deepcopy(PLAIN), "promised_days": 31, "department": "XX"}
    lines = {("promised_days",): 12, ("department",): 7}
    with pytest.raises(actions.BadDefinition) as refused:
        actions.load_item(
            actor=accounts.system_account(), definition=definition, lines=lines, file="a.yaml"
        )
    told = refused.value.extra["faults"]
    assert [(one["file"], one["line"], one["path"]) for one in told] == [
        ("a.yaml", 7, "department"),
        ("a.yaml", 12, "promised_days"),
    ]
    assert "a.yaml第7行" in refused.value.detail
    assert not ServiceItem.objects.exists()


def test_is_for_the_founding_list_alone():
    """Whoever works here goes through a draft, a sign-off and a second person."""
    world.a_city()
    for actor in (
        world.staff("window_clerk", "BM"),
        world.staff("item_admin", "MZ", world.CITY),
        world.a_resident().account,
    ):
        with pytest.raises(NotYourDuty):
            actions.load_item(actor=actor, definition=PLAIN)


def test_the_system_signs_for_the_founding_list_and_says_so():
    load()
    load()
    one = SignOff.objects.get()
    assert (one.founding, one.office, one.signer) == (True, None, accounts.system_account())
    assert signatures.holds(one)
    assert list(signatures.unsound()) == []


@pytest.mark.parametrize(
    ("sql", "why"),
    [
        ("UPDATE catalogue_serviceversion SET promised_days = 1", "版本内容与摘要不符"),
        ("UPDATE catalogue_signoff SET signed_at = now()", "签名与内容不符"),
        ("UPDATE catalogue_signoff SET signer_id = {other}", "签名与内容不符"),
        ("DELETE FROM catalogue_signoff", "没有责任部门的有效签认"),
    ],
)
def test_a_tampered_version_or_sign_off_is_found(sql, why):
    load()
    other = world.an_account().pk
    with connection.cursor() as cursor:
        cursor.execute("SET session_replication_role = replica")  # as who owns the database may
        cursor.execute(sql.format(other=other))
        cursor.execute("SET session_replication_role = DEFAULT")
    assert why in [why for _, why in signatures.unsound()]
