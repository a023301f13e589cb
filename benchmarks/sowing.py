"""Sowing (播种): what each process of the seeding does — people in blocks, cases day by day."""

import hashlib
import random
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from django.conf import settings

from backend.accounts.models import Account
from backend.cases import numbers, workflow
from backend.cases.models import (
    CaseMaterial,
    Defect,
    Supplement,
    answers_context,
)
from backend.catalogue import ways
from backend.core import crypto
from backend.residents import identity
from backend.seeds import answers as sample_answers
from benchmarks import people
from benchmarks.city import City, Version
from benchmarks.copying import Table, written
from benchmarks.history import Historian
from benchmarks.lives import Asked, Life
from benchmarks.moments import MOMENTS, moment, told
from benchmarks.people import Person, mix
from benchmarks.plan import Plan
from benchmarks.tables import (
    ACCOUNTS,
    CASES,
    COUNTERS,
    DEFECTS,
    EVENTS,
    MATERIALS,
    OF_CASES,
    RESIDENTS,
    STEPS,
    STOPS,
    SUPPLEMENTS,
    TOKENS,
    WECHAT,
)

_SHANGHAI = 8 * 3600
_MORNING, _WAKING = 7 * 3600, 15 * 3600
NOBODY = "\\N"


def openid(i: int) -> str:
    """Return an openid of the shape WeChat's have: 28 characters beginning with an o."""
    return "o" + hashlib.sha256(f"bench:openid:{i}".encode()).hexdigest()[:27]


@dataclass(frozen=True)
class Field:
    """What is sown where: the same in every process."""

    url: str
    plan: Plan
    city: City
    staff: dict[tuple[int, str], list[int]]
    app_id: str
    first_account: int
    first_resident: int
    first_case: int


@dataclass(frozen=True, slots=True)
class _Shape:
    """What the cases of a version, for people of an age, have in common."""

    answers: dict[str, Any]
    personal: list[tuple[str, str]]  # field → what of the person it asks for
    stages: workflow.Plan
    papers: list[tuple[str, str]]  # a line of the ledger before acceptance, and after it


class Sower:
    """One process of the seeding, with its own connection."""

    def __init__(self, field: Field) -> None:
        self.field = field
        self.connection: psycopg.Connection[Any] = psycopg.connect(field.url, autocommit=True)
        self.connection.execute("SET synchronous_commit = off")
        now = datetime.combine(field.plan.today, datetime.min.time(), UTC)
        self.now = int(now.timestamp()) - _SHANGHAI  # last midnight in Ziyang
        self.historian = Historian(field.city, field.staff, self.now)
        self.orders = field.plan.orders(len(field.city.versions))
        self._shapes: dict[tuple[int, int], _Shape] = {}

    def people(self, block: tuple[int, int]) -> int:
        """Sow residents numbered [first, last) with account, WeChat identity and, some, a token."""
        accounts, wechat, residents = [], [], []
        field, cities = self.field, self.field.city.villages
        born = moment(self.now - 500 * 86_400)
        for i in range(*block):
            person = people.person(i, len(cities))
            account = field.first_account + i
            kind = Account.Kind.RESIDENT.value
            accounts.append(ACCOUNTS.line(account, "!", f"r-bench-{i:08d}", kind, 1, born))
            wechat.append(WECHAT.line(account, field.app_id, openid(i), born))
            residents.append(self._resident(i, person, account, born))
        first, last = block
        tokens = [
            self._token("resident", i, field.first_account + i)
            for i in range(first, min(last, field.plan.tokens))
        ]
        with self.connection.transaction():
            ACCOUNTS.copy(self.connection, accounts)
            WECHAT.copy(self.connection, wechat)
            RESIDENTS.copy(self.connection, residents)
            TOKENS.copy(self.connection, tokens)
        return last - first

    def _resident(self, i: int, person: Person, account: int, born: datetime) -> str:
        uid = UUID(int=mix(i, 5) << 64 | mix(i, 6))
        village = self.field.city.villages[person.village]

        def sealed(column: str, text: str) -> bytes:
            return crypto.seal(text, context=f"residents.{column}.{uid}")

        return RESIDENTS.line(
            self.field.first_resident + i,
            uid,
            account,
            sealed("name", person.name),
            crypto.digest(person.name, index="name"),
            identity.ID_CARD,
            sealed("id_number", person.id_number),
            crypto.digest(person.id_number, index="id_number"),
            crypto.digest(person.id_number[-4:], index="id_last4"),
            sealed("phone", person.phone),
            crypto.digest(person.phone, index="phone"),
            born,
            person.birth_on,
            person.gender,
            village.pk,
            village.pk,
            3,
            born,
        )

    def _token(self, kind: str, i: int, account: int) -> str:
        begun = moment(self.now)
        digest = crypto.token_digest(people.token(kind, i))
        uid = UUID(int=mix(account, 7) << 64 | mix(account, 8))
        return TOKENS.line(uid, digest, account, "压测", begun, begun, begun + timedelta(days=3650))

    def day(self, n: int) -> int:
        """Sow all cases that came in on day number `n`."""
        plan, first = self.field.plan, self.field.plan.first_cases
        count = first[n + 1] - first[n]
        rng = random.Random(f"{plan.seed}:{n}")
        day = plan.day(n)
        morning = self.now - (plan.today - day).days * 86_400 + _MORNING
        times = sorted(morning + rng.randrange(_WAKING) for _ in range(count))
        serials: Counter[str] = Counter()
        out: dict[Table, list[str]] = {table: [] for table in OF_CASES}
        for place, submitted in enumerate(times):
            i = first[n] + place
            self._case(i, n, day, submitted, serials, rng, out)
        MOMENTS.clear()
        counters = [COUNTERS.line(point, day, value) for point, value in serials.items()]
        with self.connection.transaction():
            for table, lines in out.items():
                table.copy(self.connection, lines)
            COUNTERS.copy(self.connection, counters)
        return count

    def _case(
        self,
        i: int,
        n: int,
        day: date,
        submitted: int,
        serials: Counter[str],
        rng: random.Random,
        out: dict[Table, list[str]],
    ) -> None:
        field, versions = self.field, self.field.city.versions
        resident, before = field.plan.applicant(i)
        order = self.orders[field.plan.order_of(resident)]
        choice = order[before % len(order)]
        version = versions[choice]
        person = people.person(resident, len(field.city.villages))
        village = field.city.villages[person.village]
        point = village.code[:9]
        serials[point] += 1
        number = numbers.format_number(point, day, serials[point])
        account = field.first_account + resident
        age = identity.age_on(person.birth_on, day)
        shape = self._shapes.get((choice, age)) or self._shape(choice, age)
        answers = shape.answers.copy()
        for key, name in shape.personal:
            answers[key] = village.code if name == "village" else getattr(person, name)
        life = self.historian.life(
            number=number,
            account=account,
            version=version,
            stages=shape.stages,
            territory=village.territory,
            submitted=submitted,
            is_open=before < len(order) and field.plan.is_open(i, n),
            rng=rng,
        )
        pk = field.first_case + i
        home = village.territory
        codes = f"{home.county_code}\t{home.town_code}\t{home.village_code}"
        sealed = crypto.seal_json(answers, context=answers_context(number))
        ids = (version, field.first_resident + resident, account, village.pk)
        out[CASES].append(_case_line(pk, life, ids, codes, sealed, submitted, i))
        out[STEPS].extend(_step_lines(pk, life, codes))
        out[EVENTS].extend(_event_lines(pk, life))
        out[STOPS].extend(
            STOPS.line(pk, stop.kind, stop.step, stop.began_on, stop.ended_on)
            for stop in life.stops
        )
        when = f"\t{told(life.accepted or submitted)}\t{account}{MATERIALS.rest}"
        out[MATERIALS].extend(
            f"{pk}\t{after if life.accepted else before}{when}" for before, after in shape.papers
        )
        if life.asked:
            out[SUPPLEMENTS].append(_supplement_line(pk, life.asked))
            out[DEFECTS].append(_defect_line(pk, life.asked))

    def _shape(self, choice: int, age: int) -> _Shape:
        """Fill the form once for everybody of an age; who they are is written in each time."""
        version = self.field.city.versions[choice]
        one, village = people.person(0, len(self.field.city.villages)), self.field.city.villages[0]
        answers = sample_answers.sample(
            version.form, people.details(one, village.code), today=self.field.plan.today
        )
        written_in = {
            one.name: "name",
            one.id_number: "id_number",
            one.phone: "phone",
            village.code: "village",
        }
        personal = [
            (key, written_in[value])
            for key, value in answers.items()
            if isinstance(value, str) and value in written_in
        ]
        facts = {
            "applicant": {"age": age, "local_hukou": True, "by_proxy": False},
            "proxy": {"authorized": False},
            "channel": "miniapp",
        }
        stages = workflow.plan(version.steps, {**answers, **facts})
        papers = list(_papers(version, {**answers, **facts}))
        found = self._shapes[choice, age] = _Shape(answers, personal, stages, papers)
        return found


def _papers(version: Version, facts: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the beginning of each line of the ledger: as handed in, and as accepted."""
    by, state = CaseMaterial.By, CaseMaterial.State
    for material in version.materials:
        if not ways.applies(material, facts):
            continue
        how = ways.without_asking(material, settings.REGISTRIES) or ways.in_person(material)
        settled = state.GIVEN if how in ("", by.FORM, by.PAPER) else state.VERIFIED
        first = state.WANTED if how in ("", by.PAPER, by.ONSITE) else settled
        matched = CaseMaterial.Verification.MATCHED if how in (by.REGISTRY, by.LICENCE) else ""
        required = "t" if material["required"] else "f"
        key, name = material.get("key", ""), material["name"]
        yield tuple(
            f"{key}\t{name}\t{required}\t{how or by.PAPER}\t{one}\t{matched}"
            for one in (first, settled)
        )


def _case_line(
    pk: int,
    life: Life,
    ids: tuple[Version, int, int, int],
    codes: str,
    sealed: bytes,
    submitted: int,
    i: int,
) -> str:
    version, resident, account, village = ids
    began, due, limit, warn, paused = (
        day or "\\N"
        for day in (
            *(life.clock_from, life.promised_due_on, life.statutory_due_on),
            *(life.warn_on, life.paused_on),
        )
    )
    digest = life.events[0].hash.hex()
    token = UUID(int=mix(i, 10) << 64 | mix(i, 11))
    return (
        f"{pk}\t{life.number}\t{version.pk}\t{version.item_id}\t{life.office}\t{resident}\t"
        f"{account}\tminiapp\t{life.status}\t\\\\x{sealed.hex()}\t{token}\t\\\\x{digest}\t"
        f"{village}\t{codes}\t{told(submitted)}\t{told(life.accepted)}\t{told(life.decided)}\t"
        f"{told(life.closed)}\t{began}\t{life.promised_total}\t{life.statutory_total}\t{due}\t"
        f"{limit}\t{warn}\t{paused}\t{life.provisional:d}\t"
        f"{life.outcome}\t{life.reason}\t\t{len(life.events)}\t\\\\x{life.head.hex()}{CASES.rest}"
    )


def _step_lines(pk: int, life: Life, codes: str) -> list[str]:
    return [
        f"{pk}\t{step.key}\t{step.name}\t{step.phase}\t{step.stage}\t{step.role}\t{step.office}\t"
        f"{codes}\t{step.state}\t{step.counts:d}\t{told(step.opened)}\t{step.days}\t"
        f"{step.day_kind}\t{step.due_on}\t{step.warn_on}\t{told(step.done)}\t"
        f"{step.done_by or NOBODY}\t{step.opinion}{STEPS.rest}"
        for step in life.steps
    ]


def _event_lines(pk: int, life: Life) -> list[str]:
    return [
        f"{pk}\t{event.seq}\t{event.verb}\t{event.actor}\t{told(event.at)}\t{event.status}\t"
        f"{event.step}\t{written(event.details)}\t\\\\x{event.prev.hex()}\t"
        f"\\\\x{event.hash.hex()}{EVENTS.rest}"
        for event in life.events
    ]


def _supplement_line(pk: int, asked: Asked) -> str:
    """Return the case's one notice; it bears the case's own id."""
    state = Supplement.State.ANSWERED if asked.answered else Supplement.State.OPEN
    at, answered = moment(asked.at), moment(asked.answered) if asked.answered else None
    who = (asked.office, asked.actor, at, at, asked.due_on, int(answered is not None), answered)
    return SUPPLEMENTS.line(pk, pk, 1, state.value, asked.step, *who)


def _defect_line(pk: int, asked: Asked) -> str:
    answered = moment(asked.answered) if asked.answered else None
    what = (Defect.On.FIELD.value, asked.field["key"], asked.field["label"])
    how = (Defect.Reason.WRONG.value, "请按证件重新填写", answered, int(answered is not None))
    return DEFECTS.line(pk, 1, *what, *how)
