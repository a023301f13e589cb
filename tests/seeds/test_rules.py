"""The 44 reminder rules are complete, fit their cards, and point somewhere."""

import re

import pytest
import yaml

from backend.seeds import reference

RULES = yaml.safe_load((reference.DATA / "rules.yaml").read_text(encoding="utf-8"))
ITEMS = {path.stem for path in (reference.DATA / "items").glob("ZY-*.yaml")}
by_key = pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule["key"])


def test_there_are_44_and_four_run():
    assert [rule["key"] for rule in RULES] == [f"R{n:02}" for n in range(1, 45)]
    live = [rule["key"] for rule in RULES if rule["engine"] == "live"]
    assert live == ["R01", "R09", "R37", "R39", "R42"]


@by_key
def test_a_rule_is_complete(rule):
    assert rule["category"] in ("资格", "到期", "期限", "进度", "工作", "透明", "关怀")
    assert rule["consent"] in ("necessary", "personal", "sensitive", "next_of_kin")
    assert rule["template"] in ("A", "B", "C")
    assert rule["anchor"]["kind"]
    assert rule["audience"]
    assert all(isinstance(day, int) for day in rule["offsets"])
    assert rule["title"]
    assert rule["evidence"]
    assert rule.get("item") in ITEMS or rule["link"]


@by_key
def test_its_words_fit_the_card(rule):
    """微信「订阅消息参数」: thing at most 20 characters."""
    for words in (rule["thing"], re.sub(r"\{\w+\}", "", rule["note"])):
        assert len(words) <= 20


@by_key
def test_a_guess_says_it_is_one(rule):
    """领域说明 §5: R10, R16 and R23 infer, so they say 可能."""
    if rule["key"] in ("R10", "R16", "R23"):
        assert "可能" in rule["note"]


def test_every_reminder_an_item_names_is_a_rule():
    named = set()
    for path in (reference.DATA / "items").glob("ZY-*.yaml"):
        named |= set(yaml.safe_load(path.read_text(encoding="utf-8"))["reminders"])
    assert named <= {rule["key"] for rule in RULES}
