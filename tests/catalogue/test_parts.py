"""Parts of a bundle, and items that exclude each other, as a definition may tell them or not."""

import copy

import pytest

from backend.accounts import actions as accounts
from backend.catalogue import actions, definition
from backend.catalogue.actions.loading import BadDefinition
from tests.catalogue.test_definition import PROMISED
from tests.factories import world


def told(**changes):
    return [str(fault) for fault in definition.faults({**copy.deepcopy(PROMISED), **changes})]


A, B = {"key": "a", "item": "T-2"}, {"key": "b", "item": "T-3"}


def test_parts_in_order_are_fine():
    assert told(parts=[A, {**B, "after": ["a"], "when": 'track == "small"'}]) == []


@pytest.mark.parametrize(
    ("parts", "why"),
    [
        ([{**A, "after": ["b"]}, {**B, "after": ["a"]}], "永远办不了"),
        ([{**A, "after": ["c"]}, B], "没有 c 这个分项"),
        ([A, {**B, "item": "T-2"}], "只列一次"),
        ([A, {**B, "item": "T-1"}], "另外的事项"),
        ([A, {**B, "key": "a"}], "重复"),
        ([A, {**B, "when": "nobody == 1"}], "不是表单项"),
    ],
)
def test_parts_that_cannot_work_are_refused(parts, why):
    assert any(why in fault for fault in told(parts=parts))


def test_nothing_excludes_itself():
    assert any("互斥" in fault for fault in told(excludes=[{"item": "T-1"}]))
    assert told(excludes=[{"item": "T-9", "refuse": True, "why": "只能享受一项"}]) == []


@pytest.mark.django_db
def test_a_part_must_be_an_item_in_force_and_no_bundle():
    world.a_city()
    world.an_item(code="T-2")
    world.an_item(code="T-3", guide={"parts": [A, B]})
    plain = copy.deepcopy(PROMISED)
    plain["steps"][-1]["department"] = "MZ"
    with pytest.raises(BadDefinition) as refused:
        actions.load_item(
            actor=accounts.system_account(),
            definition={**plain, "parts": [A, B, {"key": "c", "item": "T-9"}]},
        )
    paths = [fault["path"] for fault in refused.value.extra["faults"]]
    assert paths == ["parts[1].item", "parts[2].item"]
