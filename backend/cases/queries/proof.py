"""
Proof of the trace (痕迹验证): every event hashed anew, every walk followed, row by row.

An edit, a deletion or another order of the rows of `cases_caseevent` breaks a chain at the first
row that was touched; a cut tail is seen at the case, which keeps how many events there are and
the last hash. (等保三级: 审计记录不可改; 领域说明 §1.4 痕迹信息.)
"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import orjson
import psycopg
from django.db import connection

from backend.cases import fold, numbers, trace

CHUNK = 20_000  # cases read at once
_EVENTS = """
COPY (
    SELECT held.id, held.number, held.status, held.event_count, encode(held.event_head, 'hex'),
           event.seq, event.verb, event.actor_id,
           (extract(epoch FROM event.at) * 1000000)::bigint,
           event.status, event.step, event.details::text,
           encode(event.prev_hash, 'hex'), encode(event.hash, 'hex'), event.id,
           CASE WHEN coalesce(event.seq, 1) = 1 THEN json_build_object(
             'outcome', held.outcome,
             'clock', json_build_array(held.clock_from, held.promised_total,
                                       held.statutory_total, held.paused_on),
             'decided_at', (extract(epoch FROM held.decided_at) * 1000000)::bigint,
             'closed_at', (extract(epoch FROM held.closed_at) * 1000000)::bigint,
             'open', (SELECT json_agg(step.key) FROM cases_casestep step
                       WHERE step.case_id = held.id AND step.state = 'open'),
             'stood', (SELECT json_agg(json_build_array(stop.began_on, stop.ended_on)
                                       ORDER BY stop.began_on, stop.id)
                         FROM cases_clockstop stop
                        WHERE stop.case_id = held.id AND stop.ended_on > stop.began_on)
           )::text END
      FROM cases_case held LEFT JOIN cases_caseevent event ON event.case_id = held.id
     WHERE held.id >= {first} AND held.id < {last}
     ORDER BY held.id, event.seq
) TO STDOUT
"""


@dataclass(frozen=True, slots=True)
class Break:
    """Where a chain breaks: the case, the event's place and row, and what is wrong."""

    number: str
    seq: int
    event_id: int | None
    why: str

    def __str__(self) -> str:
        row = f"(cases_caseevent.id={self.event_id})" if self.event_id else ""
        return f"{self.number} 第{self.seq}条{row}: {self.why}"


def spans() -> list[tuple[int, int]]:
    """Return ranges of case ids, [first, last), each small enough to be read at once."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT min(id), max(id) FROM cases_case")
        first, last = cursor.fetchone()
    if first is None:
        return []
    return [(at, at + CHUNK) for at in range(first, last + 1, CHUNK)]


def breaks(first: int, last: int) -> Iterator[Break]:
    """Yield every break in the chains of cases with `first` ≤ id < `last`, the first a case."""
    connection.ensure_connection()
    raw: psycopg.Connection[tuple[object, ...]] = connection.connection
    chain: _Chain | None = None
    with raw.cursor().copy(_EVENTS.format(first=int(first), last=int(last))) as rows:
        for row in rows.rows():
            if chain is None or chain.case_id != row[0]:
                if chain and (found := chain.end()):
                    yield found
                chain = _Chain(row)
            if row[5] is not None:
                chain.add(row)
    if chain and (found := chain.end()):
        yield found


class _Chain:
    """One case's events as they are read; remembers the first thing that is wrong."""

    __slots__ = ("broken", "case_id", "count", "folded", "head", "number", "prev", "seq", "stands")

    def __init__(self, row: tuple[str, ...]) -> None:
        self.case_id, self.number = row[0], row[1]
        self.count, self.head = int(row[3]), row[4]
        self.prev, self.seq, self.folded = "", 0, fold.Folded()
        self.stands: dict[str, Any] = {"status": row[2], **(orjson.loads(row[15] or "{}"))}
        self.broken: Break | None = None
        try:
            numbers.read(self.number)
        except numbers.BadNumber as slip:
            self.broken = Break(self.number, 0, None, slip.title)

    def add(self, row: tuple[str, ...]) -> None:
        if self.broken:
            return
        self.seq += 1
        event = _shape(row)
        if why := self._why(event, row) or self._walks(event):
            self.broken = Break(self.number, self.seq, int(row[14]), why)
        self.prev = row[13]

    def _why(self, event: dict[str, Any], row: tuple[str, ...]) -> str:
        if event["seq"] != self.seq:
            return f"缺第{self.seq}条, 有记录被删除或改了次序"
        if row[12] != self.prev:
            return "与前一条接不上, 前面的记录被改动或被调换"
        made = trace.link(prev=bytes.fromhex(self.prev), number=self.number, event=event)
        return "" if made.hex() == row[13] else "内容与留存的摘要不符, 这条记录被改动"

    def _walks(self, event: dict[str, Any]) -> str:
        try:
            self.folded.take(event)
        except fold.BrokenWalk as broken:
            return str(broken)
        return ""

    def end(self) -> Break | None:
        if self.broken:
            return self.broken
        if self.seq != self.count or self.prev != self.head:
            return Break(
                self.number, self.seq + 1, None, f"应有{self.count}条, 末尾的记录被删除或追加"
            )
        if why := "; ".join(fold.differences(self.folded, self.stands)):
            return Break(self.number, self.seq, None, f"痕迹与办件不符: {why}")
        return None


def _shape(row: tuple[str, ...]) -> dict[str, Any]:
    return {
        "seq": int(row[5]),
        "verb": row[6],
        "actor": int(row[7]),
        "at": int(row[8]),
        "status": row[9],
        "step": row[10],
        "details": orjson.loads(row[11]),
    }
