"""
Processes (流程): what a well-formed list of steps may still get wrong, told with its path.

Every way the answers can take a case is walked: it must begin with one intake, meet exactly one
decision that stands alone, end with one step that closes, and keep its promise.
"""

import itertools
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from backend.catalogue import conditions, stages
from backend.catalogue.definition import reach, words
from backend.catalogue.definition.shapes import Complaint, Path
from backend.catalogue.forms import options_of

Entry = Mapping[str, Any]

MOST_WAYS = 500


def faults(item: Entry) -> Iterator[Complaint]:
    """Yield what cannot work in a process; a circle is told alone, as nothing follows from it."""
    steps = item["steps"]
    yield from _publicity(item)
    if item["kind"] == "instant":
        if len(steps) != 1 or steps[0]["phase"] != "intake" or not steps[0].get("decides"):
            yield ("steps",), "即办件只有一个环节: phase 为 intake, 且 decides 为 true"
        return
    yield from _phases(steps)
    yield from _posts(steps)
    yield from _groups(steps)
    yield from _joins(item)
    yield from reach.faults(item)
    if circle := list(_circle(steps)):
        yield from circle
        return
    yield from _ends(steps)
    yield from _returns(steps)
    yield from _ways(item)


def _phases(steps: Sequence[Entry]) -> Iterator[Complaint]:
    phases = [words.PHASES.index(step["phase"]) for step in steps]
    if phases[0] != 0 or phases.count(0) != 1:
        yield ("steps", 0, "phase"), "第一个环节应为受理(intake), 且只有一个"
    for number, step in enumerate(steps):
        path: Path = ("steps", number)
        decides = bool(step.get("decides"))
        if decides != (step["phase"] == "decision"):
            yield (
                (*path, "phase"),
                "作出决定的环节 phase 为 decision 且 decides 为 true, 二者须同时成立",
            )
        if decides and not {"approve", "reject"} <= set(step["actions"]):
            yield (*path, "actions"), "决定环节应能通过, 也能不予通过(approve、reject)"
        if decides and (step["role"] == "system" or step.get("group")):
            yield path, "决定须由人作出, 且不能放在并行组里"


def _posts(steps: Sequence[Entry]) -> Iterator[Complaint]:
    """Refuse a step whose post lacks the duty of its phase: it would wait for nobody."""
    for number, step in enumerate(steps):
        if step["phase"] in words.BEYOND.get(step["role"], ()):
            yield ("steps", number, "role"), "这个角色没有该阶段的职责, 环节会无人能办"
        allowed = words.AGENCY_ACTS
        if step["role"] == "external_agency" and (more := set(step["actions"]) - allowed):
            named = "、".join(words.ACTIONS[one] for one in sorted(more))
            yield ("steps", number, "actions"), f"外部机构只出意见和结果, 不能{named}"


def _groups(steps: Sequence[Entry]) -> Iterator[Complaint]:
    runs = [name for name, _ in itertools.groupby(step.get("group") for step in steps) if name]
    for name, times in Counter(runs).items():
        if times > 1:
            number = next(n for n, step in enumerate(steps) if step.get("group") == name)
            yield ("steps", number, "group"), f"并行组 {name} 的环节应当相连"


def _joins(item: Entry) -> Iterator[Complaint]:
    steps, joins = item["steps"], item.get("joins", {})
    members: dict[str, list[int]] = {}
    for number, step in enumerate(steps):
        members.setdefault(step.get("group", ""), []).append(number)
        if step.get("lead") and joins.get(step.get("group", "")) != "lead":
            yield ("steps", number, "lead"), "只有 joins 为 lead 的并行组才有牵头环节"
        if step.get("advisory") and (step["phase"] != "review" or step.get("lead")):
            yield ("steps", number, "advisory"), "征询环节只能是审核环节, 也不能牵头"
    for group, rule in joins.items():
        inside = [steps[number] for number in members.get(group, [])] if group else []
        waited = [step for step in inside if not step.get("advisory")]
        if len(waited) < 2:
            yield ("joins", group), "并行组中至少要有两个须等待的环节, 才谈得上会合规则"
        elif rule == "lead" and sum(bool(step.get("lead")) for step in inside) != 1:
            yield ("joins", group), "由牵头部门裁定的并行组应恰有一个 lead 为 true 的环节"


def _publicity(item: Entry) -> Iterator[Complaint]:
    for number, step in enumerate(item["steps"]):
        path: Path = ("steps", number)
        if not step.get("publicity"):
            if "days" not in step:
                yield path, "缺少 days"
            continue
        if not item.get("publicity"):
            yield (*path, "publicity"), "事项没有公示参数(publicity), 公示环节不知道公示几天"
        if "publicize" not in step["actions"] or step["phase"] != "review":
            yield (*path, "publicity"), "公示环节应是审核环节, 动作包含 publicize(公示)"
        if step["role"] == "system":
            yield (*path, "role"), "公示须有人负责答复异议, 不能由系统办理"
        if told := sorted({"days", "day_kind", "counts"} & step.keys()):
            yield (*path, told[0]), "公示环节的天数和口径取自事项的公示参数, 这里不能另写"


def _circle(steps: Sequence[Entry]) -> Iterator[Complaint]:
    keys = {step["key"] for step in steps}
    for number, step in enumerate(steps):
        if unknown := [key for key in step.get("after", ()) if key not in keys]:
            yield ("steps", number, "after"), f"没有 {'、'.join(unknown)} 这个环节"
        group = {one["key"] for one in steps if one is step or _together(one, step)}
        if own := [key for key in step.get("after", ()) if key in group]:
            yield ("steps", number, "after"), f"环节不能排在自己或同组的 {'、'.join(own)} 之后"
    try:
        stages.lined(steps, lambda _: True)
    except stages.Tangled as circle:
        named = " → ".join(key.removeprefix("+") for key in circle.keys)
        number = next(n for n, step in enumerate(steps) if stages.unit_of(step) in circle.keys)
        if len(set(circle.keys)) > 1:
            yield ("steps", number, "after"), f"环节互相等待, 成了环: {named}"


def _together(one: Entry, other: Entry) -> bool:
    return bool(one.get("group")) and one.get("group") == other.get("group")


def _ends(steps: Sequence[Entry]) -> Iterator[Complaint]:
    """Check the ends of the whole graph: one intake before all, one closing step after all."""
    lined = stages.lined(steps, lambda _: True)
    where = {step["key"]: index for index, stage in enumerate(lined) for step in stage}
    last = lined[-1]
    if len(last) != 1 or last[0]["phase"] != "delivery" or "close" not in last[0]["actions"]:
        number = next(n for n, step in enumerate(steps) if step is last[-1])
        yield (
            ("steps", number),
            "最后应有一个送达环节(delivery), 动作包含 close(办结), 才有终点",
        )
    for number, step in enumerate(steps):
        level = where[step["key"]]
        if level == 0 and number > 0:
            yield ("steps", number, "after"), "没有环节通向它: 应排在受理环节之后"
        later = {one["phase"] for stage in lined[level + 1 :] for one in stage}
        if step["phase"] == "delivery" and later - {"delivery"}:
            yield ("steps", number, "phase"), "送达环节之后不能再有审核或决定"


def _returns(steps: Sequence[Entry]) -> Iterator[Complaint]:
    lined = stages.lined(steps, lambda _: True)
    where = {step["key"]: index for index, stage in enumerate(lined) for step in stage}
    asked = {step["key"] for step in steps if step.get("advisory")}
    for number, step in enumerate(steps):
        target, path = step.get("returns_to"), ("steps", number, "returns_to")
        if "most_returns" in step and not target and "return_prev" not in step["actions"]:
            yield ("steps", number, "most_returns"), "该环节不能退回, 不必写退回次数"
        if not target:
            continue
        if target not in where:
            yield path, f"没有 {target} 这个环节"
        elif where[target] >= where[step["key"]]:
            yield path, f"只能退回到在前的环节, {target} 不在它之前, 会成环"
        elif target in asked:
            yield path, f"{target} 是征询环节, 不能退回给它"
        elif step["phase"] == "delivery":
            yield path, "决定作出以后不能退回"


def _ways(item: Entry) -> Iterator[Complaint]:
    """Walk every way answers can take a case: one decision on each, none over its promise."""
    tracks = {track["key"]: track for track in item.get("tracks", [])}
    publicity = item.get("publicity") or {}
    steps = [_with_days(step, publicity) for step in item["steps"]]
    told: set[str] = set()
    for way in _answers(item):
        lined = stages.lined(steps, lambda step, way=way: _applies(step, way))  # type: ignore[misc]
        told |= set(_alone(lined, _said(way)))
        track = tracks.get(str(way.get("track")), {})
        promised = track.get("promised_days", item["promised_days"])
        longest = stages.critical_days(lined, track.get("days", {}))
        if longest > promised:
            told.add(f"{_said(way)}各环节共需{longest}日, 超过承诺的{promised}日")
    for reason in sorted(told):
        yield ("steps",), reason


def _with_days(step: Entry, publicity: Entry) -> Entry:
    counted = {"days": publicity.get("days", 0), "counts": publicity.get("counts", True)}
    return {**counted, **step} if step.get("publicity") else {"days": 0, **step}


def _alone(lined: stages.Stages, said: str) -> Iterator[str]:
    """Say what is wrong with one way: its decision, and what comes before and after it."""
    deciding = [index for index, stage in enumerate(lined) for step in stage if step.get("decides")]
    if len(deciding) != 1:
        yield f"每种情形都应恰有一个决定环节, {said}时有{len(deciding)}个"
        return
    stage = lined[deciding[0]]
    if len(stage) > 1:
        others = "、".join(step["key"] for step in stage if not step.get("decides"))
        yield f"决定环节应单独成为一个阶段, {said}时与 {others} 同时进行"
    for later in lined[deciding[0] :]:
        for step in later:
            if step.get("advisory"):
                yield f"征询应在决定之前, {said}时 {step['key']} 不在决定之前"
    if len(lined[-1]) != 1 or "close" not in lined[-1][0]["actions"]:
        yield f"每种情形都应有终点(close), {said}时最后的 {lined[-1][-1]['key']} 不能办结"


def _answers(item: Entry) -> Iterator[dict[str, object]]:
    """Yield every combination of the choices the steps' conditions ask for."""
    asked = set().union(*(_names_in(step.get("when", "")) for step in item["steps"]))
    asked |= {"track"} if item.get("tracks") else set()
    choices: dict[str, Sequence[object]] = {
        field["key"]: reach.YES_OR_NO if field["type"] == "bool" else list(options_of(field))
        for field in item["form"]
        if field["type"] in ("enum", "bool")
    }
    keys = sorted(key for key in asked & choices.keys() if choices[key])
    ways = itertools.product(*(choices[key] for key in keys))
    for chosen in itertools.islice(ways, MOST_WAYS):
        yield dict(zip(keys, chosen, strict=True))


def _applies(step: Entry, way: Mapping[str, object]) -> bool:
    """Say whether a step is on the way; one that asks for something else is taken to be."""
    when = step.get("when", "")
    names = _names_in(when)
    return not names or not names <= way.keys() or conditions.holds(when, way)


def _names_in(condition: str) -> frozenset[str]:
    try:
        return conditions.names_in(condition)
    except conditions.ConditionError:
        return frozenset()


def _said(way: Mapping[str, object]) -> str:
    told = {True: "是", False: "否"}
    shown = (f"{key}={told.get(value, value)}" for key, value in way.items())  # type: ignore[call-overload]
    return "、".join(shown) or "一般情形"
