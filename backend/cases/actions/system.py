"""系统环节: steps the platform itself does, rung by the clock."""

from backend.accounts import actions as accounts
from backend.cases import workflow
from backend.cases.actions import decision, intake, review
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.catalogue.models import ServiceItem
from backend.core.errors import DomainError, Unavailable
from backend.exchange import actions as exchange


def run_system_step(*, step_id: int) -> Case | None:
    """
    系统办理: check the registry where the step says so, outside any lock; then act.

    A registry that does not answer stops nobody: the step goes on, marked for a manual check.
    A step somebody else ended meanwhile is left alone.
    """
    step = (
        CaseStep.objects.filter(pk=step_id, state=CaseStep.State.OPEN, role=workflow.SYSTEM)
        .select_related("case__item", "case__applicant", "case__version")
        .first()
    )
    if step is None:
        return None
    try:
        return _act(step, _checked(step))
    except DomainError:  # done by another worker between the look and the lock
        return None


def _checked(step: CaseStep) -> str:
    """Return what the registry said, in words for the record."""
    rule = next((one for one in step.case.version.workflow if one["key"] == step.key), None)
    person = step.case.applicant
    if rule is None or "query_registry" not in rule["actions"] or not person.sealed_id_number:
        return "系统自动办理"
    try:
        known = exchange.verify_identity(
            actor=accounts.system_account(),
            name=person.name,
            id_number=person.id_number,
            purpose=f"{step.case.item.name}:{step.name}",
            case_number=step.case.number,
        )
    except Unavailable:
        return "人口库暂不可用, 已转人工核验"
    return "人口库核验一致" if known else "人口库核验不一致, 请后续环节人工核实"


def _act(step: CaseStep, finding: str) -> Case:
    actor, case = accounts.system_account(), step.case
    if step.phase == workflow.INTAKE:
        if case.item.kind == ServiceItem.Kind.INSTANT:
            return intake.finish(actor=actor, number=case.number, opinion=finding)
        return intake.accept(actor=actor, number=case.number, opinion=finding)
    if step.phase == workflow.DELIVERY and case.status in (Status.DECIDED, Status.DELIVERED):
        return _hand_over(step, finding)
    return review.pass_step(actor=actor, number=case.number, step=step.key, opinion=finding)


def _hand_over(step: CaseStep, finding: str) -> Case:
    """Deliver electronically and conclude; a delivering step with more behind it just passes."""
    actor, number = accounts.system_account(), step.case.number
    try:
        if step.case.status == Status.DECIDED:
            decision.deliver(actor=actor, number=number, note="电子送达")
        return decision.conclude(actor=actor, number=number, note=finding)
    except decision.StepsLeft:
        return review.pass_step(actor=actor, number=number, step=step.key, opinion=finding)
