"""The message push (消息推送): events to the mini-program's one callback address, with retries."""

import asyncio
import itertools
import random
import time
from collections import Counter
from collections.abc import AsyncIterator
from dataclasses import asdict, dataclass
from typing import Final

import aiohttp
from aiohttp import web

from backend.devstack.sandbox import Json
from backend.devstack.wechat import sealing
from backend.devstack.wechat.state import World

DEADLINE: Final = 5.0
RETRIES: Final = 3
AT_ONCE: Final = 16


@dataclass(slots=True)
class Manner:
    """How events are pushed; a test changes it through /sandbox/callback."""

    url: str = ""
    shape: str = "both"
    """json, xml, or both in turn."""
    sent_events: bool = True
    delay_ms: float = 100
    duplicate_percent: float = 0
    reorder_percent: float = 0
    retry_seconds: float = 5
    same_nonce: bool = True
    """A retry repeats the very request; False signs it anew."""


class Push:
    """Delivers events in the background; three retries, five seconds apart."""

    def __init__(self, world: World, manner: Manner) -> None:
        self._world, self._usual, self.manner = world, manner, manner
        self._tasks: set[asyncio.Task[None]] = set()
        self._gate = asyncio.Semaphore(AT_ONCE)
        self._turn = itertools.cycle(("json", "xml"))
        self._http: aiohttp.ClientSession | None = None
        self.counts: Counter[str] = Counter()
        world.tell = self.put

    def put(self, event: Json) -> None:
        """Take an event; give it a time, and push it once or, by the script, twice or late."""
        manner = self.manner
        if not manner.url:
            return
        if event["Event"] == "subscribe_msg_sent_event" and not manner.sent_events:
            return
        created = int(self._world.clock.now())
        event = {"CreateTime": created, "MsgType": "event", **event}
        late = random.random() * 100 < manner.reorder_percent
        self._start(event, manner.delay_ms / 1000 + (random.uniform(0.5, 2) if late else 0))
        if random.random() * 100 < manner.duplicate_percent:
            self.counts["duplicated"] += 1
            self._start(event, random.uniform(0.05, 1))

    def forget(self) -> None:
        for task in self._tasks:
            task.cancel()
        self.counts.clear()
        self.manner = self._usual

    async def live(self, _app: web.Application) -> AsyncIterator[None]:
        """Keep one HTTP session while the sandbox runs."""
        timeout = aiohttp.ClientTimeout(total=DEADLINE)
        async with aiohttp.ClientSession(timeout=timeout) as self._http:
            yield
            for task in self._tasks:
                task.cancel()

    def shown(self) -> Json:
        return {**asdict(self.manner), "counts": dict(self.counts), "waiting": len(self._tasks)}

    def _start(self, event: Json, delay: float) -> None:
        task = asyncio.create_task(self._deliver(event, delay))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _deliver(self, event: Json, delay: float) -> None:
        await asyncio.sleep(delay)
        sealed = self._sealed(event)
        for attempt in range(RETRIES + 1):
            if attempt:
                await asyncio.sleep(self.manner.retry_seconds)
                self.counts["retried"] += 1
                sealed = sealed if self.manner.same_nonce else self._sealed(event)
            if await self._once(sealed):
                self.counts["acknowledged"] += 1
                return
        self.counts["given_up"] += 1

    def _sealed(self, event: Json) -> Json:
        shape = next(self._turn) if self.manner.shape == "both" else self.manner.shape
        # The signature's time is the real one: the receiver's clock does not move with ours.
        return sealing.seal(event, self._world.credentials, shape, time.time())

    async def _once(self, sealed: Json) -> bool:
        """Post once; `success` or an empty body within five seconds is an acknowledgement."""
        if self._http is None:
            return False
        headers = {"Content-Type": sealed["content_type"]}
        self.counts["sent"] += 1
        try:
            async with (
                self._gate,
                self._http.post(
                    self.manner.url, params=sealed["query"], data=sealed["body"], headers=headers
                ) as response,
            ):
                answer = (await response.text()).strip()
                return response.status == 200 and answer in ("", "success")
        except (aiohttp.ClientError, TimeoutError):
            self.counts["unreachable"] += 1
            return False
