"""The report (结果): one table for people, one JSON file for machines, and what was not reached."""

import json
import os
import unicodedata
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks.limit import Rate
from benchmarks.load import Result
from benchmarks.scenarios import Scenario

MOST_STATEMENTS = 8
TARGET_CLIENTS = 16


@dataclass(slots=True)
class Row:
    """One scenario with one number of clients."""

    scenario: Scenario
    result: Result
    limits: dict[str, Rate] = field(default_factory=dict)
    ratios: dict[str, float] = field(default_factory=dict)  # of the least disturbed pair of slices

    def ratio(self, mode: str) -> float | None:
        return self.ratios.get(mode)


@dataclass(frozen=True, slots=True)
class Judgement:
    """One target and whether it was reached."""

    what: str
    wanted: str
    found: str
    reached: bool
    note: str = ""
    hard: bool = False  # not a matter of speed: a miss fails the run


@dataclass(slots=True)
class Report:
    """All that one run found."""

    machine: str
    scale: float
    sizes: str
    rows: list[Row] = field(default_factory=list)
    statements: dict[str, int] = field(default_factory=dict)
    dispatch: dict[str, float] = field(default_factory=dict)
    judgements: list[Judgement] = field(default_factory=list)

    def judge(self, what: str, wanted: str, found: str, *, reached: bool, note: str = "") -> None:
        """Hold a figure to its target; a slow or crowded machine may miss it."""
        self.judgements.append(Judgement(what, wanted, found, reached, note))

    def insist(self, what: str, wanted: str, found: str, *, reached: bool, note: str = "") -> None:
        """Hold to what is true on every machine: plans, statements, answers, nothing lost."""
        self.judgements.append(Judgement(what, wanted, found, reached, note, hard=True))

    @property
    def sound(self) -> bool:
        return all(one.reached for one in self.judgements if one.hard)

    @property
    def reached(self) -> bool:
        return all(one.reached for one in self.judgements)


HEAD = (
    *("场景", "并发", "请求/秒", "p50 ms", "p95 ms", "p99 ms"),
    *("网站 CPU µs", "数据库 CPU µs", "pgbench", "比率", "pgbench 预编译", "比率"),
)


def table(report: Report) -> str:
    """Return the table, as Markdown that also reads well in a terminal."""
    lines = [_cells(row) for row in report.rows]
    return aligned([list(HEAD), *lines])


def _cells(row: Row) -> list[str]:
    result = row.result
    cells = [
        row.scenario.label,
        str(result.clients),
        f"{result.rate:,.0f}",
        *(f"{value:.1f}" for value in (result.p50, result.p95, result.p99)),
        f"{result.micros('web'):,.0f}",
        f"{result.micros('postgres'):,.0f}",
    ]
    for mode in ("simple", "prepared"):
        limit, ratio = row.limits.get(mode), row.ratio(mode)
        cells += [f"{limit.tps:,.0f}" if limit else "", f"{ratio:.0%}" if ratio else ""]
    return cells


def aligned(rows: Sequence[Sequence[str]]) -> str:
    """Return rows as a Markdown table, padded by what a terminal shows (Chinese is two wide)."""
    widths = [max(_width(row[n]) for row in rows) for n in range(len(rows[0]))]
    lines = []
    for row in rows:
        cells = [cell + " " * (widths[n] - _width(cell)) for n, cell in enumerate(row)]
        lines.append("| " + " | ".join(cells) + " |")
    rule = "|" + "|".join("-" * (width + 2) for width in widths) + "|"
    return "\n".join([lines[0], rule, *lines[1:]])


def _width(text: str) -> int:
    return sum(2 if unicodedata.east_asian_width(sign) in "WF" else 1 for sign in text)


def targets(report: Report) -> str:
    rows = [["指标", "目标", "实测", "结果"]]
    for one in report.judgements:
        rows.append([one.what, one.wanted, one.found, "达到" if one.reached else "未达到"])
    return aligned(rows)


def spent(row: Row) -> str:
    """Say who had the CPU while a row was measured: what limits its figure."""
    result = row.result
    whole = result.seconds * (os.cpu_count() or 1)
    shares = {label: result.cpu.get(name, 0.0) / whole for name, label in _SPENDERS.items()}
    shares["其他程序"] = result.others
    told = ", ".join(f"{label} {share:.0%}" for label, share in shares.items())
    return f"CPU 去向: {told}; 函数见 --profile {row.scenario.key}"


_SPENDERS = {"web": "网站", "postgres": "数据库", "load": "施压"}


def judge_rows(report: Report) -> None:
    """Hold the measured rows to the targets of their scenarios."""
    for row in report.rows:
        scenario, result = row.scenario, row.result
        name = f"{scenario.label} {result.clients} 并发"
        if result.bad:
            report.insist(
                f"{name} 无失败",
                "0",
                f"{result.bad} ({result.statuses})",
                reached=False,
                note=result.sample,
            )
        if result.clients != TARGET_CLIENTS:
            continue
        if scenario.p95:
            found = f"{result.p95:.0f} ms"
            report.judge(
                f"{name} p95",
                f"≤ {scenario.p95:.0f} ms",
                found,
                reached=result.p95 <= scenario.p95,
                note=spent(row),
            )
        if scenario.rate:
            found = f"{result.rate:.0f}/秒"
            report.judge(
                name,
                f"≥ {scenario.rate:.0f}/秒",
                found,
                reached=result.rate >= scenario.rate,
                note=spent(row),
            )
        ratio = row.ratio("simple")
        if scenario.ratio and ratio is not None:
            report.judge(
                f"{name} 与 pgbench 之比",
                f"≥ {scenario.ratio:.0%}",
                f"{ratio:.0%}",
                reached=ratio >= scenario.ratio,
                note=spent(row),
            )


def save(report: Report, folder: Path) -> Path:
    """Write the JSON file and return where it is."""
    folder.mkdir(parents=True, exist_ok=True)
    now = datetime.now().astimezone()
    path = folder / f"{now:%Y%m%d-%H%M%S}.json"
    path.write_text(
        json.dumps(_shaped(report, now), ensure_ascii=False, indent=1) + "\n", encoding="utf-8"
    )
    return path


def _shaped(report: Report, now: datetime) -> dict[str, Any]:
    return {
        "at": now.isoformat(timespec="seconds"),
        "machine": report.machine,
        "scale": report.scale,
        "sizes": report.sizes,
        "rows": [
            {
                "scenario": row.scenario.key,
                "clients": row.result.clients,
                "rate": round(row.result.rate, 1),
                "ms": {"p50": row.result.p50, "p95": row.result.p95, "p99": row.result.p99},
                "cpu_us": {name: round(row.result.micros(name)) for name in row.result.cpu},
                "statuses": row.result.statuses,
                "pgbench": {mode: asdict(rate) for mode, rate in row.limits.items()},
                "ratio": row.ratios,
                "others_share": round(row.result.others, 3),
            }
            for row in report.rows
        ],
        "statements": report.statements,
        "dispatch": report.dispatch,
        "targets": [asdict(one) for one in report.judgements],
        "reached": report.reached,
    }
