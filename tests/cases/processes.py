"""Random processes (随机流程): definitions the catalogue itself holds to be sound."""

from hypothesis import assume
from hypothesis import strategies as st

from backend.catalogue import definition
from tests.factories import supplements as papers

FORM = [
    {"key": "division_code", "label": "所属村", "type": "division", "required": True},
    {"key": "home_visit", "label": "是否上门", "type": "bool", "required": False},
    {"key": "way", "label": "类型", "type": "enum", "required": True, "options": ["a", "b"]},
    {"key": "phone", "label": "联系电话", "type": "phone", "required": True},
    {"key": "note", "label": "情况说明", "type": "text", "required": False},
]
PLACES = {
    "ZD": ("community_worker", "village"),
    "SW": ("town_reviewer", "town"),
    "CL": ("county_reviewer", "county"),
    "GA": ("county_reviewer", "county"),
    "RS": ("county_reviewer", "county"),
}
WHENS = ["", "", "home_visit", 'way == "b"', 'not home_visit and way == "a"']
ACTS = ["return_prev", "correction", "suspend"]


def step(key, office, acts, **more):
    role, place = PLACES.get(office, ("county_reviewer", "county"))
    made = {
        "key": key, "name": f"环节{key}", "phase": "review", "role": role, "department": office,
        "place": place, "days": 2, "actions": ["approve", "reject", *acts], **more,
    }  # fmt: skip
    return {name: value for name, value in made.items() if value not in (None, "")}


@st.composite
def reviews(draw, n, before):
    """One to three steps that stand together: alone, joined, led, advised, or on show."""
    kind = draw(st.sampled_from(["one", "one", "group", "group", "show", "apart"]))
    acts = draw(st.lists(st.sampled_from(ACTS), unique=True))
    when = draw(st.sampled_from(WHENS))
    if kind == "show":
        return [step(f"p{n}", "SW", ["publicize", *acts], publicity=True, days=None)], {}
    if kind in ("one", "apart"):
        back = draw(st.sampled_from(["", *before]))
        after = ["intake"] if kind == "apart" else None
        office = draw(st.sampled_from(sorted(PLACES)))
        more = {"returns_to": back, "most_returns": 2} if back and not after else {}
        return [step(f"s{n}", office, acts, when=when, after=after, **more)], {}
    offices = draw(st.permutations(["SW", "CL", "GA", "RS"]))[: draw(st.integers(2, 3))]
    join = draw(st.sampled_from(["all", "any", "lead"]))
    group = [
        step(f"g{n}{i}", office, acts, group=f"G{n}", lead=(join == "lead" and i == 0) or None,
             when=when if i == 1 else "")
        for i, office in enumerate(offices)
    ]  # fmt: skip
    if draw(st.booleans()):
        group.append(step(f"a{n}", "ZD", [], group=f"G{n}", advisory=True))
    return group, {f"G{n}": join}


@st.composite
def definitions(draw):
    """A whole item whose process has no faults, as the catalogue keeps it."""
    intake = step("intake", "ZD", [], phase="intake", days=1)
    corrects = draw(st.sampled_from([["correction"], []]))
    steps, joins = [intake | {"actions": ["accept", "refuse", *corrects]}], {}
    for n in range(draw(st.integers(0, 3))):
        before = [one["key"] for one in steps if not one.get("advisory") and "after" not in one]
        more, rules = draw(reviews(n, before))
        steps, joins = [*steps, *more], {**joins, **rules}
    acts = draw(st.lists(st.sampled_from(ACTS), unique=True))
    steps.append(step("decide", "MZ", acts, phase="decision", days=3, decides=True))
    if draw(st.booleans()):
        issue = {"phase": "delivery", "actions": ["issue", "deliver"]}
        steps.append(step("issue", "MZ", []) | issue)
    last = draw(st.sampled_from(["system", "window_clerk"]))
    close = {"phase": "delivery", "role": last, "actions": ["deliver", "close"]}
    where = {"place": "system"} if last == "system" else {"department": "BM", "place": "town"}
    steps.append(step("close", "MZ", []) | close | where)
    item = {
        "code": "T-1", "name": "随机事项", "short_name": "随机事项", "theme": "测试",
        "department": "MZ", "level": "county", "kind": "promised", "applicants": ["person"],
        "legal_days": 200, "promised_days": 100,
        "day_kind": draw(st.sampled_from(["working", "calendar"])),
        "authority": "residence", "authority_field": "division_code", "conditions": ["无"],
        "item_type": draw(st.sampled_from(["行政许可(01)", "公共服务(20)"])),
        "publicity": {"days": draw(st.integers(1, 7)), "day_kind": "calendar",
                      "counts": draw(st.booleans())},
        "materials": papers.MATERIALS, "form": FORM, "steps": steps, "joins": joins,
        "result": {"kind": "给付", "document": "告知书", "delivery": ["电子"]},
    }  # fmt: skip
    assume(not definition.faults(item))
    return definition.complete(item)
