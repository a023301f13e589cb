"""
Kept statements (留用语句): a hot query that the ORM writes once; then only its values change.

Turning a queryset into SQL costs more than PostgreSQL needs to answer it. A kept statement pays
that once a process and shape, so the SQL stays the ORM's own and can never drift from the models.
Rows come as tuples, in the order of the queryset's `values_list`.
"""

import functools
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import count
from typing import Any, TypeVar
from uuid import UUID

from django.core.exceptions import EmptyResultSet
from django.db import DEFAULT_DB_ALIAS, connection
from django.db.models import Model, QuerySet

Row = tuple[Any, ...]
_M = TypeVar("_M", bound=Model)
_FIRST = datetime(9000, 1, 1, tzinfo=UTC)
# A mark is a value of the right type that no real value equals; the compiled statement shows where
# it went. A list stands for any number of values.
_MARKS: dict[Any, Callable[[int], Any]] = {
    int: lambda n: 2**62 + n,
    str: lambda n: f"\ue000mark{n}",
    bytes: lambda n: b"\xffmark" + bytes([n]),
    date: lambda n: _FIRST.date() + timedelta(days=n),
    datetime: lambda n: _FIRST + timedelta(days=n),
    UUID: lambda n: UUID(int=2**127 + n),
    list[int]: lambda n: [2**62 + n],
    list[str]: lambda n: [f"\ue000mark{n}"],
}
_ARRAYS: dict[Any, str] = {list[int]: "bigint[]", list[str]: "text[]"}


@dataclass(frozen=True, slots=True)
class _Statement:
    """SQL, and for each parameter the name of its value, or the constant that stands there."""

    sql: str
    parts: Sequence[tuple[str | None, Any]]
    converters: Any
    compiler: Any

    def params(self, given: dict[str, Any]) -> list[Any]:
        """Fill the values in; a number keeps the width the ORM gave it, so the plan is shared."""
        return [
            part if name is None else (part(given[name]) if part else given[name])
            for name, part in self.parts
        ]


@functools.cache
def columns(model: type[Model]) -> tuple[str, ...]:
    """Return all columns of a model, for a `values_list` that `read` turns into an instance."""
    return tuple(field.attname for field in model._meta.concrete_fields)  # noqa: SLF001 (Django's)


def read(model: type[_M], values: Sequence[Any]) -> _M:
    """Return an instance from the values of its `columns`."""
    return model.from_db(DEFAULT_DB_ALIAS, columns(model), values)


class Kept:
    """A statement by the shapes it comes in."""

    def __init__(self, build: Callable[..., QuerySet[Any, Any]], **values: Any) -> None:
        """
        Keep what `build` writes.

        :param build: returns a `values_list` queryset; may be called again for another shape.
        :param values: the names of `build`'s arguments that are values, each with its type: int,
            str, bytes, date, datetime, UUID, list[int], list[str]. Whatever else is given to
            `rows` (a limit, which filters there are) makes a statement of its own.
        """
        self._build, self._values = build, values
        self._kept: dict[tuple[tuple[str, Any], ...], _Statement | None] = {}

    def rows(self, **given: Any) -> list[Row]:
        """Run it; arguments that are no values must be hashable."""
        shape = tuple((name, value) for name, value in given.items() if name not in self._values)
        try:
            statement = self._kept[shape]
        except KeyError:
            statement = self._kept[shape] = self._write(shape)
        if statement is None:
            return []
        with connection.cursor() as cursor:
            cursor.execute(statement.sql, statement.params(given))
            rows: list[Row] = cursor.fetchall()
        if statement.converters:
            converted = statement.compiler.apply_converters(rows, statement.converters)
            return [tuple(row) for row in converted]
        return rows

    def one(self, **given: Any) -> Row | None:
        """Return the first row, if there is one."""
        rows = self.rows(**given)
        return rows[0] if rows else None

    def _write(self, shape: tuple[tuple[str, Any], ...]) -> _Statement | None:
        """Let the ORM write the statement; None where it knows that no row can be found."""
        marks = {name: _MARKS[kind](n) for n, (name, kind) in zip(count(), self._values.items())}
        query = self._build(**marks, **dict(shape)).query
        compiler = query.get_compiler(DEFAULT_DB_ALIAS)
        try:
            sql, params = compiler.as_sql()
        except EmptyResultSet:
            return None
        shown = [compiler.select[n][0] for n in range(compiler.col_count or 0)]
        parts = [self._part(param, marks) for param in params]
        arrays = [_ARRAYS.get(self._values[name]) if name else None for name, _ in parts]
        return _Statement(_listed(sql, arrays), parts, compiler.get_converters(shown), compiler)

    def _part(self, param: Any, marks: dict[str, Any]) -> tuple[str | None, Any]:
        """Return whose value a parameter is, and the type that makes it; or the constant."""
        param = getattr(param, "obj", param)  # bytes come wrapped
        for name, mark in marks.items():
            if isinstance(mark, str) and isinstance(param, str) and mark in param:
                return name, _pattern(param, mark) if mark != param else None
            if param in ((mark, mark[0]) if isinstance(mark, list) else (mark,)):
                width = type(param) if isinstance(param, int) and type(param) is not int else None
                return name, None if isinstance(mark, list) else width
        return None, param


def _pattern(param: str, mark: str) -> Callable[[str], str]:
    """Return what makes a pattern of LIKE from a text: what stood around it, its own signs bare."""
    before, _, after = param.partition(mark)
    return lambda text: f"{before}{connection.ops.prep_for_like_query(text)}{after}"


def _listed(sql: str, arrays: Sequence[str | None]) -> str:
    """Write `IN (%s)` as `= ANY(%s::bigint[])` where the value is a list of any length."""
    found = iter(arrays)

    def placed(match: re.Match[str]) -> str:
        if match[0] == "%%":
            return "%%"
        array = next(found)
        if not array:
            return match[0]
        return f"= ANY(%s::{array})" if match[0] != "%s" else f"%s::{array}"

    return re.sub(r"%%|IN \(%s\)|%s", placed, sql)
