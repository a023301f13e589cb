"""Confirming (回执): what WeChat says of messages it took. It settles what was unknown."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.conf import settings
from django.db.models import Q

from notifications import marks
from notifications.dispatch import settling
from notifications.dispatch.settling import Result
from notifications.models import Channel, Delivery

S = Delivery.State
_ROUNDED = timedelta(seconds=1)
"""An event's time is in whole seconds."""
_FIELDS = (
    "pk",
    "account_id",
    "state",
    "provider_id",
    "claimed_at",
    "lease_owner",
)


@dataclass(frozen=True, slots=True)
class Word:
    """One template's item of a sent event (subscribe_msg_sent_event), for one person."""

    callback_id: int
    account_id: int
    at: datetime
    item: Mapping[str, str]

    @property
    def key(self) -> tuple[int, str]:
        return self.account_id, self.item.get("msgid", "")

    @property
    def delivered(self) -> bool:
        return self.item.get("errcode", "0") == "0"

    @property
    def template_key(self) -> str:
        wanted = self.item.get("template_id")
        keys = {template_id: key for key, (_how, template_id) in settings.WECHAT_TEMPLATES.items()}
        return keys.get(wanted or "", "")


def confirm(words: Sequence[Word], *, now: datetime) -> set[int]:
    """
    回执: settle deliveries by WeChat's word; return the callbacks that must be read again later.

    A word goes to the delivery with its message id; else, unless a call for this person is still in
    flight, to the oldest unknown one of its template; else to one accepted without an id.
    """
    if not words:
        return set()
    named = _named(words)
    unnamed = [word for word in words if word.key not in named]
    open_rows = _unsettled({word.account_id for word in unnamed}) if unnamed else []
    unclear: set[int] = set()
    results: dict[int, tuple[Result, int]] = {}
    for word in words:
        row = named.get(word.key) or _meant(word, [r for r in open_rows if r.pk not in results])
        if row is None:
            unclear.add(word.callback_id)
        elif result := _result(row, word, now):
            results[row.pk] = (result, word.callback_id)
    written = settling.write([result for result, _ in results.values()], worker="cb")
    return unclear | {callback for pk, (_, callback) in results.items() if pk not in written}


def _named(words: Iterable[Word]) -> dict[tuple[int, str], Delivery]:
    ids = {word.key[1] for word in words} - {""}
    rows = Delivery.objects.filter(channel=Channel.WECHAT, provider_id__in=ids)
    return {(row.account_id, row.provider_id): row for row in rows.only(*_FIELDS)}


def _unsettled(accounts: Collection[int]) -> list[Delivery]:
    """Find what a word without a known id may speak of; one question for each narrow index."""
    found: list[Delivery] = []
    for part in (Q(state=S.CLAIMED), Q(state=S.UNKNOWN), Q(state=S.ACCEPTED, provider_id="")):
        rows = Delivery.objects.filter(part, channel=Channel.WECHAT, account__in=accounts)
        found += rows.select_related("notification").only(*_FIELDS, "notification__template_key")
    return sorted(found, key=lambda row: row.pk)


def _meant(word: Word, rows: Iterable[Delivery]) -> Delivery | None:
    began = [
        row
        for row in rows
        if row.account_id == word.account_id
        and row.notification.template_key == word.template_key
        and row.claimed_at
        and row.claimed_at < word.at + _ROUNDED
    ]
    if any(row.state == S.CLAIMED for row in began):
        return None
    unknown = [row for row in began if row.state == S.UNKNOWN]
    return next(iter(unknown or began), None)


def _result(row: Delivery, word: Word, now: datetime) -> Result | None:
    """Turn a word into a result; None when it was said before."""
    claim = marks.Claim(row.pk, row.lease_owner, "", "")
    if row.state not in (S.ACCEPTED, S.UNKNOWN):
        return None
    return Result(
        claim,
        S.DELIVERED if word.delivered else S.FAILED,
        now,
        was=row.state,
        reason="" if word.delivered else "not_pushed",
        errcode=None if word.delivered else _code(word),
        provider_id=word.item.get("msgid", ""),
        quota="consume" if row.state == S.UNKNOWN else None,
        ladder=not word.delivered,
    )


def _code(word: Word) -> int:
    text = word.item.get("errcode", "")
    return int(text) if text.lstrip("-").isdecimal() else -1
