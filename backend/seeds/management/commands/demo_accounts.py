"""`manage.py demo_accounts`: who can be tried out, and how (演示账号)."""

from django.core.management.base import BaseCommand

from backend.seeds import demo

_RESIDENTS = ("li-guihua", "wang-fang", "zhao-deming")
_STAFF = (
    "shiti-worker",
    "yanjiang-zhen-window",
    "yanjiang-zhen-review",
    "yanjiang-mz",
    "yanjiang-mz-head",
    "yanjiang-supervisor",
    "city-items",
)


class Command(BaseCommand):
    help = "列出演示账号"

    def handle(self, *_args: object, **_options: object) -> None:
        people = {row["key"]: row for row in demo.people()}
        staff = {row["key"]: row for row in demo.staff()}
        self.stdout.write("居民 (登录码每个只能用一次, 结尾可任意更换):")
        for key in _RESIDENTS:
            person = people[key]
            self.stdout.write(f"  {person['name']}  demo-{key}-1  {person['residence_address']}")
        self.stdout.write(f"工作人员 (密码都是 {demo.PASSWORD}, 演示关闭动态口令):")
        for key in _STAFF:
            self.stdout.write(f"  {key:<22} {staff[key]['name']}  {staff[key]['role']}")
