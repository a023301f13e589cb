"""Environment (环境): what the shell and `.env` ask for, and what a running city tells others."""

import os
from collections.abc import Mapping
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

from backend.devstack import places

# What embedded servers stand in for; whoever sets one of these brings the server himself.
ADDRESSES = (
    "DATABASE_URL",
    "REDIS_URL",
    "WECHAT_BASE_URL",
    "SMS_BASE_URL",
    "REGISTRY_BASE_URL",
    "SCANNER_ADDRESS",
)


def read(path: Path) -> dict[str, str]:
    """Return the settings of an env file: `NAME=value` lines, `#` for remarks, nothing quoted."""
    lines = path.read_text(encoding="utf-8").splitlines() if path.exists() else []
    pairs = (line.split("=", 1) for line in lines if "=" in line and not line.startswith("#"))
    return {name.strip(): value.strip() for name, value in pairs}


def settings(root: Path = places.ROOT, environ: Mapping[str, str] = os.environ) -> dict[str, str]:
    """Return all that is set: the shell wins over `.env`, and an empty value is no value."""
    return {name: value for name, value in {**read(root / ".env"), **environ}.items() if value}


def announce(path: Path, addresses: Mapping[str, str]) -> None:
    """Write the running servers' addresses, so that `manage.py` beside them finds them."""
    lines = "".join(f"{name}={value}\n" for name, value in addresses.items())
    places.write_private(path, f"# 由 make run 写出, 停止时删除。\n{lines}")


def for_children(settings: Mapping[str, str], addresses: Mapping[str, str]) -> dict[str, str]:
    """Return the environment of our Python processes."""
    local = "127.0.0.1,localhost"  # a proxy of the shell must not catch calls to the sandboxes
    around = settings.get("NO_PROXY") or settings.get("no_proxy")
    no_proxy = f"{around},{local}" if around else local
    return {
        "PUBLIC_URL": f"http://127.0.0.1:{settings.get('PORT', '8000')}",  # what papers point to
        **settings,
        **addresses,
        "EMBEDDED": ",".join(sorted(addresses.keys() - settings.keys())),  # what /health tells
        "NO_PROXY": no_proxy,
        "no_proxy": no_proxy,
        "PYTHONUNBUFFERED": "1",
        "PYTHONUTF8": "1",
    }


def shown(address: str) -> str:
    """Return an address without its password, fit for a screen."""
    parts = urlsplit(address)
    if not parts.password:
        return address
    host = parts.netloc.rpartition("@")[2]
    return urlunsplit(parts._replace(netloc=f"{parts.username or ''}@{host}".lstrip("@")))
