"""What the doors show of notices: the inbox, what is unread, and which grants are left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db.models import F, QuerySet
from django.utils import timezone

from backend.accounts.models import Account
from notifications import kinds
from notifications.models import Heartbeat, Notification, Quota, ReminderRule

UNREAD_CAP = 1001
MOST_TEMPLATES = 5
"""wx.requestSubscribeMessage takes no more at once."""
_UNSEEN = (Notification.State.CANCELLED, Notification.State.SUPPRESSED)


@dataclass(frozen=True, slots=True)
class InboxRow:
    """One notice as the inbox shows it. `plain`: the same for the elder version, in short words."""

    id: int
    kind: str
    title: str
    body: str
    plain: str
    case_number: str
    opens: str
    created_at: datetime
    read_at: datetime | None


@dataclass(frozen=True, slots=True)
class GrantsLeft:
    """How many more messages of a template a person lets through, by our ledger."""

    template_id: str
    template_key: str
    type: str
    left: int


def inbox_of(
    account: Account,
    *,
    before: tuple[datetime, int] | None = None,
    limit: int = 20,
    unread: bool = False,
) -> list[InboxRow]:
    """
    Return a page of the account's inbox, the newest first, in one statement.

    :param before: (created_at, id) of the last row of the page before.
    :param unread: only what nobody has read yet.
    """
    rows = _visible(account).order_by("-created_at", "-pk")
    if unread:
        rows = rows.filter(read_at=None)
    if before is not None:
        at, pk = before
        rows = rows.filter(created_at__lte=at).exclude(created_at=at, pk__gte=pk)
    return [_row(values) for values in rows.values_list(*_FIELDS)[:limit]]


_FIELDS = (
    "pk",
    "kind",
    "title",
    "body",
    "params__plain",
    "case_number",
    "params__open",
    "created_at",
    "read_at",
)


def _row(values: Sequence[Any]) -> InboxRow:
    pk, kind, title, body, plain, number, opens, created_at, read_at = values
    return InboxRow(pk, kind, title, body, plain or body, number, opens or "", created_at, read_at)


def _visible(account: Account) -> QuerySet[Notification]:
    """Leave out what is not due, was taken out by the reader, or withdrawn by us."""
    mine = Notification.objects.filter(account=account, hidden_at=None)
    return mine.filter(due_at__lte=timezone.now()).exclude(state__in=_UNSEEN)


def unread_count(account: Account) -> int:
    """Return how many notices are unread; 1001 stands for more than a thousand."""
    return _visible(account).filter(read_at=None).values("pk")[:UNREAD_CAP].count()


def grants_of(account: Account | None) -> list[GrantsLeft]:
    """提醒额度: what is left per configured template, in their order; nothing for a visitor."""
    mine = Quota.objects.filter(identity__account=account, identity__is_valid=True)
    known = dict(mine.values_list("template_id", F("balance") - F("held")))
    return [
        GrantsLeft(template_id, key, how, max(known.get(template_id, 0), 0))
        for key, (how, template_id) in settings.WECHAT_TEMPLATES.items()
    ]


def templates_to_ask(grants: Sequence[GrantsLeft], *, scene: str) -> list[str]:
    """
    Return the templates a page may ask subscriptions for: the least granted first, five at most.

    :param grants: what `grants_of` tells of the reader.
    :param scene: a key of `kinds.SCENES`; an unknown one asks for nothing.
    """
    wanted = kinds.SCENES.get(scene, ())
    rank = {key: i for i, key in enumerate(wanted)}
    asked = [grant for grant in grants if _worth_asking(grant, rank)]
    asked.sort(key=lambda grant: (grant.left > 0, rank[grant.template_key]))
    kind = asked[0].type if asked else ""  # 一次性与长期模板不能同时请求 (错误码 20002)
    return [grant.template_id for grant in asked if grant.type == kind][:MOST_TEMPLATES]


def _worth_asking(grant: GrantsLeft, rank: Mapping[str, int]) -> bool:
    """Ask for a long-term grant once; one-time ones add up, so every occasion counts."""
    return grant.template_key in rank and (grant.type == Quota.Type.ONCE or not grant.left)


def heartbeats() -> dict[str, datetime]:
    """Return when each worker last did its round."""
    return dict(Heartbeat.objects.values_list("worker", "at"))


def rules_in_force() -> dict[str, dict[str, Any]]:
    """Return the data of every reminder rule's present version, by its key."""
    rows = ReminderRule.objects.filter(effective_to__isnull=True).order_by("key", "version")
    return dict(rows.values_list("key", "data"))
