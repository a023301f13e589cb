"""What residents see of their own cases and drafts: typed rows, in few statements (我的办件)."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from django.db.models import QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import deadlines, workflow
from backend.cases.lifecycle import BEFORE, CLOSED, LIFECYCLE, OPEN, RUNNING, Status
from backend.cases.models import Case, CaseEvent, CaseStep, Draft
from backend.cases.queries import answers, lacking, overlap, scope, words
from backend.catalogue import queries as catalogue
from backend.core import kept
from backend.core.api import COUNT_CAP
from backend.core.errors import NotFound
from backend.core.kept import Kept
from backend.documents import queries as documents
from backend.organisation import names
from backend.organisation import queries as organisation
from backend.organisation.models import Division
from backend.residents.models import Resident

Group = Literal["open", "closed"]
_GROUPS: dict[str, frozenset[Status]] = {"open": OPEN, "closed": CLOSED}
_TIMED = BEFORE | RUNNING
_ROW = (
    "pk",
    "number",
    "item__code",
    "item__name",
    "status",
    "outcome",
    "department",
    "submitted_at",
    "closed_at",
    "promised_due_on",
    "warn_on",
    "paused_on",
)


class DraftNotFound(NotFound):
    code, title = "draft_not_found", "没有找到这份草稿, 可能已提交或删除"


_EVENT = ("verb", "at", "step", "details")
_CASE = kept.columns(Case)
_AROUND = (
    "intake_division__full_name",
    "applicant__birth_on",
    "applicant__hukou_division__code",
)
_LABELS = {status.value: str(status.label) for status in Status}


def cases_of(
    account: Account,
    *,
    group: Group | None = None,
    now: datetime,
    after: tuple[datetime, int] | None = None,
    size: int,
) -> list[tuple[tuple[datetime, int], dict[str, Any]]]:
    """
    我的办件: return up to `size` + 1 (key, row) pairs, the newest first, in one statement.

    :param after: the key of the last row seen, (submitted_at, id).
    """
    at, pk = after or (None, None)
    rows = _LISTED.rows(
        account=account.pk, group=group, at=at, pk=pk, onward=after is not None, most=size + 1
    )
    today = timezone.localdate(now)
    return [((row[7], row[0]), _row(row, today)) for row in rows]


def _listed(
    account: int, group: Group | None, at: datetime, pk: int, *, onward: bool, most: int
) -> QuerySet[Case, tuple[Any, ...]]:
    cases = Case.objects.filter(applicant__account=account)
    if group:
        cases = cases.filter(status__in=_GROUPS[group])
    if onward:
        cases = cases.filter(submitted_at__lte=at).exclude(submitted_at=at, pk__gte=pk)
    return cases.order_by("-submitted_at", "-pk").values_list(*_ROW)[:most]


_LISTED = Kept(_listed, account=int, at=datetime, pk=int)


def _row(row: tuple[Any, ...], today: date) -> dict[str, Any]:
    _, number, code, name, status, outcome, office, submitted, closed, due, warn, paused = row
    light = _light(status, today, due, warn, paused)
    return {
        "number": number,
        "item": code,
        "item_name": name,
        "status": status,
        "status_label": _LABELS[status],
        "outcome": outcome,
        "department": names.office(office).name,
        "submitted_at": submitted,
        "closed_at": closed,
        "promised_due_on": due,
        "light": light,
        "light_label": words.LIGHTS[light] if light else "",
    }


def _light(
    status: str, today: date, due: date | None, warn: date | None, paused: date | None
) -> deadlines.Light | None:
    """Only a case somebody still has to decide has a light."""
    if status not in _TIMED:
        return None
    return deadlines.light(today=today, due_on=due, warn_on=warn, paused=paused is not None)


def counts(account: Account) -> dict[str, int]:
    """Return how many cases are under way, and how many of them wait for one's answer; to 1,001."""
    cases = Case.objects.filter(applicant__account=account, status__in=OPEN)
    statuses = list(cases.values_list("status", flat=True)[:COUNT_CAP])
    waiting = sum(status in lacking.WAITING for status in statuses)
    return {"open_cases": len(statuses), "to_mend": waiting}


def detail(account: Account, *, number: str, now: datetime) -> dict[str, Any]:
    """
    办件详情: return the whole page of one's own case: progress, clock, timeline, answers.

    :raises CaseNotFound: unknown, or somebody else's.
    """
    case, intake = _own(account, number)
    told = timeline(case)
    return progress(case, now=now) | {
        "submitted_at": case.submitted_at,
        "accepted_at": case.accepted_at,
        "decided_at": case.decided_at,
        "closed_at": case.closed_at,
        "department": names.office(case.department_id).name,
        "channel": case.channel,
        "channel_label": case.get_channel_display(),
        "intake": intake,
        "reason": case.reason,
        "previous": overlap.number_of(case.previous_id),
        "remedy": next((line["remedy"] for line in reversed(told) if line["remedy"]), ""),
        "timeline": told,
        "answers": answers.lines(case.version.form, case.answers),
        "papers": documents.of_subject(case.number),
        "can_withdraw": "withdraw" in LIFECYCLE.verbs_from(case.status),
    }


def _own(account: Account, number: str) -> tuple[Case, str]:
    """
    Return one's own case with its version, and as much of the applicant as its process asks; and
    the name of the place it came in.

    :raises CaseNotFound: unknown, or somebody else's.
    """
    row = _WHOLE.one(account=account.pk, number=number)
    if row is None:
        raise scope.CaseNotFound
    case = kept.read(Case, row[: len(_CASE)])
    intake, birth_on, hukou = row[len(_CASE) :]
    case.version = catalogue.frozen(case.version_id)
    case.item = case.version.item
    case.applicant = Resident(
        pk=case.applicant_id,
        birth_on=birth_on,
        hukou_division=Division(code=hukou) if hukou else None,
    )
    return case, intake


def _whole(account: int, number: str) -> QuerySet[Case, tuple[Any, ...]]:
    cases = Case.objects.filter(applicant__account=account, number=number)
    return cases.values_list(*_CASE, *_AROUND)[:1]


_WHOLE = Kept(_whole, account=int, number=str)


def progress(case: Case, *, now: datetime) -> dict[str, Any]:
    """
    进度: where a case stands, in words fit for anybody who knows its number; no personal data.

    :param case: with its item and version.
    """
    today = timezone.localdate(now)
    turns, stage = _turns(case)
    upcoming = _upcoming(case, stage)
    light = _light(case.status, today, case.promised_due_on, case.warn_on, case.paused_on)
    lack, parts = lacking.of_case(case), _parts(case)
    return {
        "number": case.number,
        "item": case.item.code,
        "item_name": case.item.name,
        "status": case.status,
        "status_label": Status(case.status).label,
        "outcome": case.outcome,
        "outcome_label": case.get_outcome_display() if case.outcome else "",
        "headline": words.bundle(parts)
        if parts and case.status in OPEN
        else words.headline(
            status=case.status,
            outcome=case.outcome,
            turns=turns,
            upcoming=upcoming,
            today=today,
        )
        if lack is None
        else words.lacking(lack.labels, lack.due_on, turns=turns, today=today),
        "todo": [lack.todo(number=case.number, today=today)] if lack else [],
        "parts": parts,
        "now": turns,
        "next": upcoming,
        "light": light,
        "light_label": words.LIGHTS[light] if light else "",
        "promised_due_on": case.promised_due_on,
        "statutory_due_on": case.statutory_due_on,
        "clock": _clock(case, light, today),
    }


def _parts(case: Case) -> list[dict[str, Any]]:
    """分项: return the parts of a bundle (一件事), each with its own number, office and limit."""
    if not case.version.guide.get("parts"):
        return []
    rows = Case.objects.filter(bundle=case.pk).order_by("pk")
    return [
        {
            "key": key,
            "number": number,
            "item_name": name,
            "department": names.office(office).name,
            "status": status,
            "status_label": _LABELS[status],
            "outcome": outcome,
            "promised_due_on": due,
            "ended": status in CLOSED,
        }
        for key, number, name, office, status, outcome, due in rows.values_list(
            "bundle_key",
            "number",
            "item__name",
            "department",
            "status",
            "outcome",
            "promised_due_on",
        )
    ]


def public_progress(case: Case, *, now: datetime) -> dict[str, Any]:
    """Return progress and what happened, without any free text: that may name people."""
    case.version = catalogue.frozen(case.version_id)
    told = [{"at": line["at"], "text": line["text"]} for line in timeline(case)]
    return progress(case, now=now) | {"submitted_at": case.submitted_at, "timeline": told}


def _turns(case: Case) -> tuple[list[dict[str, Any]], int]:
    """Return who has it now (the department, never the person), and the stage that is reached."""
    rows = _TURNS.rows(case=case.pk)
    turns = [
        {"department": names.office(office).name, "step": step, "since": since, "until": until}
        for step, office, since, until, _ in rows
    ]
    return turns, max((stage for *_, stage in rows), default=-1)


_TURNS = Kept(
    lambda case: (
        CaseStep.objects.filter(case=case, state=CaseStep.State.OPEN)
        .order_by("stage", "pk")
        .values_list("name", "department", "opened_at", "due_on", "stage")
    ),
    case=int,
)


def _upcoming(case: Case, stage: int) -> list[str]:
    """Name the steps still to come; a refusal has none but its notice."""
    if stage < 0 or case.outcome == Case.Outcome.REFUSED:
        return []
    stages = workflow.plan(case.version.workflow, case.facts)
    return [step["name"] for step in workflow.ahead(stages, stage)]


def _clock(case: Case, light: deadlines.Light | None, today: date) -> list[str]:
    due, left = case.promised_due_on, 0
    if due:
        working = organisation.calendar()
        left = working.remaining(case.paused_on or today, due, case.version.days)
    return words.clock_lines(
        case,
        status=case.status,
        light=light,
        left=left,
        unit=case.version.get_day_kind_display(),
        today=today,
    )


def timeline(case: Case) -> list[dict[str, Any]]:
    """Return what happened, the oldest first; staff's opinions stay inside."""
    steps = {step["key"]: step["name"] for step in case.version.workflow}
    return [
        words.event(dict(zip(_EVENT, row, strict=True)), steps=steps)
        for row in _EVENTS.rows(case=case.pk)
        if words.is_told(row[0])
    ]


_EVENTS = Kept(
    lambda case: CaseEvent.objects.filter(case=case).order_by("seq").values_list(*_EVENT),
    case=int,
)


def drafts_of(account: Account) -> list[dict[str, Any]]:
    """Return one's drafts, the newest first, without their contents; there are at most twenty."""
    rows = Draft.objects.filter(account=account).order_by("-updated_at", "-pk")
    return [
        {
            "uid": str(uid),
            "item": code,
            "item_name": name,
            "revision": revision,
            "device": device,
            "updated_at": updated_at,
        }
        for uid, code, name, revision, device, updated_at in rows.values_list(
            "uid", "item__code", "item__name", "revision", "device", "updated_at"
        )
    ]


def draft(account: Account, *, uid: UUID) -> Mapping[str, Any]:
    """
    Return one draft with its answers, as its owner typed them.

    :raises DraftNotFound: unknown, or somebody else's.
    """
    row = Draft.objects.filter(account=account, uid=uid).select_related("item").first()
    if row is None:
        raise DraftNotFound
    return draft_row(row)


def draft_row(row: Draft) -> dict[str, Any]:
    return {
        "uid": str(row.uid),
        "item": row.item.code,
        "item_name": row.item.name,
        "answers": row.answers,
        "materials": row.materials,
        "revision": row.revision,
        "device": row.device,
        "updated_at": row.updated_at,
    }


def draft_count(account: Account) -> int:
    return Draft.objects.filter(account=account).count()
