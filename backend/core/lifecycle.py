"""A lifecycle is a table: one row per verb. Cases share it with what has states later."""

from collections.abc import Iterable
from dataclasses import dataclass

from backend.core.errors import Conflict


class IllegalMove(Conflict):
    code, title = "illegal_move", "当前状态不能进行此操作, 请刷新后再看"


@dataclass(frozen=True, slots=True)
class Move:
    verb: str
    sources: frozenset[str]
    target: str
    duty: str
    clock: str = ""
    notice: str = ""


class Lifecycle:
    """The rows; a verb may have several, with sources that do not overlap."""

    def __init__(self, rows: Iterable[Move]) -> None:
        self.rows = list(rows)
        self.moves: dict[str, list[Move]] = {}
        for row in self.rows:
            self.moves.setdefault(row.verb, []).append(row)

    def move(self, verb: str, status: str) -> Move:
        """
        Return the row that `verb` follows out of `status`.

        :raises IllegalMove: the table has no such row.
        """
        for row in self.moves[verb]:
            if status in row.sources:
                return row
        raise IllegalMove(verb=verb, state=status)

    def verbs_from(self, status: str) -> list[str]:
        return [row.verb for row in self.rows if status in row.sources]
