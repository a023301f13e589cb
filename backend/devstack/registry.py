"""
The registry sandbox (人口库沙箱): `python -m backend.devstack.registry --port N`.

The population registry as a department shares it, and behind one more door the other registries:
every query names a case and a purpose, and is kept. Its people are the demo residents.
"""

import asyncio
import os
import secrets
from collections import Counter
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import asdict
from typing import Final

from aiohttp import web

from backend.devstack import faults, people, sandbox
from backend.devstack.faults import Script
from backend.devstack.people import Person
from backend.devstack.sandbox import Journal, Json, body_of, reply

_HIDDEN: Final = ("key", "phone", "id_number", "statuses")
"""What the population registry does not hand out."""


class Registry:
    """The rows, and who asked for which."""

    def __init__(self, residents: Iterable[Person], journal: Journal, script: Script) -> None:
        self.key = os.environ.get("REGISTRY_KEY") or "sandbox-registry-key"
        self.clock, self.journal, self.script = sandbox.Clock(), journal, script
        self.people = {one.id_number.upper(): one for one in residents if one.id_number}
        self.forget()

    def forget(self) -> None:
        self.queries: list[Json] = []
        self.said: dict[tuple[str, str], str] = {}
        self.outcomes: Counter[str] = Counter()
        self.script.clear()

    def note(self, path: str, body: Json, outcome: str) -> None:
        self.outcomes[outcome] += 1
        self.queries.append(
            {
                "at": self.clock.now(),
                "path": path,
                "purpose": body.get("purpose"),
                "case": body.get("case"),
                "outcome": outcome,
            }
        )


REGISTRY: Final = web.AppKey("registry", Registry)
Answer = Callable[[Registry, Json], tuple[str, Json]]


def shared(answer: Answer) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a door of the registry: key, purpose, fault script, delay, answer, trace."""

    async def handle(request: web.Request) -> web.StreamResponse:
        registry = request.app[REGISTRY]
        body = await body_of(request)
        rule = registry.script.pick(request.path, {"purpose": str(body.get("purpose"))})
        if rule is not None and rule.stage == "before" and rule.kind != "errcode":
            return await faults.act(rule, request)
        await asyncio.sleep(registry.script.delay())
        status, outcome, content = _answered(registry, request, body, answer)
        registry.note(request.path, body, outcome)
        if rule is not None:
            return await faults.act(rule, request)
        return reply({"trace_id": secrets.token_hex(8), **content}, status)

    return handle


def _answered(
    registry: Registry, request: web.Request, body: Json, answer: Answer
) -> tuple[int, str, Json]:
    if not sandbox.has_key(request, registry.key):
        return 401, "unauthorised", {"code": "unauthorised", "message": "密钥不正确"}
    if not str(body.get("purpose") or "").strip():
        return 422, "no_purpose", {"code": "no_purpose", "message": "未说明查询目的, 拒绝查询"}
    if not isinstance(body.get("id_number"), str):
        return 422, "invalid", {"code": "invalid", "message": "缺少证件号码"}
    outcome, content = answer(registry, body)
    return 200, outcome, {"code": "ok", **content}


def verify(registry: Registry, body: Json) -> tuple[str, Json]:
    """POST /population/verify {name, id_number, case, purpose}: do the two belong together."""
    person = registry.people.get(body["id_number"].upper())
    if person is None:
        return "not_found", {"result": "not_found"}
    matched = person.name == body.get("name")
    return ("matched", {"result": "matched"}) if matched else ("different", {"result": "different"})


def person(registry: Registry, body: Json) -> tuple[str, Json]:
    """POST /population/person {id_number, case, purpose}: one row, without phone and number."""
    found = registry.people.get(body["id_number"].upper())
    if found is None:
        return "not_found", {"person": None}
    row = {name: value for name, value in asdict(found).items() if name not in _HIDDEN}
    return "found", {"person": row}


# 登记库 → 演示居民要有的状态 (people.yaml); the others know everybody the population registry does.
_HOLDS: Final = {
    "disability": "disability_card",
    "lowincome": "low_income",
    "marriage": "married",
    "residence": "residence_permit",
    "veteran": "veteran",
}


def material(registry: Registry, body: Json) -> tuple[str, Json]:
    """POST /materials/verify {registry, id_number, name, material, case, purpose}: is it so."""
    kind, number = str(body.get("registry")), body["id_number"].upper()
    person = registry.people.get(number)
    said = registry.said.get((kind, number)) or _said(kind, person, str(body.get("name") or ""))
    return said, {"result": said}


def _said(kind: str, person: Person | None, name: str) -> str:
    if person is None:
        return "matched" if kind == "legal" else "not_found"
    if name not in ("", person.name):
        return "different"
    wanted = _HOLDS.get(kind)
    return "matched" if wanted is None or wanted in person.statuses else "not_found"


async def say(request: web.Request) -> web.Response:
    """POST /sandbox/say {registry, id_number, result}: what a test wants to be told."""
    body = await body_of(request)
    key = (str(body["registry"]), str(body["id_number"]).upper())
    request.app[REGISTRY].said[key] = str(body["result"])
    return reply({"code": "ok"})


async def oracle(request: web.Request) -> web.Response:
    """Say who was asked for and why, newest last; without the numbers."""
    registry = request.app[REGISTRY]
    return reply(
        {
            "people": len(registry.people),
            "outcomes": dict(registry.outcomes),
            "queries": registry.queries[-1000:],
        }
    )


async def front(_request: web.Request) -> web.Response:
    return web.Response(
        text="人口库沙箱: POST /population/verify, /population/person, /materials/verify\n"
    )


def build(registry: Registry) -> web.Application:
    app = sandbox.application(registry.journal, registry.clock, registry.forget)
    app[REGISTRY] = registry
    app.router.add_get("/", front)
    app.router.add_post("/population/verify", shared(verify))
    app.router.add_post("/population/person", shared(person))
    app.router.add_post("/materials/verify", shared(material))
    app.router.add_post("/sandbox/say", say)
    app.router.add_get("/sandbox/oracle", oracle)
    registry.script.routes(app)
    return app


def main() -> None:
    options = sandbox.command_line("registry", 9003)
    chosen = options.parse_args()
    registry = Registry(
        people.load(chosen.people),
        sandbox.journal_in(None, "registry"),
        Script(chosen.latency_ms),
    )
    sandbox.serve(build(registry), name="人口库沙箱", port=chosen.port)


if __name__ == "__main__":
    main()
