"""`manage.py verify_trace`: every chain of events hashed anew (痕迹验证)."""

from argparse import ArgumentParser

from django.core.management.base import BaseCommand, CommandError

from backend.seeds import checking


class Command(BaseCommand):
    help = "逐条验证办件痕迹的摘要链; 有改动、删除、调换时指出是哪一行, 返回码 1"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--jobs", type=int, default=0, help="并行进程数, 默认为核数")

    def handle(self, *_args: object, **options: object) -> None:
        found = 0
        for line in checking.chains(jobs=int(str(options["jobs"]))):
            found += 1
            self.stdout.write(line)
        if found:
            raise CommandError(f"{found} 条痕迹链验证不符")
        self.stdout.write("痕迹链全部相符")
