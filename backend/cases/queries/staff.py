"""What staff see of cases: what waits for them (待办), how much of it, and all in sight (办件)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

from django.db.models import Exists, IntegerField, OuterRef, Q, QuerySet, Subquery
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import deadlines
from backend.cases.lifecycle import STANDING, Status
from backend.cases.models import Case, CaseStep, Recusal
from backend.cases.queries import narrow, scope, words
from backend.catalogue.models import ServiceVersion
from backend.core import crypto
from backend.core.api import COUNT_CAP
from backend.core.kept import Kept
from backend.core.workdays import DayKind
from backend.organisation import names
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post
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


def todo_of(posts: Sequence[HeldPost], account: Account | None = None) -> QuerySet[CaseStep]:
    """
    待办: the open steps that wait for one of these posts; overseers see their territory's.

    :param account: whose list it is: cases they keep away from do not wait for them (回避).
    """
    wanted = Q(pk__in=[])
    for post in posts:
        if post.has(Duty.OVERSEE):
            wanted |= _overseen(post)
        elif post.has(Duty.HANDLE):
            wanted |= Q(department=post.department_id, role=post.role)
    steps = CaseStep.objects.filter(wanted, state=CaseStep.State.OPEN)
    if account is None:
        return steps
    return steps.exclude(
        Exists(
            Recusal.objects.filter(
                case=OuterRef("case"), account=account.pk, lifted_at__isnull=True
            )
        )
    )


def _overseen(post: HeldPost) -> Q:
    if post.role == Post.Role.DEPARTMENT_HEAD:
        return Q(department=post.department_id)
    return narrow.in_territory(post.division_code, post.level)


_STEP = (
    "due_on",
    "pk",
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
    "claimed_by__staff__name",
    "case__number",
    "case__status",
    "case__channel",
    "case__submitted_at",
    "case__version",
    "case__item__code",
    "case__item__name",
    "case__applicant__uid",
    "case__applicant__sealed_name",
)


def _steps(*, ids: list[int]) -> QuerySet[CaseStep, Any]:
    return CaseStep.objects.filter(pk__in=ids).values_list(*_STEP)


_STEPS = Kept(_steps, ids=list[int])


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

    What a filter narrows is a statement of its own, so it only finds the ids; what a row shows is
    filled in by one that is kept.

    :param after: the key of the last row seen, (due_on, step id).
    """
    if after:
        due_on, pk = after
        steps = steps.filter(Q(due_on__gt=due_on) | Q(pk__gt=pk), due_on__gte=due_on)
    found = steps.order_by("due_on", "pk").values_list("pk", flat=True)[: size + 1]
    rows = [dict(zip(_STEP, row, strict=True)) for row in sorted(_STEPS.rows(ids=list(found)))]
    kinds = _day_kinds({row["case__version"] for row in rows})
    today = timezone.localdate(now)
    return [
        (
            (row["due_on"], row["pk"]),
            _todo(
                row,
                account=account,
                now=now,
                today=today,
                kind=kinds[row["case__version"]].of(row["key"]),
            ),
        )
        for row in rows
    ]


def _todo(
    row: dict[str, Any], *, account: Account, now: datetime, today: date, kind: DayKind
) -> dict[str, Any]:
    held = bool(row["claimed_until"] and row["claimed_until"] > now)
    colour = deadlines.light(
        today=today,
        due_on=row["due_on"],
        warn_on=row["warn_on"],
        paused=row["case__status"] in STANDING,
    )
    left = organisation.calendar().remaining(today, row["due_on"], kind)
    return {
        "number": row["case__number"],
        "item": row["case__item__code"],
        "item_name": row["case__item__name"],
        "step": row["key"],
        "step_name": row["name"],
        "phase": row["phase"],
        "applicant": masked(row["case__applicant__uid"], row["case__applicant__sealed_name"]),
        **_where(row),
        **_light(colour, left, kind),
        "due_on": row["due_on"],
        "days_left": left,
        "claimed_by": row["claimed_by__staff__name"] if held else None,
        "claimed_until": row["claimed_until"] if held else None,
        "mine": held and row["claimed_by"] == account.pk,
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
    "submitted_at",
    "pk",
    "number",
    "status",
    "outcome",
    "channel",
    "closed_at",
    "promised_due_on",
    "warn_on",
    "paused_on",
    "county_code",
    "town_code",
    "village_code",
    "version",
    "department",
    "item__code",
    "item__name",
    "applicant__uid",
    "applicant__sealed_name",
)


def _cases(*, ids: list[int]) -> QuerySet[Case, Any]:
    return Case.objects.filter(pk__in=ids).values_list(*_CASE)


_CASES = Kept(_cases, ids=list[int])


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
    found = seen.order_by("-submitted_at", "-pk").values_list("pk", flat=True)[: size + 1]
    newest = sorted(_CASES.rows(ids=list(found)), reverse=True)
    rows = [dict(zip(_CASE, row, strict=True)) for row in newest]
    kinds = _day_kinds({row["version"] for row in rows})
    return [
        ((row["submitted_at"], row["pk"]), _seen(row, now=now, kind=kinds[row["version"]].whole))
        for row in rows
    ]


def _seen(row: dict[str, Any], *, now: datetime, kind: DayKind) -> dict[str, Any]:
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
        "applicant": masked(row["applicant__uid"], row["applicant__sealed_name"]),
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


def masked(uid: UUID, sealed_name: bytes | memoryview | None) -> str:
    """Return 姓*名 of a sealed name, * of none."""
    context = Resident.context(uid, "name")
    return crypto.mask_name(crypto.unseal(sealed_name, context=context) if sealed_name else "")


def _day_kinds(versions: set[int]) -> dict[int, Kinds]:
    """Return how each version counts days; kept, since a published version never changes."""
    if missing := versions - _KINDS.keys():
        rows = ServiceVersion.objects.filter(pk__in=missing)
        for pk, whole, steps in rows.values_list("pk", "day_kind", "steps"):
            own = {one["key"]: one["day_kind"] for one in steps if one.get("day_kind")}
            _KINDS[pk] = Kinds("calendar" if whole == "calendar" else "working", own)
    return {pk: _KINDS[pk] for pk in versions}
