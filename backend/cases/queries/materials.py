"""Materials before and after submission (材料): what will be asked, and what became of it."""

from datetime import date
from typing import Any

from django.utils import timezone

from backend.cases.queries import reuse
from backend.cases.queries.reuse import Stock
from backend.catalogue import guides, ways
from backend.catalogue.models import ServiceVersion
from backend.exchange import queries as exchange
from backend.residents.models import Resident

CHOICES = {
    "upload": "拍照或上传文件",
    "earlier": "用以前交过的",
    "commitment": "签告知承诺书代替",
    "deferred": "先受理, 以后补交",
    "paper": "带原件到窗口",
    "onsite": "到现场或上门核验",
}


def ahead(version: ServiceVersion, person: Resident | None, *, today: date) -> list[dict[str, Any]]:
    """
    Say of each material what will happen, before anything is asked for.

    What was given before is offered, never silently taken: the choice is the applicant's.
    """
    if not version.materials:
        return []
    registries = exchange.answering_for(person)
    asked = [one for one in version.materials if not ways.without_asking(one, registries)]
    stock = reuse.offered(person, [one["key"] for one in asked]) if person and asked else Stock()
    return [
        {
            "key": one.get("key", ""),
            "name": one["name"],
            "required": one["required"],
            "when": one.get("when", ""),
            "note": guides.plain(one.get("note", "")),
            **(_unasked(one, registries) or _asked(one, stock, today)),
        }
        for one in version.materials
    ]


def _unasked(material: ways.Material, registries: tuple[str, ...]) -> dict[str, Any]:
    why = guides.unasked(material, registries)
    if not why:
        return {}
    by = ways.without_asking(material, registries)
    return {"by": by, "says": why, "choices": [], "earlier": [], "promise": None}


def _asked(material: ways.Material, stock: Stock, today: date) -> dict[str, Any]:
    found = [one for one in stock.earlier.values() if one.serves(material, today)]
    earlier = [
        {"id": one.pk, "given_on": timezone.localdate(one.given_at)}
        for one in sorted(found, key=lambda one: one.given_at, reverse=True)
    ]
    open_ = [
        by
        for by in ways.choices(material)
        if not (by == "earlier" and not earlier) and not (by == "commitment" and stock.untrusted)
    ]
    return {
        "by": "",
        "says": _says(material, open_, earlier),
        "choices": [{"by": by, "label": CHOICES[by]} for by in open_],
        "earlier": earlier,
        "promise": _promise(material) if "commitment" in open_ else None,
    }


def _says(material: ways.Material, open_: list[str], earlier: list[dict[str, Any]]) -> str:
    if way := ways.in_person(material):
        return {"paper": "提交后请把原件带到窗口", "onsite": "提交后到现场或预约上门核验"}[way]
    if earlier:
        day = earlier[0]["given_on"]
        says = f"您{day.year}年{day.month}月{day.day}日交过, 可以直接用, 也可以重新上传"
    else:
        says = (
            "请上传, 或选择带原件到窗口" if material["required"] else "有的话请上传, 没有不影响提交"
        )
    promise = "; 可以签告知承诺书代替" if "commitment" in open_ else ""
    later = "; 手边没有可以以后补交" if "deferred" in open_ else ""
    return says + promise + later


def _promise(material: ways.Material) -> dict[str, str]:
    return {"version": ways.PROMISE, "text": ways.promise(material)}
