"""
Who does what in an office (人员): load per person, stand-ins, hand-overs, recusals.

For heads over their own office, a town's head over its stations, supervision over its territory.
"""

from collections.abc import Iterable, Sequence
from datetime import date
from typing import Any

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from backend.accounts.models import Account
from backend.cases.models import Case, CaseStep, HandOver, HandOverLine, Recusal
from backend.cases.queries import scope
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Division, Post, StaffMember, StandIn

Level = Division.Level
Pairs = list[tuple[tuple[int], dict[str, Any]]]


def offices(posts: Sequence[HeldPost], *, via: str) -> Q:
    """Return the condition of the offices whose people these posts arrange."""
    wanted = Q(pk__in=[])
    for post in posts:
        if not post.has(Duty.STAFFING):
            continue
        wanted |= Q(**{via: post.department_id})
        if post.role == Post.Role.SUPERVISOR and post.level == Level.CITY:
            wanted |= Q(pk__gt=0)
        elif post.role == Post.Role.SUPERVISOR:
            wanted |= Q(**{f"{via}__division__county_code": post.division_code})
        elif post.level in (Level.TOWN, Level.ZONE):
            wanted |= Q(**{f"{via}__division__town_code": post.division_code})
    return wanted


def staff(
    posts: Sequence[HeldPost], *, today: date, after: tuple[int] | None = None, size: int
) -> Pairs:
    """
    人员与负荷: return up to `size` + 1 (key, row) pairs: each person's posts and work in hand.

    `waiting` counts what is open for their posts, whoever takes it; `claimed` what they hold.
    """
    seats = _in_force(today).filter(offices(posts, via="department"))
    people = StaffMember.objects.filter(
        Exists(seats.filter(staff=OuterRef("pk"))), account__is_active=True
    )
    if after:
        people = people.filter(pk__gt=after[0])
    page = list(people.select_related("account").order_by("pk")[: size + 1])
    held: dict[int, list[Post]] = {}
    for post in _in_force(today).filter(staff__in=page).select_related("department").order_by("pk"):
        held.setdefault(post.staff_id, []).append(post)
    hands = _in_hand([member.account_id for member in page], today)
    queue = _queues(post for row in held.values() for post in row)
    return [
        ((member.pk,), _person(member, held.get(member.pk, []), hands, queue)) for member in page
    ]


def _in_force(today: date) -> QuerySet[Post]:
    return Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today), valid_from__lte=today
    )


def _in_hand(accounts: Iterable[int], today: date) -> dict[int, tuple[int, int]]:
    """Return how much each has claimed, and how much of it is late."""
    claimed = CaseStep.objects.filter(claimed_by__in=list(accounts), state=CaseStep.State.OPEN)
    rows = claimed.values_list("claimed_by").annotate(
        all=Count("pk"), late=Count("pk", filter=Q(due_on__lt=today))
    )
    return {account: (all_, late) for account, all_, late in rows}


def _queues(posts: Iterable[Post]) -> dict[tuple[int, str], int]:
    places = {post.department_id for post in posts}
    steps = CaseStep.objects.filter(department__in=places, state=CaseStep.State.OPEN)
    rows = steps.values_list("department", "role").annotate(all=Count("pk"))
    return {(department, role): count for department, role, count in rows}


def _person(
    member: StaffMember,
    held: Sequence[Post],
    hands: dict[int, tuple[int, int]],
    queue: dict[tuple[int, str], int],
) -> dict[str, Any]:
    claimed, late = hands.get(member.account_id, (0, 0))
    return {
        "id": member.pk,
        "name": member.name,
        "login": member.account.name,
        "posts": [
            {
                "id": post.pk,
                "role": post.role,
                "role_label": post.get_role_display(),
                "department": post.department.name,
                "waiting": queue.get((post.department_id, post.role), 0),
            }
            for post in held
        ],
        "claimed": claimed,
        "claimed_late": late,
    }


def stand_ins(posts: Sequence[HeldPost], *, after: tuple[int] | None = None, size: int) -> Pairs:
    """代岗安排: return up to `size` + 1 (key, row) pairs, the newest first, those over too."""
    rows = StandIn.objects.filter(offices(posts, via="post__department"))
    if after:
        rows = rows.filter(pk__lt=after[0])
    page = rows.select_related("post__staff", "post__department").order_by("-pk")[: size + 1]
    found = list(page)
    names = _names({row.account_id for row in found})
    return [
        (
            (row.pk,),
            {
                "id": row.pk,
                "post": row.post_id,
                "role_label": row.post.get_role_display(),
                "department": row.post.department.name,
                "absent": row.post.staff.name,
                "stand_in": names.get(row.account_id, ""),
                "valid_from": row.valid_from,
                "valid_to": row.valid_to,
                "ended_at": row.ended_at,
            },
        )
        for row in found
    ]


def hand_overs(account: Account, *, after: tuple[int] | None = None, size: int) -> Pairs:
    """交接记录: return up to `size` + 1 (key, row) pairs of those one has made, newest first."""
    rows = HandOver.objects.filter(by=account)
    if after:
        rows = rows.filter(pk__lt=after[0])
    found = list(rows.order_by("-pk")[: size + 1])
    return [((row.pk,), shown) for row, shown in zip(found, _lists(found), strict=True)]


def handed(done: HandOver) -> dict[str, Any]:
    """Return one hand-over with its list."""
    return _lists([done])[0]


def _lists(found: Sequence[HandOver]) -> list[dict[str, Any]]:
    lines: dict[int, list[HandOverLine]] = {}
    of_these = HandOverLine.objects.filter(hand_over__in=found).select_related("step__case")
    for line in of_these.order_by("pk"):
        lines.setdefault(line.hand_over_id, []).append(line)
    names = _names(
        {row.account_id for row in found}
        | {line.to_id for many in lines.values() for line in many if line.to_id}
    )
    return [
        {
            "id": row.pk,
            "name": names.get(row.account_id, ""),
            "reason": row.reason,
            "at": row.at,
            "steps": [
                {
                    "number": line.step.case.number,
                    "step": line.step.key,
                    "step_name": line.step.name,
                    "to": names.get(line.to_id or 0, ""),
                }
                for line in lines.get(row.pk, [])
            ],
        }
        for row in found
    ]


def recusals(posts: Sequence[HeldPost], *, after: tuple[int] | None = None, size: int) -> Pairs:
    """回避登记: return up to `size` + 1 (key, row) pairs of the cases in sight, newest first."""
    rows = Recusal.objects.filter(case__in=Case.objects.filter(scope.listed(posts)))
    if after:
        rows = rows.filter(pk__lt=after[0])
    found = list(rows.select_related("case__item").order_by("-pk")[: size + 1])
    names = _names({row.account_id for row in found} | {row.declared_by_id for row in found})
    return [
        (
            (row.pk,),
            {
                "id": row.pk,
                "number": row.case.number,
                "item_name": row.case.item.name,
                "name": names.get(row.account_id, ""),
                "relation_label": row.get_relation_display(),
                "found_label": row.get_found_display(),
                "declared_by": names.get(row.declared_by_id, "系统"),
                "at": row.at,
                "lifted_at": row.lifted_at,
                "reason": row.reason,
            },
        )
        for row in found
    ]


def _names(accounts: Iterable[int]) -> dict[int, str]:
    members = StaffMember.objects.filter(account__in=set(accounts))
    return dict(members.values_list("account", "name"))
