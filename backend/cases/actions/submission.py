"""提交与撤回: an application becomes a numbered case, once."""

from collections.abc import Mapping
from uuid import UUID

from django.db import IntegrityError, transaction

from backend.accounts.models import Account
from backend.cases.actions import bundling, filing, moves
from backend.cases.actions.filing import Application, Filing
from backend.cases.actions.ledger import Choice
from backend.cases.actions.moves import State
from backend.cases.lifecycle import OPEN, Status
from backend.cases.models import Case, Draft
from backend.core.errors import Conflict, Invalid
from backend.core.kept import Kept
from backend.residents.models import Resident


class AlreadyOpen(Conflict):
    code, title = "already_open", "您已有一件相同事项正在办理, 请在“我的办件”中查看进度"


class TokenReused(Invalid):
    code, title = "token_reused", "该提交凭据已用于另一份申请, 请刷新页面后重新提交"


def submit(
    *,
    actor: Account,
    applicant: Resident,
    item_code: str,
    answers: Mapping[str, object],
    token: UUID,
    draft: UUID | None = None,
    materials: Mapping[str, Choice] | None = None,
) -> Case:
    """
    提交(收件): turn answers into a numbered case, once per `token` of the actor.

    The same token with the same content returns the first case (幂等); one person has one open
    case of an item (领域说明 §1.1 一口式受理). Needs PostgreSQL and nothing else.

    :param materials: material → how it is given; what a registry gives is not asked for.
    :raises FormRejected: every faulty field at once, each with a Chinese sentence.
    :raises MaterialsRejected: every material that is missing or cannot be given like this.
    :raises AlreadyOpen: with the number of the case that is open.
    """
    return file(
        Application(actor, applicant, item_code, answers, token, materials or {}), draft=draft
    )


def file(given: Application, *, draft: UUID | None = None) -> Case:
    """
    收件: write an application once per token, whoever typed it in; see `submit`.

    :param draft: the draft it was, which goes with it.
    """
    digest = given.digest
    if earlier := _earlier(given.actor, given.token, digest):
        return earlier
    filed = filing.prepare(given)
    try:
        with transaction.atomic():
            filing.write(filed)
            if draft:
                Draft.objects.filter(account=given.actor, uid=draft).delete()
    except IntegrityError as refused:
        return _settle(refused, filed, given, digest)
    return filed.case


def withdraw(*, actor: Account, number: str, reason: str = "") -> Case:
    """
    撤回: the applicant takes the application back; possible until a decision is made.

    Of a bundle, every part that may still be taken back goes with it; where one was granted
    already, the bundle stays for what there is to hand over.
    """
    with moves.acting(actor=actor, number=number) as turn:
        if bundling.take_parts_back(turn, reason):
            return turn.case
        moves.move(turn, "withdraw")
        turn.case.steps.filter(state=State.OPEN).update(
            state=State.CANCELLED, done_at=turn.now, done_by=actor
        )
        moves.halt(turn)
        turn.set(closed_at=turn.now, reason=reason)
        moves.record(turn, "withdraw", reason=reason)
    return turn.case


def _earlier(actor: Account, token: UUID, digest: bytes) -> Case | None:
    row = _BY_TOKEN.one(actor=actor.pk, token=token)
    if row is None:
        return None
    pk, first_digest = row
    if bytes(first_digest) != digest:
        raise TokenReused
    return Case.objects.select_related("version__item", "item", "applicant").get(pk=pk)


_BY_TOKEN = Kept(
    lambda actor, token: Case.objects.filter(submitted_by=actor, token=token).values_list(
        "pk", "request_digest"
    ),
    actor=int,
    token=UUID,
)


_ONCE = ("case_once_a_token", "case_one_open_per_person_and_item")


def _settle(refused: IntegrityError, filed: Filing, given: Application, digest: bytes) -> Case:
    """
    Say what a refused insert means: the same submission twice, or a second open case.

    A repeat breaks both constraints, and PostgreSQL names whichever index it looks at first.
    """
    constraint = getattr(getattr(refused.__cause__, "diag", None), "constraint_name", "")
    if constraint in _ONCE and (earlier := _earlier(given.actor, given.token, digest)):
        return earlier
    if constraint == "case_one_open_per_person_and_item":
        standing = (
            Case.objects.filter(
                applicant=given.applicant,
                item__in=[
                    one.item_id for one in (filed.case, *(p.filing.case for p in filed.parts))
                ],
                status__in=OPEN,
            )
            .values("number", "status")
            .first()
        ) or {"number": "", "status": Status.SUBMITTED}
        raise AlreadyOpen(
            number=standing["number"],
            state=standing["status"],
            status_label=Status(standing["status"]).label,
        ) from None
    raise refused
