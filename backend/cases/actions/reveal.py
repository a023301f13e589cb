"""查看原值: clear values of masked fields, for a stated purpose, and never without a trace."""

from collections.abc import Sequence

from django.db import transaction

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases.models import Case
from backend.cases.queries import record
from backend.core.errors import Invalid
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost, NotYourDuty

HANDLE_CASE = "handle case"
_OFFICE = (Duty.INTAKE, Duty.HANDLE, Duty.REVIEW, Duty.DECIDE, Duty.DELIVER)


class NothingToReveal(Invalid):
    code, title = "nothing_to_reveal", "没有这些脱敏字段, 请从办件详情中选择"


def open_record(*, actor: Account, posts: Sequence[HeldPost], number: str) -> Case:
    """
    打开办件: find a case for its page, and keep that it was read, by whom and for which case.

    :raises CaseNotFound: unknown, or out of sight.
    """
    case = record.find(actor, posts, number)
    keep(actor, case, "case", HANDLE_CASE)
    return case


@transaction.atomic
def reveal(*, actor: Account, number: str, fields: Sequence[str], purpose: str) -> dict[str, str]:
    """
    查看原值: return `fields` in clear; the entry is written first, so no value goes untraced.

    Only for offices a step of the case has come to, in a role that works on cases
    (领域说明 §4: 角色 ∧ 区划 ∧ 字段级别 ∧ 目的).

    :param fields: `name`, `id_number`, `phone`, or `answers.<key>` of a masked answer.
    :raises CaseNotFound: unknown, or out of sight.
    :raises NotYourDuty: seen, but not worked on, by the actor's offices.
    :raises NothingToReveal: none of the fields is masked in this case.
    """
    case = worked_on(actor=actor, number=number)
    values = record.clear(case, fields)
    if not values:
        raise NothingToReveal
    for field in values:
        keep(actor, case, f"field:{field}"[:64], purpose)
    return values


def worked_on(*, actor: Account, number: str) -> Case:
    """
    Return a case whose values in clear the actor's work needs.

    :raises CaseNotFound: unknown, or out of sight.
    :raises NotYourDuty: no step of it has come to the actor's offices.
    """
    posts = duties.posts_of(actor)
    case = record.find(actor, posts, number)
    offices = [post.department_id for post in posts if any(post.has(duty) for duty in _OFFICE)]
    if not case.steps.filter(department__in=offices).exists():
        raise NotYourDuty
    return case


def keep(actor: Account, case: Case, subject: str, purpose: str) -> None:
    accounts.record_read(
        actor=actor,
        subject=subject,
        purpose=purpose,
        case_number=case.number,
        resident_id=case.applicant_id,
    )
