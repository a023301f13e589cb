from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from backend.cases import numbers

DAY = date(2026, 11, 22)


def test_reads_as_the_brief_says():
    number = numbers.format_number("512002001", DAY, 123)
    assert number[:23] == "51200200120261122000123"
    assert len(number) == 24
    assert numbers.read(number) == number


def test_may_be_spoken_with_pauses():
    number = numbers.format_number("512002001", DAY, 123)
    assert numbers.read(f" {number[:6]} {number[6:14]}-{number[14:]} ") == number


@given(
    serial=st.integers(1, 999_999),
    place=st.integers(0, 23),
    other=st.integers(1, 9),
)
def test_finds_any_one_wrong_digit(serial, place, other):
    number = numbers.format_number("512021105", DAY, serial)
    wrong = str((int(number[place]) + other) % 10)
    with pytest.raises(numbers.BadNumber):
        numbers.read(number[:place] + wrong + number[place + 1 :])


@pytest.mark.parametrize("text", ["", "1", "x" * 24, "1" * 25, "１" * 24])
def test_refuses_what_is_no_number(text):
    with pytest.raises(numbers.BadNumber):
        numbers.read(text)
