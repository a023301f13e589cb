"""Guides (办事指南): a published version in plain words, for whoever is about to apply. Pure."""

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, Protocol

from backend.catalogue import ways
from backend.catalogue.definition.words import PLACES, REGISTRIES

REMEDIES = (
    "对决定不服的, 可以自收到之日起 60 日内申请行政复议, 或者 6 个月内提起行政诉讼",
    "对办理过程不满意的, 可以拨打 12345 反映",
)
"""行政复议法 §20, 行政诉讼法 §46."""
_INSTANT = "即办"
_UNITS = {"working": "个工作日", "calendar": "日"}
_LAW = re.compile(r"(?:法|条例|办法)[\s\d第年/、-]{0,16}条|〔\d{4}〕")
_TAG = re.compile(r"\s*\[[SK]\]\s*|\([A-Za-z]+(?: [0-9]+)?\)")
"""编者的标记: how sure we are of a line, and where it was found; nothing for residents."""
_OVER_THE_COUNTER = {"窗口", "网点"}


class Amount(Protocol):
    """A parameter as it holds in a place."""

    @property
    def param(self) -> Mapping[str, Any]: ...
    @property
    def value(self) -> Any: ...
    @property
    def division(self) -> str: ...
    @property
    def key(self) -> str: ...
    @property
    def text(self) -> str: ...


def duration(days: int, day_kind: str) -> str:
    """Return a limit as people say it: 15 个工作日, 10 日, or 即办."""
    return f"{days} {_UNITS[day_kind]}" if days else _INSTANT


def materials(
    rows: Iterable[Mapping[str, Any]], *, given_by: Collection[str]
) -> list[dict[str, Any]]:
    """
    Return the materials, those nobody has to bring ticked, each with its source.

    :param given_by: the registries that answer for this person.
    """
    return [_material(row, given_by) for row in rows]


def _material(row: Mapping[str, Any], given_by: Collection[str]) -> dict[str, Any]:
    source = REGISTRIES.get(row.get("registry", ""), "")
    why = unasked(row, given_by)
    return {
        "key": row["key"],
        "name": row["name"],
        "required": row["required"] and not row.get("when"),
        "conditional": bool(row.get("when")),
        "waived": bool(why),
        "why": why,
        "source": source or ("部门共享" if row["source"] == "shared" else "申请人自备"),
        "copies": row.get("copies", 1),
        "deferrable": row.get("deferrable", False),
        "commitment": row.get("commitment", False),
        "note": plain(row.get("note", "")),
    }


def unasked(row: Mapping[str, Any], given_by: Collection[str]) -> str:
    """Say why nobody has to bring a material, "" where somebody has to."""
    by = ways.without_asking(row, given_by)
    source = REGISTRIES.get(row.get("registry", ""), "")
    return {
        "registry": f"本次无需提供, 由{source}核验",
        "licence": f"本次无需提供, 由电子证照库核验{row.get('licence', '')}",
        "form": "本次无需提供, 由填写内容自动生成",
    }.get(by, "")


def steps(
    rows: Sequence[Mapping[str, Any]], *, offices: Mapping[tuple[str, str], str], day_kind: str
) -> list[dict[str, Any]]:
    """
    Return the way of a case: who does what, and how long it takes.

    :param offices: (department code, place) → the name people know the office by.
    """
    groups = [row.get("group", "") for row in rows]
    return [
        {
            "name": row["name"],
            "department": offices.get((row["department"], _place(row)), PLACES[_place(row)]),
            "days": duration(row["days"], row.get("day_kind", day_kind)),
            "counts": row.get("counts", True),
            "together": bool(group) and groups.count(group) > 1,
            "conditional": bool(row.get("when")),
        }
        for row, group in zip(rows, groups, strict=True)
    ]


def _place(row: Mapping[str, Any]) -> str:
    return "county" if row["place"] == "system" else str(row["place"])


def onsite(guide: Mapping[str, Any], rows: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Say how often one has to come in person at most, and what for (到现场次数)."""
    most = guide.get("max_onsite", 0)
    if not most:
        return {"most": 0, "why": "全程网上办理, 不用到现场"}
    result = guide.get("result") or {}
    ways = list(result.get("delivery", []))
    hands_out = any("issue" in row["actions"] for row in rows)
    if hands_out and _OVER_THE_COUNTER & set(ways):
        others = [way for way in ways if way not in _OVER_THE_COUNTER]
        instead = f", 也可选{'、'.join(others)}" if others else ""
        return {"most": most, "why": f"领取{result.get('document', '结果')}{instead}"}
    return {"most": most, "why": "按规定需本人到场核对一次, 时间由工作人员与您约定"}


def fee(guide: Mapping[str, Any]) -> str:
    told = guide.get("fee") or {"charged": False}
    note = plain(str(told.get("amount") or told.get("note") or ""))
    text = "收费" if told["charged"] else "不收费"
    return f"{text}({note})" if note else text


def window(guide: Mapping[str, Any]) -> str:
    """Return when one may apply, "" for always."""
    told = guide.get("window")
    if not told:
        return ""
    months = "、".join(f"{month}月" for month in told["months"])
    note = plain(told.get("note", ""))
    return f"{months}受理申报" + (f"; {note}" if note else "")


def publicity(guide: Mapping[str, Any], local: Mapping[str, Amount] | None = None) -> str:
    """Say how long a case is shown; a place may have days of its own."""
    told = guide.get("publicity")
    if not told:
        return ""
    days = (local or {}).get(told.get("days_param", ""))
    told = {**told, "days": days.value} if days else told
    counted = "计入" if told["counts"] else "不计入"
    return f"公示 {duration(told['days'], told['day_kind'])}, {counted}办理时限"


_HOLE = re.compile(r"\{([a-z][a-z0-9_]*)\}")


def filled(text: str, values: Mapping[str, str]) -> str:
    """Return a text with the parameters it names written in: 每月{allowance}."""
    return _HOLE.sub(lambda hole: values.get(hole[1], hole[0]), text)


def amounts(local: Iterable[Amount]) -> list[dict[str, Any]]:
    """Return what the city, or the place itself, has set: how much, how long, which lists."""
    return [
        {
            "key": one.key,
            "label": one.param["label"],
            "text": one.text,
            "local": bool(one.division),
        }
        for one in local
    ]


def legal_basis(guide: Mapping[str, Any]) -> list[str]:
    """Return the laws and rules the item rests on; hearsay of the editors stays inside."""
    lines = (line for line in guide.get("evidence", []) if line.startswith("[S]"))
    return [plain(line) for line in lines if _LAW.search(line)]


def plain(text: str) -> str:
    """Return a note of the item's editors without their marks."""
    return _TAG.sub("", text).strip()
