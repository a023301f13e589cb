"""
How one call is answered (接口调用): read it, let the faults have their say, wait, answer in JSON.

An answer is a plain function of the world and the call; it refuses by raising `Refused`.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import orjson
from aiohttp import web

from backend.devstack import faults
from backend.devstack.sandbox import Json
from backend.devstack.wechat.state import WORLD, World

ERRMSG = {
    -1: "system error",
    40001: "invalid credential, access_token is invalid or not latest",
    40002: "invalid grant_type",
    40003: "invalid openid",
    40013: "invalid appid",
    40014: "invalid access_token",
    40029: "invalid code",
    40037: "invalid template_id",
    40097: "invalid args",
    40125: "invalid appsecret",
    40129: "invalid scene",
    40163: "code been used",
    40164: "invalid ip, not in whitelist",
    40226: "code blocked",
    40243: "appsecret is frozen",
    41001: "access_token missing",
    41002: "appid missing",
    41004: "appsecret missing",
    41008: "missing code",
    41030: "invalid page",
    42001: "access_token expired",
    43101: "user refuse to accept the msg",
    43107: "subscribe message has been banned",
    43108: "Cannot make concurrent calls to the same OpenID",
    44990: "reach max api second frequence limit",
    44991: "reach max api minute frequence limit",
    44993: "reach max api day frequence limit",
    45009: "reach max api daily quota limit",
    45011: "api minute-quota reach limit, must slower, retry next minute",
    45168: "hit sensitive word",
    47001: "data format error",
    47003: "argument invalid!",
    48001: "api unauthorized",
    48006: "forbid to clear quota because of reaching the limit",
    61010: "user has not accessed the mini-program in the last two hours",
    85401: "invalid expire time",
    87009: "invalid signature",
}


class Refused(Exception):
    """The documented code of a refusal, with words where the code alone does not say enough."""

    def __init__(self, code: int, words: str = "") -> None:
        super().__init__(code)
        self.code, self.words = code, words


@dataclass(frozen=True, slots=True)
class Call:
    """One request, read."""

    path: str
    query: dict[str, str]
    body: Json
    now: float

    def text(self, name: str) -> str:
        """Return a text of the body; "" when it is missing or of another type."""
        value = self.body.get(name)
        return value if isinstance(value, str) else ""

    @property
    def openid(self) -> str:
        return self.text("touser") or self.text("openid") or self.query.get("openid", "")

    def facts(self) -> dict[str, str]:
        """Return what a fault rule may ask for."""
        return {"openid": self.openid, "template_id": self.text("template_id")}


Answer = Callable[[World, Call], Json | web.Response]


def spoken(
    answer: Answer, *, token: bool = True, one_at_a_time: bool = False
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """
    Return the aiohttp side of an answer.

    :param token: the call needs a valid access_token in its query.
    :param one_at_a_time: two overlapping calls for one openid are refused with 43108.
    """

    async def handle(request: web.Request) -> web.StreamResponse:
        world = request.app[WORLD]
        world.calls[request.path] += 1
        call = await _read(request, world)
        rule = world.faults.pick(call.path, call.facts()) if world.faults.rules else None
        if rule is not None and rule.stage == "before" and rule.kind != "errcode":
            return await faults.act(rule, request)
        busy = call.openid if one_at_a_time else ""
        if busy in world.in_flight:
            return _json(_refusal(world, call, Refused(43108)))
        if busy:
            world.in_flight.add(busy)
        try:
            if delay := world.faults.delay():
                await asyncio.sleep(delay)
            reply = _outcome(world, call, rule, answer if not token else _with_token(answer))
        finally:
            world.in_flight.discard(busy)
        if rule is not None and rule.stage == "after":
            world.withheld += 1
            return await faults.act(rule, request)
        return reply if isinstance(reply, web.Response) else _json(reply)

    return handle


async def _read(request: web.Request, world: World) -> Call:
    body: Any = {}
    if request.method == "POST":
        try:
            body = orjson.loads(await request.read())
        except orjson.JSONDecodeError:
            body = None
    if not isinstance(body, dict):
        body = {"": "unreadable"}
    return Call(request.path, dict(request.query), body, world.clock.now())


def _with_token(answer: Answer) -> Answer:
    def checked(world: World, call: Call) -> Json | web.Response:
        if fault := world.tokens.fault(call.query.get("access_token"), call.now):
            raise Refused(fault)
        return answer(world, call)

    return checked


def _outcome(
    world: World, call: Call, rule: faults.Rule | None, answer: Answer
) -> Json | web.Response:
    try:
        _readable(call, rule)
        reply = answer(world, call)
    except Refused as refused:
        return _refusal(world, call, refused)
    world.errcodes[call.path, 0] += 1
    return reply


def _readable(call: Call, rule: faults.Rule | None) -> None:
    if rule is not None and rule.kind == "errcode":
        raise Refused(rule.errcode)
    if "" in call.body:
        raise Refused(47001)


def _refusal(world: World, call: Call, refused: Refused) -> Json:
    world.errcodes[call.path, refused.code] += 1
    words = ERRMSG.get(refused.code, "error")
    if refused.words:
        words = f"{words} {refused.words}"
    return {"errcode": refused.code, "errmsg": f"{words} rid: {world.rid()}"}


def _json(body: Json) -> web.Response:
    return web.Response(body=orjson.dumps(body), content_type="application/json")
