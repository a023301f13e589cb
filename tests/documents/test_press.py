"""Orders become papers: numbered without a gap, kept sealed, whatever breaks in between."""

from datetime import timedelta

import pytest
from django.core.files.storage import default_storage
from django.db import transaction
from django.utils import timezone

from backend import clock
from backend.documents import actions, press, queries, seal, typesetting
from backend.documents.models import Paper, PaperCounter
from backend.files import vault
from tests.factories import papers

pytestmark = pytest.mark.django_db


def test_an_order_is_a_row_until_the_clock_rings():
    paper = papers.ordered()
    assert (paper.state, paper.number) == ("ordered", "")
    assert queries.of_subject(paper.subject)[0]["ready"] is False
    with pytest.raises(queries.PaperNotReady):
        queries.issued(subject=paper.subject, uid=paper.uid)
    clock.typeset()
    paper.refresh_from_db()
    assert (paper.state, paper.number) == ("issued", "512002-MZ-2026-000001")
    file = press.file_of(paper)
    assert seal.check(file, keys=queries.public_keys()).number == paper.number
    assert (len(file), paper.pages) == (paper.size, 1)


def test_numbers_count_up_by_office_and_year():
    first, second = papers.issued(n=1), papers.issued(n=2)
    other = papers.issued(n=3, office="512002100204-ZD")
    assert [p.number[-6:] for p in (first, second, other)] == ["000001", "000002", "000001"]
    assert other.number == "512002100204-ZD-2026-000001"


def test_the_same_purpose_is_ordered_once():
    papers.ordered(n=7)
    papers.ordered(n=7)
    assert Paper.objects.count() == 1


def test_a_break_in_the_middle_leaves_no_gap_and_no_file(tmp_path, settings):
    """The storage is really broken: its folder is a file."""
    papers.issued(n=1)
    broken = papers.ordered(n=2)
    blocked = tmp_path / "blocked"
    blocked.write_text("")
    whole, settings.MEDIA_ROOT = settings.MEDIA_ROOT, str(blocked)
    assert actions.issue_waiting() == 0
    broken.refresh_from_db()
    assert (broken.state, broken.attempts) == ("ordered", 1)
    assert broken.next_at > timezone.now()
    assert PaperCounter.objects.get().value == 1

    settings.MEDIA_ROOT = whole
    assert actions.issue_waiting() == 0, "it waits its turn"
    Paper.objects.filter(pk=broken.pk).update(next_at=timezone.now() - timedelta(seconds=1))
    assert actions.issue_waiting() == 1
    broken.refresh_from_db()
    assert broken.number.endswith("000002")


def test_one_that_cannot_be_set_lets_the_others_pass():
    bad, good = papers.ordered(n=1), papers.ordered(n=2)
    Paper.objects.filter(pk=bad.pk).update(sealed_content=b"\x01\x01 not a sealed value at all")
    assert actions.issue_waiting() == 1
    good.refresh_from_db()
    assert good.number.endswith("000001")


def test_an_act_that_is_taken_back_takes_its_order_along():
    with transaction.atomic():
        papers.ordered()
        transaction.set_rollback(True)
    assert not Paper.objects.exists()


def test_can_be_rendered_again_identically():
    paper = papers.issued("supplement", to="阿依古丽·买买提")
    again = seal.sealed(
        typesetting.typeset(press.data_of(paper)), number=paper.number, key=paper.key_number
    )
    assert again == press.file_of(paper)


def test_what_is_kept_is_sealed_and_bound_to_its_row():
    one, two = papers.issued(n=1), papers.issued(n=2)
    with default_storage.open(one.storage_key) as kept:
        blob = kept.read()
    assert b"%PDF" not in blob
    assert "李桂花".encode() not in bytes(one.sealed_content)
    two.storage_key = one.storage_key
    with pytest.raises(vault.ContentLost):
        press.file_of(two)


def test_ordering_is_one_statement(django_assert_num_queries):
    orders = [
        actions.Order(
            kind="receipt",
            subject="1" * 24,
            purpose=str(n),
            office=papers.OFFICE,
            content=papers.a_content("receipt"),
        )
        for n in range(5)
    ]
    with django_assert_num_queries(1):
        actions.order(orders=orders, at=papers.AT)


def test_a_revoked_paper_says_so_to_everybody():
    paper = papers.issued()
    actions.revoke(uid=paper.uid, why="决定已撤销")
    told = queries.look(number=paper.number, code=paper.code)
    assert (told["result"], told["revoked_why"]) == ("revoked", "决定已撤销")
    assert queries.judge(press.file_of(paper))["result"] == "revoked"
    with pytest.raises(actions.AlreadyRevoked):
        actions.revoke(uid=paper.uid, why="再次")


def printed_at_once(together):
    for n in range(24):
        papers.ordered(n=n)
    together(lambda _: actions.issue_waiting(), 6)
    return Paper.objects.filter(attempts__gt=0).count()


@pytest.mark.django_db(transaction=True)
def test_many_presses_at_once_number_without_a_gap_or_a_double(together):
    assert printed_at_once(together) == 0
    numbers = sorted(Paper.objects.values_list("serial", flat=True))
    assert numbers == list(range(1, 25))
    assert PaperCounter.objects.get().value == 24


@pytest.mark.django_db(transaction=True)
@pytest.mark.unguarded
def test_without_the_counters_lock_presses_take_each_others_numbers(together, monkeypatch):
    """The negative control: the same counter, read and written without its lock."""

    def unlocked(office, year):
        counter, _ = PaperCounter.objects.get_or_create(office=office, year=year)
        PaperCounter.objects.filter(pk=counter.pk).update(value=counter.value + 1)
        return counter.value + 1

    monkeypatch.setattr(press, "_next", unlocked)
    assert printed_at_once(together) > 0
