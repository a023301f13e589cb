"""The table, tested by the table. No database."""

import pytest

from backend.cases import actions
from backend.cases.lifecycle import CLOSED, LIFECYCLE, OPEN, Status
from backend.core.lifecycle import IllegalMove

ALL = [(row, status) for row in LIFECYCLE.rows for status in Status]


@pytest.mark.parametrize(("row", "status"), ALL, ids=lambda value: getattr(value, "verb", value))
def test_only_listed_moves_are_legal(row, status):
    if status in row.sources:
        assert LIFECYCLE.move(row.verb, status) is row
    elif row.verb not in LIFECYCLE.verbs_from(status):
        with pytest.raises(IllegalMove):
            LIFECYCLE.move(row.verb, status)


def test_closed_cases_never_move_again():
    assert not any(LIFECYCLE.verbs_from(status) for status in CLOSED)


def test_every_open_status_has_a_way_out():
    for status in OPEN:
        assert LIFECYCLE.verbs_from(status), status


@pytest.mark.parametrize("verb", LIFECYCLE.moves)
def test_every_verb_has_its_action(verb):
    assert callable(getattr(actions, verb))


def test_no_verb_has_two_ways_out_of_one_status():
    for verb, rows in LIFECYCLE.moves.items():
        sources = [status for row in rows for status in row.sources]
        assert len(sources) == len(set(sources)), verb
