"""
可补清单: what a notice may name in a case, for which reasons, in which usual words.

What a screen offers and what `request_supplement` takes come from the same lines here.
"""

from collections.abc import Iterable, Mapping
from typing import Any

from backend.cases import workflow
from backend.cases.models import Case, CaseMaterial, CaseStep, Defect, Supplement
from backend.cases.queries import answers
from backend.catalogue import conditions, guides
from backend.catalogue.models import ServiceVersion

MOST = 30
On, Reason = Defect.On, Defect.Reason
# 怎么补的惯用语: a worker chooses and corrects; most of the time nothing has to be typed.
REMEDIES: dict[str, dict[str, str]] = {
    On.FIELD: {
        Reason.MISSING: "请填写{label}",
        Reason.WRONG: "{label}填写有误, 请核对后改正",
        Reason.MISMATCH: "{label}与登记信息不一致, 请核对后改正; 确实无误的请说明原因",
        Reason.INCOMPLETE: "{label}填得不全, 请补充完整",
        Reason.UNCLEAR: "{label}写得不清楚, 请重新填写",
        Reason.EXPIRED: "{label}已过有效期, 请填写现在有效的内容",
        Reason.FORMAT: "{label}的格式不符合要求, 请按提示重新填写",
    },
    On.MATERIAL: {
        Reason.MISSING: "请提交{label}",
        Reason.UNCLEAR: "{label}看不清, 请在光线充足处重拍, 四角拍全",
        Reason.INCOMPLETE: "{label}内容不全, 请补齐后整份重新提交",
        Reason.EXPIRED: "{label}已过有效期, 请换成有效期内的",
        Reason.UNSIGNED: "{label}没有签字或盖章, 请签字盖章后重新提交",
        Reason.MISMATCH: "{label}与登记信息不一致, 请提交一致的, 或说明原因",
        Reason.WRONG: "{label}交错了或内容有误, 请提交正确的",
        Reason.FORMAT: "{label}的格式不符合要求, 请提交清晰的照片或 PDF",
    },
}


def things(version: ServiceVersion) -> dict[tuple[Any, Any], Mapping[str, Any]]:
    """Return all a notice can be about: (field or material, key) → what the version says of it."""
    fields = {(On.FIELD.value, one["key"]): one for one in version.form}
    return fields | {
        (On.MATERIAL.value, one["key"]): {**one, "label": one["name"]}
        for one in version.materials
        if one.get("key")
    }


def why_not(
    thing: Mapping[str, Any], facts: Mapping[str, object], paper: CaseMaterial | None
) -> str:
    """Say why a thing must not be asked for in this case; "" where it may be."""
    if not conditions.holds(thing.get("when") or "", facts):
        return f"本件不需要{thing['label']}, 不能要求补"
    if paper and _from_registry(paper):
        return f"{thing['label']}已由数据共享核验, 不得要求申请人提供"
    return ""


def _from_registry(paper: CaseMaterial) -> bool:
    """
    Say whether a registry gives it: nobody is asked for that again (716号令 §9).

    One that is still being asked, too; one that said otherwise or never answered does not.
    """
    by, state = CaseMaterial.By, CaseMaterial.State
    answering = paper.verification == CaseMaterial.Verification.PENDING
    asked = paper.resolved_by in (by.REGISTRY, by.LICENCE)
    return asked and (answering or paper.state == state.VERIFIED)


def catalogue(case: Case) -> dict[str, Any]:
    """
    Return what may be named now: each thing with its present value or state, and its reasons.

    :param case: from `record.find`; values are masked as on its page.
    """
    facts = case.facts
    papers = {paper.key: paper for paper in case.materials.all()}
    values = {line["key"]: line["value"] for line in _values(case)}
    told = Supplement.objects.filter(case=case).count()
    return {
        "steps": _steps(case),
        "ordinal": told + 1,
        "needs_approval": told > 0,
        "most": MOST,
        "things": [
            _thing(on, key, thing, values.get(key, ""), papers.get(key))
            for (on, key), thing in things(case.version).items()
            if not why_not(thing, facts, papers.get(key) if on == On.MATERIAL else None)
        ],
    }


def _values(case: Case) -> Iterable[dict[str, Any]]:
    return answers.lines(case.version.form, case.answers, masks=answers.FOR_STAFF)


def _steps(case: Case) -> list[str]:
    """Return the open steps whose process lets them tell what is missing."""
    plan = workflow.plan(case.version.workflow, case.facts)
    open_steps = case.steps.filter(state=CaseStep.State.OPEN).order_by("stage", "pk")
    return [
        key
        for stage, key in open_steps.values_list("stage", "key")
        if workflow.may_correct(plan, stage, key)
    ]


def _thing(
    on: str, key: str, thing: Mapping[str, Any], value: str, paper: CaseMaterial | None
) -> dict[str, Any]:
    material = on == On.MATERIAL
    return {
        "on": on,
        "key": key,
        "label": thing["label"],
        "required": bool(thing.get("required")),
        "value": "" if material else value,
        "state": paper.state if material and paper else "",
        "state_label": paper.get_state_display() if material and paper else "",
        "sample": guides.plain(str(thing.get("note") or ""))[:200] if material else "",
        "reasons": [
            {
                "reason": reason,
                "label": Reason(reason).label,
                "remedy": sentence.format(label=thing["label"]),
            }
            for reason, sentence in REMEDIES[on].items()
        ],
    }
