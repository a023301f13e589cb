"""Notices of what is missing as staff read them (补正告知): of a case, to approve, counted."""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from typing import Any

from django.db.models import Count, Q, QuerySet
from django.utils import timezone

from backend.cases.lifecycle import Status
from backend.cases.models import Case, Defect, Supplement
from backend.cases.queries import narrow
from backend.organisation import names
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post, StaffMember

Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]
MOST_OFFICES = 200


def history(case: Case) -> list[dict[str, Any]]:
    """Return every notice of a case in order: who, when, each line with its reply."""
    steps = {step["key"]: step["name"] for step in case.version.workflow}
    told = list(Supplement.objects.filter(case=case).order_by("ordinal"))
    lines = _lines(told)
    people = _people(pk for one in told for pk in (one.asked_by_id, one.approved_by_id))
    return [
        {
            "ordinal": one.ordinal,
            "state": one.state,
            "state_label": one.get_state_display(),
            "step": one.step,
            "step_name": steps.get(one.step, ""),
            "department": names.office(one.department_id).name,
            "note": one.note,
            "late_reason": one.late_reason,
            "avoidable": one.avoidable,
            "asked_by": people.get(one.asked_by_id, ""),
            "asked_at": one.asked_at,
            "approved_by": people.get(one.approved_by_id or 0, ""),
            "given_at": one.given_at,
            "due_on": one.due_on,
            "prolonged": one.prolonged,
            "done_at": one.done_at,
            "revision": one.revision,
            "lines": [_line(line) for line in lines.get(one.pk, ())],
        }
        for one in told
    ]


def _lines(told: Sequence[Supplement]) -> dict[int, list[Defect]]:
    found: dict[int, list[Defect]] = {}
    for line in Defect.objects.filter(supplement__in=told).order_by("supplement", "seq"):
        found.setdefault(line.supplement_id, []).append(line)
    return found


def _line(line: Defect) -> dict[str, Any]:
    return {
        "seq": line.seq,
        "on": line.on,
        "key": line.key,
        "label": line.label,
        "reason": line.reason,
        "reason_label": line.get_reason_display(),
        "remedy": line.remedy,
        "sample": line.sample,
        "visible_at_first": line.visible_at_first,
        "answered_at": line.answered_at,
        "reply": line.reply,
    }


def _people(accounts: Iterable[int | None]) -> dict[int, str]:
    """Name the staff among some accounts."""
    wanted = {pk for pk in accounts if pk}
    return dict(StaffMember.objects.filter(account__in=wanted).values_list("account_id", "name"))


def proposed(
    posts: Sequence[HeldPost], *, after: tuple[datetime, int] | None = None, size: int
) -> Pairs:
    """
    待批准的再次补正: return up to `size` + 1 (key, row) pairs of one's offices, the oldest first.

    :param after: the key of the last row seen, (asked_at, id).
    """
    heading = [post.department_id for post in posts if post.has(Duty.ENDORSE)]
    waiting = Supplement.objects.filter(department__in=heading, state=Supplement.State.PROPOSED)
    if after:
        at, pk = after
        waiting = waiting.filter(Q(asked_at__gt=at) | Q(pk__gt=pk), asked_at__gte=at)
    return _listed(waiting.order_by("asked_at", "pk"), size)


def second(
    posts: Sequence[HeldPost],
    *,
    department: str = "",
    avoidable: bool = False,
    after: tuple[datetime, int] | None = None,
    size: int,
) -> Pairs:
    """
    再次补正: return up to `size` + 1 pairs of second notices one oversees, the newest first.

    :param department: an office's code; "" for all.
    :param avoidable: only those that count against the office (首次本可告知).
    """
    told = Supplement.objects.filter(_overseen(posts), ordinal__gt=1)
    if department:
        told = told.filter(department__in=names.offices_coded(department))
    if avoidable:
        told = told.filter(avoidable=True)
    if after:
        at, pk = after
        told = told.filter(Q(asked_at__lt=at) | Q(pk__lt=pk), asked_at__lte=at)
    return _listed(told.order_by("-asked_at", "-pk"), size)


def second_by_office(
    posts: Sequence[HeldPost],
    *,
    now: datetime,
    since: date | None = None,
    until: date | None = None,
) -> list[dict[str, Any]]:
    """
    再次补正统计: per office how many second notices were asked for, and how many count against it.

    At most `MOST_OFFICES`, the worst first.

    :param since: the first day counted, the year's first unless said; `until` the last, or today.
    """
    today = timezone.localdate(now)
    first, last = since or today.replace(month=1, day=1), until or today
    told = Supplement.objects.filter(
        _overseen(posts),
        ordinal__gt=1,
        asked_at__gte=_midnight(first),
        asked_at__lt=_midnight(last + timedelta(days=1)),
    )
    rows = (
        told.values("department")
        .annotate(
            asked=Count("pk"),
            avoidable=Count("pk", filter=Q(avoidable=True)),
            refused=Count("pk", filter=Q(state=Supplement.State.REFUSED)),
        )
        .order_by("-avoidable", "-asked", "department")[:MOST_OFFICES]
        .values_list("department", "asked", "avoidable", "refused")
    )
    return [
        {**_office(pk), "asked": asked, "avoidable": avoidable, "refused": refused}
        for pk, asked, avoidable, refused in rows
    ]


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _overseen(posts: Sequence[HeldPost]) -> Q:
    """Return the condition of what one oversees: a head the own office, others their territory."""
    wanted = Q(pk__in=[])
    for post in posts:
        if post.has(Duty.OVERSEE) and post.role == Post.Role.DEPARTMENT_HEAD:
            wanted |= Q(department=post.department_id)
        elif post.has(Duty.OVERSEE):
            wanted |= narrow.in_territory(post.division_code, post.level, via="case__")
    return wanted


_ROW = (
    "asked_at",
    "pk",
    "ordinal",
    "state",
    "step",
    "department",
    "late_reason",
    "avoidable",
    "asked_by",
    "case__number",
    "case__status",
    "case__item__code",
    "case__item__name",
)


def _listed(told: QuerySet[Supplement], size: int) -> Pairs:
    rows = [dict(zip(_ROW, row, strict=True)) for row in told.values_list(*_ROW)[: size + 1]]
    lines = _labels([row["pk"] for row in rows])
    people = _people(row["asked_by"] for row in rows)
    return [
        (
            (row["asked_at"], row["pk"]),
            {
                "number": row["case__number"],
                "item": row["case__item__code"],
                "item_name": row["case__item__name"],
                "status": row["case__status"],
                "status_label": Status(row["case__status"]).label,
                "ordinal": row["ordinal"],
                "state": row["state"],
                "state_label": Supplement.State(row["state"]).label,
                "step": row["step"],
                **_office(row["department"]),
                "asked_by": people.get(row["asked_by"], ""),
                "asked_at": row["asked_at"],
                "late_reason": row["late_reason"],
                "avoidable": row["avoidable"],
                "lines": lines.get(row["pk"], []),
            },
        )
        for row in rows
    ]


def _labels(told: Sequence[int]) -> dict[int, list[str]]:
    """Say each line of some notices in a few words: 近期照片: 看不清."""
    found: dict[int, list[str]] = {}
    rows = Defect.objects.filter(supplement__in=told).order_by("supplement", "seq")
    for pk, label, reason in rows.values_list("supplement_id", "label", "reason"):
        found.setdefault(pk, []).append(f"{label}: {Defect.Reason(reason).label}")
    return found


def _office(pk: int) -> dict[str, str]:
    office = names.office(pk)
    return {"department": office.name, "department_code": office.code}
