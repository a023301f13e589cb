"""The chain of events: whatever is done to the table behind our back is found, at its row."""

import random
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.db import connection, transaction

from backend.cases import actions, trace
from backend.cases.models import Case, CaseEvent
from backend.cases.queries import proof
from tests.factories import world

pytestmark = pytest.mark.django_db
TAMPERINGS = 1000


@pytest.fixture
def told():
    """Twelve cases, each with its life: accepted, reviewed, decided, declined or withdrawn."""
    worker = world.staff("community_worker", "ZD")
    town = world.staff("town_reviewer", "SW")
    county = world.staff("county_reviewer", "MZ")
    version = world.an_item()
    cases = []
    for n in range(12):
        case = world.submitted(version=version, applicant=world.a_resident())
        if n % 4 == 3:
            actions.decline(actor=worker, number=case.number, reason="材料不属本人")
        else:
            actions.accept(actor=worker, number=case.number)
            actions.pass_step(actor=town, number=case.number, step="s2", opinion="属实")
            if n % 4 == 2:
                actions.decide(actor=county, number=case.number, outcome="granted", reason="符合")
        cases.append(case.number)
    return cases


@pytest.fixture
def unguarded():
    """As a database's owner could: the trigger that lets events only grow is off."""
    with connection.cursor() as cursor:
        cursor.execute("SET LOCAL session_replication_role = replica")


def found():
    return [one for span in proof.spans() for one in proof.breaks(*span)]


def test_an_honest_table_has_no_breaks(told):
    assert found() == []
    call_command("verify_trace", jobs=1)


def test_the_command_names_the_row(told, unguarded, capsys):
    event = CaseEvent.objects.filter(case__number=told[0], verb="accept").get()
    CaseEvent.objects.filter(pk=event.pk).update(at=event.at - timedelta(days=3))
    with pytest.raises(CommandError, match="1 条"):
        call_command("verify_trace", jobs=1)
    assert f"cases_caseevent.id={event.pk}" in capsys.readouterr().out


def test_a_thousand_tamperings_are_all_found(told, unguarded):
    rng = random.Random(20161024)
    missed = []
    for n in range(TAMPERINGS):
        with transaction.atomic():
            number, row = rng.choice(HANDS)(rng)
            breaks = {one.number: one for one in found()}
            if number not in breaks or (row and breaks[number].event_id != row):
                missed.append((n, number, row, breaks))
            transaction.set_rollback(True)
    assert missed == []


def test_with_the_hash_unchecked_an_edit_goes_unseen(told, unguarded, monkeypatch):
    """Negative control: it is the hash that finds an edit."""
    event = CaseEvent.objects.filter(case__number=told[0], verb="accept").get()
    CaseEvent.objects.filter(pk=event.pk).update(details={**event.details, "opinion": "改过"})
    assert len(found()) == 1
    monkeypatch.setattr(proof._Chain, "_why", lambda *_: "")
    assert found() == []


# -- what a hand in the database could do: each returns the case, and the row that must be named --


def _any(rng):
    event = rng.choice(list(CaseEvent.objects.select_related("case").order_by("pk")))
    return event, event.case.number


def edits_a_time(rng):
    event, number = _any(rng)
    CaseEvent.objects.filter(pk=event.pk).update(
        at=event.at + timedelta(microseconds=rng.choice([-1, 1]) * rng.randint(1, 10**9))
    )
    return number, event.pk


def edits_a_word(rng):
    event, number = _any(rng)
    change = rng.choice(
        [
            {"verb": event.verb + "x"},
            {"status": "concluded" if event.status != "concluded" else "decided"},
            {"step": event.step + "0"},
            {"actor_id": event.actor_id + 1},
            {"details": {**event.details, "office": "别处"}},
            {"details": {**event.details, "more": 1}},
        ]
    )
    CaseEvent.objects.filter(pk=event.pk).update(**change)
    return number, event.pk


def edits_a_hash(rng):
    event, number = _any(rng)
    CaseEvent.objects.filter(pk=event.pk).update(hash=rng.randbytes(32))
    return number, event.pk


def deletes_a_row(rng):
    event, number = _any(rng)
    later = CaseEvent.objects.filter(case=event.case, seq__gt=event.seq).order_by("seq").first()
    CaseEvent.objects.filter(pk=event.pk).delete()
    return number, later.pk if later else None


def swaps_two_rows(rng):
    event, number = _any(rng)
    others = list(CaseEvent.objects.filter(case=event.case).exclude(pk=event.pk))
    if not others:
        return deletes_a_row(rng)
    other = rng.choice(others)
    CaseEvent.objects.filter(pk=event.pk).update(seq=900)
    CaseEvent.objects.filter(pk=other.pk).update(seq=event.seq)
    CaseEvent.objects.filter(pk=event.pk).update(seq=other.seq)
    return number, (other if event.seq < other.seq else event).pk


def edits_and_hashes_the_rest_anew(rng):
    """The careful forger: only the case still knows the last hash."""
    event, number = _any(rng)
    prev = bytes(event.prev_hash)
    for row in CaseEvent.objects.filter(case=event.case, seq__gte=event.seq).order_by("seq"):
        details = {**row.details, "opinion": "伪造"} if row.pk == event.pk else row.details
        made = trace.canonical(
            seq=row.seq,
            verb=row.verb,
            actor_id=row.actor_id,
            at=row.at,
            status=row.status,
            step=row.step,
            details=details,
        )
        head = trace.link(prev=prev, number=number, event=made)
        CaseEvent.objects.filter(pk=row.pk).update(details=details, prev_hash=prev, hash=head)
        prev = head
    return number, None


def appends_a_row(rng):
    event, number = _any(rng)
    last = CaseEvent.objects.filter(case=event.case).order_by("-seq").first()
    made = {"seq": last.seq + 1, "verb": "note", "at": last.at, "status": last.status, "step": ""}
    body = trace.canonical(actor_id=last.actor_id, details={}, **made)
    head = trace.link(prev=bytes(last.hash), number=number, event=body)
    CaseEvent.objects.create(
        case=event.case, actor_id=last.actor_id, details={}, prev_hash=last.hash, hash=head, **made
    )
    return number, None


def moves_a_row_to_another_case(rng):
    event, number = _any(rng)
    other = rng.choice(list(Case.objects.exclude(pk=event.case_id)))
    CaseEvent.objects.filter(pk=event.pk).update(case=other, seq=800)
    later = CaseEvent.objects.filter(case=event.case, seq__gt=event.seq).order_by("seq").first()
    return number, later.pk if later else None


HANDS = [
    edits_a_time,
    edits_a_word,
    edits_a_hash,
    deletes_a_row,
    swaps_two_rows,
    edits_and_hashes_the_rest_anew,
    appends_a_row,
    moves_a_row_to_another_case,
]
