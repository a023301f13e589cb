"""Processes (进程): start children in groups of their own, tend them, end them and nobody else."""

import os
import selectors
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from backend.devstack import leftovers
from backend.devstack.places import Owner
from backend.devstack.trouble import CannotRun, Interrupted

BACK_OFF = (1.0, 2.0, 4.0, 8.0, 10.0)  # seconds before the n-th restart
STEADY = 60.0  # seconds of life after which a death counts as the first again
LARGEST_LOG = 5_000_000


@dataclass(slots=True)
class Child:
    """A process of the stack. A vital one's death ends the run; others are started again."""

    name: str
    label: str
    command: Sequence[str]
    environment: Mapping[str, str]
    cwd: Path
    owner: Owner | None = None
    vital: bool = False
    gently: int = signal.SIGTERM
    firmly: int = signal.SIGKILL
    process: subprocess.Popen[bytes] | None = None
    deaths: int = 0
    born: float = 0.0
    spoken: int = 0  # where in its log this life of it begins
    due: float | None = None  # when it is to be started again

    def alive(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Died(CannotRun):
    """A process without which nothing goes on has ended."""


class Crew:
    """The children of one run, and the wish to end it, which every wait of ours looks at."""

    def __init__(self, *, logs: Path, notes: Path, say: Callable[[str], None]) -> None:
        self.children: list[Child] = []
        self.logs, self._notes, self._say = logs, notes, say
        self.asked: list[int] = []  # the signals that asked for the end

    @contextmanager
    def listening(self) -> Iterator[None]:
        """Take Ctrl-C, SIGTERM and a closed terminal as a wish to end, noticed at the next wait."""
        wished = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
        before = {number: signal.signal(number, self._ask) for number in wished}
        try:
            yield
        finally:
            for number, action in before.items():
                signal.signal(number, action)

    def _ask(self, number: int, _frame: object) -> None:
        self.asked.append(number)

    def heed(self) -> None:
        """
        Look whether the end was asked for.

        :raises Interrupted: it was.
        """
        if self.asked:
            raise Interrupted

    def pause(self, seconds: float) -> None:
        """Wait, unless the end is asked for or a vital child dies."""
        deadline = time.monotonic() + seconds
        while True:
            self.heed()
            self.tend()
            if time.monotonic() >= deadline:
                return
            time.sleep(0.1)

    def until(
        self, holds: Callable[[], bool], *, seconds: float, otherwise: str, every: float = 0.1
    ) -> None:
        """
        Wait until something holds, looking `every` so many seconds, while children are tended.

        :raises CannotRun: with `otherwise`, when it does not hold in time.
        """
        deadline = time.monotonic() + seconds
        while not holds():
            if time.monotonic() > deadline:
                raise CannotRun(otherwise)
            self.pause(every)

    def log_of(self, name: str) -> Path:
        return self.logs / f"{name}.log"

    def start(self, child: Child) -> Child:
        """Start a child in a session of its own: the terminal's Ctrl-C reaches us, not it."""
        log = self.log_of(child.name)
        if log.exists() and log.stat().st_size > LARGEST_LOG:
            log.replace(log.with_suffix(".log.1"))
        with log.open("ab") as out:
            child.spoken = out.tell()
            child.process = subprocess.Popen(
                list(child.command),
                stdin=subprocess.DEVNULL,
                stdout=out,
                stderr=subprocess.STDOUT,
                env=dict(child.environment),
                cwd=child.cwd,
                start_new_session=True,
                **as_user(child.owner),
            )
        child.born, child.due = time.monotonic(), None
        if child not in self.children:
            self.children.append(child)
        self._note()
        return child

    def _note(self) -> None:
        alive = [(c, c.process.pid) for c in self.children if c.process and c.alive()]
        leftovers.note(
            self._notes,
            (leftovers.Trace(c.name, pid, leftovers.birth_of(pid), c.gently) for c, pid in alive),
        )

    def tend(self) -> None:
        """
        Notice the dead: say so with the end of their log, and start again those that may be.

        :raises Died: a vital child ended.
        """
        for child in self.children:
            if child.alive():
                continue
            if child.due is None:
                self._lose(child)
            elif time.monotonic() >= child.due:
                self.start(child)
                self._say(f"{child.label}已重新启动。")

    def _lose(self, child: Child) -> None:
        code = child.process.returncode if child.process else None
        story = f"{child.label}意外退出 (返回码 {code}), 日志 {self.log_of(child.name)} 的结尾:"
        lines = self.tail(child.name, since=child.spoken) or ["(没有输出)"]
        text = "\n".join([story, *(f"    {line}" for line in lines)])
        if child.vital:
            raise Died(text)
        _signal_group(child, signal.SIGKILL)  # what it left in its group: pool processes
        child.deaths = 1 if time.monotonic() - child.born > STEADY else child.deaths + 1
        wait = BACK_OFF[min(child.deaths, len(BACK_OFF)) - 1]
        child.due = time.monotonic() + wait
        self._say(f"{text}\n    {wait:.0f} 秒后重新启动。")

    def tail(self, name: str, lines: int = 8, since: int = 0) -> list[str]:
        """Return a log's last lines after byte `since`, each cut to what a screen shows."""
        path = self.log_of(name)
        if not path.exists():
            return []
        with path.open("rb") as log:
            log.seek(max(since, path.stat().st_size - 16_384))
            text = log.read().decode("utf-8", "replace")
        return [line[:300] for line in text.splitlines() if line.strip()][-lines:]

    def run(
        self,
        command: Sequence[str],
        *,
        name: str,
        environment: Mapping[str, str],
        cwd: Path,
        hear: Callable[[str | None], None],
    ) -> int:
        """
        Run a command to its end; its errors go to a log.

        `hear` gets each line it prints, and None five times a second while it is silent.

        :return: its exit code.
        :raises Interrupted: the end was asked for; the command is ended first.
        """
        with self.log_of(name).open("ab") as errors:
            process = subprocess.Popen(
                list(command),
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=errors,
                env=dict(environment),
                cwd=cwd,
                start_new_session=True,
            )
        try:
            for line in self._lines(process):
                hear(line)
            return process.wait()
        finally:
            with suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.wait()

    def _lines(self, process: subprocess.Popen[bytes]) -> Iterator[str | None]:
        """Yield what a process prints, line by line, heeding and tending between."""
        out, rest = process.stdout, b""
        if out is None:
            return
        with selectors.DefaultSelector() as ready, out:
            ready.register(out, selectors.EVENT_READ)
            while True:
                self.heed()
                self.tend()
                if not ready.select(timeout=0.2):
                    yield None
                    continue
                chunk = os.read(out.fileno(), 65_536)
                *lines, rest = (rest + chunk).split(b"\n")
                if not chunk and rest:
                    lines.append(rest)
                yield from (line.decode("utf-8", "replace").rstrip() for line in lines)
                if not chunk:
                    return

    def stop(self, names: Sequence[str] | None = None, *, patience: float = 7.0) -> None:
        """End children together: each by its own gentle signal, then firmly, then by force."""
        chosen = [c for c in self.children if c.alive() and (names is None or c.name in names)]
        for child in chosen:
            _signal(child, child.gently)
        self._wait(chosen, patience)
        for child in chosen:
            if child.alive() and child.firmly != signal.SIGKILL:
                _signal(child, child.firmly)
        self._wait([c for c in chosen if c.firmly != signal.SIGKILL], 2.0)
        for child in chosen:
            _signal_group(child, signal.SIGKILL)
            if child.process:
                child.process.wait()
        self.children = [child for child in self.children if child not in chosen]
        self._note()

    def _wait(self, children: Sequence[Child], seconds: float) -> None:
        """Wait for children to end; a second Ctrl-C cuts the wait short."""
        deadline, asked = time.monotonic() + seconds, len(self.asked)
        while any(child.alive() for child in children) and time.monotonic() < deadline:
            if len(self.asked) > max(asked, 1):
                return
            time.sleep(0.05)


def as_user(owner: Owner | None) -> dict[str, Any]:
    """Return what `subprocess` needs to run a command as another user, nothing for ourselves."""
    return {"user": owner.uid, "group": owner.gid, "extra_groups": []} if owner else {}


def _signal(child: Child, number: int) -> None:
    if child.process and child.alive():
        with suppress(ProcessLookupError):
            child.process.send_signal(number)


def _signal_group(child: Child, number: int) -> None:
    """Signal the whole group a child leads; its pid names the group, as its session is its own."""
    if child.process:
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(child.process.pid, number)
