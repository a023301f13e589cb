"""红黄灯提醒 (R37): a step that turns yellow or red is told to who can still do something."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db import connection, transaction
from django.db.models import Q, QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from backend.organisation.models import Post
from notifications import actions as notifications

YELLOW, RED = 1, 2
BATCH = 500
Role = Post.Role

# A step is taken once per colour, whoever runs beside us; steps whose clock stands are left alone.
_TAKE = """
UPDATE cases_casestep step
   SET alerted = CASE WHEN step.due_on < %(today)s THEN 2 ELSE 1 END
  FROM (SELECT todo.id FROM cases_casestep todo JOIN cases_case held ON held.id = todo.case_id
         WHERE todo.state = 'open' AND todo.role <> 'system' AND todo.alerted < 2
           AND todo.warn_on <= %(today)s AND held.paused_on IS NULL
           AND (todo.alerted = 0 OR todo.due_on < %(today)s)
         ORDER BY todo.warn_on LIMIT %(most)s FOR UPDATE OF todo SKIP LOCKED) taken,
       cases_case whole, catalogue_serviceitem item
 WHERE step.id = taken.id AND whole.id = step.case_id AND item.id = whole.item_id
RETURNING step.id, step.alerted, step.name, step.due_on, step.department_id, step.role,
          step.claimed_by_id, step.county_code, whole.number, item.name
"""


@dataclass(frozen=True, slots=True)
class _Crossing:
    step_id: int
    alerted: int
    step_name: str
    due_on: date
    department_id: int
    role: str
    claimed_by_id: int | None
    county_code: str
    number: str
    item: str


def alert_lights(*, today: date | None = None) -> int:
    """
    黄灯: whoever holds the step, or everybody of its post; 红灯: the head and supervision as well
    (领域说明 §2.7: 承办 → 负责人 → 监察). Returns how many steps crossed a line.

    Each batch is its own transaction, so one office's trouble keeps no other from being told.
    """
    today = today or timezone.localdate()
    told = 0
    while crossed := _alert_batch(today):
        told += crossed
    return told


@transaction.atomic
def _alert_batch(today: date) -> int:
    with connection.cursor() as cursor:
        cursor.execute(_TAKE, {"today": today, "most": BATCH})
        crossings = [_Crossing(*row) for row in cursor.fetchall()]
    holders = _posts({crossing.department_id for crossing in crossings}, today)
    supervisors = _supervisors({crossing.county_code for crossing in crossings}, today)
    for crossing in crossings:
        for account_id in _told(crossing, holders, supervisors):
            _tell(crossing, account_id)
    return len(crossings)


def _posts(departments: Iterable[int], today: date) -> dict[tuple[int, str], list[int]]:
    """Return who holds which role in these offices today: (department, role) → account ids."""
    found: dict[tuple[int, str], list[int]] = {}
    rows = _held(today).filter(department__in=departments)
    for department, role, account in rows.values_list("department_id", "role", "staff__account_id"):
        found.setdefault((department, role), []).append(account)
    return found


def _supervisors(counties: Iterable[str], today: date) -> dict[str, list[int]]:
    found: dict[str, list[int]] = {}
    rows = _held(today).filter(role=Role.SUPERVISOR, department__division__code__in=counties)
    for county, account in rows.values_list("department__division__code", "staff__account_id"):
        found.setdefault(county, []).append(account)
    return found


def _held(today: date) -> QuerySet[Post]:
    return Post.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gte=today),
        valid_from__lte=today,
        staff__account__is_active=True,
    )


def _told(
    crossing: _Crossing,
    holders: dict[tuple[int, str], list[int]],
    supervisors: dict[str, list[int]],
) -> list[int]:
    everybody = holders.get((crossing.department_id, crossing.role), [])
    first = [crossing.claimed_by_id] if crossing.claimed_by_id in everybody else everybody
    told = [account for account in first if account]
    if crossing.alerted == RED or not told:
        told += holders.get((crossing.department_id, Role.DEPARTMENT_HEAD), [])
        told += supervisors.get(crossing.county_code, [])
    return list(dict.fromkeys(told))


def _tell(crossing: _Crossing, account_id: int) -> None:
    late = crossing.alerted == RED
    notifications.send(
        to=Account(pk=account_id, kind=Account.Kind.STAFF),
        kind="staff.light",
        params={
            "number": crossing.number,
            "item": crossing.item,
            "step_name": crossing.step_name,
            "due_on": crossing.due_on.isoformat(),
            "light_text": "已经超期" if late else "即将到期",
        },
        case_number=crossing.number,
        dedupe_key=f"R37:{crossing.step_id}:{crossing.alerted}:{account_id}",
    )
