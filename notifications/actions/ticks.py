"""The clock's slots (时钟滴答): one run of a job per slot, however many beats ring."""

from datetime import UTC, datetime, timedelta

from django.utils import timezone

from notifications.models import CallbackRaw, Tick

_TICKS_KEPT = timedelta(days=7)
_CALLBACKS_KEPT = timedelta(days=30)


def take_tick(*, job: str, seconds: int) -> bool:
    """
    占时隙: say whether this call is the first of its slot, and so the one to do the work.

    :param seconds: how long a slot is; slots begin at whole multiples of it.
    """
    now = timezone.now()
    slot = datetime.fromtimestamp(now.timestamp() // seconds * seconds, UTC)
    return Tick.objects.get_or_create(job=job, tick_at=slot)[1]


def tidy() -> int:
    """清理: drop old slots, and the pushes whose effect has long been entered."""
    now = timezone.now()
    ticks = Tick.objects.filter(tick_at__lt=now - _TICKS_KEPT).delete()[0]
    done = CallbackRaw.objects.exclude(state=CallbackRaw.State.NEW)
    return ticks + done.filter(received_at__lt=now - _CALLBACKS_KEPT).delete()[0]
