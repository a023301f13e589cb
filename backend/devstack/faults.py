"""
The fault script (故障脚本): what goes wrong, for whom, how often.

A test posts the script to `/sandbox/faults`; the first rule that fires decides. Kinds:
`errcode` answers with `errcode`; `http` with `status`; `html` with a 200 page that is no JSON;
`garbage` with JSON of another shape; `reset` and `timeout` drop or hold the connection, `before`
the work is done or `after` it (`stage`), so that the caller cannot know which it was.
"""

import asyncio
import contextlib
import random
import socket
import struct
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from backend.devstack.sandbox import Json, body_of, lognormal, reply

KINDS = ("errcode", "http", "html", "garbage", "reset", "timeout")
HTML = "<!DOCTYPE html><html><head><title>502</title></head><body>网关错误</body></html>"
GARBAGE: Json = {"unexpected": ["shape", 1], "errmsg": None, "data": "not what you think"}


@dataclass(slots=True)
class Rule:
    """One line of the script."""

    kind: str
    stage: str = "before"
    path: str = ""
    percent: float = 100.0
    first: int | None = None
    where: dict[str, str] = field(default_factory=dict)
    errcode: int = -1
    status: int = 502
    seconds: float = 30.0
    hits: int = 0

    def fires(self, path: str, facts: Mapping[str, str]) -> bool:
        if self.first is not None and self.hits >= self.first:
            return False
        if self.path and not path.endswith(self.path):
            return False
        if any(facts.get(name) != value for name, value in self.where.items()):
            return False
        return self.percent >= 100 or random.random() * 100 < self.percent


class Script:
    """The rules in force, and the delay of every answer (`latency_ms` mean, `latency_sigma`)."""

    def __init__(self, latency_ms: float = 0) -> None:
        self._usual_ms = latency_ms
        self.clear()

    def clear(self) -> None:
        self.latency_ms, self.sigma = self._usual_ms, 0.4
        self.rules: list[Rule] = []

    def delay(self) -> float:
        return lognormal(self.latency_ms, self.sigma)

    def pick(self, path: str, facts: Mapping[str, str]) -> Rule | None:
        for rule in self.rules:
            if rule.fires(path, facts):
                rule.hits += 1
                return rule
        return None

    def load(self, wish: Mapping[str, Any]) -> None:
        """
        Replace the script by what a test asks for.

        :raises ValueError: a kind or an option nobody knows.
        """
        rules = [_rule(line) for line in wish.get("rules", [])]
        self.clear()
        self.rules = rules
        self.latency_ms = float(wish.get("latency_ms", self._usual_ms))
        self.sigma = float(wish.get("latency_sigma", self.sigma))
        if "seed" in wish:
            random.seed(wish["seed"])

    def routes(self, app: web.Application) -> None:
        """Answer /sandbox/faults: POST replaces the script, GET shows it, DELETE ends it."""

        async def post(request: web.Request) -> web.Response:
            try:
                self.load(await body_of(request))
            except (TypeError, ValueError) as error:
                raise web.HTTPBadRequest(text=f"故障脚本有误: {error}") from error
            return reply(self.shown())

        async def get(_request: web.Request) -> web.Response:
            return reply(self.shown())

        async def delete(_request: web.Request) -> web.Response:
            self.clear()
            return reply(self.shown())

        app.router.add_post("/sandbox/faults", post)
        app.router.add_get("/sandbox/faults", get)
        app.router.add_delete("/sandbox/faults", delete)

    def shown(self) -> Json:
        return {
            "latency_ms": self.latency_ms,
            "rules": [
                {"kind": rule.kind, "stage": rule.stage, "path": rule.path, "hits": rule.hits}
                for rule in self.rules
            ],
        }


def _rule(line: Mapping[str, Any]) -> Rule:
    rule = Rule(**line)
    if rule.kind not in KINDS or rule.stage not in ("before", "after"):
        raise ValueError(f"{rule.kind}/{rule.stage}")
    return rule


async def act(rule: Rule, request: web.Request) -> web.StreamResponse:
    """Do to the connection what the rule says; `errcode` is the protocol's own business."""
    if rule.kind == "timeout":
        await asyncio.sleep(rule.seconds)
    if rule.kind in ("timeout", "reset"):
        return _reset(request)
    if rule.kind == "html":
        return web.Response(text=HTML, content_type="text/html")
    if rule.kind == "garbage":
        return reply(GARBAGE)
    return web.Response(status=rule.status, text=HTML, content_type="text/html")


def _reset(request: web.Request) -> web.Response:
    """End the connection with RST instead of an answer."""
    transport = request.transport
    if transport is not None:
        with contextlib.suppress(OSError):
            link: socket.socket = transport.get_extra_info("socket")
            link.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()
