"""`manage.py load_reference`: calendar, divisions, custody, offices, items, rules."""

from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser

from backend.accounts import actions as accounts
from backend.catalogue.files import Unreadable
from backend.core.errors import Invalid
from backend.seeds import reference


class Command(BaseCommand):
    help = "装载基础数据: 工作日历、区划、托管、部门、事项、提醒规则; 可重复运行"

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--data", type=Path, default=reference.DATA, help="数据目录")

    def handle(self, *_args: object, data: Path, **_options: object) -> None:
        try:
            for part, tally in reference.load(actor=accounts.system_account(), data=data):
                self.stdout.write(f"{part}: {tally}")
                self.stdout.flush()
        except (Invalid, Unreadable) as refused:
            raise CommandError(str(refused).replace("; ", "\n  ")) from None
