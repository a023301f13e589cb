"""The dispatcher's round (派发): claim, send from many threads, write back, till nothing is due."""

import os
import queue
import socket
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor

import structlog
from django.conf import settings
from django.db import connection
from django.utils import timezone

from notifications import kinds, marks
from notifications.dispatch import calls, claims, reaping, settling
from notifications.models import Channel

ROUND_SECONDS = 25.0
"""A round ends in time for a warm shutdown; who rang is rung again if rows are left."""
_WRITE_AT, _WRITE_AFTER = 64, 0.1
_CLAIM_AT_LEAST, _CLAIM_PAUSE = 24, 0.05
_LINGER = 0.3
_HEARTBEAT_EVERY = 10.0
PAUSABLE = (Channel.WECHAT, Channel.SMS, *(f"{Channel.WECHAT}:{key}" for key in kinds.TEMPLATES))
_log = structlog.get_logger(__name__)


def worker_name(lane: str) -> str:
    return f"{lane}@{socket.gethostname()[:24]}.{os.getpid()}"


def run(lane: str, *, seconds: float = ROUND_SECONDS) -> bool:
    """
    派发: send what is due in a lane; return whether rows may be left when the time is over.

    Database work stays in this thread, Valkey and HTTP in the others. Without Valkey nothing is
    sent, because nothing could be marked; the rows wait.
    """
    beat(lane)
    try:
        marks.answer_bell(lane)
        reaping.reap_leases(now=timezone.now(), worker=worker_name(lane))
        with ThreadPoolExecutor(settings.WECHAT_POOL, thread_name_prefix=lane) as pool:
            return _Round(lane, pool, time.monotonic() + seconds).go()
    except marks.Lost as fault:
        _log.warning("dispatch_without_valkey", lane=lane, fault=type(fault).__name__)
        return False


def beat(worker: str) -> None:
    """心跳: note that a worker is alive."""
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO notifications_heartbeat (worker, at) VALUES (%s, %s) "
            "ON CONFLICT (worker) DO UPDATE SET at = excluded.at",
            [worker, timezone.now()],
        )


class _Round:
    """One round's books: what is in flight, what came back and is not written yet."""

    def __init__(self, lane: str, pool: ThreadPoolExecutor, until: float) -> None:
        self.lane, self.pool, self.until = lane, pool, until
        self.worker = worker_name(lane)
        self.room = settings.WECHAT_POOL + settings.WECHAT_POOL // 4
        self.in_flight = 0
        self.back: queue.SimpleQueue[settling.Result | None] = queue.SimpleQueue()
        self.unwritten: list[settling.Result] = []
        self.written_at = self.claimed_at = self.busy_at = self.beat_at = time.monotonic()
        self.plenty = True
        self.lost: marks.Lost | None = None

    def go(self) -> bool:
        while True:
            now = time.monotonic()
            open_for_more = now < self.until and self.lost is None
            if open_for_more:
                self._claim(now)
            self._collect()
            self._write(force=not self.in_flight)
            self._keep_alive(now)
            if self.in_flight or self.unwritten:
                continue
            if self.lost:
                raise self.lost
            if now >= self.until:
                return True
            if not self.plenty and time.monotonic() - self.busy_at > _LINGER:
                return False

    def _claim(self, now: float) -> None:
        """Fill the pool. While little comes, the queue is asked twenty times a second, no more."""
        free = self.room - self.in_flight
        if free < min(_CLAIM_AT_LEAST, self.room):
            return
        if not self.plenty and now - self.claimed_at < _CLAIM_PAUSE:
            return
        try:
            epoch, still = marks.epoch(), marks.paused(PAUSABLE)
        except marks.Lost as fault:
            self.lost = fault
            return
        jobs = claims.take(lane=self.lane, room=free, still=still, epoch=epoch, now=timezone.now())
        self.claimed_at, self.plenty = now, len(jobs) >= _CLAIM_AT_LEAST
        for job in jobs:
            self.busy_at = now
            if result := calls.without_a_call(job, timezone.now()):
                self.unwritten.append(result)
            else:
                self.in_flight += 1
                self.pool.submit(self._one, job)

    def _one(self, job: claims.Job) -> None:
        """Run in a thread: whatever happens, exactly one answer goes back."""
        result: settling.Result | None = None
        try:
            result = calls.make(job)
        except Exception:
            _log.exception("call_broke", delivery=job.delivery_id)
            result = calls.broken(job, timezone.now())
        finally:
            self.back.put(result)

    def _collect(self) -> None:
        """Take what came back; wait for it a little when there is nothing else to do."""
        patience = 0.02 if self.in_flight else 0.0 if self.unwritten else 0.05
        try:
            while True:
                result = self.back.get(timeout=patience) if patience else self.back.get_nowait()
                patience = 0.0
                self.in_flight -= 1
                self.busy_at = time.monotonic()
                if result is not None:
                    self.unwritten.append(result)
        except queue.Empty:
            return

    def _write(self, *, force: bool) -> None:
        waiting = self.unwritten
        overdue = time.monotonic() - self.written_at > _WRITE_AFTER
        if not waiting or not (force or overdue or len(waiting) >= _WRITE_AT):
            return
        self.unwritten, self.written_at = [], time.monotonic()
        written = settling.write(waiting, worker=self.worker)
        _forget([result for result in waiting if result.delivery_id in written])

    def _keep_alive(self, now: float) -> None:
        if now - self.beat_at > _HEARTBEAT_EVERY:
            self.beat_at = now
            beat(self.lane)


def _forget(written: Sequence[settling.Result]) -> None:
    """
    Drop the marks of what PostgreSQL knows; if Valkey is away they end by themselves.

    A result that came too late to be written keeps its mark: the reaper will learn from it.
    """
    done = [result.claim for result in written if result.attempt and result.state != "unknown"]
    try:
        marks.forget(done)
    except marks.Lost:
        return
