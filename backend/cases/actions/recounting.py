"""
重算: the State Council announced a calendar, and every date that leans on it is reckoned anew.

The promised day may only come earlier: where the new days would put it later, the case gets fewer
of them, and keeps its promise (领域说明 §2.4). What changed stays on the case's chain, old and new.
Cases go by key, a batch a transaction; who breaks off goes on where it stopped.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, cast

from django.db import connection, transaction
from django.db.models import F
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases import deadlines, fold, trace
from backend.cases.actions import timing
from backend.cases.lifecycle import OPEN, RUNNING
from backend.cases.models import Case, CaseEvent, CaseStep, ClockStop, Recount
from backend.core.workdays import DayKind, WorkCalendar
from backend.organisation import queries as organisation
from notifications import actions as notifications
from notifications import kinds
from notifications.actions import Letter

BATCH = 1000
AGAIN = timedelta(minutes=10)
"""After so long once more: until then a process may have counted with the calendar before."""
PASSES = 2
VERB = "calendar_changed"


def recompute_clocks(*, anew: bool = False) -> int:
    """
    重算在办时限: do what is left to do since the calendar changed; return how many dates moved.

    :param anew: even if this calendar has been reckoned with, such as after other settings.
    """
    calendar, digest = organisation.calendar_now()
    recount = _recount(digest, anew=anew)
    if recount is None:
        return 0
    system, moved = accounts.system_account(), 0
    while (done := _batch(recount.pk, calendar, system)) is not None:
        moved += done
    return moved


@transaction.atomic
def _recount(digest: bytes, *, anew: bool) -> Recount | None:
    """Return the pass to begin or to go on with; None when this calendar is done with."""
    last = Recount.objects.select_for_update().order_by("-pk").first()
    now = timezone.now()
    if anew or last is None or bytes(last.digest) != digest:
        organisation.forget()
        return Recount.objects.create(digest=digest, began_at=now)
    if last.passes >= PASSES or (last.ended_at and now - last.ended_at < AGAIN):
        return None
    return last


@transaction.atomic
def _batch(pk: int, calendar: WorkCalendar, system: Account) -> int | None:
    """Reckon the next cases; None at the end of the pass, or when somebody else ended it."""
    recount = Recount.objects.select_for_update().get(pk=pk)
    if recount.passes and recount.ended_at and timezone.now() - recount.ended_at < AGAIN:
        return None
    cases = list(
        Case.objects.filter(pk__gt=recount.reached, status__in=OPEN)
        .annotate(day_kind=F("version__day_kind"), account=F("applicant__account"))
        .annotate(item_name=F("item__name"))
        .only(*_READ)
        .select_for_update(of=("self",))
        .order_by("pk")[:BATCH]
    )
    if not cases:
        recount.passes, recount.ended_at, recount.reached = recount.passes + 1, timezone.now(), 0
        recount.save(update_fields=["passes", "ended_at", "reached"])
        return None
    moved = _Batch(cases, calendar, system, timezone.now()).write()
    recount.reached, recount.changed = cases[-1].pk, recount.changed + moved
    recount.save(update_fields=["reached", "changed"])
    return moved


_READ = ("number", "status", "event_count", "event_head", *sorted(timing.CLOCK))


@dataclass
class _Batch:
    """Some cases, with their stops and open steps, and what becomes of their dates."""

    cases: Sequence[Any]
    calendar: WorkCalendar
    system: Account
    now: datetime
    events: list[CaseEvent] = field(default_factory=list)
    letters: list[Letter] = field(default_factory=list)

    def write(self) -> int:
        ids = [case.pk for case in self.cases]
        stops: dict[int, list[ClockStop]] = defaultdict(list)
        for stop in ClockStop.objects.filter(case__in=ids):
            stops[stop.case_id].append(stop)
        changed = [case for case in self.cases if self._case(case, stops[case.pk])]
        steps = CaseStep.objects.select_for_update().filter(case__in=ids, state=CaseStep.State.OPEN)
        late = [step for step in steps.order_by("pk") if self._step(step, stops[step.case_id])]
        _update("cases_case", _CASE, changed)
        _update("cases_casestep", _STEP, late)
        CaseEvent.objects.bulk_create(self.events)
        notifications.send_many(letters=self.letters)
        return len(self.events)

    def _case(self, case: Any, stops: Iterable[ClockStop]) -> bool:
        """Reckon a case's own days; say if anything of it changed."""
        before = _seen(case)
        if case.status not in RUNNING or case.clock_from is None:
            return False
        kind = cast(DayKind, case.day_kind)
        due, limit, total = case.promised_due_on, case.statutory_due_on, case.promised_total
        keep_promise(case, stops=stops, kind=kind, calendar=self.calendar)
        timing.relight(case, timezone.localdate(self.now))
        if (case.promised_due_on, case.statutory_due_on, case.promised_total) != (
            due,
            limit,
            total,
        ):
            self._record(case, due=due, limit=limit, cut=total - case.promised_total)
        if case.promised_due_on != due and case.account:
            self.letters.append(_letter(case))
        return _seen(case) != before

    def _record(self, case: Any, *, due: date, limit: date, cut: int) -> None:
        details = {
            "office": "系统",
            "before": due.isoformat(),
            "after": case.promised_due_on.isoformat(),
            "statutory_before": limit.isoformat(),
            "statutory_after": case.statutory_due_on.isoformat(),
            "cut": cut,
            fold.THEN: fold.then_of(clock=timing.told(case), on=timezone.localdate(self.now)),
        }
        row = {
            "seq": case.event_count + 1,
            "verb": VERB,
            "actor_id": self.system.pk,
            "at": self.now,
            "status": case.status,
            "step": "",
            "details": details,
        }
        prev = bytes(case.event_head)
        head = trace.link(prev=prev, number=case.number, event=trace.canonical(**row))
        self.events.append(CaseEvent(case=case, prev_hash=prev, hash=head, **row))
        case.event_count, case.event_head = case.event_count + 1, head

    def _step(self, step: CaseStep, stops: Iterable[ClockStop]) -> bool:
        before = (step.due_on, step.warn_on)
        asked = [stop for stop in stops if stop.kind != ClockStop.Kind.STEP]
        timing.time_step(step, self.calendar, asked)
        timing.relight(step, timezone.localdate(self.now))
        return (step.due_on, step.warn_on) != before


def keep_promise(
    case: deadlines.Timed,
    *,
    stops: Iterable[deadlines.Stop],
    kind: DayKind,
    calendar: WorkCalendar,
) -> None:
    """Reckon both limits anew; where the promise would come later, take days off until it holds."""
    stopped, promise = list(stops), case.promised_due_on
    deadlines.reckon(case, stops=stopped, kind=kind, calendar=calendar)
    while promise and case.promised_due_on and case.promised_due_on > promise:
        case.promised_total -= 1
        deadlines.reckon(case, stops=stopped, kind=kind, calendar=calendar)


def _letter(case: Any) -> Letter:
    return Letter(
        account_id=case.account,
        kind=kinds.KINDS["case.calendar_changed"],
        params={
            "number": case.number,
            "item": case.item_name,
            "due_on": case.promised_due_on.isoformat(),
        },
        case_number=case.number,
        dedupe_key=f"{case.number}:{case.event_count}:{VERB}",
    )


_CASE = {
    "promised_total": "smallint",
    "promised_due_on": "date",
    "statutory_due_on": "date",
    "warn_on": "date",
    "provisional": "boolean",
    "alerted": "smallint",
    "event_count": "integer",
    "event_head": "bytea",
}
_STEP = {"due_on": "date", "warn_on": "date", "alerted": "smallint"}


def _seen(case: Any) -> tuple[Any, ...]:
    return tuple(getattr(case, name) for name in _CASE)


def _update(table: str, columns: dict[str, str], rows: Sequence[Any]) -> None:
    """Write these columns of all rows in one statement; the ORM's would have a WHEN for each."""
    if not rows:
        return
    arrays = ", ".join(f"%s::{kind}[]" for kind in ("bigint", *columns.values()))
    sets = ", ".join(f"{name} = made.{name}" for name in columns)
    values = [[row.pk for row in rows], *([getattr(row, name) for row in rows] for name in columns)]
    with connection.cursor() as cursor:
        cursor.execute(
            f"UPDATE {table} held SET {sets} FROM unnest({arrays})"  # noqa: S608 (names of ours)
            f" AS made(id, {', '.join(columns)}) WHERE held.id = made.id",
            values,
        )
