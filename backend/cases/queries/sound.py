"""
Soundness (一致性): what must hold between the rows of cases at any moment (design: fsck).

Each check is one statement that returns the rows that break it, at most `MOST` of them; the clock
is reckoned anew from its parts (I8).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any, cast

from django.db import connection
from django.utils import timezone

from backend.cases import deadlines
from backend.cases.lifecycle import BEFORE, CLOSED, OPEN, RUNNING, Status
from backend.cases.models import Case, CaseStep, ClockStop
from backend.cases.queries.sound_papers import PAPERS, Check
from backend.core.workdays import DayKind, Due, WorkCalendar
from backend.organisation import queries as organisation

MOST = 100


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that does not hold: which rule, about what, and in words."""

    rule: str
    about: str
    why: str

    def __str__(self) -> str:
        return f"[{self.rule}] {self.about}: {self.why}"


_STATUSES = {
    "open": sorted(OPEN),
    "closed": sorted(CLOSED),
    "running": sorted(RUNNING),
    "before": sorted(BEFORE),
}
_CHECKS = (
    Check(
        "case_open_has_a_step",
        "没有办结, 却没有任何待办环节",
        """SELECT number FROM cases_case held WHERE status = ANY(%(open)s) AND bundle_key = ''
            AND NOT EXISTS (SELECT 1 FROM cases_casestep step
                             WHERE step.case_id = held.id AND step.state = 'open')
            AND NOT EXISTS (SELECT 1 FROM cases_case part WHERE part.bundle_id = held.id)""",
    ),
    Check(
        "case_closed_has_no_step",
        "已经结束, 却还有待办环节",
        """SELECT held.number FROM cases_casestep step JOIN cases_case held
              ON held.id = step.case_id
             WHERE step.state = 'open' AND held.status = ANY(%(closed)s)""",
    ),
    Check(
        "case_closed_has_a_time",
        "结束与结束时间不一致",
        """SELECT number FROM cases_case
             WHERE (closed_at IS NOT NULL) <> (status = ANY(%(closed)s))""",
    ),
    Check(
        "clock_runs_when_accepted",
        "受理以后没有起算日, 或受理以前已有起算日",
        """SELECT number FROM cases_case
             WHERE (status = ANY(%(running)s) AND clock_from IS NULL)
                OR (status = ANY(%(before)s) AND clock_from IS NOT NULL)""",
    ),
    Check(
        "clock_stands_by_a_stop",
        "停表日与停表记录不一致",
        """SELECT held.number FROM cases_case held LEFT JOIN cases_clockstop stop
             ON stop.case_id = held.id AND stop.ended_on IS NULL
            WHERE (held.paused_on IS NOT NULL OR stop.id IS NOT NULL)
              AND held.paused_on IS DISTINCT FROM stop.began_on""",
    ),
    Check(
        "clock_stands_while_it_waits",
        "等待补充或特别程序中, 时限却没有停",
        """SELECT number FROM cases_case
            WHERE status IN ('awaiting', 'suspended') AND paused_on IS NULL""",
    ),
    Check(
        "supplement_is_open_while_it_waits",
        "补正状态与补正告知不一致",
        """SELECT held.number FROM cases_case held LEFT JOIN cases_supplement open
             ON open.case_id = held.id AND open.state = 'open'
            WHERE (held.status IN ('supplementing', 'awaiting')) <> (open.id IS NOT NULL)
              AND (open.id IS NOT NULL OR held.status IN ('supplementing', 'awaiting'))""",
    ),
    Check(
        "decision_has_a_time",
        "有结果而没有决定时间, 或相反",
        "SELECT number FROM cases_case WHERE (outcome <> '') <> (decided_at IS NOT NULL)",
    ),
    Check(
        "step_done_has_a_time",
        "环节已完成却没有时间, 或相反",
        """SELECT held.number || ' ' || step.key FROM cases_casestep step
             JOIN cases_case held ON held.id = step.case_id
            WHERE (step.state = 'open') = (step.done_at IS NOT NULL)""",
    ),
    Check(
        "step_claimed_by_somebody_here",
        "环节由已离岗的人认领",
        """SELECT held.number || ' ' || step.key FROM cases_casestep step
             JOIN cases_case held ON held.id = step.case_id
             JOIN accounts_account account ON account.id = step.claimed_by_id
            WHERE step.state = 'open' AND step.claimed_by_id IS NOT NULL
              AND NOT account.is_active""",
    ),
    Check(
        "recused_hold_nothing",
        "环节由须回避的人认领, 或在回避期间由其办结",
        """SELECT held.number || ' ' || step.key FROM cases_recusal away
             JOIN cases_case held ON held.id = away.case_id
             JOIN cases_casestep step ON step.case_id = away.case_id
            WHERE away.lifted_at IS NULL
              AND ((step.state = 'open' AND step.claimed_by_id = away.account_id)
                OR (step.done_by_id = away.account_id AND step.done_at > away.at))""",
    ),
    Check(
        "bundle_ends_after_its_parts",
        "一件事已经结束, 却还有分项没有结束",
        """SELECT part.number FROM cases_case part JOIN cases_case whole
              ON whole.id = part.bundle_id
             WHERE part.status = ANY(%(open)s) AND whole.status = ANY(%(closed)s)""",
    ),
    Check(
        "part_says_which",
        "分项没有写明是哪一项, 或相反",
        "SELECT number FROM cases_case WHERE (bundle_id IS NULL) <> (bundle_key = '')",
    ),
    Check(
        "extension_waits_while_it_runs",
        "办件已有决定或结束, 却还有等待批准的延期",
        """SELECT held.number FROM cases_extension asked JOIN cases_case held
              ON held.id = asked.case_id
            WHERE asked.state = 'asked' AND NOT held.status = ANY(%(running)s)""",
    ),
    Check(
        "extension_counts",
        "批准的延期没有计入天数",
        """SELECT held.number FROM cases_case held JOIN (
                  SELECT case_id, sum(days) AS days FROM cases_extension
                   WHERE state = 'approved' GROUP BY case_id) more ON more.case_id = held.id
            WHERE held.statutory_total < more.days""",
    ),
    *PAPERS,
)


def findings() -> Iterator[Finding]:
    """Yield everything that does not hold, rule by rule."""
    with connection.cursor() as cursor:
        for check in _CHECKS:
            cursor.execute(f"{check.sql} LIMIT {MOST}", _STATUSES)
            for (about,) in cursor.fetchall():
                yield Finding(check.rule, about, check.why)
    yield from _clocks(organisation.calendar())


def _clocks(calendar: WorkCalendar) -> Iterator[Finding]:
    """Reckon the days of running cases and of their open steps anew, and compare."""
    running = Case.objects.filter(status__in=RUNNING, clock_from__isnull=False)
    stopped: dict[int, list[ClockStop]] = {}
    for stop in ClockStop.objects.filter(case__in=running.values("pk")).iterator():
        stopped.setdefault(stop.case_id, []).append(stop)

    @lru_cache(maxsize=200_000)
    def added(start: date, days: int, kind: DayKind) -> Due:
        return calendar.add(start, days, kind)

    rows: Any = running.values_list(
        *("pk", "number", "version__day_kind", "clock_from", "promised_total"),
        *("statutory_total", "promised_due_on", "statutory_due_on"),
    )
    for pk, number, kind, began, promised, statutory, due, limit in rows.iterator(10_000):
        spans = deadlines.spans(stopped.get(pk, ()))
        for label, days, stands in (("承诺", promised, due), ("法定", statutory, limit)):
            made = (
                calendar.add(began, days, kind, stopped=spans).day
                if spans
                else added(began, days, kind).day
            )
            if made != stands:
                why = f"{label}办结日是 {stands}, 按日历应为 {made}"
                yield Finding("clock_equals_its_parts", number, why)
    yield from _step_clocks(calendar, stopped)


def _step_clocks(calendar: WorkCalendar, stopped: dict[int, list[ClockStop]]) -> Iterator[Finding]:
    steps = CaseStep.objects.filter(
        state=CaseStep.State.OPEN, case__status=Status.ACCEPTED, case__paused_on__isnull=True
    )
    rows: Any = steps.values_list(
        "case_id", "case__number", "key", "opened_at", "days", "day_kind", "due_on"
    )
    for case_id, number, key, opened_at, days, kind, due in rows.iterator(10_000):
        stops = [one for one in stopped.get(case_id, ()) if one.kind != ClockStop.Kind.STEP]
        began = timezone.localdate(opened_at)
        made = deadlines.step_due(began, days, cast(DayKind, kind), calendar, stops=stops).day
        if made != due:
            why = f"环节时限是 {due}, 按日历应为 {made}"
            yield Finding("step_clock_equals_its_parts", f"{number} {key}", why)
