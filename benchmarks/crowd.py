"""The crowd (冲击): 64 clients submit at once, and every single application is accounted for."""

import argparse
import json
from collections import Counter

from django.db import connection

from backend.cases.models import Case
from benchmarks import load, progress
from benchmarks.course import sown
from benchmarks.scenarios import World
from benchmarks.servers import Servers

CLIENTS = 64
_MOST_A_SECOND = 900


def run(options: argparse.Namespace, servers: Servers) -> int:
    """Let them all submit at once, then ask the database what became of it."""
    plan = sown(options, servers)
    servers.web()
    scenario = next(one for one in World(plan).scenarios() if one.key == "submit")
    seconds = options.seconds
    asks = scenario.asks(round(seconds * _MOST_A_SECOND))
    connection.close()
    before = _standing()
    progress.say(f"{CLIENTS} 个客户端提交 {seconds:.0f} 秒 ……")
    result = load.drive(
        load.Task(
            port=servers.port,
            requests=[ask.raw for ask in asks],
            clients=CLIENTS,
            seconds=seconds,
            once=True,
            keep=True,
            watch={"web": servers.pid("web"), "postgres": servers.pid("postgres")},
        )
    )
    numbers = [json.loads(body)["number"] for _, status, body in result.answers if status == 201]
    added = _standing() - before
    rows = set(Case.objects.filter(number__in=numbers).values_list("number", flat=True))
    twice = [number for number, count in Counter(numbers).items() if count > 1]
    lost = [number for number in numbers if number not in rows]
    failed = sum(count for status, count in result.statuses.items() if status >= 500)
    silent = result.statuses.get(0, 0)
    print(
        f"\n{CLIENTS} 个客户端 {seconds:.0f} 秒: 提交 {result.asked:,} 次, "
        f"{len(numbers) / seconds:.0f} 件/秒, p95 {result.p95:.0f} ms\n"
        f"应答 {dict(sorted(result.statuses.items()))}\n"
        f"重复编号 {len(twice)}; 丢失办件 {len(lost)}; 5xx {failed}; 无应答 {silent}; "
        f"新增办件 {added:,} (201 共 {len(numbers):,})"
    )
    whole = sum(result.statuses.values()) == result.asked and added == len(numbers)
    good = whole and not (twice or lost or failed or silent)
    print("通过" if good else f"未通过 {result.sample}")
    return 0 if good else 1


def _standing() -> int:
    return Case.objects.count()
