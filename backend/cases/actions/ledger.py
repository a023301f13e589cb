"""材料台账: at submission every material gets a line that says by what it is answered."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import datetime
from typing import Any, Protocol

import orjson
from django.conf import settings
from django.db import connection
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases.actions.moves import Turn
from backend.cases.models import CaseMaterial
from backend.cases.queries import ledger as standing
from backend.cases.queries import reuse
from backend.cases.queries.reuse import Stock
from backend.catalogue import ways
from backend.catalogue.models import ServiceVersion
from backend.core.errors import Conflict, Invalid
from backend.exchange import queries as exchange
from backend.organisation import queries as organisation
from backend.residents.models import Resident

By, State, Verification = CaseMaterial.By, CaseMaterial.State, CaseMaterial.Verification
Material = Mapping[str, Any]
Choice = Mapping[str, Any]
"""How one material is given: `{by, file?, earlier?, agreed?}`."""

FAULTS = {
    "unknown": "该事项没有这项材料, 请从清单中选择",
    "missing": "请提供: 可以上传、选用以前交过的, 或选择带到窗口",
    "not_needed": "不用提供, 由共享数据核验或由填写的内容生成",
    "not_this_way": "这项材料不能这样提供, 请从清单中选择",
    "no_such_file": "没有找到这个文件, 或没有通过查毒, 请重新上传",
    "no_such_earlier": "没有找到以前交过的这项材料, 或已过有效期, 请重新上传",
    "agree_first": "请先阅读并同意告知承诺书",
    "no_more_promises": "以前的承诺经核查不实, 不再适用告知承诺, 请提供材料",
    "not_both": "告知承诺与容缺后补不能同时用于必要材料, 请选其中一种",
}
"""What is wrong with one material → what to do about it."""


class MaterialsRejected(Invalid):
    """`extra["fields"]` maps `materials.photo` to a sentence, `extra["codes"]` to its code."""

    code, title = "materials_rejected", "材料还没有备齐, 请按提示逐项处理后再提交"


class MaterialsWanted(Conflict):
    code = "materials_wanted"
    title = "还有必要的材料没有交齐, 请先收齐, 或一次性告知申请人补正"


class MaterialsUnsettled(Conflict):
    code = "materials_unsettled"
    title = "还有材料没有交齐或核实, 请处理后再准予; 不符合条件的可以不予"


class _Wrong(Exception):
    """One material cannot be given like this; its word is a key of FAULTS."""


class Given(Protocol):
    """An application, as far as its papers go: whose, by whom, and how each material is given."""

    @property
    def actor(self) -> Account: ...
    @property
    def applicant(self) -> Resident: ...
    @property
    def materials(self) -> Mapping[str, Choice]: ...


def read(
    given: Given, *, version: ServiceVersion, facts: Mapping[str, object], now: datetime
) -> list[CaseMaterial]:
    """
    Return a line for every material that applies, in the item's order, not yet written.

    :raises MaterialsRejected: all that is missing or wrong, at once; asked for is only what
        nobody else can give.
    """
    if not version.materials:
        return []
    chosen = given.materials
    registries = exchange.answering_for(given.applicant)
    stock = reuse.stock(given.actor, given.applicant, chosen.values())
    faults = dict.fromkeys(chosen.keys() - {one.get("key") for one in version.materials}, "unknown")
    lines = []
    for material in version.materials:
        if not ways.applies(material, facts):
            continue
        line = blank(material, given.actor, now)
        try:
            if by := ways.without_asking(material, registries):
                _without_asking(line, by, chosen.get(line.key))
            else:
                _asked(line, material, chosen.get(line.key), stock)
        except _Wrong as wrong:
            faults[line.key] = str(wrong)
        lines.append(line)
    faults |= _both(lines)
    if faults:
        raise rejected(faults)
    return lines


def rejected(faults: Mapping[str, str]) -> MaterialsRejected:
    """Make the refusal: what is wrong with which material."""
    return MaterialsRejected(
        fields={f"materials.{key}": FAULTS[word] for key, word in faults.items()},
        codes=dict(faults),
    )


def write(turn: Turn, lines: Sequence[CaseMaterial]) -> None:
    """Write the lines of a new case; which promises are looked into is drawn by its number."""
    if not lines:
        return
    musts = {one["key"] for one in turn.case.version.materials if one.get("check") == "must"}
    for line in lines:
        line.case = turn.case
        if line.resolved_by == By.COMMITMENT:
            draw(line, turn.case.number, must=line.key in musts)
    CaseMaterial.objects.bulk_create(lines)


def draw(line: CaseMaterial, number: str, *, must: bool) -> None:
    """抽查: look into a promise where the item says so, or by a lot nobody can steer."""
    lot = int.from_bytes(hashlib.sha256(f"{number} {line.key}".encode()).digest()[:4]) % 100
    drawn = must or lot < settings.PROMISE_SAMPLE
    line.verification = Verification.AFTERWARDS if drawn else ""
    line.reference = {**line.reference, "drawn": drawn}


def blank(material: Material, actor: Account, now: datetime) -> CaseMaterial:
    """Return the line of a material nobody has answered yet."""
    return CaseMaterial(
        key=material.get("key", ""),
        name=material["name"],
        required=material["required"],
        updated_at=now,
        updated_by=actor,
    )


def _without_asking(line: CaseMaterial, by: str, choice: Choice | None) -> None:
    """Let a registry answer for it, or the form; taking it all the same would be too much."""
    if choice:
        raise _Wrong("not_needed")
    line.resolved_by, line.state = By(by), State.GIVEN
    if by in (By.REGISTRY, By.LICENCE):
        line.verification = Verification.PENDING


def _asked(line: CaseMaterial, material: Material, choice: Choice | None, stock: Stock) -> None:
    """Take what the applicant chose; what can only be shown in person is brought to the window."""
    if choice:
        give(line, material, choice, stock)
    elif way := ways.in_person(material):
        line.resolved_by = By(way)
    elif line.required:
        raise _Wrong("missing")


def must_be_there(turn: Turn) -> None:
    """
    Let a case be accepted only with what it needs, or what was put off with a last day.

    :raises MaterialsWanted: with the materials.
    """
    if found := standing.hinder_acceptance(standing.left(turn.case)):
        raise MaterialsWanted(materials=[asdict(one) for one in found])


def must_hold(turn: Turn) -> None:
    """
    Let nothing be granted on papers that are missing, wrong, not clean or in doubt.

    :raises MaterialsUnsettled: with the materials, each with why.
    """
    rows = standing.left(turn.case)
    if found := standing.hinder_grant(rows, turn.case.version.materials):
        raise MaterialsUnsettled(materials=[asdict(one) for one in found])


def answer(line: CaseMaterial, material: Material, choice: Choice, stock: Stock) -> None:
    """
    Answer one line as chosen.

    :raises MaterialsRejected: it cannot be given like this.
    """
    try:
        give(line, material, choice, stock)
    except _Wrong as wrong:
        raise rejected({line.key: str(wrong)}) from None


def replace(turn: Turn, line_id: int, given: CaseMaterial) -> None:
    """更替: put what was given on a line, and keep what stood there; one statement."""
    with connection.cursor() as cursor:
        cursor.execute(
            _REPLACE,
            {
                "line": line_id,
                "by": turn.actor.pk,
                "at": turn.now,
                "resolved_by": given.resolved_by,
                "state": given.state,
                "file": given.file_id,
                "earlier": given.earlier_id,
                "reference": orjson.dumps(given.reference).decode(),
                "verification": given.verification,
            },
        )


_REPLACE = """
WITH kept AS (
    INSERT INTO cases_replacement
           (material_id, resolved_by, state, file_id, replaced_at, replaced_by_id)
    SELECT id, resolved_by, state, file_id, %(at)s, %(by)s FROM cases_casematerial
     WHERE id = %(line)s AND resolved_by <> '')
UPDATE cases_casematerial
   SET resolved_by = %(resolved_by)s, state = %(state)s, file_id = %(file)s,
       earlier_id = %(earlier)s, reference = %(reference)s::jsonb,
       verification = %(verification)s, checks = 0, check_at = NULL,
       updated_at = %(at)s, updated_by_id = %(by)s
 WHERE id = %(line)s
"""


def give(line: CaseMaterial, material: Material, choice: Choice, stock: Stock) -> None:
    """
    Answer a line as chosen.

    :raises _Wrong: it cannot be given like this.
    """
    by = choice.get("by")
    if by not in ways.choices(material):
        raise _Wrong("not_this_way")
    line.resolved_by = By(by)
    _BY[by](line, material, choice, stock)


def _upload(line: CaseMaterial, _material: Material, choice: Choice, stock: Stock) -> None:
    file = stock.files.get(choice.get("file"))  # type: ignore[arg-type]
    if file is None:
        raise _Wrong("no_such_file")
    line.file_id, line.state = file, State.GIVEN


def _earlier(line: CaseMaterial, material: Material, choice: Choice, stock: Stock) -> None:
    found = stock.earlier.get(choice.get("earlier"))  # type: ignore[arg-type]
    if found is None or not found.serves(material, timezone.localdate(line.updated_at)):
        raise _Wrong("no_such_earlier")
    line.earlier_id, line.file_id, line.state = found.pk, found.file, State.GIVEN
    line.reference = {"given_on": timezone.localdate(found.given_at).isoformat()}


def _commitment(line: CaseMaterial, _material: Material, choice: Choice, stock: Stock) -> None:
    if stock.untrusted:
        raise _Wrong("no_more_promises")
    if not choice.get("agreed"):
        raise _Wrong("agree_first")
    line.state = State.GIVEN
    line.reference = {"promise": ways.PROMISE, "agreed": True}


def _deferred(line: CaseMaterial, _material: Material, _choice: Choice, _stock: Stock) -> None:
    today = timezone.localdate(line.updated_at)
    line.due_on = organisation.calendar().add(today, settings.DEFER_DAYS).day


def _in_person(line: CaseMaterial, _material: Material, _choice: Choice, _stock: Stock) -> None:
    """Let it be brought to the window; who stands there already hands it over at once."""
    if line.updated_by.kind == Account.Kind.STAFF:
        line.state = State.GIVEN if line.resolved_by == By.PAPER else State.VERIFIED


_BY = {
    By.UPLOAD: _upload,
    By.EARLIER: _earlier,
    By.COMMITMENT: _commitment,
    By.DEFERRED: _deferred,
    By.PAPER: _in_person,
    By.ONSITE: _in_person,
}


def _both(lines: Sequence[CaseMaterial]) -> dict[str, str]:
    """Let key materials of one case be promised or come later, not some so and some so (互斥)."""
    used = [line for line in lines if line.required and line.resolved_by in _EITHER]
    clash = {line.resolved_by for line in used} == _EITHER
    return {line.key: "not_both" for line in used if clash}


_EITHER = {By.COMMITMENT, By.DEFERRED}
