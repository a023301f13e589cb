"""What must hold of notices at any moment (一致性); read-only, for `manage.py fsck`."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import F, Q

from notifications.models import Delivery

State = Delivery.State
STUCK = timedelta(minutes=10)
"""A lease is a minute and the reaper comes every few seconds: ten minutes mean nobody reaps."""
OVERDUE = timedelta(hours=1)
MOST = 100


def findings(*, now: datetime) -> Iterator[tuple[str, str, str]]:
    """Yield (rule, about what, why) of everything that does not hold (design: I3, I4)."""
    stuck = Delivery.objects.filter(state=State.CLAIMED, lease_until__lt=now - STUCK)
    for pk in stuck.values_list("pk", flat=True)[:MOST]:
        yield "delivery_lease_ends", f"投递 {pk}", "租约早已过期, 没有进程来结清"
    due = Delivery.objects.filter(
        Q(notification__expires_at__isnull=True) | Q(notification__expires_at__gt=now),
        state__in=(State.WAITING, State.RETRY),
        next_at__lt=now - OVERDUE,
    )
    for pk in due.values_list("pk", flat=True)[:MOST]:
        yield "delivery_goes_out", f"投递 {pk}", "一小时前就该发送, 仍在等待"
    twice = Delivery.objects.filter(
        state__in=(State.ACCEPTED, State.DELIVERED),
        notification__deliveries__channel=F("channel"),
        notification__deliveries__state__in=(State.ACCEPTED, State.DELIVERED),
        notification__deliveries__pk__gt=F("pk"),
    )
    for pk in twice.values_list("pk", flat=True)[:MOST]:
        yield "delivered_once_a_channel", f"投递 {pk}", "同一渠道送达了两次"
