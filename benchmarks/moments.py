"""Moments (时刻): epoch seconds as days of Ziyang, as times, and as COPY reads them. Pure."""

from datetime import UTC, date, datetime

_DAY = 86_400
_SHANGHAI = 8 * 3600


def local_day(at: int) -> date:
    """Return the day in Ziyang of a moment in epoch seconds."""
    return date.fromordinal((at + _SHANGHAI) // _DAY + 719_163)


class _Moments(dict[int, tuple[datetime, str]]):
    """Epoch seconds → the time, and its text: a case asks for the same few again and again."""

    def __missing__(self, at: int) -> tuple[datetime, str]:
        time = datetime.fromtimestamp(at, UTC)
        found = self[at] = time, f"{time:%Y-%m-%d %H:%M:%S}+00"
        return found


MOMENTS = _Moments()


def moment(at: int) -> datetime:
    return MOMENTS[at][0]


def told(at: int | None) -> str:
    """Return a moment, or none, as COPY reads it."""
    return "\\N" if at is None else MOMENTS[at][1]
