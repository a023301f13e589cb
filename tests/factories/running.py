"""Many running cases at once: real ones, made by the actions, copied in bulk for other people."""

import uuid
from collections.abc import Sequence
from datetime import date
from typing import Any

from django.db import connection

from backend.accounts.models import Account
from backend.cases import numbers, trace
from backend.cases.models import Case, CaseEvent, CaseStep, answers_context
from backend.core import crypto
from backend.organisation.models import Division
from backend.residents.models import Resident
from tests.factories import world

BATCH = 1000


def people(count: int) -> list[Resident]:
    """Return residents with accounts; all look alike, nobody has another's number."""
    home = Division.objects.get(code=world.VILLAGE)
    accounts = Account.objects.bulk_create(
        (
            Account(name=f"many-{uuid.uuid4().hex}", kind="resident", password="!")
            for _ in range(count)
        ),
        batch_size=BATCH,
    )
    made = []
    for n, account in enumerate(accounts):
        person = Resident(
            account=account,
            birth_on=date(1950, 1, 1),
            hukou_division=home,
            residence_division=home,
            realname_level=2,
        )
        person.set_name("李桂花")
        person.set_identity(Resident.IdType.ID_CARD, f"51200219{n:010d}")
        person.set_phone(f"139{n:08d}")
        made.append(person)
    return Resident.objects.bulk_create(made, batch_size=BATCH)


def copies(models: Sequence[Case], count: int) -> list[Case]:
    """Return `count` copies of running cases, taken in turn: with their steps and whole chains."""
    whole = [
        (case, case.answers, list(case.steps.order_by("pk")), list(case.events.order_by("seq")))
        for case in models
    ]
    made: list[Case] = []
    chains: list[list[CaseEvent]] = []
    for n, person in enumerate(people(count)):
        case, answers, _, events = whole[n % len(whole)]
        copy, links = _case(case, answers, events, person, n)
        made.append(copy)
        chains.append(links)
    Case.objects.bulk_create(made, batch_size=BATCH)
    for case, links in zip(made, chains, strict=True):
        for link in links:
            link.case = case
    steps = [
        _again(step, case=case) for n, case in enumerate(made) for step in whole[n % len(whole)][2]
    ]
    CaseStep.objects.bulk_create(steps, batch_size=BATCH)
    CaseEvent.objects.bulk_create((one for chain in chains for one in chain), batch_size=BATCH)
    with connection.cursor() as cursor:  # what a planner would know of them by then
        cursor.execute("ANALYZE cases_case, cases_casestep, cases_caseevent")
    return made


def _case(
    case: Case, answers: dict[str, Any], events: list[CaseEvent], person: Resident, n: int
) -> tuple[Case, list[CaseEvent]]:
    number = numbers.format_number(case.number[:9], case.submitted_at.date(), 100_000 + n)
    head, links = b"", []
    for event in events:
        shape = trace.canonical(
            seq=event.seq,
            verb=event.verb,
            actor_id=event.actor_id,
            at=event.at,
            status=event.status,
            step=event.step,
            details=event.details,
        )
        prev, head = head, trace.link(prev=head, number=number, event=shape)
        links.append(_again(event, prev_hash=prev, hash=head))
    made = _again(
        case,
        number=number,
        applicant=person,
        submitted_by_id=person.account_id,
        token=uuid.uuid4(),
        sealed_answers=crypto.seal_json(answers, context=answers_context(number)),
        event_head=head,
    )
    return made, links


def _again(row: Any, **changes: Any) -> Any:
    values = {field.attname: getattr(row, field.attname) for field in row._meta.concrete_fields}
    values.pop("id")
    for name, value in changes.items():
        values.pop(f"{name}_id", None)
        values[name] = value
    return type(row)(**values)
