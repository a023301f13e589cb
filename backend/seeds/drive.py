"""Demo staff at work (演示办理): carry a case on, act by act, each by who really holds the duty."""

from collections.abc import Mapping

from django.db.models import Q

from backend.accounts.models import Account
from backend.cases import actions, workflow
from backend.cases.lifecycle import CLOSED, Status
from backend.cases.models import Case, CaseMaterial, CaseStep
from backend.catalogue.models import ServiceItem
from backend.core.errors import NotFound
from backend.organisation.models import Post

Role = Post.Role


class NobodyThere(NotFound):
    code, title = "nobody_there", "该部门还没有人在岗, 请先安排岗位"


def carry(case: Case, *, until: str, opinions: Mapping[str, str] | None = None) -> Case:
    """
    Act on a case until it has a status (or is closed); grants where it must be decided.

    :param until: a status; `accepted` stops right after acceptance.
    :param opinions: step key → what is written there.
    """
    opinions = opinions or {}
    while case.status != until and case.status not in CLOSED:
        step = CaseStep.objects.filter(case=case, state=CaseStep.State.OPEN).order_by("pk").first()
        if step is None:
            break
        _act(case, step, opinions.get(step.key, "情况属实, 符合条件"))
        case = Case.objects.select_related("item", "version", "applicant").get(pk=case.pk)
    return case


def holder_of(step: CaseStep) -> Account:
    """
    Return somebody who holds the post a step belongs to.

    :raises NobodyThere: the office has nobody in that role.
    """
    post = (
        Post.objects.filter(department=step.department_id, role=step.role, valid_to__isnull=True)
        .select_related("staff__account")
        .order_by("pk")
        .first()
    )
    if post is None:
        raise NobodyThere(f"{step.department.name}: {step.name}")
    return post.staff.account


_WINDOWS = (Role.COMMUNITY_WORKER, Role.WINDOW_CLERK, Role.TOWN_REVIEWER, Role.COUNTY_REVIEWER)


def collect(case: Case) -> None:
    """收材料: what was to be brought is handed over at a window that sees the case."""
    wanted = case.materials.filter(state=CaseMaterial.State.WANTED, required=True)
    brought = wanted.exclude(resolved_by=CaseMaterial.By.DEFERRED)
    for key, by in list(brought.values_list("key", "resolved_by")):
        onsite = by == CaseMaterial.By.ONSITE
        take = actions.witness_material if onsite else actions.receive_material
        take(actor=_window_of(case), number=case.number, key=key)


def _window_of(case: Case) -> Account:
    """
    Return somebody who takes papers in, of the place or of the office that decides.

    :raises NobodyThere: nobody is in post.
    """
    near = Q(department__division__code__in=[case.village_code, case.town_code])
    posts = Post.objects.filter(
        near | Q(department=case.department_id), role__in=_WINDOWS, valid_to__isnull=True
    )
    post = posts.select_related("staff__account").order_by("pk").first()
    if post is None:
        raise NobodyThere
    return post.staff.account


def _act(case: Case, step: CaseStep, opinion: str) -> None:
    if case.status == Status.SUBMITTED:
        collect(case)
    if step.role == workflow.SYSTEM:
        actions.run_system_step(step_id=step.pk)
        return
    actor, number = holder_of(step), case.number
    if case.version.guide.get("kin_statement"):
        actions.state_kin(actor=actor, number=number, related=False)
    if case.status == Status.SUBMITTED:
        take = actions.finish if case.item.kind == ServiceItem.Kind.INSTANT else actions.accept
        take(actor=actor, number=number, opinion=opinion)
    elif case.status == Status.ACCEPTED and _decides(case, step):
        actions.decide(actor=actor, number=number, outcome=Case.Outcome.GRANTED, reason=opinion)
    elif case.status == Status.ACCEPTED or _more_to_come(case, step):
        actions.pass_step(actor=actor, number=number, step=step.key, opinion=opinion)
    elif case.status == Status.DECIDED:
        actions.deliver(actor=actor, number=number, note="已送达")
    else:
        actions.conclude(actor=actor, number=number, note=opinion)


def _decides(case: Case, step: CaseStep) -> bool:
    stages = workflow.plan(case.version.workflow, case.facts)
    return step.stage == workflow.decides_at(stages)


def _more_to_come(case: Case, step: CaseStep) -> bool:
    stages = workflow.plan(case.version.workflow, case.facts)
    return case.outcome == Case.Outcome.GRANTED and bool(workflow.ahead(stages, step.stage))
