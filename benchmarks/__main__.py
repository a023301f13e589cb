"""`make bench` (压测): seed, measure, compare with PostgreSQL alone, judge. docs/benchmarks.md."""

import argparse
import importlib
import sys

import django

from backend.devstack.trouble import CannotRun, Interrupted
from benchmarks import servers

SMALL = 0.1


def options(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--scale", type=float, default=1.0, help="1.0: 30 万居民, 100 万办件")
    parser.add_argument("--only", type=_words, default=[], help="只测这些场景, 逗号分隔")
    parser.add_argument("--seconds", type=float, default=0, help="每项测几秒")
    parser.add_argument("--clients", type=_numbers, default=[], help="并发数, 逗号分隔")
    parser.add_argument("--profile", type=_words, default=[], help="不测速, 说明时间花在哪里")
    parser.add_argument("--fresh", action="store_true", help="重新造数")
    parser.add_argument("--quiet", action="store_true", help="不打印执行计划")
    parser.add_argument("--dispatch-rate", type=int, default=300, help=argparse.SUPPRESS)
    asked = parser.parse_args(arguments)
    small = asked.scale < SMALL
    asked.seconds = asked.seconds or (1.0 if small else 5.0)
    asked.clients = asked.clients or ([1, 16] if small else [1, 16, 64])
    return asked


def _words(text: str) -> list[str]:
    return [word for word in text.split(",") if word]


def _numbers(text: str) -> list[int]:
    return [int(word) for word in _words(text)]


def main(course: str = "benchmarks.course") -> int:
    """Start the bench's own servers, then run a course beside them."""
    asked = options()
    try:
        with servers.running(asked.scale) as running:
            django.setup()  # only now are the addresses known; what uses models is imported after
            return int(importlib.import_module(course).run(asked, running))
    except CannotRun as trouble:
        print(f"\n✗ {trouble}", file=sys.stderr)
        return 1
    except Interrupted:
        return 130


if __name__ == "__main__":
    sys.exit(main())
