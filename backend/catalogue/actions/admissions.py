"""准入: a department asks that communities take on work, and says what it gives for it."""

from dataclasses import asdict, dataclass
from decimal import Decimal
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.catalogue import pinyin
from backend.catalogue.actions import procedures, trail
from backend.catalogue.actions.procedures import Subject, Turn
from backend.catalogue.lifecycle import RUNNING
from backend.catalogue.models import Admission, ServiceItem
from backend.core.errors import Conflict, Invalid
from backend.organisation.models import Department


class NothingOffered(Invalid):
    code, title = (
        "nothing_offered",
        "权随责走、费随事转: 请写明随事项下沉的经费或人员, 至少一项",
    )


class CodeTaken(Conflict):
    code, title = "item_code_taken", "该事项编码已经用过或正在申请准入, 请换一个编码或查看原申请"


class NoSuchDepartment(Invalid):
    code, title = "no_such_department", "没有这个责任部门, 请核对部门代码"


@dataclass(frozen=True, slots=True, kw_only=True)
class Application:
    """准入申请的内容; workload a month, funding in yuan a year, staff in persons."""

    code: str
    name: str
    theme: str
    level: str
    department_code: str
    legal_basis: str
    reason: str
    monthly_cases: int
    minutes_each: int
    yearly_funding: Decimal = Decimal(0)
    staff_offered: Decimal = Decimal(0)
    offer_note: str = ""


def propose(
    *, actor: Account, application: Application, office: tuple[str, str] | None = None
) -> Admission:
    """
    申请准入: by the head of an office; civil affairs has its limit from the next working day on.

    :param office: (code, division) of the head's post, where one holds several.
    :raises NothingOffered: neither funding nor staff.
    :raises CodeTaken: the item is admitted, or asked for, already.
    :raises NoSuchDepartment: nobody would answer for it.
    :raises NotYourDuty: not a head of an office.
    """
    post, now = procedures.proposer(actor, office=office), timezone.now()
    _check(application)
    one = Admission(
        office=procedures.office_of(post),
        proposed_by=actor,
        proposed_at=now,
        **asdict(application),
    )
    turn = Turn(actor, [], one, now, post)
    try:
        with transaction.atomic():
            procedures.start(turn, "propose")
    except IntegrityError as taken:
        raise CodeTaken from taken
    return one


def resubmit(*, actor: Account, uid: UUID, application: Application) -> Admission:
    """补充后再报: the same office answers what was missing; civil affairs' limit begins anew."""
    _check(application, uid=uid)
    with procedures.acting("resubmit", Admission, actor=actor, uid=uid) as turn:
        for name, value in asdict(application).items():
            setattr(turn.procedure, name, value)
        procedures.open_stage(turn, procedures.Stage.VETTING)
    return turn.procedure


def approve(*, actor: Account, uid: UUID, opinion: str, minutes: str) -> Admission:
    """
    准入: the joint meeting says yes; the item stands in the catalogue as a draft.

    :raises CodeTaken: another item took the code meanwhile.
    """
    with procedures.acting("approve", Admission, actor=actor, uid=uid, opinion=opinion) as turn:
        procedures.agree(turn, minutes, opinion)
        turn.procedure.item = _item(turn)
    return turn.procedure


def _check(application: Application, *, uid: UUID | None = None) -> None:
    if application.yearly_funding <= 0 and application.staff_offered <= 0:
        raise NothingOffered
    if not Department.objects.filter(code=application.department_code).exists():
        raise NoSuchDepartment
    if ServiceItem.objects.filter(code=application.code).exists():
        raise CodeTaken
    if uid and _asked_elsewhere(application.code, uid):
        raise CodeTaken


def _asked_elsewhere(code: str, uid: UUID) -> bool:
    running = Admission.objects.filter(code=code, status__in=RUNNING)
    return running.exclude(uid=uid).exists()


def _item(turn: Turn[Admission]) -> ServiceItem:
    """Put the item into the catalogue; what left it comes again under a code of its own."""
    asked = turn.procedure
    if ServiceItem.objects.filter(code=asked.code).exists():
        raise CodeTaken
    item = ServiceItem.objects.create(
        code=asked.code,
        name=asked.name,
        theme=asked.theme,
        level=asked.level,
        department_code=asked.department_code,
        kind=ServiceItem.Kind.PROMISED,
        search_text=pinyin.search_text([asked.name]),
    )
    trail.record(
        Subject.ITEM,
        item.code,
        "admit",
        by=(turn.actor, turn.post),
        at=turn.now,
        item=item,
        status=item.status,
    )
    return item
