"""Sense (常理): what a well-formed definition may still get wrong, told with its path."""

import re
from collections.abc import Collection, Iterator, Mapping, Sequence
from typing import Any

from backend.catalogue import conditions, unions
from backend.catalogue.definition import params, process, words
from backend.catalogue.definition.shapes import Complaint, Path
from backend.catalogue.forms import options_of

Entry = Mapping[str, Any]

_CATCH_ALL = re.compile(r"其[他它余](有关|相关|必要|需要|所需|要求)?的?(材料|资料|证明|文件|手续)")


def faults(item: Entry, departments: Collection[str] | None) -> Iterator[Complaint]:
    """Yield what cannot work in a definition whose shape is right."""
    yield from _keys(item)
    yield from _fields(item)
    yield from _materials(item)
    yield from _authority(item)
    yield from _conditions(item)
    yield from _offices(item, departments)
    yield from _tracks(item)
    yield from _parts(item)
    yield from _params(item)
    yield from process.faults(item)
    if item["promised_days"] > item["legal_days"]:
        yield ("promised_days",), "承诺时限不能长于法定时限"


def _keys(item: Entry) -> Iterator[Complaint]:
    for part in ("form", "materials", "steps", "tracks", "params", "parts"):
        yield from _repeats(item.get(part, []), (part,))
    for number, field in enumerate(item["form"]):
        yield from _repeats(field.get("columns", []), ("form", number, "columns"))


def _repeats(entries: Sequence[Entry], path: Path) -> Iterator[Complaint]:
    seen: set[str] = set()
    for number, entry in enumerate(entries):
        if entry["key"] in seen:
            yield (*path, number, "key"), f"名称 {entry['key']} 重复"
        seen.add(entry["key"])


def _fields(item: Entry) -> Iterator[Complaint]:
    lists = {one["key"] for one in item.get("params", []) if isinstance(one["value"], list)}
    keys = {field["key"] for field in item["form"]}
    for number, field in enumerate(item["form"]):
        path: Path = ("form", number)
        yield from _field(field, path, keys, lists)
        inner = {column["key"] for column in field.get("columns", [])}
        for place, column in enumerate(field.get("columns", [])):
            where = (*path, "columns", place)
            if column["type"] == "table":
                yield (*where, "type"), "表格里不能再放表格"
            yield from _field(column, where, inner, lists)
        unique = field.get("rules", {}).get("unique")
        if unique and unique not in inner:
            yield (*path, "rules", "unique"), f"表格中没有 {unique} 这一列"


def _field(field: Entry, path: Path, keys: set[str], lists: set[str]) -> Iterator[Complaint]:
    rules, kind = field.get("rules", {}), field["type"]
    if kind in ("enum", "multi_enum") and not {"options", "options_param"} & field.keys():
        yield path, "选择项缺少 options"
    if "options_param" in field and field["options_param"] not in lists:
        yield (*path, "options_param"), "params 中没有这个列表参数"
    if (kind == "table") != ("columns" in field):
        yield path, "表格应有 columns, 其他类型不能有"
    if "pattern" in rules and not _compiles(rules["pattern"]):
        yield (*path, "rules", "pattern"), "不是有效的正则表达式"
    if "id_type_field" in rules and rules["id_type_field"] not in keys:
        yield (*path, "rules", "id_type_field"), "表单中没有这一项"


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except re.error:
        return False
    return True


def _materials(item: Entry) -> Iterator[Complaint]:
    for number, material in enumerate(item["materials"]):
        path: Path = ("materials", number)
        if _CATCH_ALL.search(material["name"]):
            yield (*path, "name"), "兜底条款(其他材料)不能上架, 请逐项列明"
        if (material["source"] == "shared") != ("registry" in material):
            yield path, "可共享获取的材料应写明 registry, 自备的不能写"
        yield from _subject(item, material, path)


def _subject(item: Entry, material: Entry, path: Path) -> Iterator[Complaint]:
    """Check whose record is asked for, and that what may follow the decision may come later."""
    kinds = {field["key"]: field["type"] for field in item["form"]}
    if "subject" in material:
        if kinds.get(material["subject"]) not in ("id_no", "uscc", "person_ref"):
            yield (*path, "subject"), "应为表单中的证件号码、人员或统一社会信用代码项"
        if material["source"] != "shared":
            yield (*path, "subject"), "只有共享获取的材料才查询, 自备的不能写"
    if material.get("follows_decision") and not material.get("deferrable"):
        yield (*path, "follows_decision"), "只有可容缺的材料才能在决定以后补"
    if "check" in material and not material.get("commitment"):
        yield (*path, "check"), "只有可告知承诺的材料才有事后核查"


def _authority(item: Entry) -> Iterator[Complaint]:
    wanted = item.get("authority_field")
    kinds = {field["key"]: field["type"] for field in item["form"]}
    if wanted and kinds.get(wanted) not in ("division", "uscc"):
        yield ("authority_field",), "应为表单中的区划项或统一社会信用代码项"
    if not wanted and item["authority"] != "hukou":
        yield ("authority",), "应写明 authority_field: 由表单哪一项决定属地"


def _conditions(item: Entry) -> Iterator[Complaint]:
    known = {field["key"] for field in item["form"]} | set(words.FACTS)
    for part in ("form", "materials", "steps", "parts"):
        for number, entry in enumerate(item.get(part, [])):
            if "when" not in entry:
                continue
            path = (part, number, "when")
            try:
                unknown = conditions.names_in(entry["when"]) - known
            except conditions.ConditionError as refusal:
                yield path, str(refusal)
                continue
            if unknown:
                yield path, f"条件中的 {'、'.join(sorted(unknown))} 不是表单项, 也不是可用的事实"


def _offices(item: Entry, departments: Collection[str] | None) -> Iterator[Complaint]:
    if departments is not None and item["department"] not in departments:
        yield ("department",), f"没有代码为 {item['department']} 的部门"
    for number, step in enumerate(item["steps"]):
        path: Path = ("steps", number)
        if departments is not None and step["department"] not in departments:
            yield (*path, "department"), f"没有代码为 {step['department']} 的部门"
        if step["place"] not in words.ROLES[step["role"]]:
            place = words.PLACES[step["place"]]
            yield (*path, "place"), f"{place}没有这个角色的岗位, 环节会无人办理"


def _parts(item: Entry) -> Iterator[Complaint]:
    """Check that parts of a bundle are other items, and wait for each other without a circle."""
    parts = item.get("parts", [])
    keys = {part["key"] for part in parts}
    items = [part["item"] for part in parts]
    for number, part in enumerate(parts):
        path: Path = ("parts", number)
        if part["item"] == item["code"] or items.index(part["item"]) < number:
            yield (*path, "item"), "分项应是另外的事项, 且只列一次"
        for key in set(part.get("after", [])) - keys:
            yield (*path, "after"), f"没有 {key} 这个分项"
    if circle := unions.cycle(parts):
        at = [part["key"] for part in parts].index(circle)
        yield ("parts", at, "after"), "分项互相等待, 永远办不了"
    for number, other in enumerate(item.get("excludes", [])):
        if other["item"] == item["code"]:
            yield ("excludes", number, "item"), "事项不能与自己互斥"


def _tracks(item: Entry) -> Iterator[Complaint]:
    """Check that the form asks for the track, and that days are set for steps there are."""
    keys = {step["key"] for step in item["steps"]}
    fields = {field["key"]: field for field in item["form"] if field["type"] == "enum"}
    asked = options_of(fields["track"]).keys() if "track" in fields else set()
    for number, track in enumerate(item.get("tracks", [])):
        if track["key"] not in asked:
            yield ("tracks", number, "key"), "表单的 track 选项中没有这一类"
        for key in track.get("days", {}).keys() - keys:
            yield ("tracks", number, "days", key), "没有这个环节"


_HOLE = re.compile(r"\{([^{}]*)\}")
FILLED = ("conditions", "fee", "validity", "publicity")
"""Parts of the guide whose texts may show a parameter: `每月{allowance}`."""


def _params(item: Entry) -> Iterator[Complaint]:
    known = {one["key"]: one["value"] for one in item.get("params", [])}
    for number, one in enumerate(item.get("params", [])):
        yield from params.standard_faults(one, ("params", number))
    publicity = item.get("publicity") or {}
    if (key := publicity.get("days_param")) and known.get(key) != publicity["days"]:
        yield ("publicity", "days_param"), "params 中没有这个天数参数, 或标准值与 days 不一致"
    for part in FILLED:
        for path, text in _texts(item.get(part), (part,)):
            if unknown := [name for name in _HOLE.findall(text) if name not in known]:
                yield path, f"params 中没有 {'、'.join(unknown)} 这个参数"


def _texts(value: object, path: Path) -> Iterator[tuple[Path, str]]:
    if isinstance(value, str):
        yield path, value
    elif isinstance(value, Mapping):
        for key, one in value.items():
            yield from _texts(one, (*path, key))
    elif isinstance(value, list):
        for number, one in enumerate(value):
            yield from _texts(one, (*path, number))
