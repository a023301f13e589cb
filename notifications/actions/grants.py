"""Subscriptions as the mini-program reports them (订阅授权)."""

from collections.abc import Mapping

from django.conf import settings
from django.db import transaction
from django.utils import timezone

from backend.accounts.models import Account, WeChatIdentity
from backend.core.errors import Conflict, Invalid
from notifications import ledger
from notifications.models import QuotaEntry

_ANSWERS = frozenset({"accept", "reject", "ban", "filter"})


class NoWeChat(Conflict):
    code, title = "no_wechat", "这个账号没有绑定微信, 请在微信小程序里登录后再试"


class BadGrant(Invalid):
    code, title = "bad_grant", "订阅结果里有不认识的模板或答复, 请升级小程序后重试"


@transaction.atomic
def record_grants(*, account: Account, results: Mapping[str, str], source: str) -> int:
    """
    订阅结果: enter what wx.requestSubscribeMessage answered; return how many answers were new.

    WeChat pushes the same event by itself; whichever comes second, within a minute, counts nothing.

    :param results: template id → accept, reject, ban (模板停用) or filter (同名, 未弹出).
    :param source: the client's own random reference of this popup; a repeat counts nothing.
    :raises NoWeChat: the account has no WeChat identity.
    :raises BadGrant: a template that is not ours, or an answer WeChat does not give.
    """
    ours = {template_id: how for how, template_id in settings.WECHAT_TEMPLATES.values()}
    if not set(results) <= set(ours) or not set(results.values()) <= _ANSWERS:
        raise BadGrant
    identity = WeChatIdentity.objects.filter(
        account=account, app_id=settings.WECHAT_APP_ID, is_valid=True
    ).first()
    if identity is None:
        raise NoWeChat
    now = timezone.now()
    return sum(
        ledger.note(
            ledger.Grant(
                identity_id=identity.pk,
                template_id=template_id,
                type=ours[template_id],
                act=QuotaEntry.Act(answer),
                origin=QuotaEntry.Origin.CLIENT,
                source=f"client:{identity.pk}:{source[:40]}:{template_id}",
                at=now,
            )
        )
        for template_id, answer in sorted(results.items())
    )
