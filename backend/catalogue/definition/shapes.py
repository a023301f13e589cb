"""Shapes (结构): what may stand where in an item's definition, as data; faults with their path."""

import re
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

Path = tuple[str | int, ...]
Complaint = tuple[Path, str]


class Shape(Protocol):
    """Something a value may have: yields one complaint for each thing that is wrong."""

    def faults(self, value: object, path: Path) -> Iterator[Complaint]: ...


@dataclass(frozen=True, slots=True)
class Text:
    """A text of 1 to `most` characters; `pattern` must match it all."""

    most: int = 200
    pattern: str = ""
    least: int = 1

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, str):
            yield path, "应为文字(数字和日期请加引号)"
        elif not self.least <= len(value.strip()) or len(value) > self.most:
            yield path, f"应为{self.least}至{self.most}个字"
        elif "\x00" in value:
            yield path, "含有不可见的空字符"
        elif self.pattern and not re.fullmatch(self.pattern, value):
            yield path, "写法不对, 请对照同类事项"


@dataclass(frozen=True, slots=True)
class Whole:
    """A whole number from `least` to `most`."""

    least: int = 0
    most: int = 3650

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, int) or isinstance(value, bool):
            yield path, "应为整数"
        elif not self.least <= value <= self.most:
            yield path, f"应在{self.least}到{self.most}之间"


@dataclass(frozen=True, slots=True)
class Number:
    """An amount from `least` to `most`, with two decimals at most (元、分)."""

    least: float = 0
    most: float = 10**9

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, int | float) or isinstance(value, bool):
            yield path, "应为数字"
        elif not self.least <= value <= self.most:
            yield path, f"应在{self.least}到{self.most}之间"
        elif round(value, 2) != value:
            yield path, "最多两位小数"


@dataclass(frozen=True, slots=True)
class Choice:
    """One word of a list."""

    words: Collection[str]

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, str) or value not in self.words:
            shown = "、".join(sorted(self.words)[:12])
            yield path, f"不认识这个词, 可用: {shown}{'…' if len(self.words) > 12 else ''}"


@dataclass(frozen=True, slots=True)
class Flag:
    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, bool):
            yield path, "应为 true 或 false"


@dataclass(frozen=True, slots=True)
class Anything:
    def faults(self, _value: object, _path: Path) -> Iterator[Complaint]:
        yield from ()


@dataclass(frozen=True, slots=True)
class ListOf:
    """A list of one shape, at least `least` long."""

    inner: Shape
    least: int = 0
    most: int = 200

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, list):
            yield path, "应为列表"
            return
        if not self.least <= len(value) <= self.most:
            yield path, f"应有{self.least}至{self.most}项"
        for number, one in enumerate(value):
            yield from self.inner.faults(one, (*path, number))


@dataclass(frozen=True, slots=True)
class MapOf:
    """A mapping with any keys to one shape."""

    inner: Shape

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            yield path, "应为一组“名称: 内容”"
            return
        for key, one in value.items():
            yield from self.inner.faults(one, (*path, key))


@dataclass(frozen=True, slots=True)
class OneOf:
    """The first shape that fits; the complaints are the last one's."""

    shapes: tuple[Shape, ...]

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        told = [list(shape.faults(value, path)) for shape in self.shapes]
        if all(told):
            yield from told[-1]


@dataclass(frozen=True, slots=True)
class Record:
    """A mapping with known keys: `needed` must stand, `free` may, others may not."""

    needed: Mapping[str, Shape]
    free: Mapping[str, Shape] = field(default_factory=dict)

    def faults(self, value: object, path: Path) -> Iterator[Complaint]:
        if not isinstance(value, Mapping):
            yield path, "应为一组“名称: 内容”"
            return
        for key in self.needed.keys() - value.keys():
            yield path, f"缺少 {key}"
        known: dict[str, Any] = {**self.needed, **self.free}
        for key, one in value.items():
            if key not in known:
                yield (*path, key), "没有这一项, 请检查拼写"
            else:
                yield from known[key].faults(one, (*path, key))
