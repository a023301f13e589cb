"""The machine (机器) in one line, and how much CPU time a family of processes has used."""

import os
import platform
import time
from collections.abc import Iterable
from pathlib import Path

_TICK = os.sysconf("SC_CLK_TCK")
_PROC = Path("/proc")


def line() -> str:
    """Return processor, cores, memory, system and Python in one line."""
    model = next((row for row in _rows("cpuinfo") if row.startswith("model name")), "")
    memory = next((row for row in _rows("meminfo") if row.startswith("MemTotal")), "")
    gigabytes = round(int(memory.split()[1]) / 1024**2) if memory else 0
    name = model.partition(":")[2].strip() or platform.processor() or platform.machine()
    return (
        f"{name}, {os.cpu_count()} 核, {gigabytes} GB, {platform.system()} {platform.release()}, "
        f"Python {platform.python_version()}"
    )


def _rows(name: str) -> list[str]:
    try:
        return (_PROC / name).read_text(encoding="utf-8").splitlines()
    except OSError:
        return []


def cpu_seconds(roots: Iterable[int]) -> float:
    """
    Return the CPU time of processes and all they started, the ended ones they waited for included.

    0.0 where the system has no /proc.
    """
    family, times = _table()
    total, waiting = 0.0, list(roots)
    while waiting:
        pid = waiting.pop()
        total += times.get(pid, 0.0)
        waiting += family.get(pid, [])
    return total


def busy_seconds() -> float:
    """Return the CPU time everybody on this machine has used, stolen time included."""
    fields = next((row for row in _rows("stat") if row.startswith("cpu ")), "").split()[1:]
    ticks = [int(field) for field in fields]
    idle = sum(ticks[3:5]) if ticks else 0  # idle, iowait
    return (sum(ticks[:8]) - idle) / _TICK


class Clock:
    """How much CPU time some processes take from now on, beside us and what we run and wait for."""

    def __init__(self, roots: Iterable[int]) -> None:
        self._roots = list(roots)
        self._began = self._now()

    def read(self) -> tuple[float, float]:
        """Return their CPU seconds, and the share of the machine that others used, 0 to 1."""
        wall, theirs, ours, all_of_it = (
            now - before for now, before in zip(self._now(), self._began, strict=True)
        )
        whole = wall * (os.cpu_count() or 1)
        return theirs, max(all_of_it - theirs - ours, 0.0) / whole if whole else 0.0

    def _now(self) -> tuple[float, float, float, float]:
        own = os.times()
        ours = own.user + own.system + own.children_user + own.children_system
        return time.monotonic(), cpu_seconds(self._roots), ours, busy_seconds()


def _table() -> tuple[dict[int, list[int]], dict[int, float]]:
    """Return children by parent, and CPU seconds by process, of all there are now."""
    family: dict[int, list[int]] = {}
    times: dict[int, float] = {}
    for entry in _PROC.glob("[0-9]*"):
        try:
            text = (entry / "stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # it has just ended
        fields = text.rpartition(")")[2].split()
        pid = int(entry.name)
        family.setdefault(int(fields[1]), []).append(pid)
        times[pid] = sum(int(ticks) for ticks in fields[11:15]) / _TICK
    return family, times
