"""告知: the applicant, in writing and by notice, of an act; heads, of a step nobody is left for."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

from backend.accounts.models import Account
from backend.cases import papers, workflow
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseEvent, CaseStep, Recusal
from backend.documents import actions as documents
from backend.organisation import holders
from notifications import actions as notifications
from notifications import kinds
from notifications.actions.sending import Letter


def in_writing(
    case: Case,
    events: Sequence[CaseEvent],
    opened: Sequence[CaseStep],
    *,
    office: int,
    said: Mapping[str, Any],
) -> str:
    """
    Order the papers of what was done; return the title of the last, for the notice to name.

    :param office: whose papers they are; of what came in just now, who has it first.
    :param said: what they show beyond the events.
    """
    if case.event_count == len(events) and opened:  # a whole of many parts has no step of its own
        office = opened[0].department_id
    acts = [
        papers.Act(case, event.verb, event.seq, event.at, event.details, office, said=said)
        for event in events
        if event.verb in papers.PAPERS
    ]
    ordered = papers.orders(acts)
    if ordered:
        documents.order(orders=ordered, at=acts[0].at)
    return papers.title(ordered[-1]) if ordered else ""


def applicant(
    case: Case,
    told: Sequence[tuple[str, Mapping[str, str]]],
    *,
    days: int,
    next_step: str,
    paper: str = "",
) -> None:
    """Tell the applicant what happened and what comes next, if somebody is there to be told."""
    if not told or case.applicant.account_id is None:
        return
    account = Account(pk=case.applicant.account_id, kind=Account.Kind.RESIDENT)
    common = {
        "number": case.number,
        "item": case.item.name,
        "short_item": case.version.guide.get("short_name") or case.item.name,
        "status_text": Status(case.status).label,
        "days": str(days),
        "due_on": case.promised_due_on.isoformat() if case.promised_due_on else "",
        "reason": case.reason,
        "next_step": next_step,
        "outcome": case.get_outcome_display(),
        "paper": paper,
    }
    for i, (kind, params) in enumerate(told):
        notifications.send(
            to=account,
            kind=kind,
            params={**common, **params},
            case_number=case.number,
            dedupe_key=f"{case.number}:{case.event_count}:{i}:{kind}",
        )


def nobody_left(case: Case, steps: Sequence[CaseStep], *, today: date) -> list[CaseStep]:
    """
    无人可办: tell who arranges the people of an office that a step of it has nobody to act on it.

    Heads are told, and supervision where an office has none; return those steps.
    """
    steps = [step for step in steps if step.role != workflow.SYSTEM]
    held = holders.of_offices({step.department_id for step in steps}, today=today)
    away = set(
        Recusal.objects.filter(case=case, lifted_at__isnull=True).values_list("account", flat=True)
    )
    empty = [
        step for step in steps if not set(held.get((step.department_id, step.role), ())) - away
    ]
    letters = []
    for step in empty:
        watching = holders.supervisors({step.county_code}, today=today)
        heads = holders.heads(step.department_id, today=today)
        letters += [
            Letter(
                account_id=account,
                kind=kinds.KINDS["staff.nobody_left"],
                params={
                    "number": case.number,
                    "item": case.item.name,
                    "step_name": step.name,
                    "office": step.department.name,
                },
                case_number=case.number,
                dedupe_key=f"nobody:{step.case_id}:{step.key}:{step.round}:{account}",
            )
            for account in heads or watching.get(step.county_code, [])
            if account not in away
        ]
    notifications.send_many(letters=letters)
    return empty
