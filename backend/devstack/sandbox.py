"""
What every sandbox (沙箱) shares: a command line, a clock that can be moved, health, a quiet end.

A sandbox is a process of its own that speaks the protocol of an outside system. It knows nothing of
Django and nothing of us, so it can be the judge of what we send.
"""

import argparse
import asyncio
import errno
import hmac
import json
import math
import random
import sys
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from pathlib import Path
from typing import Any

from aiohttp import web

Json = dict[str, Any]


class Clock:
    """The time inside a sandbox: the real one, until a test moves or stops it."""

    def __init__(self) -> None:
        self.ahead = 0.0
        self._stopped_at: float | None = None

    def now(self) -> float:
        """Return seconds since 1970, UTC."""
        return (self._stopped_at or time.time()) + self.ahead

    def set(self, wish: Mapping[str, Any]) -> None:
        """Move by `advance` seconds or to `at` (epoch), `stop`, or be the real time again."""
        if wish.get("real"):
            self.ahead, self._stopped_at = 0.0, None
        if wish.get("stop"):
            self._stopped_at = time.time()
        if "at" in wish:
            self.ahead = float(wish["at"]) - (self._stopped_at or time.time())
        self.ahead += float(wish.get("advance", 0))


class Journal:
    """Append-only JSON lines, so that a second start remembers the first."""

    def __init__(self, path: Path | None) -> None:
        self._path = path
        self._waiting: list[str] = []

    def replay(self) -> Iterator[Json]:
        """Yield every whole entry; a line torn by a kill is left out."""
        if self._path is None or not self._path.exists():
            return
        with self._path.open(encoding="utf-8") as lines:
            for line in lines:
                try:
                    yield json.loads(line)
                except ValueError:
                    continue

    def write(self, **entry: Any) -> None:
        if self._path is not None:
            self._waiting.append(json.dumps(entry, ensure_ascii=False, separators=(",", ":")))

    def clear(self) -> None:
        self._waiting.clear()
        if self._path is not None:
            self._path.unlink(missing_ok=True)

    def flush(self) -> None:
        if self._path is None or not self._waiting:
            return
        lines, self._waiting = self._waiting, []
        with self._path.open("a", encoding="utf-8") as file:
            file.write("\n".join(lines) + "\n")

    async def keep(self, _app: web.Application) -> AsyncIterator[None]:
        """Flush in the background while the sandbox runs, and once more at its end."""

        async def tick() -> None:
            while True:
                await asyncio.sleep(0.5)
                self.flush()

        task = asyncio.create_task(tick())
        yield
        task.cancel()
        self.flush()


def lognormal(mean_ms: float, sigma: float) -> float:
    """Return one delay in seconds from a lognormal whose mean is `mean_ms` milliseconds."""
    if mean_ms <= 0:
        return 0.0
    return random.lognormvariate(math.log(mean_ms) - sigma**2 / 2, sigma) / 1000


def command_line(module: str, port: int) -> argparse.ArgumentParser:
    """Return the options every sandbox takes."""
    options = argparse.ArgumentParser(prog=f"python -m backend.devstack.{module}")
    options.add_argument("--port", type=int, default=port)
    options.add_argument("--data", type=Path, help="folder of the journal; without it, memory only")
    options.add_argument("--people", type=Path, help="the demo residents, YAML")
    options.add_argument("--latency-ms", type=float, default=0, help="mean delay of every answer")
    return options


def journal_in(folder: Path | None, name: str) -> Journal:
    if folder is not None:
        folder.mkdir(parents=True, exist_ok=True)
    return Journal(folder / f"{name}.jsonl" if folder else None)


def reply(body: Any, status: int = 200) -> web.Response:
    return web.json_response(body, status=status, dumps=_dumps)


def _dumps(body: Any) -> str:
    return json.dumps(body, ensure_ascii=False)


async def body_of(request: web.Request) -> Json:
    """Return the JSON object of a control call; an empty body is an empty object."""
    raw = await request.read()
    try:
        body = json.loads(raw) if raw else {}
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise web.HTTPBadRequest(text="请求内容应为 JSON 对象")
    return body


def has_key(request: web.Request, key: str) -> bool:
    """Say whether a call carries the key its owner was given, in X-Api-Key."""
    return hmac.compare_digest(request.headers.get("X-Api-Key", "").encode(), key.encode())


def application(journal: Journal, clock: Clock, forget: Callable[[], None]) -> web.Application:
    """Return an app with what all of them answer: /healthz, /sandbox/clock, /sandbox/reset."""
    app = web.Application(client_max_size=2 * 1024 * 1024)

    async def health(_request: web.Request) -> web.Response:
        return reply({"status": "ok", "now": clock.now()})

    async def move(request: web.Request) -> web.Response:
        clock.set(await body_of(request))
        return reply({"now": clock.now()})

    async def reset(_request: web.Request) -> web.Response:
        clock.set({"real": True})
        journal.clear()
        forget()
        return reply({"status": "ok"})

    app.router.add_get("/healthz", health)
    app.router.add_post("/sandbox/clock", move)
    app.router.add_post("/sandbox/reset", reset)
    app.cleanup_ctx.append(journal.keep)
    return app


def serve(app: web.Application, *, name: str, port: int) -> None:
    """Serve on 127.0.0.1 until SIGINT or SIGTERM."""
    try:
        web.run_app(
            app,
            host="127.0.0.1",
            port=port,
            access_log=None,
            shutdown_timeout=1,
            print=lambda _text: print(f"{name} http://127.0.0.1:{port}", flush=True),
        )
    except OSError as error:
        if error.errno != errno.EADDRINUSE:
            raise
        sys.exit(f"端口 {port} 已被占用, {name} 没有启动; 请换一个端口, 或先停止占用它的程序")
