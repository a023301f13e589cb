"""
Field rules (字段规则) of subscribe messages, as the send page of the message API states them.

A character is a UTF-16 unit, as it is for the phone. The rules are read strictly: what the page
leaves open is refused here, so that what passes here passes there.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping

from backend.devstack.wechat.account import SENSITIVE_WORDS, Template

_KEY = re.compile(r"([a-z_]+?)([0-9]+)")
_HAN = re.compile(r"[\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_NAME = re.compile(r"[A-Za-z·.' \u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af]+")
_MONTH, _MDAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_DAY = (
    rf"[0-9]{{4}}(?:年{_MONTH}月{_MDAY}日"
    + "".join(rf"|{mark}{_MONTH}{mark}{_MDAY}" for mark in ("-", "/", r"\."))
    + ")"
)
_TIME = re.compile(rf"(?:{_DAY} ?)?{_CLOCK}(?: ?~ ?(?:{_DAY} ?)?{_CLOCK})?")
_DATE = re.compile(rf"{_DAY}(?: ?{_CLOCK})?(?: ?~ ?{_DAY}(?: ?{_CLOCK})?)?")
_PLAIN = {
    "time": _TIME,
    "date": _DATE,
    "number": re.compile(r"-?(?=.{1,32}$)[0-9]+(\.[0-9]+)?"),
    "letter": re.compile(r"[A-Za-z]{1,32}"),
    "symbol": re.compile(r"[^\w\s]{1,5}"),
    "character_string": re.compile(r"[\x21-\x7e]{1,32}"),
    "amount": re.compile(r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?"),
    "phone_number": re.compile(r"[0-9+\-() ]{1,17}"),
    "car_number": re.compile(r"[\u4e00-\u9fff]?[A-Za-z0-9\u4e00-\u9fff]{1,7}"),
}


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units."""
    return len(text.encode("utf-16-le", "surrogatepass")) // 2


def first_fault(template: Template, data: object) -> str:
    """Return WeChat's words on the first invalid field, or "" when all are valid."""
    if not isinstance(data, Mapping):
        return "data is empty"
    for key in template.fields:
        entry = data.get(key)
        value = entry.get("value") if isinstance(entry, Mapping) else None
        if not isinstance(value, str) or not value.strip():
            return f"data.{key}.value is empty"
        if not is_valid(key, value):
            return f"data.{key}.value invalid"
    strange = sorted(str(key) for key in data if key not in template.fields)
    return f"data.{strange[0]} not in template" if strange else ""


def is_sensitive(values: Mapping[str, str]) -> bool:
    return any(word in text for text in values.values() for word in SENSITIVE_WORDS)


def is_valid(key: str, value: str) -> bool:
    """Say whether `value` may stand in the field `key` (a type and a number, such as `thing1`)."""
    parts = _KEY.fullmatch(key)
    if parts is None or any(unicodedata.category(sign) in _UNSEEN for sign in value):
        return False
    kind = parts[1]
    if kind in _PLAIN:
        return _PLAIN[kind].fullmatch(value) is not None
    return kind in _SHAPES and _SHAPES[kind](value)


_UNSEEN = frozenset({"Cc", "Cs", "Zl", "Zp"})


def _is_phrase(value: str) -> bool:
    return units(value) <= 5 and _HAN.fullmatch(value) is not None


def _is_name(value: str) -> bool:
    """Ten characters with Chinese in them, twenty without."""
    longest = 10 if _HAN.search(value) else 20
    return units(value) <= longest and _NAME.fullmatch(value) is not None


_SHAPES: dict[str, Callable[[str], bool]] = {
    "thing": lambda value: units(value) <= 20,
    "phrase": _is_phrase,
    "name": _is_name,
}
