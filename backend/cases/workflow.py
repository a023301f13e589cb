"""
Departments' steps (环节), as the version's data tells them; pure.

A plan is a list of stages in order; a stage is one step, or steps that are open together. How a
group of them ends is its join: all must pass, any one is enough, or the lead department has the
word after the others (领域说明 §2.17).
"""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

from backend.catalogue import conditions, stages
from backend.organisation.duties import Duty

Step = Mapping[str, Any]
Plan = list[list[Step]]
Joined = Literal["wait", "passed", "rejected"]

INTAKE, REVIEW, DECISION, DELIVERY = "intake", "review", "decision", "delivery"
SYSTEM = "system"
ALL, ANY, LEAD = "all", "any", "lead"
MOST_RETURNS = 3  # 指定退回环节而未写次数时
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
    lined = stages.lined(steps, lambda one: conditions.holds(one.get("when") or "", facts))
    if not days:
        return lined
    return [[_with_days(step, days) for step in stage] for stage in lined]


def _with_days(step: Step, days: Mapping[str, int]) -> Step:
    return {**step, "days": days[step["key"]]} if step["key"] in days else step


def asks_for(material: Mapping[str, Any], facts: Mapping[str, object]) -> bool:
    """Say whether a material is asked for, the answers being what they are."""
    when = material.get("when")
    return bool(material["required"]) and (not when or conditions.holds(when, facts))


def decides_at(plan: Plan) -> int:
    """Return the index of the deciding stage: the last that holds a step with `decides`."""
    return max(
        (i for i, stage in enumerate(plan) if any(step.get("decides") for step in stage)),
        default=len(plan) - 1,
    )


def step_of(plan: Plan, index: int, key: str) -> Step:
    """Return a step of stage `index` as the version tells it; {} for one no version tells of."""
    stage = plan[index] if 0 <= index < len(plan) else []
    return next((step for step in stage if step["key"] == key), {})


def duty_in(phase: str, role: str) -> Duty:
    """Return the duty that a step of a phase asks of its post."""
    by_phase = {INTAKE: Duty.INTAKE, DECISION: Duty.DECIDE, DELIVERY: Duty.DELIVER}
    return by_phase.get(phase, Duty.REVIEW if role != "window_clerk" else Duty.HANDLE)


def may_return(plan: Plan, index: int, key: str) -> bool:
    """Say whether the item lets a step of stage `index` send the case back."""
    step = step_of(plan, index, key) if 0 < index <= decides_at(plan) else {}
    return bool(step.get("returns_to")) or "return_prev" in step.get("actions", ())


def is_last(plan: Plan, index: int) -> bool:
    """Say whether nothing follows a stage: the notice of a refusal stands behind the last."""
    return index >= len(plan) - 1


def may_correct(plan: Plan, index: int, key: str) -> bool:
    """Say whether the item lets a step of stage `index` tell the applicant what is missing."""
    return "correction" in step_of(plan, index, key).get("actions", ())


def may_suspend(plan: Plan, index: int, key: str) -> bool:
    """Say whether the item gives a step of stage `index` a special procedure (特别程序)."""
    return "suspend" in step_of(plan, index, key).get("actions", ())


def stage_of(plan: Plan, key: str) -> int:
    """Return the stage a step stands in; -1 for one that is not on the way."""
    found = (i for i, stage in enumerate(plan) if any(step["key"] == key for step in stage))
    return next(found, -1)


def returns(plan: Plan, index: int, key: str) -> tuple[int, str]:
    """Return the stage a step sends the case back to, and the one step asked there; "" for all."""
    target = step_of(plan, index, key).get("returns_to", "")
    for before in range(index - 1, -1, -1):
        if step_of(plan, before, target):
            return before, target
    return index - 1, ""


def most_returns(step: Step) -> int | None:
    """Return how often a step may send a case back; None for as often as it must."""
    most: int | None = step.get("most_returns", MOST_RETURNS if step.get("returns_to") else None)
    return most


def join(states: Sequence[str]) -> Joined:
    """合议: all must pass; one refusal, once everybody has spoken, refers it to the decision."""
    if any(state == "open" for state in states):
        return "wait"
    return "rejected" if "rejected" in states else "passed"


def joined(stage: Sequence[Step], states: Mapping[str, str]) -> Joined:
    """
    Say how a stage stands: each group by its own join, and all groups together.

    :param states: step key → state of its row in this round; a step not asked again is not there.
    """
    asked = [step for step in stage if step["key"] in states]
    groups: dict[str, list[Step]] = {}
    for step in stages.blocking(asked):
        groups.setdefault(stages.unit_of(step), []).append(step)
    ends = [_end_of(group, states) for group in groups.values()]
    if "wait" in ends:
        return "wait"
    return "rejected" if "rejected" in ends else "passed"


def _end_of(group: Sequence[Step], states: Mapping[str, str]) -> Joined:
    said = [states[step["key"]] for step in group]
    lead = next((step for step in group if step.get("lead")), None)
    if group[0].get("join") == ANY and "passed" in said:
        return "passed"
    if group[0].get("join") == ANY and "open" not in said:
        return "rejected"
    if lead and "open" not in said:
        return "passed" if states[lead["key"]] == "passed" else "rejected"
    return join(said)


def blocks(plan: Plan, index: int, key: str) -> bool:
    """Say whether a stage waits for this step, or only asks its opinion (征询)."""
    stage = plan[index] if 0 <= index < len(plan) else []
    return any(step["key"] == key for step in stages.blocking(stage))


def rivals(plan: Plan, index: int, key: str) -> list[str]:
    """Return the steps that fall away when this one passes: the others of an `any` group."""
    step = step_of(plan, index, key)
    if step.get("join") != ANY or step.get("advisory"):
        return []
    others = (one for one in stages.blocking(plan[index]) if one.get("group") == step["group"])
    return [one["key"] for one in others if one["key"] != key]


def heard_first(plan: Plan, index: int, key: str) -> list[str]:
    """Return the steps that must have spoken before this one: a lead hears its group."""
    step = step_of(plan, index, key)
    if not step.get("lead"):
        return []
    others = (one for one in stages.blocking(plan[index]) if one.get("group") == step["group"])
    return [one["key"] for one in others if one["key"] != key]


def counts(stage: Iterable[Step]) -> bool:
    """Say whether the case's clock runs while these steps are open."""
    return any(step.get("counts", True) for step in stage)


def after(plan: Plan, index: int, end: Joined) -> int | None:
    """Return the stage that follows `index`: the next, or after a refusal the deciding one."""
    following = decides_at(plan) if end == "rejected" else index + 1
    return following if index < following < len(plan) else None


def ahead(plan: Plan, index: int) -> list[Step]:
    """Return the steps still to come after stage `index`."""
    return [step for stage in plan[index + 1 :] for step in stage]
