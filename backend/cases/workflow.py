"""
Departments' steps (环节), as the version's data tells them; pure.

A plan is a list of stages in order; a stage is one step, or the steps of one parallel group.
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from backend.catalogue import conditions
from backend.organisation.duties import Duty

Step = Mapping[str, Any]
Plan = list[list[Step]]
Joined = Literal["wait", "passed", "rejected"]

INTAKE, REVIEW, DECISION, DELIVERY = "intake", "review", "decision", "delivery"
SYSTEM = "system"
NOTICE_OF_REFUSAL: Step = {
    "key": "deliver",
    "name": "送达决定",
    "phase": DELIVERY,
    "role": SYSTEM,
    "place": "county",
    "days": 10,  # 作出决定之日起十日内送达 (行政许可法 §44)
    "counts": False,
    "actions": ["notify", "close"],
}


def track_of(guide: Mapping[str, Any], facts: Mapping[str, object]) -> Mapping[str, Any]:
    """Return the track (急难型、小额…) a case runs on: its own promise and days; {} for none."""
    tracks: list[Mapping[str, Any]] = guide.get("tracks") or []
    return next((track for track in tracks if track["key"] == facts.get("track")), {})


def plan(
    steps: Iterable[Step], facts: Mapping[str, object], *, days: Mapping[str, int] | None = None
) -> Plan:
    """
    Return the stages that `facts` call for; a step whose `when` fails is left out.

    :param days: step key → days, where a track gives other days than the step itself.
    """
    stages: Plan = []
    for one in steps:
        if one.get("when") and not conditions.holds(one["when"], facts):
            continue
        step = {**one, "days": days[one["key"]]} if days and one["key"] in days else one
        group = step.get("group")
        if group and stages and stages[-1][0].get("group") == group:
            stages[-1].append(step)
        else:
            stages.append([step])
    return stages


def decides_at(stages: Plan) -> int:
    """Return the index of the deciding stage: the last that holds a step with `decides`."""
    return max(
        (i for i, stage in enumerate(stages) if any(step.get("decides") for step in stage)),
        default=len(stages) - 1,
    )


def duty_in(phase: str, role: str) -> Duty:
    """Return the duty that a step of a phase asks of its post."""
    by_phase = {INTAKE: Duty.INTAKE, DECISION: Duty.DECIDE, DELIVERY: Duty.DELIVER}
    return by_phase.get(phase, Duty.REVIEW if role != "window_clerk" else Duty.HANDLE)


def may_return(stages: Plan, index: int, key: str) -> bool:
    """Say whether the item lets a step of stage `index` send the case to the stage before."""
    stage = stages[index] if 0 < index < len(stages) else []
    return any(step["key"] == key and "return_prev" in step["actions"] for step in stage)


def join(states: Sequence[str]) -> Joined:
    """合议: all must pass; one refusal, once everybody has spoken, refers it to the decision."""
    if any(state == "open" for state in states):
        return "wait"
    return "rejected" if "rejected" in states else "passed"


def counts(stage: Iterable[Step]) -> bool:
    """Say whether the case's clock runs while these steps are open."""
    return any(step.get("counts", True) for step in stage)


def after(stages: Plan, index: int, joined: Joined) -> int | None:
    """Return the stage that follows `index`: the next, or after a refusal the deciding one."""
    following = decides_at(stages) if joined == "rejected" else index + 1
    return following if index < following < len(stages) else None


def ahead(stages: Plan, index: int) -> list[Step]:
    """Return the steps still to come after stage `index`."""
    return [step for stage in stages[index + 1 :] for step in stage]
