"""
Seeding (造数): a city of 300,000 residents and 1,000,000 cases, by COPY, the same for every seed.

The database belongs to the benchmark alone. A second run finds its marker and uses it again.
"""

import gc
import multiprocessing
import os
import signal
from collections.abc import Iterable
from datetime import date, timedelta

import psycopg
from django.conf import settings
from django.core.management import call_command
from django.db import connection, transaction
from django.utils import timezone

from backend.accounts.models import AccessToken, Account
from backend.organisation import queries as organisation
from backend.organisation.models import Department, Division, Post, StaffMember
from benchmarks import city as cities
from benchmarks import copying, people, progress, sowing, tables
from benchmarks.plan import DAYS, Plan

SEED = 7
STALE = 45  # days after which the open cases have grown old: seed anew
_BLOCK = 2_500
_MARKER = "benchmark_marker"
_SINCE = date(2016, 10, 24)

_sowers: list[sowing.Sower] = []


def ensure(*, scale: float, url: str, processes: int | None = None) -> Plan:
    """
    Return the plan of the city that stands in the database, sown now where it is not yet.

    :param url: the benchmark's own database, migrated and with its reference data; everything in
        it is the benchmark's to delete.
    """
    standing = _standing(url)
    if standing and _fits(standing, scale):
        progress.say(
            f"沿用 {standing.today} 的数据: {standing.residents:,} 居民, {standing.cases:,} 办件"
        )
        return standing
    plan = Plan(scale=scale, seed=SEED, today=timezone.localdate())
    sow(plan, url=url, processes=processes or os.cpu_count() or 1)
    return plan


def _fits(standing: Plan, scale: float) -> bool:
    age = timezone.localdate() - standing.today
    return standing.scale == scale and age < timedelta(days=STALE)


def is_taken(url: str, *, scale: float) -> bool:
    """Say whether a city of another size, or half a city, stands where ours should."""
    standing = _standing(url)
    with psycopg.connect(url) as link:
        marked = link.execute("SELECT to_regclass(%s)", [_MARKER]).fetchone()
    return bool(marked and marked[0]) and not (standing and _fits(standing, scale))


def _standing(url: str) -> Plan | None:
    """Return what the marker tells; a city that was only begun has no row in it."""
    with psycopg.connect(url) as link:
        try:
            row = link.execute(f"SELECT scale, seed, day FROM {_MARKER}").fetchone()
        except psycopg.errors.UndefinedTable:
            return None
    return Plan(scale=row[0], seed=row[1], today=row[2]) if row else None


def sow(plan: Plan, *, url: str, processes: int) -> None:
    """Sow the whole plan. It is marked only when all stands, indexed and vacuumed."""
    today = timezone.localdate()
    with psycopg.connect(url) as link:
        link.execute(f"CREATE TABLE {_MARKER} (scale float8, seed int, day date)")
    organisation.forget()
    city = cities.read(today=today)
    staff = _appoint(city)
    field = sowing.Field(
        url=url,
        plan=plan,
        city=city,
        staff=staff,
        app_id=settings.WECHAT_APP_ID,
        first_account=_next("accounts_account"),
        first_resident=_next("residents_resident"),
        first_case=_next("cases_case"),
    )
    connection.close()  # the processes forked below must not share it
    names = [table.name for table in tables.TABLES]
    with copying.bare(url, names):
        _spread(field, processes)
    _finish(url, names, plan)


def _spread(field: sowing.Field, processes: int) -> None:
    plan = field.plan
    blocks = [
        (first, min(first + _BLOCK, plan.residents)) for first in range(0, plan.residents, _BLOCK)
    ]
    if processes == 1:
        _begin(field)
        _all(map(_people, blocks), "居民", plan.residents)
        _all(map(_day, range(DAYS)), "办件", plan.cases)
        _sowers.pop().connection.close()
        return
    fork = multiprocessing.get_context("fork")
    with fork.Pool(processes, initializer=_begin, initargs=(field,)) as pool:
        _all(pool.imap_unordered(_people, blocks), "居民", plan.residents)
        _all(pool.imap_unordered(_day, range(DAYS)), "办件", plan.cases)


def _all(done: Iterable[int], label: str, total: int) -> None:
    with progress.Bar(label, total) as bar:
        for amount in done:
            bar.add(amount)


def _begin(field: sowing.Field) -> None:
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)  # the parent only notes them; the pool ends by one
    gc.disable()  # millions of short-lived rows and no cycles
    _sowers.append(sowing.Sower(field))


def _people(block: tuple[int, int]) -> int:
    return _sowers[-1].people(block)


def _day(n: int) -> int:
    return _sowers[-1].day(n)


@transaction.atomic
def _appoint(city: cities.City) -> dict[tuple[int, str], list[int]]:
    """Give every office in every role it needs one member of staff, with a token; and the wide."""
    wanted = sorted(city.posts() | _overseers())
    made = Account.objects.bulk_create(
        [
            Account(name=f"bench-staff-{n:05d}", kind=Account.Kind.STAFF, password="!")
            for n in range(len(wanted))
        ]
    )
    members = StaffMember.objects.bulk_create(
        [StaffMember(account=account, name=f"职员{n}") for n, account in enumerate(made)]
    )
    Post.objects.bulk_create(
        [
            Post(staff=member, role=role, department_id=office, valid_from=_SINCE)
            for member, (office, role) in zip(members, wanted, strict=True)
        ]
    )
    now = timezone.now()
    AccessToken.objects.bulk_create(
        [
            AccessToken(
                digest=sowing.crypto.token_digest(people.token("staff", account.pk)),
                account=account,
                device="压测",
                created_at=now,
                seen_at=now,
                expires_at=now + timedelta(days=3650),
            )
            for account in made
        ]
    )
    staff: dict[tuple[int, str], list[int]] = {}
    for account, post in zip(made, wanted, strict=True):
        staff.setdefault(post, []).append(account.pk)
    return staff


def _overseers() -> set[tuple[int, str]]:
    """Return the posts that see a whole county or the city."""
    level = Division.Level
    offices = Department.objects.filter(
        code="DC", division__level__in=[level.COUNTY, level.CITY], division__valid_to__isnull=True
    )
    return {(pk, Post.Role.SUPERVISOR.value) for pk in offices.values_list("pk", flat=True)}


def _next(table: str) -> int:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT coalesce(max(id), 0) + 1 FROM {table}")
        return int(cursor.fetchone()[0])


def _finish(url: str, tables: list[str], plan: Plan) -> None:
    with psycopg.connect(url, autocommit=True) as link:
        for table in tables:
            link.execute(
                f"SELECT setval(pg_get_serial_sequence(%s, 'id'), (SELECT max(id) FROM {table}))",
                [table],
            )
        with progress.Bar("整理", len(tables)) as bar:
            for table in tables:
                link.execute(f"VACUUM (ANALYZE, FREEZE) {table}")
                bar.add(1)
        link.execute("ANALYZE")
        link.execute("CHECKPOINT")
        link.execute(
            f"INSERT INTO {_MARKER} VALUES (%s, %s, %s)", [plan.scale, plan.seed, plan.today]
        )


def freshen() -> None:
    """Let the tokens in hand be used just now: idle ones end after minutes or days."""
    now = timezone.now()
    AccessToken.objects.filter(device="压测").update(seen_at=now)


def prepare() -> None:
    """Bring the schema and the reference data up to date."""
    call_command("migrate", verbosity=0, interactive=False)
    call_command("load_reference")
