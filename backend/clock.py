"""
The clock (时钟): every job that beat rings, a few lines each.

Beat only rings, and may ring twice: what a job does is claimed in PostgreSQL row by row, so a
second ring finds nothing left to do.
"""

from collections.abc import Callable, Iterator
from datetime import timedelta

import structlog
from celery import shared_task
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.cases import actions as cases
from backend.cases.actions import deferring, reminding, silence
from backend.cases.queries import applied, todo
from backend.catalogue.actions import overdue
from backend.core.errors import Conflict, NotFound, Unavailable
from backend.documents import actions as documents
from backend.files import actions as files
from backend.files import queries as stored
from backend.files.models import StoredFile
from backend.organisation import queries as organisation
from notifications import actions as notifications
from notifications import dispatch, marks

STEPS_A_RING = 100
UNCOLLECTED = timedelta(days=7)
REMIND_EVERY, TIDY_EVERY, ALARM_EVERY = 600, 3600, 3600  # seconds a slot
_log = structlog.get_logger(__name__)


# -- 通知 ---------------------------------------------------------------------------------------


@shared_task(name="clock.dispatch_rt")
def dispatch_rt() -> None:
    """即时车道: what just happened to a case."""
    dispatch.run("rt")


@shared_task(name="clock.dispatch_due")
def dispatch_due() -> None:
    """提醒车道: what fell due."""
    dispatch.run("due")


@shared_task(name="clock.dispatch_bulk")
def dispatch_bulk() -> None:
    """批量车道."""
    dispatch.run("bulk")


@shared_task(name="clock.apply_callbacks")
def apply_callbacks() -> None:
    """回调车道: what WeChat told us back."""
    dispatch.beat("cb")
    notifications.apply_callbacks()


@shared_task(name="clock.reap")
def reap() -> None:
    """收租: settle what a dead worker left, and measure what waits."""
    now = timezone.now()
    try:
        dispatch.reap(now=now, worker="reaper")
    except marks.Lost as fault:
        _log.warning("reap_without_valkey", fault=type(fault).__name__)
    dispatch.measure(now=now)


@shared_task(name="clock.remind")
def remind() -> None:
    """主动提醒: run the rules over what fell due; of two beats in one slot, one does it."""
    if notifications.take_tick(job="remind", seconds=REMIND_EVERY):
        notifications.remind(now=timezone.now(), unless={"applied": applied.already})


# -- 办件 ---------------------------------------------------------------------------------------


@shared_task(name="clock.system_steps")
def system_steps() -> None:
    """系统环节: steps the platform does itself; one that breaks leaves the others alone."""
    for step_id in todo.system_steps(most=STEPS_A_RING):
        try:
            cases.run_system_step(step_id=step_id)
        except Exception as fault:  # any step may break; the next ring tries again
            _log.error("system_step_broke", step=step_id, fault=type(fault).__name__)


@shared_task(name="clock.bundles")
def bundles() -> None:
    """一件事: parts whose turn has come begin, and bundles whose parts have ended end."""
    for pk in todo.bundles():
        try:
            cases.settle_bundle(bundle=pk)
        except Exception as fault:  # one that breaks leaves the others alone
            _log.error("bundle_broke", bundle=pk, fault=type(fault).__name__)


@shared_task(name="clock.typeset")
def typeset() -> None:
    """文书: print what acts have ordered; whoever breaks off leaves the order for the next ring."""
    documents.issue_waiting()


@shared_task(name="clock.unanswered")
def unanswered() -> None:
    """逾期未告知: a permit nobody answered is accepted; of the rest the heads are told."""
    by = silence.last_silent_day(timezone.localdate())
    _each("unanswered", todo.unanswered(came_in_by=by), cases.end_silence)


@shared_task(name="clock.supplements")
def supplements() -> None:
    """补正期限: remind before the last day; what passed it ends, or goes on with what is there."""
    today, days = timezone.localdate(), organisation.calendar()
    soon, last = days.add(today, reminding.SOON).day, days.add(today, reminding.LAST).day
    due = todo.supplements_due(today=today, soon=soon, last=last)
    _each("remind_supplement", due, cases.remind_supplement)
    _each("lapse", todo.lapsed(today=today), cases.lapse)


@shared_task(name="clock.check_materials")
def check_materials() -> None:
    """数据核验: ask the registries what applicants need not bring, for as long as some is due."""
    while cases.check_materials():
        pass


@shared_task(name="clock.materials")
def materials() -> None:
    """容缺后补: remind before the last day; tell once it has passed."""
    today = timezone.localdate()
    soon = todo.materials_due(today=today, days=deferring.DAYS)
    _each("remind_materials", soon, cases.remind_materials)
    _each("overdue_materials", todo.materials_overdue(today=today), cases.overdue_materials)


@shared_task(name="clock.overlong")
def overlong() -> None:
    """特别程序超过预计: tell the office."""
    _each("overlong", todo.overlong(today=timezone.localdate()), cases.tell_overlong)


def _each(job: str, numbers: Iterator[str], act: Callable[..., object]) -> None:
    """Do one act a case, each its own transaction; one that breaks leaves the rest alone."""
    actor = accounts.system_account()
    for number in numbers:
        try:
            act(actor=actor, number=number)
        except (Conflict, NotFound):  # somebody else was faster, between the look and the lock
            continue
        except Exception as fault:  # the next ring tries again
            _log.error("clock_act_broke", job=job, case=number, fault=type(fault).__name__)


@shared_task(name="clock.version_moves")
def version_moves() -> None:
    """换版: go on with reports and orders; each case is a transaction of its own."""
    cases.carry_on_moves()


@shared_task(name="clock.calendar")
def calendar() -> None:
    """工作日历: if a calendar was announced, reckon every running date anew."""
    cases.recompute_clocks()


@shared_task(name="clock.uncollected")
def uncollected() -> None:
    """未领提醒 (R34): a result that waits for seven days, once."""
    since = timezone.now() - UNCOLLECTED
    _each("uncollected", todo.uncollected(since=since), cases.remind_uncollected)


@shared_task(name="clock.lights")
def lights() -> None:
    """红黄灯: tell staff of steps that turned yellow or red."""
    cases.alert_lights()


@shared_task(name="clock.procedures")
def procedures() -> None:
    """准入退出: tell of stages whose last day has passed."""
    overdue.alert_procedures()


# -- 文件 ---------------------------------------------------------------------------------------


@shared_task(name="clock.scan_file")
def scan_file(pk: int) -> None:
    """查毒: one file, as soon as it has come; one that cannot be searched now waits."""
    try:
        if files.scan(pk=pk) == StoredFile.State.REFUSED:
            _each("refused_papers", todo.cases_of_file(pk), cases.tell_refused_papers)
    except Unavailable as fault:
        _log.warning("file_not_searched", file=pk, fault=fault.code)


@shared_task(name="clock.scan_files")
def scan_files() -> None:
    """补查: what still waits; while it cannot be searched, operators are told once an hour."""
    try:
        files.scan_waiting()
    except Unavailable as fault:
        _log.error("scanner_away", fault=fault.code)
        late = stored.late_seconds() // 60
        if late and notifications.take_tick(job="scanner_alarm", seconds=ALARM_EVERY):
            notifications.tell_operators(kind="ops.scanner_away", params={"minutes": str(late)})


@shared_task(name="clock.sweep_files")
def sweep_files() -> None:
    """清扫: uploads nobody finished, bytes nobody names."""
    if notifications.take_tick(job="sweep_files", seconds=TIDY_EVERY):
        files.sweep()


# -- 家务 ---------------------------------------------------------------------------------------


@shared_task(name="clock.heartbeat")
def heartbeat() -> None:
    """心跳: beat rang, and the maintenance lane heard it."""
    dispatch.beat("beat")
    dispatch.beat("maint")


@shared_task(name="clock.tidy")
def tidy() -> None:
    """清理: what is kept for minutes only."""
    if notifications.take_tick(job="tidy", seconds=TIDY_EVERY):
        accounts.forget_codes()
        notifications.tidy()
