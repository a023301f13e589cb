"""Dispatching …"""

import pytest

from notifications import dispatch
from notifications.models import Delivery, DeliveryAttempt, Notification, Quota, QuotaEntry
from tests.factories.notices import A, openid, reader, readers, told

pytestmark = pytest.mark.django_db
S = Delivery.State


def test_brings_a_notice_to_the_phone_once(open_wechat):
    account = reader()
    notice = told(account)

    dispatch.run("rt", seconds=5)
    dispatch.run("rt", seconds=5)

    delivery = Delivery.objects.get(notification=notice)
    assert (delivery.state, delivery.attempts) == (S.ACCEPTED, 1)
    assert delivery.provider_id
    assert delivery.accepted_at
    notice.refresh_from_db()
    assert notice.state == Notification.State.DONE
    got = open_wechat.get("/sandbox/received", openid=openid(account))
    assert len(got) == 1
    assert got[0]["data"]["phrase3"] == "已提交"
    attempt = DeliveryAttempt.objects.get()
    assert (attempt.n, attempt.outcome, attempt.errcode) == (1, "accepted", 0)


def test_spends_one_grant(open_wechat):
    account = reader(grants=2)
    told(account)

    dispatch.run("rt", seconds=5)

    quota = Quota.objects.get(identity__account=account, template_id=A)
    assert (quota.balance, quota.held) == (1, 0)
    assert QuotaEntry.objects.get(quota=quota).delta == -1


def test_sends_hundreds(open_wechat):
    for account in readers(300):
        told(account)

    dispatch.run("rt", seconds=20)

    assert Delivery.objects.filter(state=S.ACCEPTED).count() == 300
    oracle = open_wechat.get("/sandbox/oracle")
    assert (oracle["accepted"], oracle["duplicates"]) == (300, 0)
