"""
The limit (上限): the same statements by pgbench, which does nothing but ask the database.

Each script is one real request's statements, its parameters handed to pgbench as variables, so a
prepared run prepares what the application prepares. What must be new each time (a case's number,
who applies for what) is made by the script itself, for items of its own that are removed again.
"""

import re
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

import psycopg

from backend.cases.models import Case
from benchmarks import machine, servers
from benchmarks.statements import Statement, literal, text_of

Mode = Literal["prepared", "simple"]
ITEMS = 400  # items of our own: with each of them every resident may apply once
_TURN = "benchmark_turn"
_CODE = "BENCH-"


@dataclass(frozen=True, slots=True)
class Rate:
    """Transactions a second, mean milliseconds, PostgreSQL's CPU µs for each, and who disturbed."""

    tps: float
    latency: float
    micros: float
    others: float  # how much of the machine somebody else used meanwhile, 0 to 1


@dataclass(slots=True)
class Script:
    """A pgbench script and the values of its variables."""

    text: str = ""
    variables: dict[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Turns:
    """Who applies for what in pgbench: each resident once for each item of our own."""

    first_item: int
    first_resident: int
    residents: int

    @property
    def item(self) -> str:
        return f"({self.first_item} + currval('{_TURN}') / {self.residents} % {ITEMS})"

    @property
    def applicant(self) -> str:
        return f"({self.first_resident} + currval('{_TURN}') % {self.residents})"


def script(
    statements: Sequence[Statement], name: str, case: str = "", turns: Turns | None = None
) -> Script:
    """
    Write one request as a script.

    :param name: what the variables begin with; unlike any other script of the run.
    :param case: the number of the case the request made; it is replaced by a new one each time.
    """
    made = Script()
    fresh = _Fresh(case, statements, turns) if turns else None
    lines = []
    if fresh:
        lines.append(f"\\set {name}_case random(100000000000000, 999999999999999)")
    within = False
    for statement in statements:
        if statement.in_transaction != within:
            lines.append("COMMIT;" if within else "BEGIN;")
            within = statement.in_transaction
        lines.append(_told(statement, name, made, fresh) + ";")
    if within:
        lines.append("COMMIT;")
    made.text = "\n".join(lines) + "\n"
    return made


class _Fresh:
    """What a second run of a submission must not repeat, and what stands in its place."""

    def __init__(self, number: str, statements: Sequence[Statement], turns: Turns) -> None:
        self.number, self.turns = number, turns
        insert = next(one for one in statements if 'INSERT INTO "cases_case"' in one.sql)
        columns = re.findall(r'"(\w+)"', insert.sql.partition("(")[2].partition(")")[0])
        self.columns = columns
        self.row = dict(zip(columns, insert.params, strict=True))
        self.insert = insert.sql
        self.case_id = Case.objects.values_list("pk", flat=True).get(number=number)

    def place(self, statement: Statement, index: int, name: str, variable: str) -> str:
        """Return what the script says for a parameter, empty where the parameter may stay."""
        value = statement.params[index]
        text = text_of(value) or ""
        if statement.sql == self.insert:
            if self.columns[index] == "item_id":
                return self.turns.item
            if self.columns[index] == "applicant_id":
                return self.turns.applicant
        elif value == self.case_id and statement.sql.startswith('INSERT INTO "cases_'):
            return "currval('cases_case_id_seq')"
        if value == self.row["token"]:
            return "gen_random_uuid()"
        if value == self.number:
            return f":{name}_case"
        if self.number in text:
            cast = "::jsonb" if text.startswith(("[", "{")) else ""
            return f"replace(:{variable}, '{self.number}', :{name}_case::text){cast}"
        return ""


def _told(statement: Statement, name: str, made: Script, fresh: _Fresh | None) -> str:
    places = []
    for index, value in enumerate(statement.params):
        variable = f"{name}_{len(made.variables)}"
        text = text_of(value)
        if not text:  # pgbench's variables can be neither nothing nor empty
            places.append("NULL" if text is None else "''")
            continue
        place = fresh.place(statement, index, name, variable) if fresh else ""
        if not place or f":{variable}" in place:
            made.variables[variable] = value
        places.append(place or f":{variable}")
    given = iter(places)
    sql = re.sub(r"%%|%s", lambda found: "%" if found[0] == "%%" else next(given), statement.sql)
    if fresh:  # the serial is taken before the case is written: a good moment to turn the wheel
        sql = sql.replace("RETURNING value", f"RETURNING value, nextval('{_TURN}')")
    return " ".join(sql.split())


def latest() -> str:
    """Return the number of the case made last: by the request just looked at."""
    return str(Case.objects.order_by("-pk").values_list("number", flat=True)[0])


def run(
    scripts: Sequence[Script],
    *,
    url: str,
    clients: int,
    seconds: float,
    mode: Mode,
    postmaster: int,
) -> Rate:
    """
    Run scripts in turn by chance, and return how fast PostgreSQL alone was.

    :raises RuntimeError: pgbench refused, with what it said.
    """
    written = text_of if mode == "prepared" else literal  # a simple query has them in its text
    with tempfile.TemporaryDirectory() as folder:
        files = []
        for n, one in enumerate(scripts):
            path = Path(folder) / f"{n}.sql"
            path.write_text(one.text, encoding="utf-8")
            files += ["-f", str(path)]
        variables = [
            part
            for one in scripts
            for name, value in one.variables.items()
            for part in ("-D", f"{name}={written(value)}")
        ]
        command = [
            *(servers.pgbench(), "-n", "-M", mode, "-c", str(clients), "-j", "2"),
            *("-T", str(max(round(seconds), 1)), *variables, *files, url),
        ]
        clock = machine.Clock([postmaster])
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        spent, others = clock.read()
    if done.returncode or "aborted" in done.stderr:
        raise RuntimeError(f"pgbench: {done.stderr[-1500:]}")
    count = float(_found(r"actually processed: (\d+)", done.stdout))
    return Rate(
        tps=float(_found(r"tps = ([\d.]+)", done.stdout)),
        latency=float(_found(r"latency average = ([\d.]+)", done.stdout)),
        micros=spent * 1e6 / max(count, 1),
        others=others,
    )


def _found(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    return found[1] if found else "0"


def prepare(url: str) -> Turns:
    """Make the items submissions of pgbench are for, and the wheel that finds who is next."""
    with psycopg.connect(url) as link:
        link.execute(f"CREATE SEQUENCE IF NOT EXISTS {_TURN}")
        link.execute(
            "INSERT INTO catalogue_serviceitem (code, name, theme, department_code, kind, level,"
            " audience, aliases, search_text, status)"
            " SELECT %s || n, '压测', '', '', 'promised', 'county', '{}', '{}', '', 'exited'"
            " FROM generate_series(1, %s) n ON CONFLICT (code) DO NOTHING",
            [_CODE, ITEMS],
        )
        row = link.execute(
            "SELECT (SELECT min(id) FROM catalogue_serviceitem WHERE starts_with(code, %s)),"
            " min(id), max(id) - min(id) + 1 FROM residents_resident",
            [_CODE],
        ).fetchone()
    return Turns(*row)


_GONE = """
DELETE FROM notifications_delivery d USING notifications_notification n
    WHERE d.notification_id = n.id AND length(n.case_number) = 15;
DELETE FROM notifications_notification WHERE length(case_number) = 15;
DELETE FROM cases_caseevent WHERE case_id IN (SELECT id FROM cases_case WHERE length(number) = 15);
DELETE FROM cases_casestep WHERE case_id IN (SELECT id FROM cases_case WHERE length(number) = 15);
DELETE FROM cases_case WHERE length(number) = 15;
"""


def clean(url: str) -> None:
    """Remove the cases pgbench made: their numbers have fifteen digits, real ones twenty-four."""
    with psycopg.connect(url) as link:
        link.execute("SET session_replication_role = replica")
        link.execute(_GONE)
        link.execute(f"DROP SEQUENCE IF EXISTS {_TURN}")
        link.execute(f"DELETE FROM catalogue_serviceitem WHERE code LIKE '{_CODE}%'")
    with psycopg.connect(url, autocommit=True) as link:
        link.execute("VACUUM ANALYZE cases_case, cases_casestep, cases_caseevent")
