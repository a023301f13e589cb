"""Notice dispatch (通知派发): real rows, the real worker, and a WeChat that answers in 100 ms."""

import http.client
import json
import time
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account, WeChatIdentity
from benchmarks import machine, progress
from benchmarks.plan import Plan
from benchmarks.servers import LATENCY_MS, Servers
from notifications import actions, kinds, tasks
from notifications.models import Delivery, Heartbeat, Notification, Quota

LANE, KIND = "rt", "case.accepted"
_RING_EVERY, _LOOK_EVERY = 2.0, 0.5  # beat rings a lane every two seconds
_LONGEST = 120.0
_S = Delivery.State
_LEFT = (_S.WAITING, _S.CLAIMED, _S.RETRY)


@dataclass(frozen=True, slots=True)
class Drained:
    """How a pile of notices went out. CPU microseconds are for one message."""

    asked: int
    accepted: int
    duplicates: int
    seconds: float
    cpu: dict[str, float]

    @property
    def rate(self) -> float:
        return self.accepted / self.seconds if self.seconds else 0.0


def drain(servers: Servers, plan: Plan, count: int) -> Drained:
    """
    Lay `count` notices for as many residents at once, and watch the dispatcher send them.

    The worker is the one `make run` starts for this lane, rung as beat would ring it.
    """
    Delivery.objects.filter(state__in=_LEFT).update(state=_S.SKIPPED, reason="bench")
    _control(servers, "reset", {})
    _control(servers, "faults", {"latency_ms": LATENCY_MS})
    how, template = settings.WECHAT_TEMPLATES[kinds.KINDS[KIND].template]
    _control(servers, "subscribe", {"everyone": True, "template_id": template, "times": 1_000})
    people = _readers(plan, count, template, how)
    began_pid = servers.worker(LANE)
    _wait_for_worker()
    watched = {
        "worker": servers.pid(LANE),
        "postgres": servers.pid("postgres"),
        "wechat": servers.pid("wechat"),
    }
    before = {name: machine.cpu_seconds([pid]) for name, pid in watched.items()}
    mark = f"bench:{time.time_ns()}"
    begun = timezone.now()
    with transaction.atomic():
        actions.send_many(letters=_letters(people, mark))
    mine = Delivery.objects.filter(notification__dedupe_key__startswith=mark)
    last = _watch(mine, len(people))
    spent = {name: machine.cpu_seconds([pid]) - before[name] for name, pid in watched.items()}
    servers.crew.stop([began_pid.name])
    oracle = _control(servers, "oracle")
    done = Drained(
        asked=len(people),
        accepted=int(oracle["accepted"]),
        duplicates=int(oracle["duplicates"]),
        seconds=((last or begun) - begun).total_seconds(),
        cpu={name: seconds * 1e6 / max(len(people), 1) for name, seconds in spent.items()},
    )
    _forget(mark)
    return done


def _control(servers: Servers, what: str, wish: dict[str, Any] | None = None) -> dict[str, Any]:
    """Ask the sandbox's own side; a wish is posted."""
    address = urlsplit(servers.addresses["WECHAT_BASE_URL"])
    link = http.client.HTTPConnection(address.hostname or "", address.port, timeout=30)
    if wish is None:
        link.request("GET", f"/sandbox/{what}")
    else:
        link.request("POST", f"/sandbox/{what}", body=json.dumps(wish))
    answer: dict[str, Any] = json.loads(link.getresponse().read())
    link.close()
    return answer


def _readers(plan: Plan, count: int, template: str, how: str) -> list[int]:
    """Return accounts of residents, each with a quota that lets a message through."""
    accounts = list(
        Account.objects.filter(name__startswith="r-bench-")
        .order_by("name")
        .values_list("pk", flat=True)[: min(count, plan.residents)]
    )
    identities = WeChatIdentity.objects.filter(account__in=accounts).values_list("pk", flat=True)
    Quota.objects.bulk_create(
        [Quota(identity_id=pk, template_id=template, type=how, balance=100) for pk in identities],
        update_conflicts=True,
        unique_fields=["identity", "template_id"],
        update_fields=["balance"],
    )
    return accounts


def _letters(people: list[int], mark: str) -> list[actions.Letter]:
    kind = kinds.KINDS[KIND]
    params = {
        "item": "80周岁以上老年人高龄津贴",
        "short_item": "高龄津贴",
        "days": "15",
        "due_on": "2026-12-31",
        "status_text": "办理中",
        "next_step": "初审",
    }
    return [
        actions.Letter(
            account_id=account,
            kind=kind,
            params={**params, "number": f"51200210020261123{n:06d}1"},
            dedupe_key=f"{mark}:{n}",
        )
        for n, account in enumerate(people)
    ]


def _wait_for_worker() -> None:
    """Ring until the worker has come: it notes its heart when it does."""
    since, deadline = timezone.now(), time.monotonic() + 60
    while time.monotonic() < deadline:
        tasks.ring(LANE)
        time.sleep(0.5)
        if _heart() and _heart() > since:
            time.sleep(1.0)
            return
    raise RuntimeError("后台任务没有启动, 请看 .data/bench/log/rt.log")


def _heart() -> datetime | None:
    beats = Heartbeat.objects.filter(worker__startswith=LANE)
    return beats.order_by("-at").values_list("at", flat=True).first()


def _watch(mine: Any, count: int) -> datetime | None:
    """Ring as beat does until nothing is left to send; return when the last one was accepted."""
    deadline, rung = time.monotonic() + _LONGEST, time.monotonic()
    with progress.Bar("派发", count) as bar:
        while time.monotonic() < deadline:
            left = mine.filter(state__in=_LEFT).count()
            bar.add(count - left - bar.done)
            if not left:
                break
            if time.monotonic() - rung > _RING_EVERY:
                rung = time.monotonic()
                tasks.ring(LANE)
            time.sleep(_LOOK_EVERY)
    return mine.order_by("-accepted_at").values_list("accepted_at", flat=True).first()


def _forget(mark: str) -> None:
    """Leave the database as it was found; only attempts stay, which nothing may delete."""
    Notification.objects.filter(dedupe_key__startswith=mark).update(dedupe_key=None)
