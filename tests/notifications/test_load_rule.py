"""Loading a reminder rule keeps it once, and again only when it says something new."""

from datetime import date

import pytest

from notifications.actions import loading
from notifications.models import ReminderRule

pytestmark = pytest.mark.django_db

RULE = {
    "key": "R01",
    "title": "满80领高龄津贴",
    "category": "资格",
    "engine": "live",
    "anchor": {"kind": "birthday", "years": 80},
    "offsets": [-60, -7, 30],
    "audience": ["self"],
    "template": "B",
    "thing": "高龄津贴",
    "note": "年满80可领高龄津贴,点此申请",
    "item": "ZY-MZ-001",
    "consent": "personal",
}
FIRST, LATER = date(2026, 11, 22), date(2026, 12, 1)


def test_the_first_version_is_in_effect_from_that_day():
    rule = loading.load_rule(data=RULE, today=FIRST)
    assert (rule.key, rule.version, rule.engine) == ("R01", 1, "live")
    assert (rule.effective_from, rule.effective_to) == (FIRST, None)
    assert rule.data["offsets"] == [-60, -7, 30]


def test_the_same_again_changes_nothing():
    rule = loading.load_rule(data=RULE, today=FIRST)
    assert loading.load_rule(data=RULE, today=LATER) == rule
    assert ReminderRule.objects.get().effective_to is None


def test_a_new_version_ends_the_old_one():
    loading.load_rule(data=RULE, today=FIRST)
    new = loading.load_rule(data={**RULE, "offsets": [-30]}, today=LATER)
    assert (new.version, new.effective_from) == (2, LATER)
    assert ReminderRule.objects.get(version=1).effective_to == LATER


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"note": None}, "note"),
        ({"key": "X"}, "编号"),
        ({"engine": "soon"}, "engine"),
        ({"anchor": {}}, "anchor"),
        ({"offsets": ["明天"]}, "offsets"),
        ({"template": "Z"}, "模板"),
        ({"consent": "yes"}, "consent"),
        ({"note": "字" * 21}, "20"),
        ({"item": ""}, "item"),
    ],
)
def test_a_rule_that_cannot_be_is_refused_with_the_reason(change, says):
    with pytest.raises(loading.BadRule, match=says):
        loading.load_rule(data={**RULE, **change}, today=FIRST)
    assert not ReminderRule.objects.exists()
