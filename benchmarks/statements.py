"""Statements (语句): what one request asks the database, and the plan the database makes of it."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import psycopg
from django.db import connection
from django.test import Client
from psycopg.adapt import PyFormat, Transformer

from benchmarks.scenarios import Ask

LARGE = 10_000  # rows: from here on a sequential scan is a fault
_PLANNED = 6  # the sixth execution of a prepared statement is where PostgreSQL settles on a plan
_CHANGES = re.compile(r"\s*(INSERT|UPDATE|DELETE)|.*?\b(INSERT INTO|UPDATE|DELETE FROM)\b", re.S)


@dataclass(frozen=True, slots=True)
class Statement:
    """One statement as the application sent it; `%s` stands for each parameter."""

    sql: str
    params: tuple[Any, ...]
    in_transaction: bool

    @property
    def changes(self) -> bool:
        return _CHANGES.match(self.sql) is not None

    @property
    def numbered(self) -> str:
        """Return the text with $1, $2 … for its parameters."""
        numbers = iter(range(1, len(self.params) + 1))
        return _placed(self.sql, lambda: f"${next(numbers)}")


def _placed(sql: str, name: Any) -> str:
    return re.sub(r"%%|%s", lambda found: "%" if found[0] == "%%" else name(), sql)


def capture(ask: Ask) -> list[Statement]:
    """
    Return the statements of one request, asked in this process.

    :raises RuntimeError: the answer was no success.
    """
    client, found = Client(), []

    def note(execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:  # noqa: FBT001
        named = isinstance(params, Mapping)
        if named:
            sql, params = _positional(sql, params)
        atomic = connection.in_atomic_block
        for row in params if many else [params]:
            found.append(Statement(sql, tuple(row or ()), atomic))
        return execute(sql, params, many, context)

    with connection.execute_wrapper(note):
        answer = ask.inside(client)
    if not 200 <= answer.status_code < 300:
        raise RuntimeError(f"{ask.path} → {answer.status_code} {answer.content.decode()[:300]}")
    return found


def _positional(sql: str, params: Mapping[str, Any]) -> tuple[str, list[Any]]:
    """Turn %(name)s into %s."""
    names = re.findall(r"%\((\w+)\)s", sql)
    return re.sub(r"%\(\w+\)s", "%s", sql), [params[name] for name in names]


def text_of(value: object) -> str | None:
    """Return a parameter as the text PostgreSQL reads it from, as the driver would send it."""
    if value is None:
        return None
    connection.ensure_connection()
    dumper = Transformer(connection.connection).get_dumper(value, PyFormat.TEXT)
    dumped = dumper.dump(value)
    return bytes(dumped).decode()


def literal(value: object) -> str:
    connection.ensure_connection()
    return psycopg.ClientCursor(connection.connection).mogrify("%s", [value])


@dataclass(frozen=True, slots=True)
class Plan:
    """What PostgreSQL does for a statement, line by line, and the large tables it reads whole."""

    lines: list[str]
    scanned: list[str]


def explain(statement: Statement, sizes: Mapping[str, int]) -> Plan:
    """
    Return the plan PostgreSQL settles on for a prepared statement, with what it took.

    A statement that changes rows is planned and not run.
    """
    changes = statement.changes
    options = "COSTS OFF, FORMAT JSON" if changes else "ANALYZE, BUFFERS, TIMING OFF, FORMAT JSON"
    values = ", ".join(literal(value) for value in statement.params)
    given = f"({values})" if values else ""
    connection.ensure_connection()
    cursor = connection.connection.cursor()
    raw = psycopg.ClientCursor(connection.connection)
    raw.execute(f"PREPARE looked_at AS {statement.numbered}")
    try:
        for _ in range(0 if changes else _PLANNED - 1):
            raw.execute(f"EXECUTE looked_at{given}")
        raw.execute(f"EXPLAIN ({options}) EXECUTE looked_at{given}")
        (tree,) = raw.fetchone()[0]
    finally:
        cursor.execute("DEALLOCATE looked_at")
    nodes = list(_walk(tree["Plan"], 0))
    lines = [_line(node, depth) for node, depth in nodes]
    scanned = [
        f"{node['Relation Name']} ({sizes[node['Relation Name']]:,} 行)"
        for node, _ in nodes
        if node["Node Type"] == "Seq Scan" and sizes.get(node["Relation Name"], 0) > LARGE
    ]
    return Plan(lines, scanned)


def _walk(node: dict[str, Any], depth: int) -> Iterator[tuple[dict[str, Any], int]]:
    yield node, depth
    for inner in node.get("Plans", []):
        yield from _walk(inner, depth + 1)


def _line(node: dict[str, Any], depth: int) -> str:
    words = [node["Node Type"]]
    if "Index Name" in node:
        words.append(node["Index Name"])
    if "Relation Name" in node:
        words.append(f"on {node['Relation Name']}")
    if "Actual Rows" in node:
        pages = node.get("Shared Hit Blocks", 0) + node.get("Shared Read Blocks", 0)
        words.append(f"(rows={node['Actual Rows']:g}×{node['Actual Loops']:g} pages={pages})")
    return "  " * depth + " ".join(words)


def sizes() -> dict[str, int]:
    """Return how many rows each table has, as its statistics tell."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT relname, reltuples::bigint FROM pg_class WHERE relkind = 'r'")
        return dict(cursor.fetchall())


def shape(statements: Sequence[Statement]) -> str:
    """Return what two requests that ask the same have in common."""
    return "\n".join(re.sub(r"(%s, )+%s", "%s …", one.sql) for one in statements)
