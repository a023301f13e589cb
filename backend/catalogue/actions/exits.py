"""退出: an item leaves the catalogue; it takes no new case, and what runs finishes."""

from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue.actions import procedures, trail
from backend.catalogue.actions.procedures import Subject, Turn
from backend.catalogue.lifecycle import ITEMS
from backend.catalogue.models import Exit, ServiceItem
from backend.catalogue.queries import ItemNotFound
from backend.core.errors import Conflict


class ExitRunning(Conflict):
    code, title = "exit_running", "该事项的退出申请正在办理, 请查看原申请"


def propose(
    *,
    actor: Account,
    item_code: str,
    ground: str,
    legal_basis: str,
    reason: str,
    office: tuple[str, str] | None = None,
) -> Exit:
    """
    申请退出: because it is rare, can be had wholly online, or has lost its basis.

    :param ground: "rare", "online" or "repealed".
    :raises ItemNotFound: no such item.
    :raises IllegalMove: it has left already, or was never open.
    :raises ExitRunning: it is asked for already.
    """
    post, now = procedures.proposer(actor, office=office), timezone.now()
    item = ServiceItem.objects.filter(code=item_code).first()
    if item is None:
        raise ItemNotFound
    ITEMS.move("exit", item.status)
    one = Exit(
        item=item,
        ground=ground,
        office=procedures.office_of(post),
        legal_basis=legal_basis,
        reason=reason,
        proposed_by=actor,
        proposed_at=now,
    )
    turn = Turn(actor, [], one, now, post)
    try:
        with transaction.atomic():
            procedures.start(turn, "propose")
    except IntegrityError as running:
        raise ExitRunning from running
    return one


def resubmit(*, actor: Account, uid: UUID, legal_basis: str, reason: str) -> Exit:
    """补充后再报: the same office answers what was missing."""
    with procedures.acting("resubmit", Exit, actor=actor, uid=uid) as turn:
        turn.procedure.legal_basis, turn.procedure.reason = legal_basis, reason
        procedures.open_stage(turn, procedures.Stage.VETTING)
    return turn.procedure


def approve(*, actor: Account, uid: UUID, opinion: str, minutes: str) -> Exit:
    """退出: the joint meeting says yes; from this moment the item takes no new case."""
    with procedures.acting("approve", Exit, actor=actor, uid=uid, opinion=opinion) as turn:
        procedures.agree(turn, minutes, opinion)
        item = ServiceItem.objects.select_for_update().get(pk=turn.procedure.item_id)
        item.status = ITEMS.move("exit", item.status).target
        item.save(update_fields=["status"])
        trail.record(
            Subject.ITEM,
            item.code,
            "exit",
            by=(actor, turn.post),
            at=turn.now,
            item=item,
            status=item.status,
            ground=turn.procedure.ground,
        )
    return turn.procedure
