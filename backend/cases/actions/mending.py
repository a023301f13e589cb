"""
补正: the applicant answers a notice line by line.

What was answered stays answered; when the last line is, the case goes on where it stood.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, cast
from uuid import UUID

import orjson
from django.db.models import Case as Choose
from django.db.models import OuterRef, Subquery, When
from django.db.models.functions import JSONObject

from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import ledger, local, moves
from backend.cases.actions.moves import Turn
from backend.cases.actions.supplements import legal
from backend.cases.lifecycle import BEFORE
from backend.cases.models import (
    Amendment,
    Case,
    CaseMaterial,
    ClockStop,
    Defect,
    Supplement,
    answers_context,
)
from backend.catalogue import forms
from backend.core import crypto
from backend.core.errors import Conflict, Invalid
from backend.files.models import StoredFile
from backend.organisation import duties
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty
from backend.organisation.queries import Territory

S = Supplement.State
REPLY = 300


class NothingAnswered(Invalid):
    code, title = "nothing_answered", "请至少补正一项: 改填报项、交文件或写说明"


class SupplementRejected(Invalid):
    """`extra["fields"]` maps `answers.phone`, `materials.id_card`, `replies.2` to a sentence."""

    code, title = "supplement_rejected", "补正内容有误, 请按提示修改后重新提交"


class SupplementMoved(Conflict):
    code, title = "supplement_moved", "这几项刚在另一处补过, 请刷新后看是否还要改"


class ProcessWouldChange(Invalid):
    code = "process_would_change"
    title = "这样改会换部门或流程办理, 不能在补正里改; 请写说明告诉受理人员, 或撤回后重新提交"


@dataclass
class _Answer:
    """What one act answers: the lines, with the clean values, files and words for them."""

    notice: Supplement
    lines: list[Defect]
    values: dict[str, Any] = field(default_factory=dict)
    files: dict[str, StoredFile] = field(default_factory=dict)
    words: dict[int, str] = field(default_factory=dict)

    def touches(self, line: Defect) -> bool:
        given = self.values if line.on == Defect.On.FIELD else self.files
        return line.key in given or line.seq in self.words


def supplement(
    *,
    actor: Account,
    number: str,
    answers: Mapping[str, object] | None = None,
    materials: Mapping[str, UUID] | None = None,
    replies: Mapping[int, str] | None = None,
    revision: int | None = None,
) -> Case:
    """
    补正: answer lines of the open notice; the case goes on once the last one is answered.

    By the applicant, or on their behalf by whoever takes cases in. The same answers sent again
    change nothing.

    :param answers: field → new value, only fields the notice names.
    :param materials: material → uid of a clean file of the actor's.
    :param replies: number of the line → what the applicant says to it instead, or as well.
    :param revision: the notice's, as last seen; a line answered since is a conflict.
    :raises NothingAnswered: all three are empty.
    :raises SupplementRejected: every fault of every line at once.
    :raises SupplementMoved: another device answered one of these lines since.
    :raises ProcessWouldChange: a new value would send the case to another office or way.
    """
    with moves.acting(actor=actor, number=number) as turn:
        legal(turn, "supplement")
        for_the_applicant(turn)
        given = _read(turn, answers or {}, materials or {}, replies or {})
        touched = [line for line in given.lines if given.touches(line)]
        fresh = [line for line in touched if not _stands(turn, line, given)]
        _moved(fresh, given.notice, revision)
        if fresh:
            _answer(turn, given, fresh)
    return turn.case


def for_the_applicant(turn: Turn) -> None:
    """Let residents act on their own case, and staff who take cases in act on their behalf."""
    if turn.actor.kind == Account.Kind.RESIDENT:
        return
    turn.post = next((post for post in turn.posts if post.has(Duty.INTAKE)), None)
    if turn.post is None:
        raise duties.NotYourDuty


def _read(
    turn: Turn,
    answers: Mapping[str, object],
    materials: Mapping[str, UUID],
    replies: Mapping[int, str],
) -> _Answer:
    """Return what is answered, clean; or all that is wrong with it."""
    lines = _lines(turn)
    if not (answers or materials or replies):
        raise NothingAnswered
    named = {on: {line.key for line in lines if line.on == on} for on in Defect.On.values}
    faults = {
        f"{where}.{key}": "补正告知里没有这一项, 不能改"
        for where, given, known in (
            ("answers", answers, named[Defect.On.FIELD]),
            ("materials", materials, named[Defect.On.MATERIAL]),
            ("replies", replies, {line.seq for line in lines}),
        )
        for key in sorted(set(given) - known, key=str)
    }
    for seq, text in replies.items():
        if not 0 < len(text.strip()) <= REPLY:
            faults[f"replies.{seq}"] = f"说明应为1至{REPLY}个字"
    wanted = {key: value for key, value in answers.items() if key in named[Defect.On.FIELD]}
    values = _values(turn, wanted, faults)
    files = _files(turn, materials, faults)
    if faults:
        raise SupplementRejected(fields=faults)
    words = {seq: text.strip() for seq, text in replies.items()}
    return _Answer(lines[0].supplement, lines, values, files, words)


def _lines(turn: Turn) -> list[Defect]:
    """Return the lines of the open notice, each with its row of the ledger as `paper`."""
    row = CaseMaterial.objects.filter(case=turn.case, key=OuterRef("key"))
    paper = row.values(
        told=JSONObject(pk="pk", file="file_id", state="state", resolved_by="resolved_by")
    )
    found = Defect.objects.filter(supplement__case=turn.case, supplement__state=S.OPEN)
    return list(
        found.select_related("supplement").annotate(
            paper=Choose(When(on=Defect.On.MATERIAL, then=Subquery(paper)))
        )
    )


def _values(turn: Turn, wanted: Mapping[str, object], faults: dict[str, str]) -> dict[str, Any]:
    if not wanted:
        return {}
    try:
        return forms.check_some(
            fields=local.form(turn.case, on=turn.today),
            answers=turn.case.answers,
            changed=wanted,
            today=turn.today,
            context=forms.Context(
                division_level=organisation.level_of, id_number=turn.case.applicant.id_number
            ),
        )
    except forms.FormRejected as refused:
        told = cast("dict[str, str]", refused.extra["fields"])
        faults |= {f"answers.{key}": text for key, text in told.items()}
        return {}


def _files(
    turn: Turn, materials: Mapping[str, UUID], faults: dict[str, str]
) -> dict[str, StoredFile]:
    """Return the actor's own clean files by material; a stranger's file is as if it were none."""
    if not materials:
        return {}
    clean = StoredFile.objects.filter(
        uid__in=materials.values(), owner=turn.actor, state=StoredFile.State.CLEAN
    )
    known = {file.uid: file for file in clean}
    for key, uid in materials.items():
        if uid not in known:
            faults.setdefault(f"materials.{key}", "没有找到这个文件, 或还在查毒, 请稍后再交")
    return {key: known[uid] for key, uid in materials.items() if uid in known}


def _stands(turn: Turn, line: Defect, given: _Answer) -> bool:
    """Say whether a line was answered with just this before: the same request sent twice."""
    if line.answered_at is None:
        return False
    if given.words.get(line.seq, line.reply) != line.reply:
        return False
    if line.on == Defect.On.FIELD:
        standing = turn.case.answers.get(line.key)
        return bool(given.values.get(line.key, standing) == standing)
    file = given.files.get(line.key)
    return file is None or file.pk == (_paper(line) or {}).get("file")


def _paper(line: Defect) -> dict[str, Any] | None:
    """Return what the ledger says of a material: its row, file, state and where it came from."""
    return getattr(line, "paper", None)


def _moved(fresh: Sequence[Defect], notice: Supplement, seen: int | None) -> None:
    """Refuse to write over what another device answered, unless this one has seen it."""
    since = [
        line.seq
        for line in fresh
        if line.answered_at is not None and (seen is None or line.revision > seen)
    ]
    if since:
        raise SupplementMoved(revision=notice.revision, lines=since)


def _answer(turn: Turn, given: _Answer, fresh: Sequence[Defect]) -> None:
    notice = given.notice
    notice.revision += 1
    values = {
        line.key: given.values[line.key]
        for line in fresh
        if line.key in given.values and given.values[line.key] != turn.case.answers.get(line.key)
    }
    told: dict[str, Any] = {"ordinal": notice.ordinal, "lines": [line.seq for line in fresh]}
    if values:
        told |= _amend(turn, notice.step, values)
    for line in fresh:
        line.answered_at, line.revision = turn.now, notice.revision
        line.reply = given.words.get(line.seq, line.reply)
        if line.key in given.files and line.on == Defect.On.MATERIAL:
            _hand_in(turn, line, given.files[line.key])
    Defect.objects.bulk_update(fresh, ["answered_at", "revision", "reply"])
    if any(line.answered_at is None for line in given.lines):
        notice.save(update_fields=["revision"])
        moves.record(turn, "answer_supplement", step=notice.step, **told)
        return
    notice.state, notice.done_at = S.ANSWERED, turn.now
    notice.save(update_fields=["revision", "state", "done_at"])
    moves.move(turn, "supplement")
    go_on(turn, notice.step)
    moves.record(turn, "supplement", step=notice.step, **told)


def _amend(turn: Turn, step: str, values: Mapping[str, Any]) -> dict[str, Any]:
    """
    Write new answers; keep the old ones sealed, and return the digests of both for the chain.

    :raises ProcessWouldChange: the way up to here, or who handles it, would be another.
    """
    case, before = turn.case, turn.case.answers
    merged = {**before, **values}
    after = {key: value for key, value in merged.items() if value is not None}
    _same_way(turn, step, before, after)
    seq = case.event_count + 1
    Amendment.objects.create(
        case=case,
        event_seq=seq,
        keys=sorted(values),
        sealed_before=crypto.seal_json(before, context=Amendment.context(case.number, seq)),
        at=turn.now,
    )
    turn.set(sealed_answers=crypto.seal_json(after, context=answers_context(case.number)))
    return {
        "fields": sorted(values),
        "before": digest_of(before),
        "after": digest_of(after),
    }


def digest_of(answers: Mapping[str, Any]) -> str:
    """Return the keyed digest of answers, in hex: it proves a copy and tells nothing."""
    canonical = orjson.dumps(answers, option=orjson.OPT_SORT_KEYS).decode()
    return crypto.digest(canonical, index="answers").hex()


def _same_way(turn: Turn, step: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> None:
    """Let answers change what is still to come, never the way the case has come."""
    case = turn.case
    places = {"division_code", "hukou_division", case.version.guide.get("authority_field", "")}
    moved = any(before.get(key) != after.get(key) for key in places)
    facts = {**after, **case.circumstances}
    track = workflow.track_of(case.version.guide, facts)
    plan = workflow.plan(case.version.workflow, facts, days=track.get("days"))
    at = workflow.stage_of(turn.plan, step) + 1
    come, would = (
        [[one["key"] for one in stage] for stage in way[:at]] for way in (turn.plan, plan)
    )
    if moved or come != would or (case.accepted_at and track != turn.track):
        raise ProcessWouldChange
    territory = Territory(case.county_code, case.town_code, case.village_code)
    deciding = plan[workflow.decides_at(plan)][0]
    office = moves.office(organisation.offices(territory), territory, deciding)
    if office != case.department_id:
        turn.set(department_id=office)


def _hand_in(turn: Turn, line: Defect, file: StoredFile) -> None:
    """Put a file on its line of the ledger; what stood there before is kept beside it."""
    given = CaseMaterial(
        resolved_by=CaseMaterial.By.UPLOAD, state=CaseMaterial.State.GIVEN, file=file
    )
    if paper := _paper(line):
        ledger.replace(turn, paper["pk"], given)
        return
    given.case, given.key, given.name, given.required = turn.case, line.key, line.label, True
    given.updated_at, given.updated_by = turn.now, turn.actor
    given.save()


def go_on(turn: Turn, step: str) -> None:
    """Let the clock go on, unless the steps in hand do not count: then it stands for that."""
    at = workflow.stage_of(turn.plan, step)
    if turn.case.status in BEFORE or at < 0 or workflow.counts(turn.plan[at]):
        moves.go_on(turn)
    else:
        moves.stand(turn, ClockStop.Kind.STEP, step=step)
        moves.tick(turn)
