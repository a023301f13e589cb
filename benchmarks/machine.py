"""The machine (机器) in one line, and how much CPU time a family of processes has used."""

import os
import platform
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
