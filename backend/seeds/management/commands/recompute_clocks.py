"""`manage.py recompute_clocks`: every running date anew, by the calendar as it stands (重算)."""

import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand

from backend.cases import actions


class Command(BaseCommand):
    help = "放假安排公布后重算在办时限: 保留原值, 对居民承诺的日期只会提前; 平时由时钟自动运行"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--anew", action="store_true", help="日历没有变也重算, 如改了黄灯阈值")

    def handle(self, *_args: object, **options: object) -> None:
        began = time.monotonic()
        moved = actions.recompute_clocks(anew=bool(options["anew"]))
        self.stdout.write(f"{moved} 件的日期有变, 用时 {time.monotonic() - began:.1f} 秒")
