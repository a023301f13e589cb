"""自助查询: progress without login, by case number and the last four of the identity number."""

import hmac
from datetime import timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from backend.cases import numbers
from backend.cases.models import Case, LookupGuard
from backend.cases.queries import resident as queries
from backend.core import crypto
from backend.core.errors import Forbidden, NotFound

MOST_FAILURES = 3
LOCK = timedelta(minutes=30)
_NOBODY = bytes(32)


class LookupRefused(NotFound):
    code = "lookup_refused"
    title = "办事编号与证件后四位不符, 请核对后重试; 连续错三次将锁定 30 分钟"


class LookupLocked(Forbidden):
    code = "lookup_locked"
    title = "连续输错三次, 请 30 分钟后再试, 或登录小程序在“我的办件”中查看"


def look_up(*, number: str, last4: str) -> dict[str, Any]:
    """
    查进度: return what `queries.progress` and the timeline tell; no personal data.

    An unknown number and wrong digits take the same road to the same words, and both count:
    three errors lock the number, whether it exists or not.

    :param number: as typed or spoken; a wrong check digit is said, since it reveals nothing.
    :raises BadNumber: not a case number.
    :raises LookupRefused: the two do not belong together.
    :raises LookupLocked: too many errors; extra `retry_after` in seconds.
    """
    number = numbers.read(number)
    given = crypto.digest(last4.upper(), index="id_last4")
    with transaction.atomic():
        guard = _locked_guard(number)
        now = timezone.now()
        if guard.locked_until and guard.locked_until > now:
            raise LookupLocked(retry_after=int((guard.locked_until - now).total_seconds()) + 1)
        case = _case(number)
        kept = (case and case.applicant.id_last4_digest) or _NOBODY
        matches = hmac.compare_digest(bytes(kept), given)
        _count(guard, matches=matches)
    if case is None or not matches:
        raise LookupRefused
    return queries.public_progress(case, now=timezone.now())


def _locked_guard(number: str) -> LookupGuard:
    """Lock the number's row, so that errors sent at once are counted one by one."""
    LookupGuard.objects.bulk_create([LookupGuard(number=number)], ignore_conflicts=True)
    return LookupGuard.objects.select_for_update().get(pk=number)


def _count(guard: LookupGuard, *, matches: bool) -> None:
    """Forget past errors on a hit; lock on the third one in a row."""
    if matches:
        guard.delete()
        return
    guard.failures = guard.failures % MOST_FAILURES + 1
    locked = guard.failures >= MOST_FAILURES
    guard.locked_until = timezone.now() + LOCK if locked else None
    guard.save()


def _case(number: str) -> Case | None:
    cases = Case.objects.select_related("item", "applicant__hukou_division")
    return cases.filter(number=number).first()
