"""A driver that leads a case to its end from wherever it stands, each act by who holds the duty."""

from collections.abc import Callable
from datetime import date

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import actions, workflow
from backend.cases.lifecycle import CLOSED, Status
from backend.cases.models import Case, CaseStep
from backend.catalogue.models import ServiceItem
from backend.seeds.drive import collect, holder_of

MOST = 120


def to_the_end(case: Case, *, outcome: str, wait: Callable[[date], object]) -> Case:
    """
    Lead a case to a closed state.

    :param outcome: what is decided, where a decision is due.
    :param wait: lets the days pass until a day (公示期满).
    """
    for _ in range(MOST):
        case = Case.objects.select_related("item", "version", "applicant").get(pk=case.pk)
        if case.status in CLOSED:
            return case
        advance(case, outcome=outcome, wait=wait)
    message = f"{case.number} 没有终点: {case.status} {open_keys(case)}"
    raise AssertionError(message)


def open_keys(case: Case) -> list[str]:
    return sorted(case.steps.filter(state="open").values_list("key", flat=True))


def advance(case: Case, *, outcome: str, wait: Callable[[date], object]) -> None:
    """Do the next thing that brings a case on."""
    if case.status in (Status.SUPPLEMENTING, Status.AWAITING):
        answer(case)
    elif case.status == Status.SUSPENDED:
        stop = case.stops.get(ended_on__isnull=True)
        step = case.steps.get(key=stop.step, state="open")
        actions.resume(actor=holder(case, step), number=case.number)
    else:
        act(case, next_step(case), outcome=outcome, wait=wait)


def holder(case: Case, step: CaseStep) -> Account:
    """Return who holds a step's post, and has said, where the item asks, that they are no kin."""
    actor = holder_of(step)
    if case.version.guide.get("kin_statement"):
        actions.state_kin(actor=actor, number=case.number, related=False)
    return actor


def answer(case: Case) -> Case:
    """Answer every line of the open notice that is not yet, as the applicant."""
    lines = case.supplements.get(state="open").defects.filter(answered_at__isnull=True)
    replies = {line.seq: "已补" for line in lines}
    return actions.supplement(
        actor=case.applicant.account, number=case.number, replies=replies, revision=2**31 - 1
    )


def next_step(case: Case) -> CaseStep:
    """Return an open step whose turn to speak it is: a lead hears its group first."""
    plan = workflow.plan(case.version.workflow, case.facts)
    steps = list(case.steps.filter(state="open").order_by("stage", "pk"))
    keys = {step.key for step in steps}
    return next(
        step
        for step in steps
        if not keys.intersection(workflow.heard_first(plan, step.stage, step.key))
    )


def bring(case: Case, step: CaseStep) -> None:
    """Bring what is still to be brought; what was answered by words alone somebody looks at."""
    if case.status == Status.SUBMITTED:
        collect(case)
    for paper in case.materials.filter(state="defective"):
        actions.verify_material(actor=holder(case, step), number=case.number, key=paper.key)


def act(case: Case, step: CaseStep, *, outcome: str, wait: Callable[[date], object]) -> None:
    number = case.number
    bring(case, step)
    if step.role == workflow.SYSTEM:
        actions.run_system_step(step_id=step.pk)
        return
    actor = holder(case, step)
    plan = workflow.plan(case.version.workflow, case.facts)
    if case.status == Status.SUBMITTED:
        instant = case.item.kind == ServiceItem.Kind.INSTANT
        take = actions.finish if instant else actions.accept
        take(actor=actor, number=number)
    elif case.status == Status.ACCEPTED and step.stage == workflow.decides_at(plan):
        actions.decide(actor=actor, number=number, outcome=outcome, reason="依据材料作出")
    elif case.status == Status.ACCEPTED:
        if workflow.step_of(plan, step.stage, step.key).get("publicity"):
            wait(max(step.due_on, timezone.localdate()))
        actions.pass_step(actor=actor, number=number, step=step.key, opinion="属实")
    elif case.outcome == "granted" and workflow.ahead(plan, step.stage):
        actions.pass_step(actor=actor, number=number, step=step.key)
    elif case.status == Status.DECIDED:
        actions.deliver(actor=actor, number=number)
    else:
        actions.conclude(actor=actor, number=number)
