"""Items are found by theme, by audience, and by whatever people call them."""

import copy

import pytest

from backend.accounts import actions as accounts
from backend.catalogue import actions, queries
from backend.catalogue.models import ServiceItem
from tests.catalogue.test_load_item import PLAIN
from tests.factories import world

pytestmark = pytest.mark.django_db


def load(code, name, **changes):
    world.a_city()
    named = {"code": code, "name": name, "short_name": name}
    definition = {**copy.deepcopy(PLAIN), **named, **changes}
    return actions.load_item(actor=accounts.system_account(), definition=definition)


@pytest.fixture
def catalogue():
    load("A-1", "高龄津贴", aliases=["老人补贴"], audience=["老年人"])
    load("A-2", "最低生活保障", aliases=["低保"], theme="社会救助", audience=["困难群众"])
    load("A-3", "临时救助", theme="社会救助", audience=["困难群众", "老年人"])


def codes(**asked):
    return [row.code for row in queries.listed(**asked)]


def test_shows_what_is_in_force_by_its_code(catalogue):
    load("A-0", "已退出的事项")
    load("A-4", "暂停的事项")
    ServiceItem.objects.filter(code="A-0").update(status="exited")
    ServiceItem.objects.filter(code="A-4").update(status="suspended")
    load("A-1", "高龄津贴", promised_days=16)
    rows = queries.listed()
    assert [row.code for row in rows] == ["A-1", "A-2", "A-3", "A-4"]
    assert (rows[0].promised_days, rows[0].short_name, rows[0].max_onsite) == (16, "高龄津贴", 0)
    assert rows[3].status == "suspended"


def test_narrows_by_theme_and_audience(catalogue):
    assert codes(theme="社会救助") == ["A-2", "A-3"]
    assert codes(audience="老年人") == ["A-1", "A-3"]
    assert codes(theme="社会救助", audience="老年人") == ["A-3"]
    assert codes(theme="没有") == []


@pytest.mark.parametrize(
    ("search", "found"),
    [
        ("低保", ["A-2"]),
        ("老人", ["A-1"]),
        ("gljt", ["A-1"]),
        ("GaoLing", ["A-1"]),
        ("linshi", ["A-3"]),
        ("db", ["A-2"]),
        ("临时 救助", ["A-3"]),
        ("救助 低保", []),
        ("%", []),
        ("_", []),
        ("低\x00保", ["A-2"]),
        ("' OR 1=1", []),
        ("字" * 5000, []),
        ("", ["A-1", "A-2", "A-3"]),
    ],
)
def test_finds_by_name_popular_name_pinyin_and_letters(catalogue, search, found):
    assert codes(search=search) == found


def test_pages_by_the_last_code(catalogue):
    assert codes(limit=2) == ["A-1", "A-2"]
    assert codes(limit=2, after="A-2") == ["A-3"]


def test_counts_by_theme_and_audience(catalogue):
    assert queries.themes() == {"养老服务": 1, "社会救助": 2}
    assert queries.audiences() == {"困难群众": 2, "老年人": 2}


def test_asks_once_however_many_there_are(catalogue, django_assert_num_queries):
    with django_assert_num_queries(1):
        assert len(queries.listed(search="i", audience="老年人")) == 2
