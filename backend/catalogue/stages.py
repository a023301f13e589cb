"""
Stages (阶段): how the steps of a process line up. Pure.

A step without `after` follows everything written above it; `after: [keys]` names whom it follows.
Steps of one group stand together. A stage is a level of this graph: its steps are open at the
same time, and the next stage begins when it has ended.
"""

import itertools
from collections.abc import Callable, Iterable, Mapping, Sequence
from graphlib import CycleError, TopologicalSorter
from typing import Any

Step = Mapping[str, Any]
Stages = list[list[Step]]
Links = dict[str, set[str]]


class Tangled(ValueError):
    """环: the steps wait for each other; `keys` names them in a circle."""

    def __init__(self, keys: Sequence[str]) -> None:
        super().__init__(" → ".join(keys))
        self.keys = list(keys)


def lined(steps: Iterable[Step], applies: Callable[[Step], bool]) -> Stages:
    """
    Return the stages of the steps that apply, in order; a step left out hands on whom it follows.

    :raises Tangled: a circle; a published version has none.
    """
    all_steps = list(steps)
    if any(step.get("after") for step in all_steps):
        return _levelled(all_steps, applies)
    return _in_a_row([step for step in all_steps if applies(step)])


def _in_a_row(steps: Iterable[Step]) -> Stages:
    stages: Stages = []
    for step in steps:
        group = step.get("group")
        if group and stages and stages[-1][0].get("group") == group:
            stages[-1].append(step)
        else:
            stages.append([step])
    return stages


def _levelled(steps: Sequence[Step], applies: Callable[[Step], bool]) -> Stages:
    alive = [step for step in steps if applies(step)]
    levels = _levels(links(steps), {unit_of(step) for step in alive})
    stages: Stages = [[] for _ in range(max(levels.values(), default=-1) + 1)]
    for step in alive:
        stages[levels[unit_of(step)]].append(step)
    return [stage for stage in stages if stage]


def unit_of(step: Step) -> str:
    """Name what stands together: the group, or the step alone. A key never begins with `+`."""
    return f"+{step['group']}" if step.get("group") else str(step["key"])


def links(steps: Sequence[Step]) -> Links:
    """Return unit → the units it follows; an `after` that names nobody is left out."""
    units = {str(step["key"]): unit_of(step) for step in steps}
    found: Links = {}
    above: list[str] = []
    for unit, run in itertools.groupby(steps, unit_of):
        named = [key for step in run for key in step.get("after") or ()]
        follows = {units[key] for key in named if key in units} if named else set(above)
        found.setdefault(unit, set()).update(follows)
        above.append(unit)
    return found


def _levels(follows: Links, alive: set[str]) -> dict[str, int]:
    """Return the level of each living unit; a dead one lends its followers its own level."""
    try:
        order = list(TopologicalSorter(follows).static_order())
    except CycleError as circle:
        raise Tangled(list(reversed(circle.args[1]))) from None
    reached: dict[str, int] = {}
    for unit in order:
        before = max((reached[one] for one in follows.get(unit, ())), default=-1)
        reached[unit] = before + 1 if unit in alive else before
    return {unit: reached[unit] for unit in alive}


def blocking(stage: Sequence[Step]) -> list[Step]:
    """Return the steps a stage waits for: all but those only asked (征询), if there are others."""
    return [step for step in stage if not step.get("advisory")] or list(stage)


def critical_days(stages: Stages, instead: Mapping[str, int]) -> int:
    """Return the days of the steps that count and are waited for, of a stage the longest."""
    return sum(
        max(
            (
                instead.get(step["key"], step["days"])
                for step in blocking(stage)
                if step.get("counts", True)
            ),
            default=0,
        )
        for stage in stages
    )
