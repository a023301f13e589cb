"""
数据核验: what registries are asked instead of the applicant, after the case is safely in.

Nothing is held while a registry is waited for: a line is taken with a lease, asked about, and
written in an act of its own. A registry that stays silent turns a line over to people (对方停了,
办件不断); why is kept, and its office is told (领域说明 §2.10 免证办).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import connection
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.cases.actions import moves
from backend.cases.actions.deferring import alert
from backend.cases.actions.moves import Turn
from backend.cases.models import Case, CaseMaterial
from backend.cases.queries.ledger import ASKED
from backend.catalogue.definition.words import REGISTRIES
from backend.catalogue.ways import LICENCE_LIBRARY
from backend.core.errors import DomainError, Unavailable
from backend.exchange import actions as exchange
from backend.exchange import queries as registries
from backend.exchange.actions import Question

State, Verification = CaseMaterial.State, CaseMaterial.Verification
BATCH = 50
LEASE = timedelta(minutes=2)
WAITS = (60, 300, 1800, 7200)
"""Seconds until the next try, by how often it was tried."""
ILL = 5
"""So many failures in a row, and the office that waits is told."""
_SILENT = "unavailable"

_TAKE = """
UPDATE cases_casematerial line SET check_at = %(until)s, checks = line.checks + 1
  FROM (SELECT id FROM cases_casematerial
         WHERE verification = 'pending' AND (check_at IS NULL OR check_at <= %(now)s)
         ORDER BY id LIMIT %(most)s FOR UPDATE SKIP LOCKED) due
 WHERE line.id = due.id RETURNING line.id
"""


@dataclass(frozen=True, slots=True)
class _Answer:
    """What came back about one line: matched, different, not_found, unavailable, no_subject."""

    line: CaseMaterial
    registry: str
    result: str


def check_materials(*, most: int = BATCH) -> int:
    """
    核验: ask about up to `most` lines that are due, and write what came back; say how many.

    One case that breaks leaves the others alone: its lines come round again after their lease.
    """
    now = timezone.now()
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"now": now, "until": now + LEASE, "most": most})
        taken = [pk for (pk,) in cursor.fetchall()]
    lines = CaseMaterial.objects.filter(pk__in=taken).select_related(
        "case__item", "case__version", "case__applicant"
    )
    by_case: dict[str, list[_Answer]] = defaultdict(list)
    for line in lines.order_by("pk"):
        by_case[line.case.number].append(_ask(line))
    for number, answers in by_case.items():
        try:
            _write(number, answers)
        except DomainError:  # the case moved on between the look and the lock
            continue
    return len(taken)


def _ask(line: CaseMaterial) -> _Answer:
    case = line.case
    known: dict[str, Any] = {one["key"]: one for one in case.version.materials}
    material = known.get(line.key, {})
    registry = material.get("registry", "")
    if line.resolved_by == CaseMaterial.By.LICENCE:
        registry = LICENCE_LIBRARY
    number, name = _subject(case, material)
    if not number or not registry:
        return _Answer(line, registry, "no_subject")
    question = Question(
        registry=registry,
        number=number,
        name=name,
        material=line.name,
        purpose=f"{case.item.name}:{line.name}"[:64],
        case_number=case.number,
    )
    try:
        result = exchange.verify_material(actor=accounts.system_account(), question=question)
    except Unavailable:
        result = _SILENT
    return _Answer(line, registry, result)


def _subject(case: Case, material: Mapping[str, Any]) -> tuple[str, str]:
    """Return whose record is asked for: a number of the form where the item says so, and a name."""
    if not material.get("subject"):
        return case.applicant.id_number, case.applicant.name
    told = case.answers.get(material["subject"])
    if isinstance(told, Mapping):
        return str(told.get("id_no") or ""), str(told.get("name") or "")
    return str(told or ""), ""


def _write(number: str, answers: Sequence[_Answer]) -> None:
    with moves.acting(actor=accounts.system_account(), number=number) as turn:
        standing = turn.case.materials.filter(
            pk__in=[one.line.pk for one in answers],
            verification=Verification.PENDING,
            resolved_by__in=ASKED,
        )
        fresh = {line.pk: line for line in standing}
        told = [one for one in answers if one.line.pk in fresh]
        for one in told:
            _settle(fresh[one.line.pk], one.result, turn.now)
        CaseMaterial.objects.bulk_update(
            fresh.values(), ["state", "verification", "reference", "check_at"]
        )
        matched = [one.line.key for one in told if one.result == "matched"]
        manual = [line.key for line in fresh.values() if line.verification == Verification.MANUAL]
        different = [one for one in told if one.result == "different"]
        if matched or manual or different:
            moves.record(
                turn,
                "check_materials",
                materials=matched,
                different=[one.line.key for one in different],
                manual=manual,
            )
        for one in different:
            alert(turn, "staff.material_doubt", f"doubt:{one.line.pk}", material=one.line.name)
        for registry in {one.registry for one in told if one.result == _SILENT}:
            _alert_ill(turn, registry)


def _settle(line: CaseMaterial, result: str, now: datetime) -> None:
    """Write one answer; who is not known there, or never answers, is left to people."""
    if result == _SILENT and line.checks < settings.REGISTRY_CHECKS:
        line.check_at = now + timedelta(seconds=WAITS[min(line.checks, len(WAITS)) - 1])
        line.reference = {**line.reference, "why": result}
        return
    line.check_at = None
    if result == "matched":
        line.state, line.verification = State.VERIFIED, Verification.MATCHED
        line.reference = {**line.reference, "checked_at": now.isoformat()}
    elif result == "different":
        line.verification = Verification.DIFFERENT
    else:
        line.verification = Verification.MANUAL
        line.reference = {**line.reference, "why": result}


def _alert_ill(turn: Turn, registry: str) -> None:
    """Tell the office, once a day, that a registry has not answered for a while."""
    count = registries.failures_in_a_row(registry, most=2 * ILL)
    if count >= ILL:
        name = REGISTRIES.get(registry, "电子证照库")
        key = f"registry:{registry}:{turn.today.isoformat()}"
        alert(turn, "staff.registry_down", key, registry=name, count=str(count))
