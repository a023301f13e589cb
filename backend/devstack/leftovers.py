"""Leftovers (遗留进程): what a run that was killed hard left behind, known by pid and birth."""

import json
import os
import signal
import subprocess
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Trace:
    """A process we started: a pid alone may belong to somebody else by now, its birth tells."""

    name: str
    pid: int
    birth: str
    gently: int  # the signal it ends on


def birth_of(pid: int) -> str:
    """Return when a process was born, in the system's own words; empty when there is none."""
    if Path("/proc/self/stat").exists():
        return _birth_in_proc(Path("/proc"), pid)
    asked = ["ps", "-o", "lstart=", "-p", str(pid)]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()


def _birth_in_proc(proc: Path, pid: int) -> str:
    """Read ticks since boot, and which boot; a zombie (state Z) is no process any more."""
    try:
        status = (proc / f"{pid}/stat").read_text(encoding="utf-8", errors="replace")
        boot = (proc / "sys/kernel/random/boot_id").read_text(encoding="utf-8")
    except OSError:
        return ""
    state, ticks = status.rpartition(")")[2].split()[0:20:19]
    return "" if state == "Z" else f"{ticks}@{boot[:8]}"


def note(path: Path, traces: Iterable[Trace]) -> None:
    """Write down who is running; also where a test that kills workers finds their pids."""
    new = path.with_name(f"{path.name}.new")
    new.write_text(json.dumps([asdict(trace) for trace in traces], indent=1), encoding="utf-8")
    new.replace(path)


def still_running(path: Path) -> list[Trace]:
    """Return the noted processes that live and are the very ones that were noted."""
    try:
        traces = [Trace(**entry) for entry in json.loads(path.read_text(encoding="utf-8"))]
    except (OSError, ValueError, TypeError):
        return []
    return [trace for trace in traces if trace.birth and birth_of(trace.pid) == trace.birth]


def end(path: Path, *, patience: float = 8.0) -> list[str]:
    """
    End what a killed run left behind, first asking, after `patience` seconds by force.

    :return: the names of those that were still there.
    """
    found = still_running(path)
    for trace in found:
        _signal(trace, trace.gently)
    deadline = time.monotonic() + patience
    while (alive := still_running(path)) and time.monotonic() < deadline:
        time.sleep(0.1)
    for trace in alive:
        _signal(trace, signal.SIGKILL)
    path.unlink(missing_ok=True)
    return [trace.name for trace in found]


def _signal(trace: Trace, number: int) -> None:
    """Signal the process; with force, everything in the group it leads."""
    with suppress(ProcessLookupError, PermissionError):
        if number == signal.SIGKILL:
            os.killpg(trace.pid, number)
        else:
            os.kill(trace.pid, number)
