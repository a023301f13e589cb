"""The quota ledger …"""

import random
from datetime import timedelta

import pytest
import time_machine
from django.db import DatabaseError, transaction
from django.db.models import Sum
from django.utils import timezone

from backend.accounts.models import Account
from backend.core import wechat as adapter
from notifications import actions, dispatch, ledger, queries
from notifications.models import Delivery, Quota, QuotaEntry
from tests.factories.notices import A, B, openid, reader, told

pytestmark = pytest.mark.django_db
LONG = {"A": ("long", A), "B": ("once", B)}


def left(account, template=A):
    grants = {grant.template_id: grant.left for grant in queries.grants_of(account)}
    return grants[template]


def pushed(account, template=A, result="accept", *, at=None, event="subscribe_msg_popup_event"):
    """What WeChat pushes, opened by the adapter."""
    at = int((at or timezone.now()).timestamp())
    item = {"template_id": template, "result": result}
    return adapter.Callback(
        event=event,
        openid=openid(account),
        created_at=at,
        digest=f"{hash((account.pk, template, result, at, event)) % 2**64:064x}",
        items=[item],
    )


def test_counts_what_the_client_reports_once():
    account = reader(grants=0)
    assert actions.record_grants(account=account, results={A: "accept"}, source="tap-1") == 1
    assert actions.record_grants(account=account, results={A: "accept"}, source="tap-1") == 0
    assert left(account) == 1


@pytest.mark.parametrize("order", [("client", "server"), ("server", "client")])
def test_counts_one_tap_told_by_both_sides_once(order):
    account = reader(grants=0)
    for side in order:
        if side == "client":
            actions.record_grants(account=account, results={A: "accept"}, source="tap-1")
        else:
            actions.keep_callback(callback=pushed(account))
            actions.apply_callbacks()
    assert left(account) == 1
    assert QuotaEntry.objects.exclude(pair=None).count() == 1


def test_counts_two_taps_told_by_both_sides_twice():
    account, now = reader(grants=0), timezone.now()
    for i in range(2):
        with time_machine.travel(now + timedelta(seconds=20 * i)):
            actions.record_grants(account=account, results={A: "accept"}, source=f"tap-{i}")
    for i in range(2):
        actions.keep_callback(callback=pushed(account, at=now + timedelta(seconds=20 * i)))
    actions.apply_callbacks()
    assert left(account) == 2


def test_takes_taps_more_than_a_minute_apart_for_two():
    account, now = reader(grants=0), timezone.now()
    actions.keep_callback(callback=pushed(account, at=now - timedelta(seconds=90)))
    actions.apply_callbacks()
    actions.record_grants(account=account, results={A: "accept"}, source="tap-1")
    assert left(account) == 2


@pytest.mark.parametrize("answer", ["reject", "ban", "filter"])
def test_takes_nothing_away_for_a_popup_that_was_not_accepted(answer):
    account = reader(grants=2)
    actions.record_grants(account=account, results={A: answer}, source="tap-1")
    assert left(account) == 2
    assert QuotaEntry.objects.get().delta == 0


def test_empties_when_the_reader_switches_off_in_the_settings():
    account = reader(grants=3)
    off = pushed(account, result="reject", event="subscribe_msg_change_event")
    actions.keep_callback(callback=off)
    actions.apply_callbacks()
    assert left(account) == 0


def test_a_long_term_grant_stands_and_is_not_spent(settings, open_wechat):
    settings.WECHAT_TEMPLATES = LONG
    account = reader(grants=0)
    for i in range(2):
        actions.record_grants(account=account, results={A: "accept"}, source=f"tap-{i}")
    assert left(account) == 1
    for _ in range(2):
        told(account)
    dispatch.run("rt", seconds=3)
    assert Delivery.objects.filter(state="accepted").count() == 2
    assert left(account) == 1
    actions.record_grants(account=account, results={A: "reject"}, source="tap-3")
    assert left(account) == 0


@pytest.mark.parametrize("results", [{"elsewhere": "accept"}, {A: "perhaps"}])
def test_refuses_what_wechat_does_not_say(results):
    with pytest.raises(actions.BadGrant):
        actions.record_grants(account=reader(), results=results, source="tap-1")


def test_refuses_an_account_without_wechat():
    clerk = Account.objects.create(name="clerk", kind="staff", password="!")
    with pytest.raises(actions.NoWeChat):
        actions.record_grants(account=clerk, results={A: "accept"}, source="tap-1")


def test_asks_for_the_scarcest_first_and_never_mixes_types(settings):
    account = reader(grants=2)
    assert queries.templates_to_ask(queries.grants_of(account), scene="submit") == [B, A]
    assert queries.templates_to_ask(queries.grants_of(account), scene="progress") == [A]
    assert queries.templates_to_ask(queries.grants_of(account), scene="nowhere") == []
    settings.WECHAT_TEMPLATES = LONG
    assert queries.templates_to_ask(queries.grants_of(account), scene="submit") == [B]


def test_entries_cannot_be_altered():
    account = reader(grants=0)
    actions.record_grants(account=account, results={A: "accept"}, source="tap-1")
    with pytest.raises(DatabaseError, match="only grows"), transaction.atomic():
        QuotaEntry.objects.update(delta=100)


def test_the_entries_always_add_up(together):
    """Random accepts, rejections, zeroes and sends: the balance is the sum, never below nothing."""
    dice, account = random.Random(7), reader(grants=0)
    identity, now = account.wechat, timezone.now()
    for i in range(400):
        act = dice.choice(["accept"] * 5 + ["reject", "zero", "consume", "release"])
        quota = Quota.objects.filter(identity=identity, template_id=A).first()
        if act in ("consume", "release"):
            if quota is None or quota.balance <= quota.held:
                continue
            Quota.objects.filter(pk=quota.pk).update(held=quota.held + 1)
            with transaction.atomic():
                ledger.end_holds([(quota.pk, act, f"s{i}")], at=now)
            continue
        grant = ledger.Grant(
            identity.pk, A, "once", act, dice.choice(["client", "server"]), f"g{i}", now
        )
        grant = ledger.Grant(
            identity.pk, A, "once", act, grant.origin, f"g{i}", now + timedelta(seconds=100 * i)
        )
        ledger.note(grant)
    quota = Quota.objects.get(identity=identity, template_id=A)
    assert quota.held == 0
    assert quota.balance == quota.entries.aggregate(total=Sum("delta"))["total"]


@pytest.mark.django_db(transaction=True)
def test_equals_what_wechat_has_after_taps_and_sends_from_all_sides(wechat, together):
    """Four dispatchers and eight tapping readers at once; then both books are compared."""
    accounts = [reader(grants=0) for _ in range(8)]

    def busy(i):
        if i < 4:
            dispatch.run("rt", seconds=3)
            return
        for n in range(6):
            for account in accounts[(i - 4) * 2 : (i - 4) * 2 + 2]:
                wechat.post("/sandbox/subscribe", {"openid": openid(account), "template_id": A})
                source = f"tap-{n}"
                actions.record_grants(account=account, results={A: "accept"}, source=source)
                if n % 2:
                    told(account)

    together(busy, times=8)
    dispatch.run("rt", seconds=3)
    for account in accounts:
        true = wechat.get("/sandbox/balance", openid=openid(account))[A]
        assert left(account) == true == 3
    oracle = wechat.get("/sandbox/oracle")
    assert (oracle["accepted"], oracle["duplicates"]) == (24, 0)
    assert "43101" not in oracle["sends_by_errcode"]
