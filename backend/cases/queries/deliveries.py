"""How a result is to reach people, and where it stands (送达情况), for both doors."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import delivering
from backend.cases.lifecycle import CLOSED, Status
from backend.cases.models import Case, Delivery
from backend.cases.queries import scope
from backend.core import crypto
from backend.organisation import names
from backend.organisation import queries as organisation
from backend.organisation.duties import HeldPost

_OVER = (*CLOSED, Status.DELIVERED)
State = Delivery.State


def of_case(
    account: Account, *, number: str, now: datetime, posts: Sequence[HeldPost] | None = None
) -> dict[str, Any]:
    """
    Return the ways offered, the one chosen, and how far it is; the address masked.

    The light is the law's: ten working days from the decision (行政许可法 §44), until it is sent.

    :raises CaseNotFound: unknown, or out of sight.
    """
    seen = scope.visible_to(account, posts).filter(number=number)
    case = seen.select_related("version", "delivery").first()
    if case is None:
        raise scope.CaseNotFound
    delivery: Delivery | None = getattr(case, "delivery", None)
    return {
        "offered": [
            {"method": way, "label": Delivery.Method(way).label}
            for way in delivering.offered(case.version.guide)
        ],
        **_clock(case, now),
        **_state(case, delivery),
    }


def _clock(case: Case, now: datetime) -> dict[str, Any]:
    if case.decided_at is None:
        return {"due_on": None, "light": None}
    working, decided = organisation.calendar(), timezone.localdate(case.decided_at)
    waits = case.status == Status.DECIDED
    today = timezone.localdate(now)
    return {
        "due_on": delivering.due(decided, working),
        "light": delivering.light(decided, today, working) if waits else None,
    }


def _state(case: Case, delivery: Delivery | None) -> dict[str, Any]:
    sent = delivery is not None and delivery.state != State.CHOSEN
    by_hand = delivery is not None and delivery.method == Delivery.Method.WINDOW
    done = delivery is not None and delivery.state == State.DONE
    return {
        "method": delivery.method if delivery else "",
        "method_label": delivery.get_method_display() if delivery else "",
        "state": delivery.state if delivery else "",
        "state_label": delivery.get_state_display() if delivery else "",
        "place": _place(delivery),
        "address": _address(case, delivery),
        "mail_number": delivery.mail_number if delivery else "",
        "received_by": delivery.received_by if delivery else "",
        "ready_at": delivery.ready_at if delivery else None,
        "done_at": delivery.done_at if delivery else None,
        "can_choose": case.status not in _OVER,
        "can_confirm": sent and not done and not by_hand,
    }


def _place(delivery: Delivery | None) -> str:
    return names.office(delivery.place_id).name if delivery and delivery.place_id else ""


def _address(case: Case, delivery: Delivery | None) -> str:
    """Return to whom it goes, masked: enough to see that it is there, and whose."""
    if delivery is None or not delivery.sealed_address:
        return ""
    context = Delivery.context(case.pk, "address")
    opened = crypto.unseal_json(delivery.sealed_address, context=context)
    given = opened if isinstance(opened, dict) else {}
    name, phone = str(given.get("name", "")), str(given.get("phone", ""))
    return f"{crypto.mask_name(name)} {crypto.mask_phone(phone)} {str(given.get('address'))[:6]}…"
