"""The outside world of these tests: demo residents, their one-time codes, and sandbox faults."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import requests
from django.conf import settings

from backend.devstack import people

PEOPLE = {one.key: one for one in people.load(None)}
LOGIN, PHONE = "demo", "phone"


def code(kind: str, key: str = "zhao-deming") -> str:
    return f"{kind}-{key}-{secrets.token_hex(6)}"


def wechat_calls(path: str) -> int:
    told = requests.get(f"{settings.WECHAT_BASE_URL}/sandbox/oracle", timeout=5).json()
    return int(told["calls"].get(path, 0))


@contextmanager
def faults(base: str, **rule: Any) -> Iterator[None]:
    """Let an outside system fail as `rule` says, for the length of the block."""
    requests.post(f"{base}/sandbox/faults", json={"rules": [rule]}, timeout=5).raise_for_status()
    try:
        yield
    finally:
        requests.delete(f"{base}/sandbox/faults", timeout=5)
