"""Departments' steps as data. No database."""

import pytest

from backend.cases import workflow
from tests.factories import world

A = world.step("a", "county_reviewer", "MZ", "county", group="A")
B = world.step("b", "county_reviewer", "GA", "county", group="A")
END = world.step("z", "county_reviewer", "MZ", "county", decides=True, phase="decision")


def keys(plan):
    return [[step["key"] for step in stage] for stage in plan]


def test_a_group_is_one_stage():
    assert keys(workflow.plan([world.INTAKE, A, B, END], {})) == [["s1"], ["a", "b"], ["z"]]


def test_a_condition_leaves_a_step_out():
    only = {**A, "group": None, "when": 'track == "normal"'}
    steps = [world.INTAKE, only, END]
    assert keys(workflow.plan(steps, {"track": "normal"})) == [["s1"], ["a"], ["z"]]
    assert keys(workflow.plan(steps, {"track": "small"})) == [["s1"], ["z"]]


@pytest.mark.parametrize(
    ("states", "joined"),
    [
        (["open", "passed"], "wait"),
        (["open", "rejected"], "wait"),
        (["passed", "passed"], "passed"),
        (["passed", "rejected"], "rejected"),
        (["rejected"], "rejected"),
    ],
)
def test_a_stage_waits_for_all_and_one_refusal_counts(states, joined):
    assert workflow.join(states) == joined


def test_a_refusal_goes_to_who_decides():
    plan = workflow.plan([world.INTAKE, A, B, world.REVIEW, END, world.PAY], {})
    assert workflow.decides_at(plan) == 3
    assert workflow.after(plan, 1, "passed") == 2
    assert workflow.after(plan, 1, "rejected") == 3
    assert workflow.after(plan, 4, "passed") is None


def test_the_clock_stands_only_if_no_step_counts():
    silent = {**A, "counts": False}
    assert not workflow.counts([silent])
    assert workflow.counts([silent, B])


def test_a_track_has_days_of_its_own():
    guide = {"tracks": [{"key": "emergency", "promised_days": 1, "days": {"s1": 0}}]}
    track = workflow.track_of(guide, {"track": "emergency"})
    (intake,), (last,) = workflow.plan([world.INTAKE, END], {}, days=track["days"])
    assert (intake["days"], last["days"]) == (0, END["days"])
    assert workflow.track_of(guide, {"track": "normal"}) == {}
