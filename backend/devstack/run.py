"""
`make run` (启动平台): the whole city in one terminal, and its quiet end.

The order is the one that shows a page soonest: servers and sandboxes, schema, web, then reference
data, demo city and workers. What has not changed since the last start is not done again.
"""

import json
import os
import shutil
import sys
import time
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from urllib.parse import urlsplit

from backend.devstack import environment, fingerprint, leftovers, places, ports, stack
from backend.devstack.console import Console
from backend.devstack.processes import Child, Crew
from backend.devstack.trouble import CannotRun, Interrupted

LANES = {
    "rt": "即时通知",
    "due": "定时提醒",
    "bulk": "批量通知",
    "cb": "回调处理",
    "maint": "日常维护",
}
CELERY = (sys.executable, "-m", "celery", "-A", "backend.config.celery:app")
SILENCE = 10.0  # seconds after which a silent step says that it goes on


class City:
    """One running platform: its settings, its children, and what the screen says."""

    def __init__(self, console: Console, crew: Crew, settings: dict[str, str]) -> None:
        self.console, self.crew, self.settings = console, crew, settings
        self.data = places.DATA
        self.host = settings.get("WEB_HOST", "127.0.0.1")
        self.production = settings.get("MODE") == "production"
        self.addresses: dict[str, str] = {}

    def start(self) -> None:
        """
        Bring everything up.

        :raises CannotRun: a port is taken, a step fails, or something does not become healthy.
        """
        self._refuse_sandboxes_in_production()
        self.port = ports.web(self.settings, self.host)
        base = self._serve()
        changed = self._prepare(base)
        self._build(changed=changed)
        self._work()
        self._healthy()

    def _refuse_sandboxes_in_production(self) -> None:
        missing = [name for name in environment.ADDRESSES if not self.settings.get(name)]
        if self.production and missing:
            raise CannotRun(f"生产模式不使用内嵌服务与沙箱, 请设置: {', '.join(missing)}")

    def _serve(self) -> stack.Stack:
        """Start the servers, and let `manage.py` in other terminals know where they are."""
        memory = self.data / "ports.json"
        chosen = ports.allot(
            ports.SERVERS, environment=self.settings, remembered=ports.recall(memory)
        )
        ports.remember(memory, chosen)
        callback = f"http://127.0.0.1:{self.port}/wechat/callback"
        base = stack.Stack(self.crew, self.settings, self.data, chosen, callback_url=callback)
        self.addresses = base.start()
        for service in stack.SERVICES:
            shown = environment.shown(self.addresses[service.setting])
            source = f"由 {service.setting} 指定" if base.given(service) else "内嵌"
            self.console.step(f"{service.label}({source}): {shown}")
        ours = [service.setting for service in stack.SERVICES if not base.given(service)]
        self.addresses["EMBEDDED"] = ",".join(ours)
        self.addresses["WEB_BASE_URL"] = f"http://127.0.0.1:{self.port}"
        environment.announce(self.data / "servers.env", self.addresses)
        return base

    def _prepare(self, base: stack.Stack) -> bool:
        """Bring the schema up to date where it may not be, and start the web server."""
        mark = self.data / "built"
        known = mark.read_text(encoding="utf-8") if mark.exists() else ""
        embedded = not base.given(stack.DATABASE)
        changed = not embedded or base.fresh or known != fingerprint.of(places.ROOT)
        if changed:
            mark.unlink(missing_ok=True)
            self._manage("整理数据库结构", "migrate", "--noinput", "-v", "0")
        shutil.rmtree(self.data / "metrics", ignore_errors=True)
        places.folder(self.data / "metrics")
        self.crew.start(self._web())
        live = partial(stack.healthy, self.port, "/health/live", self._reachable())
        self.crew.until(live, seconds=60, otherwise=self._late("网站"))
        self.console.step(f"网站已可访问: http://127.0.0.1:{self.port}")
        return changed

    def _build(self, *, changed: bool) -> None:
        """Load the reference data and build the demo city, and remember that it is done."""
        if not changed:
            self.console.step("参考数据与演示数据没有变化, 直接沿用")
            return
        self._manage("装载参考数据", "load_reference")
        if not self.production:
            self._manage("建立演示数据", "build_demo")
            lines = self._manage("", "demo_accounts")
            places.write_private(self.data / "demo_accounts.txt", "\n".join(lines))
        (self.data / "built").write_text(fingerprint.of(places.ROOT), encoding="utf-8")

    def _work(self) -> None:
        """Start one worker a lane, and beat, which rings them."""
        for lane, label in LANES.items():
            one = ("--pool", "prefork", "-c", "1", "--without-gossip", "--without-mingle")
            command = (*CELERY, "worker", "-Q", lane, "-n", f"{lane}@%h", *one)
            self.crew.start(self._python(lane, f"后台任务({label})", command))
        self.crew.start(self._python("beat", "定时器", (*CELERY, "beat")))
        self.console.step(f"后台任务启动中: {'、'.join(LANES.values())}、定时器")

    def _healthy(self) -> None:
        """Wait until the web server, the database behind it and the workers say they are well."""
        ready = partial(stack.healthy, self.port, "/health/ready", self._reachable())
        self.crew.until(ready, seconds=60, otherwise=self._late("网站 (/health/ready) "))
        self.crew.until(
            self._patiently(partial(self._workers_reported, time.monotonic()), "后台任务"),
            seconds=120,
            otherwise=self._late("后台任务 (/health/workers) "),
            every=0.5,
        )
        self.console.step("全部就绪")

    def _workers_reported(self, since: float) -> bool:
        """Say whether every lane beat after `since`: the beats of the last run prove nothing."""
        code, body = stack.get(self.port, "/health/workers", self._reachable())
        if code != 200:
            return False
        ages: list[int] = [lane["seconds"] for lane in json.loads(body)["lanes"].values()]
        return max(ages) <= time.monotonic() - since

    def _patiently(self, holds: Callable[[], bool], who: str) -> Callable[[], bool]:
        """Return the same question, which says now and then that it is still being asked."""
        began = spoken = time.monotonic()

        def asked() -> bool:
            nonlocal spoken
            now = time.monotonic()
            if now - spoken > SILENCE:
                self.console.detail(f"……等待{who}报到 ({now - began:.0f} 秒)")
                spoken = now
            return holds()

        return asked

    def _late(self, what: str) -> str:
        return f"{what}没有按时就绪, 请查看 {self.crew.logs} 下的日志。"

    def _reachable(self) -> str:
        return "127.0.0.1" if self.host in {"0.0.0.0", "::"} else self.host

    def _web(self) -> Child:
        options = {
            "--interface": "wsgi",
            "--host": self.host,
            "--port": str(self.port),
            "--workers": self.settings.get("WEB_WORKERS") or str(min(2, os.cpu_count() or 1)),
            "--blocking-threads": self.settings.get("WEB_THREADS", "3"),
            "--http": "1",
            "--log-level": "warning",
            "--workers-kill-timeout": "5",
        }
        flags = [part for pair in options.items() for part in pair]
        more = ("--no-ws", "--respawn-failed-workers", "backend.config.wsgi:application")
        return self._python("web", "网站", (sys.executable, "-m", "granian", *flags, *more))

    def _python(self, name: str, label: str, command: tuple[str, ...]) -> Child:
        around = {**self._environment(), "PROMETHEUS_MULTIPROC_DIR": str(self.data / "metrics")}
        return Child(name, label, command, around, places.ROOT, vital=name == "web")

    def _environment(self) -> Mapping[str, str]:
        return environment.for_children(self.settings, self.addresses)

    def _manage(self, label: str, *arguments: str) -> list[str]:
        """
        Run a management command, showing what it says under its label; without one, in silence.

        :return: the lines it printed.
        :raises CannotRun: it failed; the end of its log is told.
        """
        lines: list[str] = []
        began = spoken = time.monotonic()

        def hear(line: str | None) -> None:
            nonlocal spoken
            if line is not None:
                lines.append(line)
            now = time.monotonic()
            if label and (line or now - spoken > SILENCE):
                self.console.detail(line or f"……仍在进行 ({now - began:.0f} 秒)")
                spoken = now

        if label:
            self.console.step(f"{label} ……")
        code = self.crew.run(
            [sys.executable, "manage.py", *arguments],
            name="manage",
            environment=self._environment(),
            cwd=places.ROOT,
            hear=hear,
        )
        if code:
            tail = "\n".join(f"    {line}" for line in self.crew.tail("manage"))
            command = f"manage.py {' '.join(arguments)}"
            raise CannotRun(
                f"{command} 失败 (返回码 {code}), {self.crew.log_of('manage')} 的结尾:\n{tail}"
            )
        return lines

    def introduce(self) -> None:
        """Print where everything is, who may sign in, and at last the line that says READY."""
        web = self.addresses["WEB_BASE_URL"]
        say = self.console.plain
        row = self.console.row
        say()
        row("接口文档", f"{web}/api/docs")
        row("居民端接口", f"{web}/api/v1/")
        row("工作人员端接口", f"{web}/api/staff/v1/")
        row("运行状况", f"{web}/health/ready  {web}/metrics")
        for service in stack.SANDBOXES:
            if not self.settings.get(service.setting):
                row(service.label, f"{self.addresses[service.setting]}/")
        accounts = self.data / "demo_accounts.txt"
        if accounts.exists() and not self.production:
            say(f"\n{accounts.read_text(encoding='utf-8')}")
        say("\n另开一个终端执行 make story, 看一件事从申请到办结; 按 Ctrl-C 停止。")
        names = {"WEB_BASE_URL": "web"} | {s.setting: s.module for s in stack.SANDBOXES}
        pairs = (f"{name}={self.addresses[setting]}" for setting, name in names.items())
        say(f"READY {' '.join(pairs)}")


def main() -> int:
    """Run the city until somebody ends it; return 0 for that, 1 where it could not go on."""
    console = Console()
    try:
        return _run(console)
    except CannotRun as trouble:
        print(f"\n✗ {trouble}", file=sys.stderr, flush=True)
        return 1


def _run(console: Console) -> int:
    data = places.data_folder()
    logs, notes = places.folder(data / "log"), data / "processes.json"
    running = environment.read(data / "servers.env").get("WEB_BASE_URL", "")
    where = f" ({running})" if urlsplit(running).port else ""
    refusal = f"平台已在本目录运行{where}。要重新启动, 请先在原来的终端按 Ctrl-C。"
    with places.only_one(data / "run.lock", refusal):
        if left := leftovers.end(notes):
            console.step(f"已清理上次未正常结束的进程: {'、'.join(left)}")
        crew = Crew(logs=logs, notes=notes, say=console.step)
        city = City(console, crew, environment.settings())
        with crew.listening():
            try:
                city.start()
                city.introduce()
                while True:
                    crew.pause(3600)
            except Interrupted:
                console.plain()
                console.step("正在停止 ……")
            finally:
                stack.stop(crew)
                _forget(data / "servers.env", notes)
    console.step("已停止。数据保留在 .data, 再次 make run 继续; make reset 清空。")
    return 0


def _forget(*paths: Path) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    sys.exit(main())
