"""`manage.py fsck`: the invariants, proved on a live database (一致性检查)."""

import time
from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from backend.seeds import checking


class Command(BaseCommand):
    help = "检查数据一致性: 状态、时限、痕迹链、通知、文件; 有不符时逐条列出, 返回码 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--jobs", type=int, default=0, help="并行进程数, 默认为核数")

    def handle(self, *_args: object, **options: object) -> None:
        began, found = time.monotonic(), 0
        for line in checking.everything(jobs=int(str(options["jobs"]))):
            found += 1
            self.stdout.write(line)
        seconds = time.monotonic() - began
        if found:
            raise CommandError(f"{found} 处不符, 用时 {seconds:.0f} 秒")
        self.stdout.write(f"全部相符, 用时 {seconds:.0f} 秒")
