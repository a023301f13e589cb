"""
Changes (改了什么): two whole definitions side by side, in words people read. Pure.

Fields, materials and steps are told by their key, so a renamed one is a change and a new key is
one added; what stands elsewhere is told with its old and its new value.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from backend.catalogue.definition import Definition, words

Entry = Mapping[str, Any]
_PARTS = {"form": "表单项", "materials": "材料", "steps": "环节"}
_TOP = {
    "name": "事项名称", "theme": "主题", "kind": "办件类型", "level": "行使层级",
    "audience": "人群", "aliases": "俗名", "department_code": "责任部门",
    "legal_days": "法定时限", "promised_days": "承诺时限", "day_kind": "计日口径",
    "authority": "属地规则", "realname_level": "实名级别", "online": "可网办",
    "short_name": "简称", "applicants": "申请主体", "conditions": "申请条件",
    "result": "办理结果", "publicity": "公示", "window": "申报期", "joins": "会合规则",
    "tracks": "办理类型", "authority_field": "属地表单项", "params": "参数", "fee": "收费",
    "validity": "有效期", "renewal": "年审", "extend_days": "可延天数", "bookable": "可预约",
    "max_onsite": "到现场次数", "proxy_allowed": "可代办", "evidence": "依据",
    "cross_region": "通办范围", "reminders": "提醒规则", "bundle": "一件事",
}  # fmt: skip
_INNER = {
    "name": "名称", "label": "名称", "days": "天数", "role": "角色", "department": "部门",
    "place": "层级", "actions": "动作", "phase": "阶段", "group": "并行组", "join": "会合规则",
    "when": "条件", "after": "前置环节", "counts": "计时", "day_kind": "计日口径",
    "decides": "作出决定", "lead": "牵头", "advisory": "征询", "publicity": "公示",
    "returns_to": "退回到", "most_returns": "最多退回次数", "note": "说明", "type": "类型",
    "required": "必填", "options": "选项", "rules": "校验规则", "prefill": "预填",
    "columns": "表格列", "source": "来源", "registry": "共享库", "licence": "证照",
    "copies": "份数", "deferrable": "可容缺", "commitment": "可承诺", "form": "形式",
}  # fmt: skip
_WORDS: Mapping[str, Mapping[str, str]] = {
    "place": words.PLACES,
    "actions": words.ACTIONS,
    "join": words.JOINS,
    "registry": words.REGISTRIES,
    "day_kind": {"working": "工作日", "calendar": "自然日"},
    "kind": {"instant": "即办件", "promised": "承诺件"},
    "phase": {"intake": "受理", "review": "审核", "decision": "决定", "delivery": "送达"},
    "source": {"self": "自备", "shared": "共享"},
}


@dataclass(frozen=True, slots=True)
class Change:
    """One difference: in which part, of what, added, removed or changed, and in words."""

    part: str
    key: str
    kind: str
    text: str


def between(old: Definition, new: Definition) -> list[Change]:
    """Return what `new` says otherwise than `old`; [] where they say the same."""
    before = {**old.item, **old.version, **old.guide}
    after = {**new.item, **new.version, **new.guide}
    found = list(_values(before, after, _TOP, part="item", about=""))
    for part, title in _PARTS.items():
        found += _entries(getattr(old, part), getattr(new, part), part, title)
    return found


def _entries(old: Sequence[Entry], new: Sequence[Entry], part: str, title: str) -> Iterator[Change]:
    before = {one["key"]: one for one in old}
    after = {one["key"]: one for one in new}
    for key in after.keys() - before.keys():
        yield Change(part, key, "added", f"新增{title}「{_named(after[key])}」")
    for key in before.keys() - after.keys():
        yield Change(part, key, "removed", f"删除{title}「{_named(before[key])}」")
    kept = [key for key in after if key in before]
    if kept != [key for key in before if key in after]:
        yield Change(part, "", "changed", f"{title}的次序有调整")
    for key in kept:
        about = f"{title}「{_named(before[key])}」的"
        yield from _values(before[key], after[key], _INNER, part=part, about=about, key=key)


def _values(
    old: Entry, new: Entry, names: Mapping[str, str], *, part: str, about: str, key: str = ""
) -> Iterator[Change]:
    for name in sorted({*old, *new}):
        if old.get(name) == new.get(name):
            continue
        label = names.get(name, name)
        text = f"{about}{label}: {_said(name, old.get(name))} → {_said(name, new.get(name))}"
        yield Change(part, key or name, "changed", text)


def _named(entry: Entry) -> str:
    return str(entry.get("name") or entry.get("label") or entry["key"])


def _said(name: str, value: object) -> str:
    if value is None or value in ("", [], {}):
        return "(无)"
    if isinstance(value, bool):
        return "是" if value else "否"
    if isinstance(value, Mapping):
        return "; ".join(f"{_INNER.get(k, k)} {_said(str(k), v)}" for k, v in value.items())
    if isinstance(value, Iterable) and not isinstance(value, str):
        return "、".join(_said(name, one) for one in value)
    return _WORDS.get(name, {}).get(str(value), str(value))
