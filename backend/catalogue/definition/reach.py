"""
Reach (可达): whether a step's condition can hold at all, for any answers the form allows.

Every name of the condition is given every value that could matter: the options of a choice, yes
and no, and for numbers and texts those the condition names, their neighbours, and none.
"""

import itertools
import re
from collections.abc import Iterator, Mapping
from typing import Any

from backend.catalogue import conditions
from backend.catalogue.definition import words
from backend.catalogue.definition.shapes import Complaint
from backend.catalogue.forms import options_of

Entry = Mapping[str, Any]

MOST_WAYS = 20_000
"""Conditions that ask for more combinations than this are taken to hold somewhere."""
YES_OR_NO = (True, False)
_TEXT = re.compile(r"\"([^\"]*)\"|'([^']*)'")
_NUMBER = re.compile(r"(?<![\w.])-?[0-9]+(?:\.[0-9]+)?")


def faults(item: Entry) -> Iterator[Complaint]:
    """Yield each step no answer can ever lead to."""
    fields = {field["key"]: field for field in item["form"]}
    for number, step in enumerate(item["steps"]):
        if when := step.get("when", ""):
            try:
                possible = can_hold(when, fields)
            except conditions.ConditionError:  # told with its own reason elsewhere
                continue
            if not possible:
                yield ("steps", number, "when"), "表单怎么填这个条件都不成立, 环节永远到不了"


def can_hold(condition: str, fields: Mapping[str, Entry]) -> bool:
    """
    Say whether any answers make `condition` hold.

    :param fields: key → field of the form.
    :raises ConditionError: it cannot be read.
    """
    names = sorted(conditions.names_in(condition))
    choices = [list(values_of(name, fields.get(name), condition)) for name in names]
    ways = itertools.product(*choices)
    for tried, way in enumerate(ways):
        if tried >= MOST_WAYS or conditions.holds(condition, dict(zip(names, way, strict=True))):
            return True
    return False


def values_of(name: str, field: Entry | None, condition: str) -> Iterator[object]:
    """Yield the values of a name that `condition` could tell apart; None for no answer."""
    kind = field["type"] if field else ""
    if field and kind == "enum" and field.get("options"):
        yield from options_of(field)
        if not field["required"]:
            yield None
        return
    if field and kind == "multi_enum" and field.get("options"):
        options = list(options_of(field))
        sizes = range(1 if field["required"] else 0, min(len(options), 3) + 1)
        yield from itertools.chain.from_iterable(
            (list(some) for some in itertools.combinations(options, size)) for size in sizes
        )
        yield options
        return
    if kind == "bool" or name in words.YES_NO_FACTS:
        yield from YES_OR_NO
        return
    if name == "channel":
        yield from words.CHANNELS
        return
    yield None
    for text in _NUMBER.findall(_TEXT.sub("", condition)):
        value = float(text) if "." in text else int(text)
        yield from (value - 1, value, value + 1)
    if name not in words.NUMBER_FACTS:
        yield from (one or other for one, other in _TEXT.findall(condition))
        yield "另外的内容"
        yield from YES_OR_NO
