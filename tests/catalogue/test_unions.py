"""一表申请: each field once, asked where one of its parts was chosen; no circles."""

from backend.catalogue import unions

A, B = {"key": "a", "label": "甲"}, {"key": "b", "label": "乙", "when": "x == 1"}


def test_own_fields_go_first_and_stand():
    assert unions.form([A], [({"key": "p"}, [{"key": "a", "label": "别的"}, B])]) == [A, B]


def test_a_field_of_two_parts_is_asked_where_either_was_chosen():
    one, two = {"key": "p", "when": "p == 1"}, {"key": "q", "when": "q == 1"}
    (field,) = unions.form([], [(one, [A]), (two, [B | {"key": "a"}])])
    assert field == {**A, "when": "(p == 1) or ((q == 1) and (x == 1))"}


def test_a_field_of_a_part_that_is_always_there_is_always_asked():
    (field,) = unions.form([], [({"key": "p"}, [A]), ({"key": "q", "when": "q == 1"}, [A])])
    assert "when" not in field


def test_finds_a_circle():
    assert unions.cycle([{"key": "a"}, {"key": "b", "after": ["a"]}]) == ""
    assert unions.cycle([{"key": "a", "after": ["b"]}, {"key": "b", "after": ["a"]}]) in ("a", "b")
    assert unions.cycle([{"key": "a", "after": ["a"]}]) == "a"


def test_a_part_gets_its_own_answers():
    assert unions.answers_of([A], {"a": 1, "b": 2}) == {"a": 1}
