"""Scenarios (场景): what is asked of the city, with tokens in hand, and what it should reach."""

import random
import uuid
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.test import Client
from django.utils import timezone

from backend.cases.lifecycle import OPEN
from backend.cases.models import Case
from backend.organisation.models import Post
from backend.seeds import answers as sample_answers
from benchmarks import city as cities
from benchmarks import load, people
from benchmarks.plan import Plan


@dataclass(frozen=True, slots=True)
class Ask:
    """One request: the same for the load generator and for a look from inside."""

    path: str
    token: str
    body: bytes = b""
    key: str = ""  # Idempotency-Key

    @property
    def raw(self) -> bytes:
        if not self.body:
            return load.get(self.path, self.token)
        more = {"Idempotency_Key": self.key} if self.key else {}
        return load.post(self.path, self.token, self.body, **more)

    def inside(self, client: Client) -> Any:
        """Ask Django itself, in this process, without a server."""
        headers = {"Authorization": f"Bearer {self.token}"}
        if not self.body:
            return client.get(self.path, headers=headers)
        if self.key:
            headers["Idempotency-Key"] = self.key
        return client.post(
            self.path, data=self.body, content_type="application/json", headers=headers
        )


@dataclass(frozen=True, slots=True)
class Scenario:
    """One row of the table. Targets hold at 16 clients; None where the brief names none."""

    key: str
    label: str
    asks: Callable[[int], list[Ask]]
    writes: bool = False
    is_list: bool = True
    p95: float | None = None
    rate: float | None = None
    ratio: float | None = None
    measured: bool = True  # else only its statements and plans are looked at


class World:
    """The sown city as the scenarios need it: who has which token, which cases there are."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.city = cities.read(today=timezone.localdate())
        self.rng = random.Random(plan.seed)
        first, last = _row("SELECT min(id), max(id) FROM cases_case")
        self.cases = (int(first), int(last))
        self._items: list[cities.Version] = []

    def scenarios(self) -> list[Scenario]:
        return [
            Scenario("resident_list", "我的办件", self.resident_list, p95=60, ratio=0.5),
            Scenario("case_detail", "办件详情", self.case_detail, is_list=False, ratio=0.5),
            Scenario("item_list", "事项目录", self.item_list, ratio=0.5),
            Scenario(
                *("submit", "提交", self.submit),
                writes=True,
                is_list=False,
                rate=120,
                ratio=0.4,
            ),
            Scenario("worklist_area", "待办(按区域)", self.worklist_area, p95=100, ratio=0.5),
            Scenario("worklist_own", "待办(本岗)", self.worklist_own, p95=100, ratio=0.5),
            Scenario(
                *("staff_detail", "办件全貌(职员)", self.staff_detail),
                writes=True,
                is_list=False,
            ),
            *(
                Scenario(key, label, asks, measured=False)
                for key, label, asks in (
                    ("inbox", "消息", self.inbox),
                    ("drafts", "草稿", self.drafts),
                    ("worklist_counts", "待办件数", self.worklist_counts),
                    ("worklist_filters", "待办(各种筛选)", self.worklist_filters),
                    ("staff_cases", "办件列表(职员)", self.staff_cases),
                    ("staff_search", "查人", self.staff_search),
                )
            ),
        ]

    # -- residents ---------------------------------------------------------------------------

    def _token(self, i: int) -> str:
        return people.token("resident", i)

    def resident_list(self, count: int) -> list[Ask]:
        """Return first pages of those with the most cases: each is full, 20 rows and more."""
        most = self.plan.heavy
        return [Ask("/api/v1/cases", self._token(self.rng.randrange(most))) for _ in range(count)]

    def case_detail(self, count: int) -> list[Ask]:
        found: list[Ask] = []
        while len(found) < count:
            found += [
                Ask(f"/api/v1/cases/{number}", self._token(i))
                for number, i in _rows(
                    "SELECT c.number, right(a.name, 8)::int FROM cases_case c"
                    " JOIN accounts_account a ON a.id = c.submitted_by_id"
                    " WHERE c.id = ANY(%s) AND a.name LIKE 'r-bench-%%'",
                    [self.rng.sample(range(*self.cases), min(4 * count, self.cases[1] // 2))],
                )
                if i < self.plan.tokens
            ]
        return self.rng.sample(found, count)

    def item_list(self, count: int) -> list[Ask]:
        queries = ("", "?theme=养老服务", "?audience=残疾人", "?q=gljt", "?q=社保", "?q=补贴")
        return [self._of_resident("/api/v1/items" + self.rng.choice(queries)) for _ in range(count)]

    def inbox(self, count: int) -> list[Ask]:
        return [self._of_resident("/api/v1/inbox") for _ in range(count)]

    def drafts(self, count: int) -> list[Ask]:
        return [self._of_resident("/api/v1/drafts") for _ in range(count)]

    def _of_resident(self, path: str) -> Ask:
        return Ask(path, self._token(self.rng.randrange(self.plan.tokens)))

    def submit(self, count: int) -> list[Ask]:
        """Return valid applications of people who have no open case of that item."""
        found: list[Ask] = []
        while len(found) < count:
            found += self._applications(self._free_pairs(2 * count))
        return found[:count]

    def _free_pairs(self, count: int) -> list[tuple[int, cities.Version]]:
        items = self.items()
        pairs = {
            (self.rng.randrange(self.plan.tokens), self.rng.randrange(len(items)))
            for _ in range(count)
        }
        names = [f"r-bench-{i:08d}" for i in {i for i, _ in pairs}]
        taken = set(
            _rows(
                "SELECT right(a.name, 8)::int, c.item_id FROM accounts_account a"
                " JOIN residents_resident r ON r.account_id = a.id"
                " JOIN cases_case c ON c.applicant_id = r.id"
                " WHERE a.name = ANY(%s) AND c.status = ANY(%s)",
                [names, sorted(OPEN)],
            )
        )
        chosen = [(i, items[n]) for i, n in pairs if (i, items[n].item_id) not in taken]
        self.rng.shuffle(chosen)
        return chosen

    def _applications(self, pairs: Sequence[tuple[int, cities.Version]]) -> Iterator[Ask]:
        today, villages = timezone.localdate(), self.city.villages
        for i, version in pairs:
            person = people.person(i, len(villages))
            details = people.details(person, villages[person.village].code)
            answers = sample_answers.sample(version.form, details, today=today)
            papers = sample_answers.papers(version.materials, answers, settings.REGISTRIES)
            body = orjson.dumps(
                {"item": version.item_code, "answers": answers, "materials": papers}
            )
            yield Ask("/api/v1/cases", self._token(i), body, str(uuid.uuid4()))

    def items(self) -> list[cities.Version]:
        """Return the items that can be applied for today: tried once each, and taken back."""
        if not self._items:
            client = Client()
            for version in self.city.versions:
                ask = next(self._applications([(self.rng.randrange(self.plan.tokens), version)]))
                with transaction.atomic():
                    status = ask.inside(client).status_code
                    transaction.set_rollback(True)
                if status in (201, 409):
                    self._items.append(version)
        return self._items

    # -- staff -------------------------------------------------------------------------------

    def _staff(self, *roles: str, level: str) -> list[tuple[str, str, str]]:
        """Return (token, division, its level) of those who hold such a post."""
        rows = _rows(
            "SELECT m.account_id, d.code, d.level FROM organisation_post p"
            " JOIN organisation_staffmember m ON m.id = p.staff_id"
            " JOIN organisation_department o ON o.id = p.department_id"
            " JOIN organisation_division d ON d.id = o.division_id"
            " JOIN accounts_account a ON a.id = m.account_id"
            " WHERE p.role = ANY(%s) AND d.level = %s AND a.name LIKE 'bench-staff-%%'"
            " ORDER BY m.account_id",
            [list(roles), level],
        )
        return [(people.token("staff", account), code, level) for account, code, level in rows]

    def _towns(self, county: str) -> list[str]:
        return [
            code
            for (code,) in _rows(
                "SELECT DISTINCT town_code FROM cases_casestep WHERE county_code = %s"
                " AND state = 'open' ORDER BY 1",
                [county],
            )
        ]

    def worklist_area(self, count: int) -> list[Ask]:
        """Return worklists narrowed to a town: of overseers of the county, and of its bureaus."""
        asks = []
        for roles in ((Post.Role.SUPERVISOR,), (Post.Role.COUNTY_REVIEWER,)):
            staff = self._staff(*(role.value for role in roles), level="county")
            towns = {county: self._towns(county) for _, county, _ in staff}
            asks += [
                Ask(f"/api/staff/v1/worklist?division={self.rng.choice(towns[county])}", token)
                for token, county, _ in self.rng.choices(staff, k=count // 2 + 1)
            ]
        self.rng.shuffle(asks)
        return asks[:count]

    def worklist_own(self, count: int) -> list[Ask]:
        staff = self._staff(Post.Role.TOWN_REVIEWER.value, level="town")
        return [
            Ask("/api/staff/v1/worklist", token) for token, *_ in self.rng.choices(staff, k=count)
        ]

    def staff_detail(self, count: int) -> list[Ask]:
        """Return cases opened by those who once worked on them."""
        first, last = _row("SELECT min(id), max(id) FROM cases_casestep")
        found: list[Ask] = []
        while len(found) < count:
            wanted = [self.rng.randrange(first, last) for _ in range(2 * count)]
            found += [
                Ask(f"/api/staff/v1/cases/{number}", people.token("staff", account))
                for number, account in _rows(
                    "SELECT c.number, s.done_by_id FROM cases_casestep s"
                    " JOIN cases_case c ON c.id = s.case_id"
                    " JOIN accounts_account a ON a.id = s.done_by_id"
                    " WHERE s.id = ANY(%s) AND a.name LIKE 'bench-staff-%%'",
                    [wanted],
                )
            ]
        return self.rng.sample(found, count)

    def _overseers(self) -> list[tuple[str, str, str]]:
        role = Post.Role.SUPERVISOR.value
        return self._staff(role, level="county") + self._staff(role, level="city")

    def worklist_counts(self, count: int) -> list[Ask]:
        staff = self._overseers() + self._staff(Post.Role.TOWN_REVIEWER.value, level="town")
        return _each("/api/staff/v1/worklist/counts", staff, [""], count)

    def worklist_filters(self, count: int) -> list[Ask]:
        filters = ["?light=red", "?light=yellow", "?light=green", "?light=blue", "?mine=true"]
        filters += ["?unclaimed=true", "?status=submitted", "?item=ZY-MZ-001", "?department=MZ"]
        filters += ["?q=512002", "?q=高龄津贴", "?q=王桂华", "?received_after=2026-11-01"]
        return _each("/api/staff/v1/worklist", self._overseers(), filters, count)

    def staff_cases(self, count: int) -> list[Ask]:
        filters = ["", "?status=concluded", "?status=withdrawn", "?light=red", "?light=blue"]
        filters += ["?item=ZY-MZ-001", "?q=512002", "?q=王桂华", "?unclaimed=true", "?mine=true"]
        filters += ["?department=MZ", "?received_before=2026-01-01"]
        staff = self._overseers() + self._staff(Post.Role.COUNTY_REVIEWER.value, level="county")[:3]
        return _each("/api/staff/v1/cases", staff, filters, count)

    def staff_search(self, count: int) -> list[Ask]:
        villages = len(self.city.villages)
        asks = []
        for n, (token, *_) in enumerate(self._overseers()):
            person = people.person(n, villages)
            for text in (person.id_number, person.phone, person.name):
                body = orjson.dumps({"q": text})
                asks.append(Ask("/api/staff/v1/cases/search", token, body))
        return asks[:count]


def _each(
    path: str, staff: Sequence[tuple[str, str, str]], filters: Sequence[str], count: int
) -> list[Ask]:
    """Ask every filter of every sort of staff once, before any is asked again."""
    asks = [Ask(path + one, token) for one in filters for token, *_ in staff[:1] + staff[-1:]]
    return (asks * (count // len(asks) + 1))[: max(count, len(asks))]


def _rows(sql: str, params: Sequence[object] = ()) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, list(params))
        return list(cursor.fetchall())


def _row(sql: str) -> tuple[Any, ...]:
    return _rows(sql)[0]


def standing(numbers: Sequence[str]) -> int:
    """Return how many of these case numbers stand in the database."""
    return Case.objects.filter(number__in=list(numbers)).count()
