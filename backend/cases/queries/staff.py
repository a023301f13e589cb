"""What staff see of cases: what waits for them (待办), how much of it, and all in sight (办件)."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db.models import IntegerField, Q, QuerySet, Subquery
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import deadlines
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.cases.queries import narrow, scope, words
from backend.catalogue.models import ServiceVersion
from backend.core import crypto
from backend.core.api import COUNT_CAP
from backend.core.workdays import DayKind
from backend.organisation import names
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post, StaffMember
from backend.residents.models import Resident

Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]
# 灯 = 颜色 + 形状 + 文字: colour alone is not enough for everybody (适老化规范).
SHAPES: dict[str, str] = {
    "red": "diamond",
    "yellow": "triangle",
    "green": "circle",
    "blue": "bars",
}


@dataclass(frozen=True, slots=True)
class Kinds:
    """计日口径 of a version, and of the steps that count in their own way."""

    whole: DayKind
    own: dict[str, DayKind]

    def of(self, step: str) -> DayKind:
        return self.own.get(step, self.whole)


_KINDS: dict[int, Kinds] = {}


def todo_of(posts: Sequence[HeldPost]) -> QuerySet[CaseStep]:
    """待办: the open steps that wait for one of these posts; overseers see their territory's."""
    wanted = Q(pk__in=[])
    for post in posts:
        if post.has(Duty.OVERSEE):
            wanted |= _overseen(post)
        elif post.has(Duty.HANDLE):
            wanted |= Q(department=post.department_id, role=post.role)
    return CaseStep.objects.filter(wanted, state=CaseStep.State.OPEN)


def _overseen(post: HeldPost) -> Q:
    if post.role == Post.Role.DEPARTMENT_HEAD:
        return Q(department=post.department_id)
    return narrow.in_territory(post.division_code, post.level)


_STEP = (
    "pk",
    "due_on",
    "warn_on",
    "key",
    "name",
    "phase",
    "department",
    "county_code",
    "town_code",
    "village_code",
    "claimed_by",
    "claimed_until",
    "case__number",
    "case__status",
    "case__channel",
    "case__submitted_at",
    "case__paused_on",
    "case__version",
    "case__applicant",
    "case__item__code",
    "case__item__name",
)


def worklist(
    steps: QuerySet[CaseStep],
    *,
    account: Account,
    now: datetime,
    after: tuple[date, int] | None = None,
    size: int,
) -> Pairs:
    """
    Return up to `size` + 1 (key, row) pairs, what is due first; names masked.

    One statement finds the steps; people, and who claimed, follow by their ids: a wide join
    costs more to plan than to run.

    :param after: the key of the last row seen, (due_on, step id).
    """
    if after:
        due_on, pk = after
        steps = steps.filter(Q(due_on__gt=due_on) | Q(pk__gt=pk), due_on__gte=due_on)
    rows = list(steps.order_by("due_on", "pk").values(*_STEP)[: size + 1])
    held = {row["pk"] for row in rows if row["claimed_until"] and row["claimed_until"] > now}
    page = _Page(
        account=account,
        now=now,
        people=_people(row["case__applicant"] for row in rows),
        holders=_staff(row["claimed_by"] for row in rows if row["pk"] in held),
        kinds=_day_kinds({row["case__version"] for row in rows}),
    )
    return [((row["due_on"], row["pk"]), _todo(row, page, held=row["pk"] in held)) for row in rows]


@dataclass(frozen=True, slots=True)
class _Page:
    """What the rows of a page share, read once."""

    account: Account
    now: datetime
    people: dict[int, str]
    holders: dict[int, str]
    kinds: dict[int, Kinds]


def _todo(row: dict[str, Any], page: _Page, *, held: bool) -> dict[str, Any]:
    today, kind = timezone.localdate(page.now), page.kinds[row["case__version"]].of(row["key"])
    colour = deadlines.light(
        today=today,
        due_on=row["due_on"],
        warn_on=row["warn_on"],
        paused=row["case__paused_on"] is not None,
    )
    left = organisation.calendar().remaining(today, row["due_on"], kind)
    return {
        "number": row["case__number"],
        "item": row["case__item__code"],
        "item_name": row["case__item__name"],
        "step": row["key"],
        "step_name": row["name"],
        "phase": row["phase"],
        "applicant": page.people[row["case__applicant"]],
        **_where(row),
        **_light(colour, left, kind),
        "due_on": row["due_on"],
        "days_left": left,
        "claimed_by": page.holders.get(row["claimed_by"], "") if held else None,
        "claimed_until": row["claimed_until"] if held else None,
        "mine": held and row["claimed_by"] == page.account.pk,
        "status": row["case__status"],
        "status_label": Status(row["case__status"]).label,
        "channel": row["case__channel"],
        "channel_label": Case.Channel(row["case__channel"]).label,
        "received_at": row["case__submitted_at"],
    }


def _where(row: dict[str, Any]) -> dict[str, str]:
    """Name the place that acts, custody included, and the office that has it."""
    place = row["village_code"] or row["town_code"] or row["county_code"]
    return {
        "division": place,
        "division_name": names.division(place),
        "department": names.office(row["department"]).name,
    }


def _light(colour: deadlines.Light | None, left: int, kind: DayKind) -> dict[str, Any]:
    if colour is None:
        return {"light": None, "light_shape": None, "light_text": ""}
    unit = ServiceVersion.DayKind(kind).label
    text = words.LIGHTS["blue"] if colour == "blue" else _left(left, unit)
    return {"light": colour, "light_shape": SHAPES[colour], "light_text": text}


def _left(left: int, unit: str) -> str:
    if left < 0:
        return f"超期{-left}个{unit}"
    return f"剩{left}个{unit}" if left else "今天到期"


class Capped(Subquery):
    """How many rows a subquery has, counted to 1,001 and no further."""

    template = "(SELECT count(*) FROM (%(subquery)s) AS capped)"
    output_field = IntegerField()


def counts(steps: QuerySet[CaseStep], *, account: Account, now: datetime) -> dict[str, int]:
    """Return how many of `steps` show each light, are mine, are free; 1,001 stands for "1000+"."""
    today = timezone.localdate(now)
    parts = {colour: steps.filter(narrow.step_lit(colour, today=today)) for colour in SHAPES}
    parts["mine"] = steps.filter(narrow.claimed(account, now=now))
    parts["unclaimed"] = steps.filter(narrow.unclaimed(now=now))
    parts["all"] = steps
    counted = {name: Capped(_counted(name, part)) for name, part in parts.items()}
    figures = Account.objects.filter(pk=account.pk).values_list(*counted.values())[0]
    return dict(zip(counted, figures, strict=True))


def _counted(name: str, part: QuerySet[CaseStep]) -> QuerySet[CaseStep, Any]:
    """Walk the index of due days from the end where such steps lie, and stop at the cap."""
    order = ("-due_on", "-pk") if name == "green" else ("due_on", "pk")
    return part.order_by(*order).values("pk")[:COUNT_CAP]


_CASE = (
    "pk",
    "number",
    "status",
    "outcome",
    "channel",
    "submitted_at",
    "closed_at",
    "promised_due_on",
    "warn_on",
    "paused_on",
    "county_code",
    "town_code",
    "village_code",
    "version",
    "department",
    "applicant",
    "item__code",
    "item__name",
)


def in_sight(posts: Sequence[HeldPost]) -> QuerySet[Case]:
    """Return the cases of the staff's list, open and closed."""
    return Case.objects.filter(scope.listed(posts))


def of_person(posts: Sequence[HeldPost], text: str, *, today: date) -> QuerySet[Case]:
    """查人: return the cases in sight whose applicant has this number, phone or name."""
    return in_sight(posts).filter(narrow.about_person(text, today=today))


def cases(
    seen: QuerySet[Case],
    *,
    now: datetime,
    after: tuple[datetime, int] | None = None,
    size: int,
) -> Pairs:
    """
    Return up to `size` + 1 (key, row) pairs, the newest first; names masked.

    :param after: the key of the last row seen, (submitted_at, case id).
    """
    if after:
        at, pk = after
        seen = seen.filter(Q(submitted_at__lt=at) | Q(pk__lt=pk), submitted_at__lte=at)
    rows = list(seen.order_by("-submitted_at", "-pk").values(*_CASE)[: size + 1])
    people = _people(row["applicant"] for row in rows)
    kinds = _day_kinds({row["version"] for row in rows})
    return [
        (
            (row["submitted_at"], row["pk"]),
            _seen(row, people, now=now, kind=kinds[row["version"]].whole),
        )
        for row in rows
    ]


def _seen(
    row: dict[str, Any], people: dict[int, str], *, now: datetime, kind: DayKind
) -> dict[str, Any]:
    due, today = row["promised_due_on"], timezone.localdate(now)
    colour, left = None, 0
    if row["status"] in narrow.TIMED:
        colour = deadlines.light(
            today=today, due_on=due, warn_on=row["warn_on"], paused=row["paused_on"] is not None
        )
    if due:
        left = organisation.calendar().remaining(today, due, kind)
    shown = _light(colour, left, kind)
    if due is None and colour:
        shown["light_text"] = "待受理"
    return {
        "number": row["number"],
        "item": row["item__code"],
        "item_name": row["item__name"],
        "applicant": people[row["applicant"]],
        **_where(row),
        **shown,
        "due_on": due,
        "status": row["status"],
        "status_label": Status(row["status"]).label,
        "outcome": row["outcome"],
        "channel": row["channel"],
        "channel_label": Case.Channel(row["channel"]).label,
        "received_at": row["submitted_at"],
        "closed_at": row["closed_at"],
    }


def _people(ids: Iterable[int]) -> dict[int, str]:
    """Return 姓*名 of these residents."""
    rows = Resident.objects.filter(pk__in=set(ids)).values_list("pk", "uid", "sealed_name")
    return {
        pk: crypto.mask_name(Resident(uid=uid, sealed_name=sealed).name) for pk, uid, sealed in rows
    }


def _staff(accounts: Iterable[int]) -> dict[int, str]:
    wanted = set(accounts)
    members = StaffMember.objects.filter(account__in=wanted)
    return dict(members.values_list("account", "name")) if wanted else {}


def _day_kinds(versions: set[int]) -> dict[int, Kinds]:
    """Return how each version counts days; kept, since a published version never changes."""
    if missing := versions - _KINDS.keys():
        rows = ServiceVersion.objects.filter(pk__in=missing)
        for pk, whole, steps in rows.values_list("pk", "day_kind", "steps"):
            own = {one["key"]: one["day_kind"] for one in steps if one.get("day_kind")}
            _KINDS[pk] = Kinds("calendar" if whole == "calendar" else "working", own)
    return {pk: _KINDS[pk] for pk in versions}
