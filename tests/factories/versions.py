"""Newer versions of an item, and running cases to move to them."""

import copy
from typing import Any

from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases import actions
from backend.cases.actions import versions as acts
from backend.cases.models import Case, VersionMove
from backend.cases.queries import versions as queries
from backend.catalogue import queries as catalogue
from backend.catalogue.actions import signing, versions
from backend.catalogue.models import ServiceVersion
from backend.catalogue.queries import drafts, signatures
from backend.seeds import checking
from tests.factories import world

STEPS = [world.INTAKE, world.REVIEW, world.DECISION, world.PAY]
VISIT = world.step("visit", "town_reviewer", "SW", "town", name="入户核查", days=2)
INCOME = {"key": "income", "label": "月收入", "type": "int", "required": True}


def newer(first: ServiceVersion, **changes: Any) -> ServiceVersion:
    """Publish the next version of an item, changed here and there."""
    now = timezone.now()
    last = first.item.versions.order_by("-number").first()
    ServiceVersion.objects.filter(pk=last.pk).update(retired_at=now)
    names = ("form", "materials", "guide", "promised_days", "legal_days", "day_kind", "authority")
    whole = {name: copy.deepcopy(getattr(last, name)) for name in names}
    whole |= {"steps": copy.deepcopy(last.steps), **changes}
    made = ServiceVersion(item=first.item, number=last.number + 1, published_at=now, **whole)
    said = drafts.whole_of(first.item, made)
    made.digest = signatures.digest_of(versions.content_of(said))
    made.save(force_insert=True)
    signing.sign(first.item, said, by=signing.By(accounts.system_account()), at=now)
    catalogue.forget()
    return made


def accepted(first: ServiceVersion, worker: Account, **answers: Any) -> Case:
    case = world.submitted(version=first, **answers)
    return actions.accept(actor=worker, number=case.number)


def report(admin: Account) -> VersionMove:
    move = actions.propose_move(actor=admin, item_code="T-1", reason="政策调整")
    while acts._survey(move.pk):
        pass
    return VersionMove.objects.get(pk=move.pk)


def run(admin: Account, move: VersionMove, **more: Any) -> None:
    actions.run_move(actor=admin, item_code="T-1", uid=move.uid, **more)
    while actions.carry_on_moves():
        pass


def rows(move: VersionMove) -> list[dict[str, Any]]:
    return [row for _, row in queries.rows("T-1", move.uid, size=99)]


def moved(case: Case) -> Case:
    return Case.objects.select_related("version").get(pk=case.pk)


def whole() -> list[str]:
    return list(checking.of_cases())
