"""Ports (端口): given by the environment, or free ones that a clone remembers."""

import json
import socket
from collections.abc import Iterable, Mapping
from contextlib import ExitStack
from pathlib import Path

from backend.devstack.trouble import CannotRun

WEB = "PORT"
SERVERS = (
    "PG_PORT",
    "VALKEY_PORT",
    "WECHAT_PORT",
    "SMS_PORT",
    "REGISTRY_PORT",
    "SCANNER_PORT",
)


def is_free(port: int, host: str = "127.0.0.1") -> bool:
    """Say whether a server could listen here now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError:
            return False
    return True


def read(environment: Mapping[str, str], name: str) -> int | None:
    """
    Return the port a setting asks for, None where it is not set.

    :raises CannotRun: it is no port number.
    """
    text = environment.get(name, "")
    if not text:
        return None
    if not text.isascii() or not text.isdigit() or not 1 <= int(text) <= 65535:
        raise CannotRun(f"{name}={text} 不是有效端口, 请写 1 至 65535 之间的数字。")
    return int(text)


def web(environment: Mapping[str, str], host: str = "127.0.0.1") -> int:
    """
    Return the web server's port, 8000 where nothing is said.

    :raises CannotRun: somebody else listens there.
    """
    port = read(environment, WEB) or 8000
    if not is_free(port, host):
        raise CannotRun(
            f"端口 {port} 已被其他程序占用。请先停止它, 或换一个端口: PORT={port + 1} make run"
        )
    return port


def allot(
    names: Iterable[str], *, environment: Mapping[str, str], remembered: Mapping[str, int]
) -> dict[str, int]:
    """
    Return a port for each name: the one asked for, else the one of last time, else a free one.

    :raises CannotRun: a port that was asked for is taken.
    """
    found: dict[str, int] = {}
    with ExitStack() as held:  # held until all are chosen, so that no two names get the same one
        for name in names:
            asked = read(environment, name)
            if asked and (asked in found.values() or not is_free(asked)):
                raise CannotRun(f"{name}={asked} 已被占用, 请换一个端口, 或去掉该设置由程序自选。")
            last = remembered.get(name, 0)
            keep = last and last not in found.values() and is_free(last)
            found[name] = asked or (last if keep else _free(held))
    return found


def _free(held: ExitStack) -> int:
    probe = held.enter_context(socket.socket())
    probe.bind(("127.0.0.1", 0))
    port: int = probe.getsockname()[1]
    return port


def recall(path: Path) -> dict[str, int]:
    """Return the ports of last time; a missing or torn file is an empty memory."""
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        return {str(name): int(port) for name, port in found.items()}
    except (OSError, ValueError, AttributeError, TypeError):
        return {}


def remember(path: Path, ports: Mapping[str, int]) -> None:
    path.write_text(json.dumps(dict(ports), indent=1) + "\n", encoding="utf-8")
