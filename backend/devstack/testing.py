"""
`make test` (测试底座): own servers and sandboxes for one command, gone when it ends.

`python -m backend.devstack.testing --sets 2 -- pytest -n 2` gives each of two pytest-xdist workers
its own sandboxes and Valkey database (`apart.py` hands them out), so that they cannot disturb each
other. Addresses in the environment replace what would be started; `.env` is not read.
"""

import argparse
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from backend.devstack import environment, leftovers, places, ports, postgres, stack
from backend.devstack.processes import Crew
from backend.devstack.trouble import CannotRun, Interrupted

PATIENCE = 20.0  # seconds the command may take to end after Ctrl-C


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command beside its servers; return its exit code, or 1 where they did not start."""
    options = argparse.ArgumentParser(prog="python -m backend.devstack.testing")
    options.add_argument(
        "--sets", type=int, default=1, help="sets of sandboxes, one an xdist worker"
    )
    options.add_argument("command", nargs="+", help="after `--`")
    asked = options.parse_args(arguments)
    try:
        with _workplace() as home:
            return _beside(home, sets=asked.sets, command=asked.command)
    except CannotRun as trouble:
        print(f"\n✗ {trouble}", file=sys.stderr, flush=True)
        return 1


@contextmanager
def _workplace() -> Iterator[Path]:
    """Give a folder of this run's own, and remove it at the end, with those killed runs left."""
    above = places.data_folder() / "test"
    places.data_folder(above)
    for left in above.glob("run-*"):
        _remove_if_idle(left)
    home = places.data_folder(above / f"run-{os.getpid()}")
    places.folder(home / "log")
    with places.only_one(home / "lock", f"{home} 正在使用"):
        yield home
        _remove(home)


def _remove_if_idle(home: Path) -> None:
    try:
        with places.only_one(home / "lock", ""):
            leftovers.end(home / "processes.json")
            _remove(home)
    except (CannotRun, OSError):
        return  # in use by another `make test`


def _remove(home: Path) -> None:
    shutil.rmtree(home, ignore_errors=True)
    shutil.rmtree(postgres.home_elsewhere(home, places.ROOT), ignore_errors=True)


def _beside(home: Path, *, sets: int, command: Sequence[str]) -> int:
    crew = Crew(logs=home / "log", notes=home / "processes.json", say=_say)
    given = {name: value for name, value in os.environ.items() if value}
    with crew.listening():
        try:
            return _carry_out(crew, command, _start(crew, home, sets=sets, given=given))
        except Interrupted:
            return 130
        finally:
            stack.stop(crew)


def _say(text: str) -> None:
    print(text, file=sys.stderr, flush=True)


def _start(crew: Crew, home: Path, *, sets: int, given: dict[str, str]) -> dict[str, str]:
    """Start the servers and sets of sandboxes; return the environment of the command."""
    # Ports of a running city in the environment are not ours to take.
    chosen = ports.allot(ports.SERVERS, environment={}, remembered={})
    base = stack.Stack(crew, given, home, chosen, careless=True)
    addresses = base.start()
    for number in range(1, sets):
        addresses |= _another_set(base, f"gw{number}", addresses["REDIS_URL"])
    used = "、".join(
        f"{service.label}({'环境指定' if base.given(service) else '内嵌'})"
        for service in stack.SERVICES
    )
    _say(f"测试底座: {used}")
    programs = str(Path(sys.executable).parent)
    return {
        **environment.for_children(given, addresses),
        "MODE": "demo",
        "FILES_ROOT": str(home / "files"),
        "PATH": f"{programs}{os.pathsep}{given.get('PATH', os.defpath)}",
        "PYTEST_PLUGINS": "backend.devstack.apart",
        "PYTHONPATH": str(places.ROOT),
    }


def _another_set(base: stack.Stack, worker: str, broker: str) -> dict[str, str]:
    """Start the sandboxes of one more xdist worker; return its addresses, named after it."""
    mine = [service for service in stack.SANDBOXES if not base.given(service)]
    chosen = ports.allot([service.port for service in mine], environment={}, remembered={})
    for service in mine:
        port = chosen[service.port]
        base.crew.start(base.sandbox(service, port, f"{service.module}-{worker}"))
        base.wait_for(service, port)
    found = {service.setting: service.at(chosen[service.port]) for service in mine}
    if not base.given(stack.BROKER):
        number = worker.removeprefix("gw")
        found["REDIS_URL"] = urlunsplit(urlsplit(broker)._replace(path=f"/{number}"))
    return {f"{worker.upper()}_{setting}": address for setting, address in found.items()}


def _carry_out(crew: Crew, command: Sequence[str], around: dict[str, str]) -> int:
    """Run the command in our terminal, which hands Ctrl-C to it too; pass SIGTERM on."""
    process = subprocess.Popen(list(command), env=around, cwd=places.ROOT)
    try:
        while process.poll() is None and not crew.asked:
            crew.tend()
            time.sleep(0.05)
        if process.poll() is None and crew.asked != [signal.SIGINT]:
            process.terminate()
        code = process.wait(PATIENCE if crew.asked else None)
        return code if code >= 0 else 128 - code  # as a shell tells of a signal
    except subprocess.TimeoutExpired:
        raise Interrupted from None
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()


if __name__ == "__main__":
    sys.exit(main())
