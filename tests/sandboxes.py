"""
The sandboxes as tests see them: started on a free port, unless the environment names running ones.

Each fixture empties its sandbox, and points the settings at it.
"""

import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest
import redis
import requests

from backend.core.wechat import tokens
from backend.devstack import people
from backend.devstack.people import Person
from backend.files.connectors import clamd

APP = {"appid": "wx5a1yang0000demo", "secret": "sandbox-secret"}
PATIENCE = 20.0


@dataclass(frozen=True)
class Sandbox:
    """One running sandbox; every answer is its JSON."""

    url: str

    def get(self, path: str, **query: Any) -> Any:
        return requests.get(self.url + path, params=query, timeout=10).json()

    def post(self, path: str, body: Any = None, **query: Any) -> Any:
        answer = requests.post(self.url + path, json=body or {}, params=query, timeout=30)
        assert answer.status_code == 200, answer.text
        return answer.json()

    def faults(self, *rules: dict[str, Any], **script: Any) -> None:
        self.post("/sandbox/faults", {"rules": list(rules), **script})


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


@contextmanager
def running(module: str, *options: str, port: int = 0) -> Iterator[Sandbox]:
    """Run one sandbox as the process it is, for as long as the block lasts."""
    port = port or free_port()
    command = [sys.executable, "-m", f"backend.devstack.{module}", "--port", str(port), *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    try:
        _wait_for(process, port)
        yield Sandbox(f"http://127.0.0.1:{port}")
    finally:
        process.terminate()
        process.wait(10)


def _wait_for(process: subprocess.Popen, port: int) -> None:
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    pytest.fail(f"sandbox did not start: {process.args}")


@contextmanager
def given_or_running(module: str, setting: str) -> Iterator[Sandbox]:
    if address := os.environ.get(setting):
        yield Sandbox(address.rstrip("/"))
    else:
        with running(module) as sandbox:
            yield sandbox


@pytest.fixture(scope="session")
def wechat_process() -> Iterator[Sandbox]:
    with given_or_running("wechat", "WECHAT_BASE_URL") as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def sms_process() -> Iterator[Sandbox]:
    with given_or_running("sms", "SMS_BASE_URL") as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def registry_process() -> Iterator[Sandbox]:
    with given_or_running("registry", "REGISTRY_BASE_URL") as sandbox:
        yield sandbox


@pytest.fixture(scope="session")
def scanner_process() -> Iterator[Sandbox]:
    address = os.environ.get("SCANNER_ADDRESS", "")
    if address:
        yield Sandbox(address.replace("tcp://", "http://"))
    else:
        with running("scanner") as sandbox:
            yield sandbox


@pytest.fixture
def scanner(scanner_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """A scanner that works, and that this process has not yet been shown to."""
    settings.SCANNER_ADDRESS = scanner_process.url.replace("http://", "tcp://")
    scanner_process.post("/sandbox/reset")
    clamd.forget()
    yield scanner_process
    scanner_process.post("/sandbox/reset")
    clamd.forget()


@pytest.fixture
def wechat(wechat_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    """An empty WeChat, and no token left over from another test."""
    settings.WECHAT_BASE_URL = wechat_process.url
    wechat_process.post("/sandbox/reset")
    forget_tokens()
    yield wechat_process
    wechat_process.post("/sandbox/reset")
    forget_tokens()


@pytest.fixture
def sms(sms_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    settings.SMS_BASE_URL = sms_process.url
    sms_process.post("/sandbox/reset")
    yield sms_process
    sms_process.post("/sandbox/reset")


@pytest.fixture
def registry(registry_process: Sandbox, settings: Any) -> Iterator[Sandbox]:
    settings.REGISTRY_BASE_URL = registry_process.url
    registry_process.post("/sandbox/reset")
    yield registry_process
    registry_process.post("/sandbox/reset")


@pytest.fixture
def token(wechat: Sandbox) -> str:
    body = {"grant_type": "client_credential", **APP}
    return wechat.post("/cgi-bin/stable_token", body)["access_token"]


@pytest.fixture
def log_in(wechat: Sandbox) -> Callable[[str], dict[str, Any]]:
    """Return what jscode2session answers to a code."""
    ask = partial(wechat.get, "/sns/jscode2session", grant_type="authorization_code", **APP)
    return lambda code: ask(js_code=code)


def forget_tokens() -> None:
    """Make this process and Valkey forget the access token."""
    tokens._keeper.cache_clear()
    with suppress(redis.RedisError):  # a test may have taken Valkey away
        for key in tokens.valkey().scan_iter("wechat:*"):
            tokens.valkey().delete(key)


def someone(**wanted: Any) -> Person:
    """Return a demo resident with these attributes."""
    return next(
        person
        for person in people.load(None)
        if person.phone and all(getattr(person, name) == value for name, value in wanted.items())
    )
