"""程序超期提醒: an office that lets the limit of its stage pass is told, once, with supervision."""

from datetime import date

from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import procedures
from backend.catalogue.models import ProcedureStage
from backend.catalogue.queries import procedures as queries
from backend.organisation.models import Division, Post
from notifications import actions as notifications

BATCH = 100


def alert_procedures(*, today: date | None = None) -> int:
    """程序超期提醒: tell of every stage whose last day has passed. Returns how many were told."""
    today = today or timezone.localdate()
    told = 0
    while late := _batch(today):
        told += late
    return told


@transaction.atomic
def _batch(today: date) -> int:
    rows = ProcedureStage.objects.filter(done_at__isnull=True, alerted=False, due_on__lt=today)
    late = list(
        rows.select_for_update(of=("self",), skip_locked=True)
        .select_related("admission__office__division", "exit__office__division", "exit__item")
        .order_by("due_on", "pk")[:BATCH]
    )
    supervisors = _supervisors(today) if late else []
    for stage in late:
        one = stage.admission or stage.exit
        assert one  # noqa: S101  (a check of the table)
        procedures.tell_office(one, stage, "staff.procedure_overdue", today=today)
        for account in supervisors:
            _tell(account, stage, procedures.subject_of(one))
    ProcedureStage.objects.filter(pk__in=[stage.pk for stage in late]).update(alerted=True)
    return len(late)


def _supervisors(today: date) -> list[int]:
    posts = queries.held(today).filter(
        role=Post.Role.SUPERVISOR, department__division__level=Division.Level.CITY
    )
    return list(posts.values_list("staff__account", flat=True).distinct())


def _tell(account: int, stage: ProcedureStage, subject: str) -> None:
    notifications.send(
        to=Account(pk=account, kind=Account.Kind.STAFF),
        kind="staff.procedure_overdue",
        params={
            "subject": subject,
            "stage": stage.get_name_display(),
            "due_on": stage.due_on.isoformat(),
        },
        dedupe_key=f"staff.procedure_overdue:{stage.pk}:{account}",
    )
