"""
What stands on a paper (文书内容): blocks of plain text, handed in by whoever orders the paper.

Nothing here is markup: a block is data, and the template sets each string as the text it is.
"""

import re
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

MOST = 4000
"""Characters of one string: what is longer belongs into an enclosure."""

# What is not seen but changes what is: controls, zero-widths, and marks that turn text around.
_UNSEEN = re.compile(
    r"[\x00-\x09\x0b-\x1f\x7f-\x9f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f"
    r"\ufeff\ufff0-\ufffb\ud800-\udfff\U000e0000-\U000e0fff]"
)
_DIGITS = "〇一二三四五六七八九"

_HAN = r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff\u201d\u300b\uff09]"
_MARK = re.compile(rf"(?<={_HAN})([,:;?!]) ?")
_BRACKETS = re.compile(rf"(?<={_HAN})\(([^()\n]*)\)")
_WIDE = {
    ord(","): "\uff0c",
    ord(":"): "\uff1a",
    ord(";"): "\uff1b",
    ord("?"): "\uff1f",
    ord("!"): "\uff01",
}


@dataclass(frozen=True, slots=True)
class Para:
    """A paragraph, two characters indented; `strong` where it must not be overlooked."""

    text: str
    strong: bool = False
    type: str = "para"


@dataclass(frozen=True, slots=True)
class Head:
    """A short heading between paragraphs."""

    text: str
    type: str = "head"


@dataclass(frozen=True, slots=True)
class Facts:
    """Label and value, line by line."""

    rows: Sequence[tuple[str, str]]
    type: str = "facts"


@dataclass(frozen=True, slots=True)
class Table:
    """A table; `widths` are shares of the line."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[float]
    type: str = "table"


@dataclass(frozen=True, slots=True)
class Lines:
    """Lines to be filled in by hand, such as signature and date."""

    labels: Sequence[str]
    type: str = "lines"


Block = Para | Head | Facts | Table | Lines


@dataclass(frozen=True, slots=True)
class Content:
    """One paper: to whom, what, from which office, of which day."""

    to: str
    blocks: Sequence[Block]
    office: str
    day: date
    title: str = ""

    def as_data(self) -> dict[str, Any]:
        """Return what is kept, and what the template reads: every string cleaned."""
        data: dict[str, Any] = _cleaned(asdict(self) | {"day": self.day.isoformat()})
        return data


def clean(text: str) -> str:
    """Drop what would not be seen on paper, and cut what no paper should carry."""
    return _UNSEEN.sub("", text.replace("\r\n", "\n").replace("\r", "\n"))[:MOST]


def in_print(text: str) -> str:
    """Set the marks after a Chinese character full width, as print does (GB/T 15834)."""
    text = _BRACKETS.sub("\uff08\\1\uff09", text)
    return _MARK.sub(lambda mark: mark[1].translate(_WIDE), text)


def _cleaned(value: Any) -> Any:
    if isinstance(value, str):
        return in_print(clean(value))
    if isinstance(value, dict):
        return {key: _cleaned(one) for key, one in value.items()}
    if isinstance(value, list | tuple):
        return [_cleaned(one) for one in value]
    return value


def in_words(day: date) -> str:
    """二〇二六年十一月二十四日: the day as official papers write it (GB/T 9704 的惯例)."""
    year = "".join(_DIGITS[int(digit)] for digit in str(day.year))
    return f"{year}年{_count(day.month)}月{_count(day.day)}日"


def _count(number: int) -> str:
    tens, ones = divmod(number, 10)
    ten = ("" if tens < 2 else _DIGITS[tens]) + ("十" if tens else "")
    return ten + (_DIGITS[ones] if ones or not tens else "")
