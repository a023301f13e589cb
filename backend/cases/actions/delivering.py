"""
送达: the result reaches the applicant the way they chose, and there is proof that it did.

Electronic: opened or confirmed is delivered. At a window: a code of six digits, good at that place
only, five errors lock it. By mail: the office writes the number, done when signed for. Through the
community: the village's worker hands it over against a signature (送达回证).
"""

import hmac
import secrets
from collections.abc import Mapping

from django.db import transaction

from backend.accounts.models import Account
from backend.cases import delivering
from backend.cases.actions import moves, reveal
from backend.cases.actions.moves import Turn
from backend.cases.lifecycle import CLOSED, Status
from backend.cases.models import Case, CaseStep, Delivery
from backend.core import crypto
from backend.core.errors import Conflict, Invalid, NotFound
from backend.organisation import duties, names
from backend.organisation.duties import Duty, HeldPost, NotYourDuty

Method, State = Delivery.Method, Delivery.State
ADDRESS = ("name", "phone", "address")
RECEIVERS = {"self": "本人", "proxy": "代领人"}


class MethodNotOffered(Invalid):
    code, title = "delivery_not_offered", "该事项没有这种领取方式, 请从可选方式中选择"


class AddressMissing(Invalid):
    code, title = "delivery_address_missing", "邮寄和代送请填写收件人、电话和详细地址"


class DeliveryUnderWay(Conflict):
    code, title = (
        "delivery_under_way",
        "结果已经送出或已结束, 不能再改领取方式; 有困难请联系承办部门",
    )


class MailNumberMissing(Invalid):
    code, title = "mail_number_missing", "申请人选择了邮寄, 请填写邮件号后再送达"


class NothingToCollect(Conflict):
    code, title = "nothing_to_collect", "没有等待领取的结果, 可能已经领取, 请刷新后再看"


class NoAddress(NotFound):
    code, title = "no_delivery_address", "申请人没有留收件地址, 请按其他方式送达"


class PickupWrong(Invalid):
    """`extra["left"]` says how many attempts are left."""

    code, title = "pickup_wrong", "取件码不对, 请核对申请人消息里的六位数字"


class PickupLocked(Conflict):
    code, title = "pickup_locked", "取件码已输错五次并锁定, 请核对身份后由送达岗位重新发码"


def choose_delivery(
    *, actor: Account, number: str, method: str, address: Mapping[str, str] | None = None
) -> Case:
    """
    选择领取方式: the applicant says how the result is to come; until it is sent.

    :param address: name, phone and address, for mail and the community.
    :raises DeliveryUnderWay: it was sent, or the case has ended.
    :raises MethodNotOffered: the item's result does not come this way.
    :raises AddressMissing: mail or the community without where to.
    """
    with moves.acting(actor=actor, number=number) as turn:
        case = turn.case
        if case.status in CLOSED or case.status == Status.DELIVERED:
            raise DeliveryUnderWay
        if method not in delivering.offered(case.version.guide):
            raise MethodNotOffered
        where = {key: str((address or {}).get(key) or "").strip() for key in ADDRESS}
        needs = method in (Method.MAIL, Method.COMMUNITY)
        if needs and not all(where.values()):
            raise AddressMissing
        context = Delivery.context(case.pk, "address")
        sealed = crypto.seal_json(where, context=context) if needs else b""
        Delivery.objects.update_or_create(
            case=case,
            defaults={"method": method, "state": State.CHOSEN, "sealed_address": sealed},
        )
        moves.record(turn, "choose_delivery", method=method)
    return turn.case


def send_out(turn: Turn, step: CaseStep, *, mail_number: str) -> None:
    """
    Let the result go the way it was chosen; part of `deliver`.

    :raises MailNumberMissing: by mail, and no number.
    """
    case = turn.case
    delivery = Delivery.objects.filter(case=case).first() or Delivery(
        case=case,
        method=delivering.default(case.version.guide, online=case.applicant.account_id is not None),
    )
    delivery.state, delivery.ready_at = State.WAITING, turn.now
    delivery.place_id = step.department_id
    words = {"place": names.office(step.department_id).name}
    if delivery.method == Method.WINDOW:
        words["pickup_code"] = _new_code(delivery)
    elif delivery.method == Method.MAIL:
        if not mail_number.strip():
            raise MailNumberMissing
        delivery.state, delivery.mail_number = State.SENT, mail_number.strip()
        words["mail_number"] = delivery.mail_number
    delivery.save()
    turn.told[-1][1].update(method=delivery.get_method_display(), **words)
    turn.said["delivery"] = delivery


def _new_code(delivery: Delivery) -> str:
    """Draw six digits; kept sealed, and as a digest that is good at one place only."""
    code = f"{secrets.randbelow(1_000_000):06}"
    context = Delivery.context(delivery.case_id, "pickup")
    delivery.sealed_pickup_code = crypto.seal(code, context=context)
    delivery.pickup_digest = _digest(delivery, code, delivery.place_id)
    delivery.failures = 0
    return code


def _digest(delivery: Delivery, code: str, place: int | None) -> bytes:
    return crypto.digest(f"{delivery.case_id}:{place}:{code}", index="pickup")


def give_out(*, actor: Account, number: str, code: str = "", received_by: str = "self") -> Case:
    """
    交付: give the result to who comes for it, or write down that the post or the village did.

    A wrong code counts whatever follows; the fifth locks it until a new one is sent. Who has no
    account was told no code, and shows an identity card instead.

    :param received_by: "self" or "proxy".
    :raises NothingToCollect: nothing waits, or it was handed over before.
    :raises NotYourDuty: another place's.
    :raises PickupWrong: with the attempts left.
    :raises PickupLocked: five errors.
    """
    with moves.acting(actor=actor, number=number) as turn:
        delivery = _waiting(turn)
        turn.post = _post_for(turn, delivery)
        asked = delivery.method == Method.WINDOW and turn.case.applicant.account_id is not None
        wrong = asked and not _fits(delivery, code, turn.post)
        if wrong:
            delivery.failures += 1
            delivery.save(update_fields=["failures"])
        else:
            _done(turn, delivery, "give_out", RECEIVERS.get(received_by, RECEIVERS["self"]))
    if wrong and delivery.failures >= delivering.MOST_FAILURES:
        raise PickupLocked
    if wrong:
        raise PickupWrong(left=delivering.MOST_FAILURES - delivery.failures)
    return turn.case


def renew_pickup(*, actor: Account, number: str) -> Case:
    """
    重发取件码: a new code for the applicant, after they showed who they are; the old one is void.

    :raises NothingToCollect: nothing waits at a window.
    :raises NotYourDuty: another place's.
    """
    with moves.acting(actor=actor, number=number) as turn:
        delivery = _waiting(turn)
        if delivery.method != Method.WINDOW:
            raise NothingToCollect
        turn.post = _post_for(turn, delivery)
        code = _new_code(delivery)
        delivery.save(update_fields=["sealed_pickup_code", "pickup_digest", "failures"])
        moves.tell(turn, "case.result_ready", pickup_code=code, place=turn.post.department_name)
        moves.record(turn, "renew_pickup")
    return turn.case


def confirm_receipt(*, actor: Account, number: str) -> Case:
    """
    确认收到: the applicant has the result, in hand or on the phone; once more changes nothing.

    :raises NothingToCollect: nothing was sent.
    """
    with moves.acting(actor=actor, number=number) as turn:
        delivery = Delivery.objects.filter(case=turn.case).first()
        if delivery is None or delivery.state == State.CHOSEN:
            raise NothingToCollect
        if delivery.method == Method.WINDOW and delivery.state != State.DONE:
            raise NothingToCollect("请凭取件码到窗口领取, 由窗口登记")
        if delivery.state != State.DONE:
            _done(turn, delivery, "confirm_receipt", RECEIVERS["self"])
    return turn.case


def read_result(*, actor: Account, number: str) -> None:
    """阅读即送达: who opens the decision sent electronically has received it."""
    waiting = Delivery.objects.filter(
        case__number=number, method=Method.ELECTRONIC, state=State.WAITING
    )
    if waiting.exists():
        confirm_receipt(actor=actor, number=number)


def _waiting(turn: Turn) -> Delivery:
    delivery = Delivery.objects.filter(case=turn.case).first()
    if delivery is None or delivery.state not in (State.WAITING, State.SENT):
        raise NothingToCollect
    return delivery


def _post_for(turn: Turn, delivery: Delivery) -> HeldPost:
    """Return the actor's post at the place it waits, or in the village that takes it round."""
    for post in turn.posts:
        if post.has(Duty.DELIVER) and delivering.is_at(post, delivery, turn.case.village_code):
            return post
    raise NotYourDuty


def _fits(delivery: Delivery, code: str, post: HeldPost) -> bool:
    if delivery.failures >= delivering.MOST_FAILURES:
        raise PickupLocked
    given = _digest(delivery, code.strip(), post.department_id)
    return hmac.compare_digest(bytes(delivery.pickup_digest), given)


def _done(turn: Turn, delivery: Delivery, verb: str, who: str) -> None:
    delivery.state, delivery.done_at, delivery.received_by = State.DONE, turn.now, who
    delivery.handed_by = turn.actor if turn.actor.kind == Account.Kind.STAFF else None
    delivery.save(update_fields=["state", "done_at", "received_by", "handed_by"])
    turn.said["delivery"] = delivery
    moves.record(turn, verb, method=delivery.method, received_by=who)


def remind_uncollected(*, actor: Account, number: str) -> bool:
    """未领提醒 (R34): seven days after it was ready, once."""
    with moves.acting(actor=actor, number=number) as turn:
        if actor.kind != Account.Kind.SYSTEM:
            raise duties.NotYourDuty
        waiting = Delivery.objects.filter(case=turn.case, state=State.WAITING, reminded=False)
        delivery = waiting.select_related("place").first()
        if delivery is None:
            return False
        Delivery.objects.filter(pk=delivery.pk).update(reminded=True)
        place = delivery.place.name if delivery.place else ""
        moves.tell(turn, "case.result_waiting", place=place, method=delivery.get_method_display())
        return True


@transaction.atomic
def reveal_address(*, actor: Account, number: str, purpose: str) -> dict[str, str]:
    """
    查看收件地址: for who sends or carries the result; the entry is written first.

    :raises CaseNotFound: unknown, or out of sight.
    :raises NotYourDuty: seen, but not worked on, by the actor's offices.
    :raises NoAddress: none was given.
    """
    case = reveal.worked_on(actor=actor, number=number)
    delivery = Delivery.objects.filter(case=case).first()
    if delivery is None or not delivery.sealed_address:
        raise NoAddress
    reveal.keep(actor, case, "delivery:address", purpose)
    opened = crypto.unseal_json(
        delivery.sealed_address, context=Delivery.context(case.pk, "address")
    )
    return {key: str(opened.get(key, "")) for key in ADDRESS} if isinstance(opened, dict) else {}
