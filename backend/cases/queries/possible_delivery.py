"""
Which acts of delivery are possible now (送达操作): hand over, send a new code.

Asked beside `possible`, whose twin it is for these acts; a test holds it to the actions.
"""

from typing import Any

from backend.cases import delivering
from backend.cases.lifecycle import Status
from backend.cases.models import Delivery
from backend.cases.queries import possible
from backend.cases.queries.possible import Desk, No
from backend.organisation.duties import Duty

OF_CASE = {"give_out": "交付", "renew_pickup": "重发取件码"}
_SENT = (Status.DELIVERED, Status.CONCLUDED)
Method, State = Delivery.Method, Delivery.State


def verbs(desk: Desk) -> list[dict[str, Any]]:
    """Return both acts, possible or why not; of a case with nothing sent, without looking."""
    sent = desk.case.status in _SENT
    delivery = Delivery.objects.filter(case=desk.case).first() if sent else None
    return [
        possible.row("give_out", OF_CASE["give_out"], "", _give_out(desk, delivery)),
        possible.row("renew_pickup", OF_CASE["renew_pickup"], "", _renew(desk, delivery)),
    ]


def _give_out(desk: Desk, delivery: Delivery | None) -> No | None:
    if no := _elsewhere(desk, delivery):
        return no
    locked = delivery is not None and delivery.failures >= delivering.MOST_FAILURES
    return No("pickup_locked", "取件码已锁定, 请核对身份后重发") if locked else None


def _renew(desk: Desk, delivery: Delivery | None) -> No | None:
    if delivery is not None and delivery.method != Method.WINDOW:
        return No("nothing_to_collect", "不是窗口领取, 没有取件码")
    return _elsewhere(desk, delivery)


def _elsewhere(desk: Desk, delivery: Delivery | None) -> No | None:
    if delivery is None or delivery.state not in (State.WAITING, State.SENT):
        return No("nothing_to_collect", "没有等待领取的结果")
    village = desk.case.village_code
    if not any(
        post.has(Duty.DELIVER) and delivering.is_at(post, delivery, village) for post in desk.posts
    ):
        return No("not_your_duty", "由结果所在的窗口或村(社区)交付")
    return None
