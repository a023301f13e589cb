"""
The stack (底座): what the platform stands on, embedded or given by the environment.

Six services: PostgreSQL, Valkey, and the sandboxes of WeChat, SMS, the population registry and the
virus scanner.
Whoever sets a service's address brings that service himself; it is then not started.
"""

import http.client
import socket
import sys
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

import psycopg

from backend.devstack import environment, places, postgres, valkey
from backend.devstack.processes import Child, Crew
from backend.devstack.trouble import CannotRun

PATIENCE = 60.0  # seconds a service may take until it answers


@dataclass(frozen=True, slots=True)
class Service:
    """One thing the platform talks to: the setting of its address, the port it would take."""

    setting: str
    port: str
    module: str
    label: str
    scheme: str = "http"

    def at(self, port: int) -> str:
        """Return its address on this machine."""
        return f"{self.scheme}://127.0.0.1:{port}"


DATABASE = Service("DATABASE_URL", "PG_PORT", "postgres", postgres.LABEL)
BROKER = Service("REDIS_URL", "VALKEY_PORT", "valkey", valkey.LABEL)
WECHAT = Service("WECHAT_BASE_URL", "WECHAT_PORT", "wechat", "微信沙箱")
SANDBOXES = (
    WECHAT,
    Service("SMS_BASE_URL", "SMS_PORT", "sms", "短信沙箱"),
    Service("REGISTRY_BASE_URL", "REGISTRY_PORT", "registry", "人口库沙箱"),
    Service("SCANNER_ADDRESS", "SCANNER_PORT", "scanner", "查毒沙箱", "tcp"),
)
SERVICES = (DATABASE, BROKER, *SANDBOXES)


@dataclass(slots=True)
class Stack:
    """The services of one run: starts those not given, and knows every address."""

    crew: Crew
    settings: Mapping[str, str]
    data: Path
    ports: Mapping[str, int]
    careless: bool = False
    callback_url: str = ""  # where the WeChat sandbox pushes events
    fresh: bool = False  # whether the database was made in this run

    def given(self, service: Service) -> str:
        """Return the address the environment gives, empty where we start the service."""
        return self.settings.get(service.setting, "")

    def start(self) -> dict[str, str]:
        """
        Start what is not given, all at once, and wait until each answers.

        :return: every service's address by its setting.
        :raises CannotRun: a service did not come up, or a given one cannot be reached.
        """
        self._reach(service for service in SERVICES if self.given(service))
        addresses = {service.setting: self.given(service) for service in SERVICES}
        answer: dict[str, Callable[[], bool]] = {}
        if not addresses[DATABASE.setting]:
            url = addresses[DATABASE.setting] = self._postgres()
            answer[DATABASE.label] = partial(postgres.answers, url)
        if not addresses[BROKER.setting]:
            broker = addresses[BROKER.setting] = self._valkey()
            answer[BROKER.label] = partial(valkey.answers, broker)
        for service in SANDBOXES:
            if not addresses[service.setting]:
                port = self.ports[service.port]
                addresses[service.setting] = service.at(port)
                self.crew.start(self.sandbox(service, port))
                answer[service.label] = partial(healthy, port, "/healthz")
        for label, answers in answer.items():
            self._wait_for(label, answers)
        return addresses

    def wait_for(self, service: Service, port: int) -> None:
        """
        Wait until a sandbox answers.

        :raises CannotRun: it does not within a minute.
        """
        self._wait_for(service.label, partial(healthy, port, "/healthz"))

    def _wait_for(self, label: str, answers: Callable[[], bool]) -> None:
        late = f"{label}在 {PATIENCE:.0f} 秒内没有就绪, 请查看 {self.crew.logs} 下的日志。"
        self.crew.until(answers, seconds=PATIENCE, otherwise=late)

    def _postgres(self) -> str:
        site = postgres.choose(data=self.data)
        self.fresh = postgres.prepare(site, careless=self.careless)
        port = self.ports[DATABASE.port]
        self.crew.start(postgres.child(site, port, careless=self.careless))
        return site.url(port)

    def _valkey(self) -> str:
        home = self.data / "valkey"
        url = valkey.prepare(home, self.ports[BROKER.port], careless=self.careless)
        self.crew.start(valkey.child(home))
        return url

    def sandbox(self, service: Service, port: int, name: str = "") -> Child:
        """Return a sandbox as a child; in production there is none to start."""
        name = name or service.module
        module = f"backend.devstack.{service.module}"
        home = places.folder(self.data / name)
        command = [sys.executable, "-m", module, "--port", str(port), "--data", str(home)]
        if service is WECHAT and self.callback_url:
            command += ["--callback-url", self.callback_url]
        return Child(
            name=name,
            label=service.label,
            command=command,
            environment=environment.for_children(self.settings, {}),
            cwd=places.ROOT,
        )

    def _reach(self, services: Iterable[Service]) -> None:
        """
        Knock at the given addresses.

        :raises CannotRun: nobody listens there.
        """
        for service in services:
            address = urlsplit(self.given(service))
            usual = {"https": 443, "http": 80, "redis": 6379, "rediss": 6379}
            port = address.port or usual.get(address.scheme, 5432)
            try:
                socket.create_connection((address.hostname or "127.0.0.1", port), 5).close()
                if service is DATABASE:
                    postgres.knock(self.given(service))
            except (OSError, psycopg.OperationalError) as error:
                shown = environment.shown(self.given(service))
                raise CannotRun(
                    f"{service.setting} 指向的 {shown} 无法连接 ({error}), 请核对设置或启动该服务。"
                ) from None


def stop(crew: Crew) -> None:
    """End every child in good order: what asks before what is asked, PostgreSQL last."""
    services = [service.module for service in SERVICES]
    crew.stop([child.name for child in crew.children if child.name not in services])
    crew.stop([child.name for child in crew.children if child.name != DATABASE.module], patience=2)
    crew.stop(patience=4)


def get(port: int, path: str, host: str = "127.0.0.1") -> tuple[int, bytes]:
    """Return the status and body of a GET, 0 and nothing where nobody answers; asks no proxy."""
    connection = http.client.HTTPConnection(host, port, timeout=3)
    try:
        connection.request("GET", path)
        answer = connection.getresponse()
        return answer.status, answer.read()
    except (OSError, http.client.HTTPException):
        return 0, b""
    finally:
        connection.close()


def healthy(port: int, path: str, host: str = "127.0.0.1") -> bool:
    """Say whether a GET answers 200."""
    return get(port, path, host)[0] == 200
