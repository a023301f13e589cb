"""A definition that cannot work is refused, each thing with its place and a reason."""

import copy
from collections.abc import Callable
from pathlib import Path

import pytest

from backend.catalogue import definition, files, stages
from backend.catalogue.definition import source

DEPARTMENTS = {"MZ", "SW", "ZD", "CZ"}


def step(key, phase, role, department, place, days, actions, **more):
    return {
        "key": key,
        "name": key,
        "phase": phase,
        "role": role,
        "department": department,
        "place": place,
        "days": days,
        "actions": actions,
        **more,
    }


PROMISED = {
    "code": "T-1",
    "name": "高龄津贴",
    "short_name": "高龄津贴",
    "theme": "养老服务",
    "department": "MZ",
    "level": "county",
    "kind": "promised",
    "applicants": ["person"],
    "legal_days": 30,
    "promised_days": 15,
    "day_kind": "working",
    "authority": "hukou",
    "authority_field": "home",
    "conditions": ["年满80周岁"],
    "materials": [{"key": "form", "name": "申请表", "required": True, "source": "self"}],
    "form": [
        {"key": "home", "label": "所属村", "type": "division", "required": True},
        {
            "key": "track",
            "label": "类型",
            "type": "enum",
            "required": True,
            "options": {"small": "小额", "normal": "一般"},
        },
        {
            "key": "members",
            "label": "成员",
            "type": "table",
            "required": False,
            "columns": [{"key": "name", "label": "姓名", "type": "name", "required": True}],
        },
    ],
    "steps": [
        step("intake", "intake", "community_worker", "ZD", "village", 1, ["accept", "refuse"]),
        step("check", "review", "town_reviewer", "SW", "town", 4, ["approve"], group="A"),
        step("visit", "review", "town_reviewer", "SW", "town", 6, ["visit"], group="A"),
        step("notice", "review", "town_reviewer", "SW", "town", 7, ["publicize"], counts=False),
        step(
            "confirm",
            "decision",
            "county_reviewer",
            "MZ",
            "county",
            6,
            ["approve", "reject"],
            decides=True,
        ),
        step("pay", "delivery", "system", "CZ", "system", 2, ["pay", "close"]),
    ],
    "result": {"kind": "给付", "document": "告知书", "delivery": ["电子"]},
}
INSTANT = {
    **PROMISED,
    "kind": "instant",
    "legal_days": 0,
    "promised_days": 0,
    "steps": [
        step("now", "intake", "community_worker", "ZD", "village", 0, ["accept"], decides=True)
    ],
}


def broken(change: Callable, base=PROMISED):
    item = copy.deepcopy(base)
    change(item)
    return {fault.path: fault.reason for fault in definition.faults(item, departments=DEPARTMENTS)}


@pytest.mark.parametrize("item", [PROMISED, INSTANT], ids=["promised", "instant"])
def test_a_definition_that_works_has_no_faults(item):
    assert definition.faults(item, departments=DEPARTMENTS) == []


@pytest.mark.parametrize(
    ("change", "path", "says"),
    [
        (lambda i: i.pop("short_name"), "(整个文件)", "缺少 short_name"),
        (lambda i: i.update(colour="红"), "colour", "拼写"),
        (lambda i: i["form"][0].update(lable="x"), "form[0].lable", "拼写"),
        (lambda i: i.update(code=1), "code", "文字"),
        (lambda i: i.update(name=""), "name", "1至128"),
        (lambda i: i.update(name="a\x00b"), "name", "空字符"),
        (lambda i: i.update(short_name="字" * 21), "short_name", "20"),
        (lambda i: i.update(legal_days="30"), "legal_days", "整数"),
        (lambda i: i.update(legal_days=True), "legal_days", "整数"),
        (lambda i: i.update(promised_days=31), "promised_days", "法定"),
        (lambda i: i.update(day_kind="工作日"), "day_kind", "working"),
        (lambda i: i.update(form={}), "form", "列表"),
        (lambda i: i.update(conditions=[]), "conditions", "1至"),
        (lambda i: i["form"][0].update(type="村"), "form[0].type", "不认识"),
        (lambda i: i["form"][0].update(required="是"), "form[0].required", "true"),
        (lambda i: i["form"][0].update(key="home town"), "form[0].key", "写法"),
        (lambda i: i["form"].append(i["form"][0]), "form[3].key", "重复"),
        (lambda i: i["form"][1].pop("options"), "form[1]", "options"),
        (lambda i: i["form"][1].update(options_param="x"), "form[1].options_param", "params"),
        (lambda i: i["form"][2].pop("columns"), "form[2]", "columns"),
        (lambda i: i["form"][0].update(rules={"pattern": "("}), "form[0].rules.pattern", "正则"),
        (
            lambda i: i["form"][0].update(rules={"id_type_field": "x"}),
            "form[0].rules.id_type_field",
            "没有",
        ),
        (lambda i: i["form"][2].update(rules={"unique": "x"}), "form[2].rules.unique", "这一列"),
        (
            lambda i: i["form"][2]["columns"][0].update(type="table", columns=[]),
            "form[2].columns[0].columns",
            "没有这一项",
        ),
        (lambda i: i["materials"][0].update(name="其他相关材料"), "materials[0].name", "兜底"),
        (lambda i: i["materials"][0].update(source="shared"), "materials[0]", "registry"),
        (lambda i: i["materials"][0].update(subject="nobody"), "materials[0].subject", "证件号码"),
        (
            lambda i: i["materials"][0].update(follows_decision=True, deferrable=False),
            "materials[0].follows_decision",
            "可容缺",
        ),
        (
            lambda i: i["materials"][0].update(check="must", commitment=False),
            "materials[0].check",
            "可告知承诺",
        ),
        (
            lambda i: i["materials"][0].update(source="shared", registry="户口"),
            "materials[0].registry",
            "不认识",
        ),
        (lambda i: i.update(authority_field="track"), "authority_field", "区划"),
        (lambda i: i.update(authority="place", authority_field=""), "authority_field", "写法|1至"),
        (lambda i: i["steps"][1].update(when="年龄 < 18"), "steps[1].when", "无法识别"),
        (lambda i: i["steps"][1].update(when="weather == 1"), "steps[1].when", "weather"),
        (lambda i: i["steps"][1].update(role="mayor"), "steps[1].role", "不认识"),
        (lambda i: i["steps"][1].update(department="XX"), "steps[1].department", "XX"),
        (lambda i: i["steps"][1].update(place="village"), "steps[1].place", "无人办理"),
        (lambda i: i["steps"][1].update(actions=["dance"]), "steps[1].actions[0]", "不认识"),
        (lambda i: i["steps"][0].update(phase="review"), "steps[0].phase", "受理"),
        (lambda i: i["steps"].pop(), "steps[4]", "送达"),
        (lambda i: i["steps"][5].update(actions=["pay"]), "steps[5]", "close"),
        (lambda i: i["steps"][4].update(actions=["approve"]), "steps[4].actions", "reject"),
        (lambda i: i["steps"][4].update(group="B"), "steps[4]", "并行组"),
        (lambda i: i["steps"][4].update(decides=False), "steps[4].phase", "decides"),
        (lambda i: i["steps"][1].update(phase="delivery"), "steps[1].phase", "送达环节之后"),
        (lambda i: i["steps"][3].update(group="A"), "", ""),
        (lambda i: i["steps"].insert(2, i["steps"].pop(3)), "steps[1].group", "相连"),
        (lambda i: i["steps"][2].update(days=7), "steps", "超过承诺的15日"),
        (
            lambda i: i["steps"][4].update(when='track == "small"'),
            "steps",
            "track=normal时有0个",
        ),
        (
            lambda i: i.update(
                tracks=[{"key": "small", "name": "小额", "promised_days": 5}], promised_days=30
            ),
            "steps",
            "超过承诺的5日",
        ),
        (
            lambda i: i.update(tracks=[{"key": "large", "name": "大额", "promised_days": 9}]),
            "tracks[0].key",
            "没有这一类",
        ),
        (
            lambda i: i.update(
                tracks=[{"key": "small", "name": "小", "promised_days": 15, "days": {"x": 1}}]
            ),
            "tracks[0].days.x",
            "没有这个环节",
        ),
        (lambda i: i.update(window={"months": [13]}), "window.months[0]", "12"),
        (lambda i: i.update(reminders=["R1"]), "reminders[0]", "写法"),
    ],
)
def test_says_what_is_wrong_and_where(change, path, says):
    told = broken(change)
    if not path:
        assert told == {}
        return
    assert path in told, told
    assert any(one in told[path] for one in says.split("|"))


def test_an_instant_item_is_one_step():
    assert (
        "即办件"
        in broken(lambda i: i["steps"].append(i["steps"][0] | {"key": "b"}), INSTANT)["steps"]
    )
    assert "即办件" in broken(lambda i: i["steps"][0].update(decides=False), INSTANT)["steps"]


@pytest.mark.parametrize("data", [None, [], "x", 5])
def test_what_is_no_item_at_all_is_said_to_be_none(data):
    (fault,) = definition.faults(data)
    assert fault.path == "(整个文件)"


def test_tells_everything_at_once_in_the_order_of_the_lines():
    item = copy.deepcopy(PROMISED)
    item["steps"][1]["days"], item["form"][0]["type"] = "四", "村"
    lines = {("steps", 1, "days"): 40, ("form", 0): 20}
    told = definition.faults(item, lines=lines, file="a.yaml")
    assert [(fault.line, fault.path) for fault in told] == [
        (20, "form[0].type"),
        (40, "steps[1].days"),
    ]
    assert str(told[0]).startswith("a.yaml第20行 form[0].type: ")


def test_the_critical_path_takes_the_longest_of_a_group_and_leaves_out_what_does_not_count():
    lined = stages.lined(PROMISED["steps"], lambda _: True)
    assert stages.critical_days(lined, {}) == 1 + 6 + 6 + 2
    assert stages.critical_days(lined, {"visit": 1, "check": 2}) == 1 + 2 + 6 + 2


def test_a_whole_definition_has_every_default_written_out():
    whole = definition.complete(PROMISED)
    assert whole.version["realname_level"] == 2
    assert whole.steps[0]["counts"] is True
    assert whole.steps[0]["decides"] is False
    assert whole.steps[0]["day_kind"] == "working"
    assert whole.materials[0]["copies"] == 1
    assert whole.form[1]["options"][0] == {"value": "small", "label": "小额"}
    assert whole.guide["proxy_allowed"] is True
    assert not {"form", "steps", "name", "legal_days"} & whole.guide.keys()


def test_choices_may_come_from_a_parameter():
    item = copy.deepcopy(PROMISED)
    item["params"] = [{"key": "banks", "label": "银行", "per": "county", "value": ["甲", "乙"]}]
    item["form"][1] = {
        "key": "track",
        "label": "银行",
        "type": "enum",
        "required": True,
        "options_param": "banks",
    }
    assert definition.faults(item) == []
    assert definition.complete(item).form[1]["options"] == ["甲", "乙"]


SEEDS = Path(definition.__file__).parents[2] / "seeds" / "data" / "items"


@pytest.mark.parametrize("file", list(files.read_items(SEEDS)), ids=lambda file: file.name)
def test_what_is_kept_can_be_written_again(file):
    whole = definition.complete(file.data)
    again = source.of(whole)
    assert definition.faults(again) == []
    assert definition.complete(again) == whole


def test_a_kept_graph_with_joins_and_publicity_can_be_written_again():
    item = copy.deepcopy(PROMISED)
    item["joins"], item["publicity"] = (
        {"A": "any"},
        {"days": 7, "day_kind": "calendar", "counts": False},
    )
    shown = item["steps"][3]
    shown["publicity"] = True
    del shown["days"], shown["counts"]
    whole = definition.complete(item)
    assert definition.faults(source.of(whole), departments=DEPARTMENTS) == []
    assert definition.complete(source.of(whole)) == whole
