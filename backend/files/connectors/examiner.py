"""
The examiner (检查进程): runs `formats.apart` over one file, within bounds of time and number.

Its answer is read as a stranger's: a process that dies or babbles has refused the file. One that
is late without having used up its processor time waited for the machine: its file may come again.
"""

import dataclasses
import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Final

import structlog
from django.conf import settings

from backend.core.errors import Unavailable
from backend.files import formats
from backend.files.formats import refusals

PATIENCE: Final = 30.0
"""Seconds, of the clock on the wall; the process has 20 of the processor's."""
AT_ONCE: Final = 2
"""Files examined at once in one web process, so that its other threads stay free."""
_QUEUE: Final = 10.0
_ROOT = Path(__file__).resolve().parents[3]
_COMMAND = (sys.executable, "-m", "backend.files.formats.apart")
_gate = threading.BoundedSemaphore(AT_ONCE)
_log = structlog.get_logger(__name__)


class ExaminerBusy(Unavailable):
    code, title = "file_check_busy", "正在检查的文件较多, 已收到的内容不会丢失, 请稍后再点完成"


def examine(data: bytes, *, declared: str) -> formats.Clean:
    """
    Return the clean file.

    :raises Invalid: one of `formats.refusals`.
    :raises ExaminerBusy: too many files, or too slow a machine, at this moment; ask again.
    """
    if not _gate.acquire(timeout=_QUEUE):
        raise ExaminerBusy(retry_after=5)
    try:
        answer = _run(data, declared)
    finally:
        _gate.release()
    head, _, clean = answer.partition(b"\n")
    return _read(head, clean)


def _run(data: bytes, declared: str) -> bytes:
    asked = {"declared": declared, "bounds": dataclasses.asdict(bounds(declared))}
    try:
        done = subprocess.run(  # noqa: S603  (a command of ours; the file comes by the pipe)
            _COMMAND,
            input=json.dumps(asked).encode() + b"\n" + data,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            timeout=PATIENCE,
            cwd=_ROOT,
            env={"PYTHONUTF8": "1", "PYTHONDONTWRITEBYTECODE": "1"},
            check=False,
        )
    except subprocess.TimeoutExpired:
        _log.warning("file_check_late")
        raise ExaminerBusy(retry_after=30) from None
    if done.returncode:
        _log.warning("file_check_died", code=done.returncode)
    return done.stdout


def bounds(media: str) -> formats.Bounds:
    """Return the bounds of the settings for a type."""
    return formats.Bounds(
        pixels=settings.FILES_MOST_PIXELS,
        kept_edge=settings.FILES_KEPT_EDGE,
        kept_bytes=settings.FILES_MOST_BYTES[media],
        pages=settings.FILES_MOST_PAGES,
    )


def _read(head: bytes, data: bytes) -> formats.Clean:
    try:
        verdict: dict[str, Any] = json.loads(head)
        if "refused" in verdict:
            raise refusals.BY_CODE[verdict["refused"]]
        return formats.Clean(data=data, **verdict["clean"])
    except (ValueError, KeyError, TypeError):
        raise refusals.TooHeavy from None
