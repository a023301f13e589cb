"""
时限说明: all that the dates of one case come from, read once and explained by `clockwork`.

For staff with what passed between offices, for the applicant without.
"""

from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, datetime
from typing import Any, cast

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import clockwork, deadlines
from backend.cases.lifecycle import CLOSED
from backend.cases.models import Case, CaseEvent, CaseStep, ClockStop, Extension
from backend.cases.queries import narrow, scope
from backend.catalogue import queries as catalogue
from backend.core.workdays import DayKind
from backend.organisation import names
from backend.organisation import queries as organisation
from backend.organisation.duties import HeldPost

ANSWER_DAYS = 5  # 工作日 (行政许可法 §32、§82)


def of_case(
    account: Account, *, posts: Sequence[HeldPost] | None = None, number: str, now: datetime
) -> dict[str, Any]:
    """
    Return the last days of a case, and every line of how they came about.

    :param posts: a staff member's; None for a resident, who sees nothing between offices.
    :raises CaseNotFound: unknown, or out of sight.
    """
    case = scope.visible_to(account, posts).filter(number=number).first()
    if case is None:
        raise scope.CaseNotFound
    case.version = catalogue.frozen(case.version_id)
    lines = clockwork.explain(sheet(case, now=now), organisation.calendar())
    shown = clockwork.for_resident(lines) if posts is None else lines
    return {
        "number": case.number,
        "status": case.status,
        "status_label": case.get_status_display(),
        "day_kind": case.version.day_kind,
        "light": _light(case, timezone.localdate(now)),
        "promised_due_on": case.promised_due_on,
        "statutory_due_on": case.statutory_due_on,
        "paused_on": case.paused_on,
        "provisional": case.provisional,
        "lines": [asdict(line) for line in shown],
    }


def _light(case: Case, today: date) -> str | None:
    if case.status not in narrow.TIMED:
        return None
    return deadlines.light(
        today=today,
        due_on=case.promised_due_on,
        warn_on=case.warn_on,
        paused=case.paused_on is not None,
    )


def sheet(case: Case, *, now: datetime) -> clockwork.Sheet:
    """Gather what the dates of a case come from."""
    stops = list(ClockStop.objects.filter(case=case).order_by("began_on", "pk"))
    steps = {step["key"]: step["name"] for step in case.version.workflow}
    told = list(
        CaseEvent.objects.filter(case=case, verb__in=("deem_accepted", "calendar_changed"))
        .order_by("seq")
        .values_list("verb", "at", "details")
    )
    submitted_on = timezone.localdate(case.submitted_at)
    ended = [stop.ended_on for stop in stops if stop.ended_on]
    return clockwork.Sheet(
        submitted_on=submitted_on,
        since=max(ended, default=submitted_on),
        kind=case.version.days,
        today=timezone.localdate(now),
        clock_from=case.clock_from,
        deemed=any(verb == "deem_accepted" for verb, *_ in told),
        promised_total=case.promised_total,
        statutory_total=case.statutory_total,
        promised_due_on=case.promised_due_on,
        statutory_due_on=case.statutory_due_on,
        warn_on=case.warn_on,
        paused_on=case.paused_on,
        provisional=case.provisional,
        decided_on=_day(case.decided_at),
        ended_on=_day(case.closed_at) if case.status in CLOSED else None,
        stops=[_stop(stop, steps) for stop in stops],
        extensions=[_more(one) for one in Extension.objects.filter(case=case).order_by("pk")],
        changes=[_change(at, said) for verb, at, said in told if verb == "calendar_changed"],
        turns=[_turn(step) for step in CaseStep.objects.filter(case=case).order_by("stage", "pk")],
        answer_days=ANSWER_DAYS,
    )


def _day(at: datetime | None) -> date | None:
    return timezone.localdate(at) if at else None


def _stop(stop: ClockStop, steps: dict[str, str]) -> clockwork.Standing:
    why = str(stop.get_reason_display() if stop.reason else stop.get_kind_display())
    return clockwork.Standing(
        began_on=stop.began_on,
        ended_on=stop.ended_on,
        why=why,
        step=steps.get(stop.step, ""),
        expected_days=stop.expected_days,
        of_step=stop.kind == ClockStop.Kind.STEP,
    )


def _more(one: Extension) -> clockwork.More:
    return clockwork.More(
        days=one.days,
        state=one.state,
        state_label=str(one.get_state_display()),
        on=timezone.localdate(one.decided_at or one.asked_at),
        reason=one.reason,
        note=one.note,
    )


def _change(at: datetime, details: dict[str, Any]) -> clockwork.Change:
    return clockwork.Change(
        on=timezone.localdate(at),
        before=date.fromisoformat(details["before"]),
        after=date.fromisoformat(details["after"]),
        cut=int(details.get("cut", 0)),
    )


def _turn(step: CaseStep) -> clockwork.Turn:
    return clockwork.Turn(
        name=step.name,
        office=names.office(step.department_id).name,
        came_on=timezone.localdate(step.opened_at),
        days=step.days,
        kind=cast(DayKind, step.day_kind),
        due_on=step.due_on,
        warn_on=step.warn_on,
        done_on=_day(step.done_at),
        counts=step.counts,
        told=step.alerted,
    )
