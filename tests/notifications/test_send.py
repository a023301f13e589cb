"""Telling somebody …"""

from datetime import timedelta

import pytest
import time_machine
from django.db import connection, transaction
from django.forms.models import model_to_dict
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from backend.accounts.models import Account
from notifications import actions, kinds, marks, queries
from notifications.models import Delivery, Notification
from tests.factories.notices import number, reader, told

pytestmark = pytest.mark.django_db
S = Notification.State


def test_lays_the_notice_into_the_inbox_and_opens_its_first_step():
    account = reader()
    notice = told(account, "case.accepted", due_on="2026-12-13")

    row = Notification.objects.get()
    assert row.pk == notice.pk
    assert row.title == "申请已受理"
    assert "最迟 2026年12月13日 办结" in row.body
    assert (row.state, row.lane, row.statutory) == (S.RELEASED, "rt", True)
    step = Delivery.objects.get()
    assert (step.step_no, step.channel, step.state, step.lane) == (1, "wechat", "waiting", "rt")
    assert step.next_at == row.due_at


def test_equals_its_twin_written_by_the_orm():
    account, now = reader(), timezone.now()
    with time_machine.travel(now, tick=False):
        notice = told(account)
    fields = {field.attname: getattr(notice, field.attname) for field in notice._meta.fields}
    fields |= {"id": None, "dedupe_key": "twin"}
    twin = Notification.objects.create(**fields)
    step = Delivery.objects.create(
        notification=twin, account=account, step_no=1, channel="wechat", lane="rt", next_at=now
    )
    ours = Notification.objects.get(pk=notice.pk)
    differing = {"id", "dedupe_key"}
    assert _plain(ours, differing) == _plain(Notification.objects.get(pk=twin.pk), differing)
    differing = {"id", "notification"}
    assert _plain(ours.deliveries.get(), differing) == _plain(
        Delivery.objects.get(pk=step.pk), differing
    )


def _plain(row, without):
    return {k: v for k, v in model_to_dict(row).items() if k not in without}


def test_takes_one_statement_and_asks_nothing():
    account = reader()
    with CaptureQueriesContext(
        connection,
    ) as asked:
        told(account)
    assert len(asked) == 1


def test_says_the_same_cause_once():
    account = reader()
    params = {"number": number(1), "item": "高龄津贴"}
    first = actions.send(to=account, kind="case.submitted", params=params, dedupe_key="x:1")
    assert first is not None
    assert actions.send(to=account, kind="case.submitted", params=params, dedupe_key="x:1") is None
    assert Notification.objects.count() == Delivery.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_says_the_same_cause_once_from_sixteen_places(together):
    account = reader()

    def tell(_):
        return [
            actions.send(
                to=account, kind="case.submitted", params={"number": number(i)}, dedupe_key=f"e{i}"
            )
            for i in range(20)
        ]

    made = [notice for notices in together(tell, times=16) for notice in notices if notice]
    assert len(made) == 20
    assert Notification.objects.count() == Delivery.objects.count() == 20


def test_goes_with_the_callers_transaction():
    account = reader()
    with transaction.atomic():
        told(account)
        transaction.set_rollback(True)
    assert not Notification.objects.exists()


def test_rings_after_the_commit_once(commit):
    account = reader()
    with commit() as rung:
        told(account)
        told(account)
        assert marks._client().get("cps:notices:bell:rt") is None
    assert rung
    assert marks._client().get("cps:notices:bell:rt") == b"1"


def test_asks_nothing_of_a_broker_that_is_down(commit, settings, caplog):
    settings.REDIS_URL = "redis://127.0.0.1:1/0"
    account = reader()
    started = timezone.now()
    with commit():
        told(account)
    for _ in range(50):
        with commit():
            told(account)
    assert timezone.now() - started < timedelta(seconds=2)
    assert Notification.objects.count() == 51


def test_waits_for_its_time():
    account = reader()
    later = timezone.now() + timedelta(hours=1)
    notice = actions.send(
        to=account, kind="case.submitted", params={"number": number(1)}, due_at=later
    )
    assert notice.state == S.PLANNED
    assert queries.inbox_of(account) == []
    with time_machine.travel(later + timedelta(seconds=1)):
        assert [row.id for row in queries.inbox_of(account)] == [notice.pk]


def test_pushes_nothing_of_kinds_without_a_template():
    clerk = Account.objects.create(name="clerk", kind="staff", password="!")
    notice = told(clerk, "staff.light", step_name="初审", light_text="即将到期")
    assert notice.state == S.DONE
    assert not Delivery.objects.exists()
    assert "「初审」即将到期" in notice.body


@pytest.mark.parametrize("kind", sorted(set(kinds.KINDS) - {"reminder"}))
def test_never_says_half_a_sentence(kind):
    notice = told(reader(), kind, step_name="初审", light_text="即将到期", minutes="6")
    for text in (notice.title, notice.body, *notice.params.values()):
        assert text.strip()
        assert "{" not in text
        assert "。。" not in text
    assert notice.body.endswith("。")


def test_keeps_identity_numbers_out_of_the_text():
    notice = told(reader(), "case.declined", reason="身份证 512002194603070029 与户口不符")
    assert "512002194603070029" not in notice.body
    assert "60 日内申请行政复议" in notice.body


def test_many_at_once_in_one_statement():
    accounts = [reader() for _ in range(5)]
    letters = [
        actions.Letter(
            account.pk, kinds.KINDS["case.submitted"], {"number": number(i)}, "", f"k{i}"
        )
        for i, account in enumerate(accounts)
    ]
    with CaptureQueriesContext(connection) as asked:
        assert actions.send_many(letters=letters) == 5
    assert len(asked) == 1
    assert actions.send_many(letters=letters) == 0


def test_the_inbox_pages_by_key_and_counts_the_unread():
    account = reader()
    ids = [told(account).pk for _ in range(25)]
    first = queries.inbox_of(account, limit=10)
    assert [row.id for row in first] == ids[:14:-1]
    second = queries.inbox_of(account, before=(first[-1].created_at, first[-1].id), limit=30)
    assert [row.id for row in second] == ids[14::-1]
    assert queries.unread_count(account) == 25
    assert actions.mark_read(account=account, ids=ids[:5]) == 5
    assert actions.mark_read(account=account, ids=ids[:5]) == 0
    assert queries.unread_count(account) == 20
    actions.hide(account=account, notification_id=ids[-1])
    assert queries.unread_count(account) == 19
    with pytest.raises(actions.NotificationNotFound):
        actions.hide(account=account, notification_id=ids[-1])
    assert actions.mark_read(account=account) == 19


def test_the_inbox_is_the_readers_own():
    mine, theirs = reader(), reader()
    notice = told(theirs)
    assert queries.inbox_of(mine) == []
    assert actions.mark_read(account=mine, ids=[notice.pk]) == 0
    with pytest.raises(actions.NotificationNotFound):
        actions.hide(account=mine, notification_id=notice.pk)
