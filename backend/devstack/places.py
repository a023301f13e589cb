"""Places (位置): the folders a clone keeps its servers in, and when they must be elsewhere."""

import fcntl
import hashlib
import os
import pwd
import stat
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from backend.devstack.trouble import CannotRun

ROOT = Path(__file__).resolve().parents[2]
DATA = ROOT / ".data"
ELSEWHERE = Path("/var/lib/ziyang-community-services")


@dataclass(frozen=True, slots=True)
class Owner:
    """The system user a server runs as, where it is not our own."""

    uid: int
    gid: int


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def closed_folder(path: Path, mode: Callable[[Path], int] = mode_of) -> Path | None:
    """Return the highest folder on the way to `path` that others may not enter, or None."""
    for folder in reversed(path.parents):
        if not mode(folder) & stat.S_IXOTH:
            return folder
    return None


def elsewhere(root: Path = ROOT) -> Path:
    """Return this clone's own folder under /var/lib; two clones never share one."""
    return ELSEWHERE / hashlib.sha256(str(root).encode()).hexdigest()[:12]


def unprivileged() -> Owner | None:
    """
    Return `nobody` for root, None for everybody else.

    PostgreSQL refuses to run as root. `nobody` is there on every system, so no user is created.
    """
    if os.geteuid() != 0:
        return None
    try:
        entry = pwd.getpwnam("nobody")
    except KeyError:
        return Owner(65534, 65534)
    return Owner(entry.pw_uid, entry.pw_gid)


def folder(path: Path, *, mode: int = 0o700, owner: Owner | None = None) -> Path:
    """
    Make a folder, or take over the one that is there.

    :raises CannotRun: it belongs to another user, or may not be written.
    """
    try:
        path.mkdir(mode=mode, parents=True, exist_ok=True)
        path.chmod(mode)
        if owner:
            os.chown(path, owner.uid, owner.gid)
    except PermissionError:
        raise CannotRun(
            f"没有权限写入 {path}。请换回当初启动本项目的用户, 或先由其执行 make reset。"
        ) from None
    return path


def data_folder(path: Path = DATA) -> Path:
    """
    Make the clone's data folder; root leaves it passable, so that `nobody` reaches its database.

    :raises CannotRun: another user started this clone before.
    """
    if path.exists() and path.stat().st_uid != os.geteuid():
        raise CannotRun(
            f"{path} 属于另一个用户 (uid {path.stat().st_uid})。"
            "请换回当初启动的用户, 或由其执行 make reset 后再试。"
        )
    return folder(path, mode=0o711 if os.geteuid() == 0 else 0o700)


@contextmanager
def only_one(path: Path, refusal: str) -> Iterator[None]:
    """
    Hold a lock that ends with this process, however it ends.

    :raises CannotRun: with `refusal`, when another process holds it.
    """
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise CannotRun(refusal) from None
        yield
    finally:
        os.close(descriptor)


def write_private(path: Path, text: str) -> None:
    """Write a file only its owner may read, all at once: a reader never sees half of it."""
    new = path.with_name(f"{path.name}.new")
    new.unlink(missing_ok=True)
    with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(text)
    new.replace(path)
