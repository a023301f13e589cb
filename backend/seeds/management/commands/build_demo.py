"""`manage.py build_demo`: the demo city, once (演示城市)."""

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError

from backend.seeds import demo


class Command(BaseCommand):
    help = "建立演示城市: 工作人员、居民、办件; 重复运行不会重复建立"

    def handle(self, *_args: object, **_options: object) -> None:
        if settings.PRODUCTION:
            raise CommandError("生产模式不建立演示数据")
        for line in demo.build():
            self.stdout.write(line)
            self.stdout.flush()
