"""The course (流程): what one `make bench` does, from an empty folder to the table."""

import argparse
import cProfile
import pstats
import sys
import time
from collections.abc import Sequence

from django.db import connection
from django.test import Client

from backend.seeds import checking
from benchmarks import dispatching, limit, load, machine, progress, report, seed, statements
from benchmarks.report import Report, Row
from benchmarks.scenarios import Scenario, World
from benchmarks.servers import DATA, Servers

_ROUNDS, _MOST_ROUNDS = 3, 6  # pairs of slices, application and pgbench; more while disturbed
_QUIET, _SLICE = 0.05, 0.6  # others' share of the machine in a quiet slice; a slice is shorter
# Real requests a pgbench run draws from: many, so that it works as wide a field as the application;
# fewer where each client prepares them all first.
_SCRIPTS_SIMPLE, _SCRIPTS_PREPARED = 96, 16
_LOOKS = 32  # requests whose statements and plans are looked at
_PROFILED = 200
DISPATCH, FSCK = "dispatch", "fsck"
_FSCK_SECONDS = 60  # a million cases


def run(options: argparse.Namespace, servers: Servers) -> int:
    """Seed, look, measure, compare, judge; 1 is for a bad plan, a failed answer, a lost notice."""
    plan = sown(options, servers)
    servers.web()
    world = World(plan)
    chosen = [one for one in world.scenarios() if not options.only or one.key in options.only]
    if options.profile:
        profile([one for one in chosen if one.key in options.profile])
        return 0
    found = Report(machine.line(), options.scale, sizes())
    look_at_plans(chosen, found, quiet=options.quiet)
    turns = limit.prepare(servers.database)
    try:
        for scenario in chosen:
            if scenario.measured:
                measure(scenario, servers, found, turns, options)
    finally:
        limit.clean(servers.database)
    if not options.only or DISPATCH in options.only:
        dispatch(servers, plan, found, options)
    if not options.only or FSCK in options.only:
        prove(found)
    report.judge_rows(found)
    tell(found)
    return 0 if found.sound else 1


def sown(options: argparse.Namespace, servers: Servers) -> seed.Plan:
    """Return the city to measure, sown where it does not stand yet."""
    if options.fresh or seed.is_taken(servers.database, scale=options.scale):
        servers.renew()
    began = time.monotonic()
    seed.prepare()
    plan = seed.ensure(scale=options.scale, url=servers.database)
    seed.freshen()
    progress.say(f"数据就绪, 用时 {time.monotonic() - began:.0f} 秒")
    return plan


def sizes() -> str:
    rows = statements.sizes()
    named = (
        ("residents_resident", "居民"),
        ("cases_case", "办件"),
        ("cases_casestep", "环节"),
        ("cases_caseevent", "痕迹"),
    )
    return ", ".join(f"{label} {rows.get(table, 0):,}" for table, label in named)


def look_at_plans(chosen: Sequence[Scenario], found: Report, *, quiet: bool) -> None:
    """Count the statements of every request, and read the plan of each: no large table whole."""
    rows = statements.sizes()
    for scenario in chosen:
        asks = scenario.asks(4 if scenario.measured else _LOOKS)
        statements.capture(asks[0])  # what a process keeps once read is not part of a request
        shapes = {}
        for ask in asks[1:]:
            asked = statements.capture(ask)
            shapes.setdefault(statements.shape(asked), (ask, asked))
        most = max(len(asked) for _, asked in shapes.values())
        found.statements[scenario.key] = most
        if scenario.is_list:
            wanted = f"≤ {report.MOST_STATEMENTS} 条"
            reached = most <= report.MOST_STATEMENTS
            found.insist(f"{scenario.label} 语句数", wanted, f"{most} 条", reached=reached)
        scanned: list[str] = []
        for ask, asked in shapes.values():
            if not quiet:
                print(f"\n── {scenario.label}  {ask.path}  {len(asked)} 条语句")
            for statement in asked:
                plan = statements.explain(statement, rows)
                scanned += [f"{ask.path} {table}" for table in plan.scanned]
                if not quiet:
                    print("   " + " ".join(statement.sql.split())[:110])
                    print("\n".join(f"      {line}" for line in plan.lines))
        told = "; ".join(sorted(set(scanned))[:3])
        found.insist(
            f"{scenario.label} 不全表扫描", "0", told or "0", reached=not scanned, note=told
        )


def measure(
    scenario: Scenario,
    servers: Servers,
    found: Report,
    turns: limit.Turns,
    options: argparse.Namespace,
) -> None:
    """Let 1, 16 and 64 clients ask; at 16 in turns with pgbench, so that both meet one day."""
    for clients in options.clients:
        if clients == report.TARGET_CLIENTS:
            row = compare(scenario, servers, turns, options.seconds)
        else:
            row = Row(scenario, load.drive(task_of(scenario, servers, clients, options.seconds)))
        found.rows.append(row)
        result = row.result
        progress.say(
            f"{scenario.label} {clients} 并发: {result.rate:,.0f}/秒, p95 {result.p95:.1f} ms"
            + "".join(f", pgbench {mode} {row.limits[mode].tps:,.0f}" for mode in row.limits)
            + (f", 失败 {result.bad}: {result.sample}" if result.bad else "")
        )


def task_of(scenario: Scenario, servers: Servers, clients: int, seconds: float) -> load.Task:
    warm = min(1.5, seconds / 2)
    once = scenario.key == "submit"
    count = round((seconds + warm) * 900) if once else 2_000
    return load.Task(
        port=servers.port,
        requests=[ask.raw for ask in scenario.asks(count)],
        clients=clients,
        seconds=seconds,
        warm=warm,
        once=once,
        watch={"web": servers.pid("web"), "postgres": servers.pid("postgres")},
    )


def compare(scenario: Scenario, servers: Servers, turns: limit.Turns, seconds: float) -> Row:
    """Ask the application and PostgreSQL alone in turns; the least disturbed pair counts."""
    scripts: dict[limit.Mode, list[limit.Script]] = {
        "simple": scripts_of(scenario, turns, _SCRIPTS_SIMPLE),
        "prepared": scripts_of(scenario, turns, _SCRIPTS_PREPARED),
    }
    pairs: list[tuple[load.Result, dict[str, limit.Rate]]] = []
    while len(pairs) < _ROUNDS or (len(pairs) < _MOST_ROUNDS and _disturbed(pairs) > _QUIET):
        asked = load.drive(task_of(scenario, servers, report.TARGET_CLIENTS, seconds * _SLICE))
        rates = {
            mode: limit.run(
                scripts[mode],
                url=servers.database,
                clients=report.TARGET_CLIENTS,
                seconds=seconds * _SLICE,
                mode=mode,
                postmaster=servers.pid("postgres"),
            )
            for mode in scripts
        }
        pairs.append((asked, rates))
    asked, rates = min(pairs, key=_disturbance)
    return Row(
        scenario, asked, rates, {mode: asked.rate / rate.tps for mode, rate in rates.items()}
    )


def _disturbance(pair: tuple[load.Result, dict[str, limit.Rate]]) -> float:
    """Return how much of the machine others took from the application's or pgbench's slice."""
    asked, rates = pair
    return max(asked.others, rates["simple"].others)


def _disturbed(pairs: list[tuple[load.Result, dict[str, limit.Rate]]]) -> float:
    return min(map(_disturbance, pairs))


def scripts_of(scenario: Scenario, turns: limit.Turns, count: int) -> list[limit.Script]:
    """Write real requests as scripts; a submission is really made once, to see its statements."""
    submits = scenario.key == "submit"
    scripts = []
    for n, ask in enumerate(scenario.asks(count)[:count]):
        asked = statements.capture(ask)
        number = limit.latest() if submits else ""
        scripts.append(limit.script(asked, f"s{n}", number, turns if submits else None))
    connection.close()
    return scripts


def prove(found: Report) -> None:
    """Let fsck go over the whole city, with what the measuring added to it."""
    began = time.monotonic()
    broken = list(checking.of_cases(jobs=0))
    seconds = time.monotonic() - began
    cases = statements.sizes()["cases_case"]
    per_million = seconds / cases * 1_000_000
    found.insist("fsck 不符", "0", str(len(broken)), reached=not broken, note="; ".join(broken[:3]))
    found.judge(
        "fsck 每百万办件",
        f"≤ {_FSCK_SECONDS} 秒",
        f"{per_million:.0f} 秒 ({cases:,} 件用 {seconds:.0f} 秒)",
        reached=per_million <= _FSCK_SECONDS,
    )


def dispatch(servers: Servers, plan: seed.Plan, found: Report, options: argparse.Namespace) -> None:
    """Let a pile of notices go out."""
    servers.crew.stop(["web"])
    done = dispatching.drain(servers, plan, round(min(options.seconds, 5) * 1_200))
    found.dispatch = {"rate": done.rate, "accepted": done.accepted, "seconds": done.seconds}
    found.dispatch |= {f"cpu_us_{name}": spent for name, spent in done.cpu.items()}
    found.judge(
        "通知派发(应答 100 ms)",
        f"≥ {options.dispatch_rate}/秒",
        f"{done.rate:.0f}/秒",
        reached=done.rate >= options.dispatch_rate,
    )
    whole = done.accepted == done.asked and not done.duplicates
    told = f"{done.accepted}/{done.asked}, 重复 {done.duplicates}"
    found.insist("通知派发 不丢不重", "全部一次", told, reached=whole)


def tell(found: Report) -> None:
    """Print the table and the targets, and leave the JSON."""
    print(f"\n{found.machine}\n数据: {found.sizes} (规模 {found.scale:g})\n")
    print(report.table(found))
    if found.rows:
        others = max(row.result.others for row in found.rows)
        print(f"\n测量时机器上其他程序占用 CPU 最多 {others:.0%}; 数据库与施压也在这台机器上。")
    if found.dispatch:
        shown = {name: round(value, 1) for name, value in found.dispatch.items()}
        print(
            f"\n通知派发: {shown['rate']:,.0f}/秒, {shown['accepted']:,.0f} 条用时 "
            f"{shown['seconds']} 秒; 每条 CPU: 后台任务 {shown['cpu_us_worker']:,.0f} µs, "
            f"数据库 {shown['cpu_us_postgres']:,.0f} µs"
        )
    print(f"\n{report.targets(found)}\n")
    for one in found.judgements:
        if not one.reached:
            print(f"✗ {one.what}: {one.found} (目标 {one.wanted}) {one.note}", file=sys.stderr)
    print(f"结果文件 {report.save(found, DATA / 'results')}")


def profile(chosen: Sequence[Scenario]) -> None:
    """Say what a figure is made of: the functions a request spends its time under."""
    for scenario in chosen:
        asks, client = scenario.asks(_PROFILED + 20), Client()
        for ask in asks[:20]:
            ask.inside(client)
        profiler = cProfile.Profile()
        began = time.perf_counter()
        profiler.enable()
        for ask in asks[20:]:
            ask.inside(client)
        profiler.disable()
        each = (time.perf_counter() - began) / len(asks[20:]) * 1e3
        print(f"\n══ {scenario.label}: {each:.2f} ms 每次 (带计时器, 进程内)")
        shown = pstats.Stats(profiler)
        shown.sort_stats("cumulative").print_stats(25)
        shown.sort_stats("tottime").print_stats(25)
