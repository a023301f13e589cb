"""
Fitting (适配) values into the fields of a subscribe-message template, by the field's type. Pure.

The name of a field is its type and a number (`thing1`). A value is made to fit by a rule declared
beforehand: `abbreviate` shortens with … where the type allows the sign, and gives an empty value
its stand-in; `reject` refuses. What comes out is never invalid, so WeChat never answers 47003.
"""

import re
import unicodedata
from collections.abc import Callable, Mapping
from datetime import date, datetime
from typing import Final, Literal
from zoneinfo import ZoneInfo

from backend.core.errors import Invalid

Overflow = Literal["abbreviate", "reject"]
ABBREVIATE: Final = "abbreviate"
REJECT: Final = "reject"
_SHANGHAI: Final = ZoneInfo("Asia/Shanghai")

_HAN = "\u3007\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af"
_NOT_HAN = re.compile(f"[^{_HAN}]")
_NOT_NAME = re.compile(f"[^A-Za-z·.' {_HAN}]")
_NOT_ASCII = re.compile(r"[^\x21-\x7e]")
_NUMBER = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_AMOUNT = re.compile(r"[¥￥$€£]?[0-9]{1,10}(\.[0-9]{1,2})?元?")
_PHONE = re.compile(r"[0-9+\-() ]{1,17}")
_CAR = re.compile(r"[\u4e00-\u9fff]?[A-Za-z0-9\u4e00-\u9fff]{1,7}")
_MONTH, _MDAY = r"(?:0?[1-9]|1[0-2])", r"(?:0?[1-9]|[12][0-9]|3[01])"
_CLOCK = r"(?:[01]?[0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9])?"
_DAY = rf"[0-9]{{4}}(?:年{_MONTH}月{_MDAY}日|-{_MONTH}-{_MDAY}|/{_MONTH}/{_MDAY})"
_TIME = re.compile(rf"(?:{_DAY} ?)?{_CLOCK}(?: ?~ ?(?:{_DAY} ?)?{_CLOCK})?")
_DATE = re.compile(rf"{_DAY}(?: ?{_CLOCK})?(?: ?~ ?{_DAY}(?: ?{_CLOCK})?)?")
_UNSEEN = frozenset({"Cc", "Cf", "Cs", "Cn", "Co", "Zl", "Zp"})
_KIND = re.compile(r"([a-z_]+?)[0-9]+")


class FieldRejected(Invalid):
    code, title = "field_rejected", "通知内容放不进模板字段, 请缩短或改正后再发"


def fit(
    fields: Mapping[str, str | tuple[str, Overflow]], params: Mapping[str, object]
) -> dict[str, dict[str, str]]:
    """
    Return `data` as subscribe/send takes it: field → {"value": text}.

    :param fields: field → name of its parameter, or (name, overflow rule).
    :param params: name → text, number, day or time; aware times are shown in Shanghai's.
    :raises FieldRejected: a value breaks a `reject` rule, or no stand-in could be true: a time or a
        number that is none. `field` names it.
    """
    data = {}
    for key, source in fields.items():
        name, rule = (source, ABBREVIATE) if isinstance(source, str) else source
        data[key] = {"value": _fitted(key, params.get(name), strict=rule == REJECT)}
    return data


def units(text: str) -> int:
    """Return the length of `text` in UTF-16 units, as a phone counts."""
    return len(text) + sum(sign > "\uffff" for sign in text)


def _fitted(key: str, value: object, *, strict: bool) -> str:
    kind = _KIND.fullmatch(key)
    if kind is None or kind[1] not in _SHAPES:
        raise FieldRejected(field=key)
    text = _clean(_written(kind[1], value))
    fitted = _SHAPES[kind[1]](text)
    if fitted is None or (strict and fitted != text):
        raise FieldRejected(field=key)
    return fitted


def _written(kind: str, value: object) -> str:
    """Write a value as people do: 2026年3月5日 09:30; an ISO text is read as what it says."""
    if kind in ("time", "date") and isinstance(value, str):
        value = _read(value)
    if isinstance(value, datetime):
        local = _local(value)
        clock = "" if kind == "date" else f" {local:%H:%M}"
        return f"{local.year:04}年{local.month}月{local.day}日{clock}"
    if isinstance(value, date):
        return f"{value.year:04}年{value.month}月{value.day}日"
    return "" if value is None else str(value)


def _local(moment: datetime) -> datetime:
    """Return a moment in Shanghai's time; a naive one is that already, as are the ends of time."""
    try:
        return moment.astimezone(_SHANGHAI) if moment.tzinfo else moment
    except OverflowError:
        return moment


def _read(text: str) -> date | datetime | str:
    """Return the day or moment an ISO text means, or the text itself."""
    if not re.match(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", text):
        return text
    try:
        return date.fromisoformat(text) if len(text) == 10 else datetime.fromisoformat(text)
    except ValueError:
        return text


def _clean(text: str) -> str:
    """Drop what cannot be seen; a line break is a space; no space at the ends, never two."""
    seen = (
        " " if sign.isspace() else "" if unicodedata.category(sign) in _UNSEEN else sign
        for sign in text
    )
    return _single("".join(seen))


def _single(text: str) -> str:
    return " ".join(text.split())


def _cut(text: str, most: int, mark: str = "…") -> str:
    """Shorten to `most` UTF-16 units, `mark` included; no half character, no bare accent."""
    if units(text) <= most:
        return text
    kept = ""
    for sign in text:
        if units(kept) + units(sign) > most - units(mark):
            break
        kept += sign
    return kept.rstrip() + mark


def _thing(text: str) -> str:
    return _cut(text, 20) or "无"


def _phrase(text: str) -> str:
    """Five Chinese characters at most; the sign … is none, so a longer one is cut bare."""
    return _cut(_NOT_HAN.sub("", text), 5, mark="") or "请查看"


def _name(text: str) -> str:
    """Ten characters with Chinese in them, twenty without."""
    text = _single(_NOT_NAME.sub("", text))
    return _cut(text, 10 if re.search(f"[{_HAN}]", text) else 20, mark="").strip() or "本人"


def _string(text: str) -> str:
    return _cut(_NOT_ASCII.sub("", text), 32, mark="...") or "-"


def _letter(text: str) -> str | None:
    return re.sub(r"[^A-Za-z]", "", text)[:32] or None


def _symbol(text: str) -> str | None:
    return text if re.fullmatch(r"[!-/:-@\[-`{-~]{1,5}", text) and "_" not in text else None


def _number(text: str) -> str | None:
    return text if len(text) <= 32 and _NUMBER.fullmatch(text) else None


def _matching(pattern: re.Pattern[str]) -> Callable[[str], str | None]:
    """Return a shape that takes what the pattern takes; nothing else could stand for it."""
    return lambda text: text if pattern.fullmatch(text) else None


_SHAPES: Final[dict[str, Callable[[str], str | None]]] = {
    "thing": _thing,
    "phrase": _phrase,
    "name": _name,
    "character_string": _string,
    "letter": _letter,
    "symbol": _symbol,
    "number": _number,
    "amount": _matching(_AMOUNT),
    "phone_number": _matching(_PHONE),
    "car_number": _matching(_CAR),
    "time": _matching(_TIME),
    "date": _matching(_DATE),
}
