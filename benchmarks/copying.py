"""COPY (灌入): rows as PostgreSQL's text format, and tables without their indexes meanwhile."""

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from datetime import date, datetime
from typing import Any
from uuid import UUID

import orjson
import psycopg
from django.db.models import NOT_PROVIDED, Model

from benchmarks import progress

_BUILDERS = 2  # indexes built at a time; each may use helpers of its own


def _text(value: str) -> str:
    if "\\" in value:
        value = value.replace("\\", "\\\\")
    if "\n" in value or "\t" in value or "\r" in value:
        value = value.replace("\n", "\\n").replace("\t", "\\t").replace("\r", "\\r")
    return value


_WRITE: dict[type, Any] = {
    type(None): lambda _value: "\\N",
    str: _text,
    int: str,
    bool: lambda value: "t" if value else "f",
    bytes: lambda value: "\\\\x" + value.hex(),
    datetime: datetime.isoformat,
    date: date.isoformat,
    UUID: str,
    dict: lambda value: _text(orjson.dumps(value).decode()),
    list: lambda value: _text(orjson.dumps(value).decode()),
}


class Table:
    """A model's table, filled by column: those named here row by row, the rest by their default."""

    def __init__(self, model: type[Model], columns: Sequence[str]) -> None:
        meta = model._meta  # noqa: SLF001
        names = {field.attname: field for field in meta.concrete_fields}
        unknown = [name for name in columns if name not in names]
        if unknown:
            raise ValueError(f"{meta.db_table} 没有这些列: {', '.join(unknown)}")
        rest = [field for name, field in names.items() if name not in columns and name != "id"]
        blind = [
            field.attname
            for field in rest
            if field.default is NOT_PROVIDED
            and not (field.null or (field.empty_strings_allowed and field.blank))
        ]
        if blind:
            raise ValueError(f"{meta.db_table} 的这些列没有默认值, 需要写出: {', '.join(blind)}")
        self.name = meta.db_table
        self.columns = [*columns, *(field.column for field in rest)]
        self.rest = "".join(f"\t{written(field.get_default())}" for field in rest) + "\n"

    def line(self, *values: object) -> str:
        """Return one row, its values in the order of the columns named."""
        return "\t".join([_WRITE[type(value)](value) for value in values]) + self.rest

    def copy(self, connection: psycopg.Connection[Any], lines: Sequence[str]) -> None:
        if not lines:
            return
        columns = ", ".join(f'"{name}"' for name in self.columns)
        with connection.cursor().copy(f'COPY "{self.name}" ({columns}) FROM STDIN') as copy:
            copy.write("".join(lines).encode())


def written(value: object) -> str:
    return str(_WRITE[type(value)](value))


_INDEXES = """
SELECT c.relname, i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid), con.conname
FROM pg_index i
JOIN pg_class c ON c.oid = i.indrelid
LEFT JOIN pg_constraint con ON con.conindid = i.indexrelid AND con.contype = 'u'
WHERE c.relname = ANY(%s) AND c.relnamespace = 'public'::regnamespace AND NOT i.indisprimary
ORDER BY c.relpages DESC, 1, 2
"""
_REFERENCES = """
SELECT conrelid::regclass::text, conname, pg_get_constraintdef(oid)
FROM pg_constraint
WHERE contype = 'f' AND conrelid::regclass::text = ANY(%s)
ORDER BY 1, 2
"""


@contextmanager
def bare(url: str, tables: Sequence[str]) -> Iterator[None]:
    """
    Take indexes and references away while tables are filled, and put the very same ones back.

    Putting a reference back checks every row, so what was filled in is proven to hold together.
    """
    with psycopg.connect(url, autocommit=True) as connection:
        indexes = connection.execute(_INDEXES, [list(tables)]).fetchall()
        references = connection.execute(_REFERENCES, [list(tables)]).fetchall()
        for table, name, _definition in references:
            connection.execute(f'ALTER TABLE {table} DROP CONSTRAINT "{name}"')
        for table, name, _definition, constraint in indexes:
            drop = f'ALTER TABLE {table} DROP CONSTRAINT "{constraint}"'
            connection.execute(drop if constraint else f"DROP INDEX {name}")
    yield
    _restore(url, "索引", [[definition] for _table, _name, definition, _constraint in indexes])
    by_table: dict[str, list[str]] = {}
    for table, name, _definition, constraint in indexes:
        if constraint:
            using = f'ADD CONSTRAINT "{constraint}" UNIQUE USING INDEX {name}'
            by_table.setdefault(table, []).append(f"ALTER TABLE {table} {using}")
    for table, name, definition in references:
        by_table.setdefault(table, []).append(
            f'ALTER TABLE {table} ADD CONSTRAINT "{name}" {definition}'
        )
    _restore(url, "外键", list(by_table.values()))


def _restore(url: str, label: str, groups: list[list[str]]) -> None:
    """Run groups of statements two at a time; the statements of a group in order."""

    def run(group: list[str]) -> int:
        with psycopg.connect(url, autocommit=True) as connection:
            connection.execute("SET maintenance_work_mem = '512MB'")
            for statement in group:
                connection.execute(statement)
        return len(group)

    with (
        ThreadPoolExecutor(_BUILDERS) as pool,
        progress.Bar(label, sum(map(len, groups))) as bar,
    ):
        for done in pool.map(run, groups):
            bar.add(done)
