"""
Kills (杀进程): `python -m benchmarks.kills` against the city that `make run` has up.

2,000 notices go out through the real lane; ten times its worker dies by SIGKILL (and with
`--valkey` Valkey as well), and the supervisor brings it back. The sandbox judges: nothing lies in
a phone twice, nothing is missing from an inbox, and what was not in a dead hand is delivered
within 75 seconds of the last kill.
"""

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import time
import urllib.request
from typing import Any

import django

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "backend.config.settings")
django.setup()

from django.conf import settings  # noqa: E402  (Django must be up first)

from backend.devstack import places  # noqa: E402
from notifications import actions, kinds, tasks  # noqa: E402
from notifications.models import Delivery, Notification  # noqa: E402
from tests.factories import notices  # noqa: E402

S = Delivery.State
OPEN = (S.WAITING, S.RETRY, S.CLAIMED)
PATIENCE = 75.0


def main() -> int:
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--notices", type=int, default=2000)
    options.add_argument("--kills", type=int, default=10)
    options.add_argument("--valkey", action="store_true", help="also kill Valkey, half way")
    asked = options.parse_args()
    _sandbox("faults", {"latency_ms": 100})
    ours, before = _written(asked.notices), _sandbox("oracle")
    tasks.ring("rt")
    for i in range(asked.kills):
        _wait_for_progress(ours, before["accepted"], asked, i)
        _kill("rt")
        if asked.valkey and i == asked.kills // 2:
            _kill("valkey")
        print(f"  第 {i + 1} 次 kill -9", flush=True)
    seconds = _drained(ours)
    _sandbox("faults", {"latency_ms": 0})
    return _verdict(ours, before, asked, seconds)


def _written(count: int) -> list[int]:
    """Write one notice for each of `count` new readers, who have all granted it in WeChat too."""
    readers = notices.readers(count, prefix=f"kills-{time.time_ns():x}")
    template = settings.WECHAT_TEMPLATES["A"][1]
    _sandbox("subscribe", {"everyone": True, "template_id": template, "times": 5})
    kind = kinds.KINDS["case.submitted"]
    letters = [
        actions.Letter(reader.pk, kind, {"number": notices.number(n), "item": "高龄津贴"})
        for n, reader in enumerate(readers)
    ]
    assert actions.send_many(letters=letters) == count
    return [reader.pk for reader in readers]


def _left(ours: list[int]) -> int:
    return Delivery.objects.filter(account__in=ours, state__in=OPEN).count()


def _wait_for_progress(ours: list[int], base: int, asked: argparse.Namespace, i: int) -> None:
    """Kill when the i-th part is out, at an odd moment; or when nothing moves any more."""
    wanted = base + asked.notices * i // (2 * asked.kills)
    deadline = time.monotonic() + PATIENCE
    while _sandbox("oracle")["accepted"] < wanted and time.monotonic() < deadline and _left(ours):
        time.sleep(0.1)
    time.sleep(random.Random(i).random() * 0.4)  # a fixed seed: the same run again


def _kill(name: str) -> None:
    """Kill a child of the supervisor and its own children, once it is (back) up."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        crew: list[dict[str, Any]] = json.loads((places.DATA / "processes.json").read_text("utf-8"))
        for child in (child for child in crew if child["name"] == name):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(os.getpgid(child["pid"]), signal.SIGKILL)
                return
        time.sleep(0.2)
    raise SystemExit(f"没有找到进程 {name}: make run 是否在运行?")


def _drained(ours: list[int]) -> float:
    began = time.monotonic()
    while _left(ours) and time.monotonic() - began < 2 * PATIENCE:
        time.sleep(0.5)
    return time.monotonic() - began


def _verdict(
    ours: list[int], before: dict[str, Any], asked: argparse.Namespace, seconds: float
) -> int:
    after = _sandbox("oracle")
    inbox = Notification.objects.filter(account__in=ours).count()
    states = Delivery.objects.filter(account__in=ours).values_list("state", flat=True)
    found = {state: list(states).count(state) for state in sorted(set(states))}
    doubled = after["duplicates"] - before["duplicates"]
    checks = {
        f"手机里重复的 {doubled} 条": doubled == 0,
        f"收件箱 {inbox}/{asked.notices} 条": inbox == asked.notices,
        f"最后一次之后 {seconds:.0f} 秒发完 (剩 {_left(ours)})": seconds <= PATIENCE
        and not _left(ours),
    }
    for claim, holds in checks.items():
        print(f"{'✓' if holds else '✗'} {claim}")
    print(f"  投递状态: {found}")
    return 0 if all(checks.values()) else 1


def _sandbox(what: str, body: dict[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"{settings.WECHAT_BASE_URL}/sandbox/{what}",
        data=json.dumps(body).encode() if body is not None else None,
        headers={"Content-Type": "application/json"},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return json.load(answer)


if __name__ == "__main__":
    sys.exit(main())
