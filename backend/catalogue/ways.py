"""
Ways (材料怎么来): by what a material is answered, and what may be chosen. Pure.

What a connected registry holds is never asked for (国务院令第 716 号 §9); what the form itself
makes nobody brings; the rest the applicant hands in, promises, brings later or to the window.
"""

from collections.abc import Collection, Mapping
from typing import Any

from backend.catalogue import conditions

LICENCE_LIBRARY = "licence"
"""The name under which the library of electronic licences (电子证照库) is connected."""
PROMISE = "2026-1"
"""Version of the promise's text; a new text is a new version, the old one stays readable."""
PROMISES: Mapping[str, str] = {
    "2026-1": "本人承诺: 「{name}」所证明的情况真实, 已符合办理条件; 愿意接受事后核查, "
    "不实的承担相应法律责任, 已取得的利益依法退回, 此后不再适用告知承诺。",
}
"""国办发〔2020〕42号: what is promised, that it is looked into, and what a false promise costs."""

OFFERED = ("upload", "earlier", "commitment", "deferred", "paper", "onsite")
"""What an applicant can choose from, over all materials."""

Material = Mapping[str, Any]


def applies(material: Material, facts: Mapping[str, object]) -> bool:
    """Say whether a case with these facts needs the material at all."""
    return conditions.holds(material.get("when") or "", facts)


def without_asking(material: Material, registries: Collection[str]) -> str:
    """Return by what it is answered without asking anybody: registry, licence, form; or ""."""
    if material.get("source") == "shared":
        if material.get("registry") in registries:
            return "registry"
        if material.get("licence") and LICENCE_LIBRARY in registries:
            return "licence"
    return "form" if material.get("form") == "auto_form" else ""


def in_person(material: Material) -> str:
    """Return how it reaches the office where it cannot be sent: paper, onsite; or ""."""
    return {"paper": "paper", "onsite_or_face": "onsite"}.get(material.get("form", ""), "")


def choices(material: Material) -> tuple[str, ...]:
    """Return the ways that stand open for what is asked of the applicant, the easiest first."""
    if way := in_person(material):
        return (way,)
    promised = ("commitment",) if material.get("commitment") else ()
    later = ("deferred",) if material.get("deferrable") else ()
    return ("earlier", "upload", *promised, *later, "paper")


def promise(material: Material, version: str = PROMISE) -> str:
    """Return the text of the promise that stands for a material (告知承诺书)."""
    return PROMISES[version].format(name=material["name"])
