"""One reader for each type of field (填写项): the answer as it came in, the clean value out."""

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any
from zoneinfo import ZoneInfo

from backend.residents import identity

CITY_TIME = ZoneInfo("Asia/Shanghai")
EARLIEST, LATEST = date(1900, 1, 1), date(2100, 12, 31)
MOST_LETTERS = {"text": 200, "address": 200, "textarea": 2000}
LEVELS = {"city": "市(州)", "county": "县(区)", "town": "乡镇(街道)", "village": "村(社区)"}

_REFERENCE = re.compile(r"[A-Za-z0-9_-]{8,64}")
_PREFECTURE = re.compile(r"[1-9][0-9]{3}0{8}")


class BadAnswer(ValueError):
    """The answer cannot be taken; the text says what to do."""


@dataclass(frozen=True, slots=True)
class Scope:
    """What a reader may look at besides its own value."""

    today: date
    division_level: Callable[[str], str]
    id_number: str = ""
    answers: Mapping[str, Any] = field(default_factory=dict)


Field = Mapping[str, Any]
Reader = Callable[[Any, Field, Scope], Any]


def read(value: object, item: Field, scope: Scope) -> object:
    """
    Return the clean value of one answer.

    :raises ValueError: a Chinese sentence that says what to do.
    """
    return FIELD_TYPES[item["type"]](value, item, scope)


def options_of(item: Field) -> dict[str, str]:
    """Return the choices of a field, value → label, however they are written."""
    options = item.get("options") or []
    if isinstance(options, Mapping):
        return {str(value): str(label) for value, label in options.items()}
    labels = (one if isinstance(one, Mapping) else {"value": one, "label": one} for one in options)
    return {str(one["value"]): str(one["label"]) for one in labels}


def _rules(item: Field) -> Mapping[str, Any]:
    rules: Mapping[str, Any] = item.get("rules") or {}
    return rules


def _text_of(value: object, item: Field) -> str:
    if not isinstance(value, str):
        raise BadAnswer(f"{item['label']}应为文字, 请重新填写")
    return value


def _text(value: object, item: Field, scope: Scope) -> str:
    text = unicodedata.normalize("NFC", _text_of(value, item)).strip()
    breaks = "\n\t" if item["type"] == "textarea" else ""
    if any(unicodedata.category(sign) in ("Cc", "Cs") and sign not in breaks for sign in text):
        raise BadAnswer(f"{item['label']}中有不可见的字符, 请删除后重填")
    most = _rules(item).get("max_length", MOST_LETTERS[item["type"]])
    if len(text) > most:
        raise BadAnswer(f"{item['label']}最多{most}个字, 请精简")
    pattern = _rules(item).get("pattern")
    if pattern and not re.fullmatch(pattern, text):
        hint = _rules(item).get("hint", "请核对后重填")
        raise BadAnswer(f"{item['label']}的格式不对, {hint}")
    return _formatted(text, _rules(item).get("format"), scope)


def _formatted(text: str, form: str | None, scope: Scope) -> str:
    if form == "birth_certificate":
        return identity.birth_certificate(text)
    if form == "disability_card":
        return identity.disability_card(text, today=scope.today)
    return text


def _name(value: object, item: Field, _scope: Scope) -> str:
    return identity.person_name(_text_of(value, item))


def _id_no(value: object, item: Field, scope: Scope) -> str:
    rules = _rules(item)
    kind = str(scope.answers.get(rules.get("id_type_field", ""), ""))
    number = identity.id_number(_text_of(value, item), id_type=kind, today=scope.today)
    if rules.get("applicant") and scope.id_number and number != scope.id_number:
        raise BadAnswer("证件号码与您的实名信息不一致, 请核对; 替他人办理请先建立代办授权")
    least, most = rules.get("age_min"), rules.get("age_max")
    born = identity.birth_on_of(number)
    if born and (least is not None or most is not None):
        age = identity.age_on(born, scope.today)
        if (least is not None and age < least) or (most is not None and age > most):
            raise BadAnswer(f"{item['label']}对应的年龄应{_between(least, most, '周岁')}, 请核对")
    return number


def _phone(value: object, item: Field, _scope: Scope) -> str:
    return identity.phone(_text_of(value, item))


def _uscc(value: object, item: Field, _scope: Scope) -> str:
    return identity.uscc(_text_of(value, item)).value


def _bank_account(value: object, item: Field, _scope: Scope) -> str:
    return identity.bank_account(_text_of(value, item), card=_rules(item).get("card", True))


def _division(value: object, item: Field, scope: Scope) -> str:
    code = _text_of(value, item).strip()
    level, label = _rules(item).get("level"), item["label"]
    if _rules(item).get("scope") == "national":
        if not _PREFECTURE.fullmatch(code):
            raise BadAnswer(f"{label}应选到市(州), 请重新选择")
        return code
    actual = scope.division_level(code)
    if not actual:
        raise BadAnswer(f"{label}不在本市或已停用, 请重新选择")
    if level and actual != level:
        raise BadAnswer(f"{label}应选到{LEVELS.get(level, level)}, 请重新选择")
    return code


def _enum(value: object, item: Field, _scope: Scope) -> str:
    if not isinstance(value, str) or value not in options_of(item):
        raise BadAnswer(f"{item['label']}请从给出的选项中选择")
    return value


def _multi_enum(value: object, item: Field, _scope: Scope) -> list[str]:
    known = options_of(item)
    if not isinstance(value, list) or not all(
        isinstance(one, str) and one in known for one in value
    ):
        raise BadAnswer(f"{item['label']}请从给出的选项中选择")
    return list(dict.fromkeys(value))


def _bool(value: object, item: Field, _scope: Scope) -> bool:
    if not isinstance(value, bool):
        raise BadAnswer(f"{item['label']}请选择是或否")
    return value


def _consent(value: object, item: Field, _scope: Scope) -> bool:
    if value is not True:
        raise BadAnswer(f"请阅读并勾选“{item['label']}”")
    return True


def _int(value: object, item: Field, _scope: Scope) -> int:
    if isinstance(value, str) and re.fullmatch(r"-?[0-9]{1,12}", value.strip()):
        value = int(value)
    if not isinstance(value, int) or isinstance(value, bool):
        raise BadAnswer(f"{item['label']}应为整数, 请重新填写")
    _within(Decimal(value), item)
    return value


def _decimal(value: object, item: Field, _scope: Scope) -> str:
    """Return the number as text with its places, so that no cent is lost on the way."""
    places = _rules(item).get("places", 2)
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise BadAnswer(f"{item['label']}应为数字, 请重新填写")
    try:
        number = Decimal(unicodedata.normalize("NFKC", str(value)).replace(",", "").strip())
        rounded = number.quantize(Decimal(1).scaleb(-places))
    except InvalidOperation:
        raise BadAnswer(f"{item['label']}应为数字, 请重新填写") from None
    if rounded != number:
        raise BadAnswer(f"{item['label']}最多{places}位小数, 请重新填写")
    _within(number, item)
    return str(rounded)


def _within(number: Decimal, item: Field) -> None:
    least, most = _rules(item).get("min", 0), _rules(item).get("max")
    if number < least or (most is not None and number > most):
        raise BadAnswer(f"{item['label']}应{_between(least, most)}, 请核对")


def _between(least: object, most: object, unit: str = "") -> str:
    if least is None:
        return f"不超过{most}{unit}"
    return f"不小于{least}{unit}" if most is None else f"在{least}到{most}{unit}之间"


def _date(value: object, item: Field, scope: Scope) -> str:
    try:
        day = date.fromisoformat(_text_of(value, item).strip())
    except ValueError:
        raise BadAnswer(f"{item['label']}应为日期, 如2026-03-05, 请重新选择") from None
    _day_within(day, item, scope)
    return day.isoformat()


def _datetime(value: object, item: Field, scope: Scope) -> str:
    """Return local time to the minute, with its offset."""
    try:
        moment = datetime.fromisoformat(_text_of(value, item).strip())
    except ValueError:
        raise BadAnswer(f"{item['label']}应为日期和时间, 请重新选择") from None
    local = moment.astimezone(CITY_TIME) if moment.tzinfo else moment.replace(tzinfo=CITY_TIME)
    _day_within(local.date(), item, scope)
    return local.isoformat(timespec="minutes")


def _slot(value: object, item: Field, scope: Scope) -> str:
    within = _rules(item).get("within_days", 30)
    bounded = {**item, "rules": {"not_before_days": 0, "not_after_days": within}}
    return _datetime(value, bounded, scope)


def _day_within(day: date, item: Field, scope: Scope) -> None:
    rules, label = _rules(item), item["label"]
    before, after = rules.get("not_before_days"), rules.get("not_after_days")
    first = EARLIEST if before is None else scope.today + timedelta(days=before)
    last = LATEST if after is None else scope.today + timedelta(days=after)
    if day > last and after == 0:
        raise BadAnswer(f"{label}不能晚于今天, 请重新选择")
    if not first <= day <= last:
        raise BadAnswer(f"{label}应在{first}到{last}之间, 请重新选择")


def _reference(value: object, item: Field, _scope: Scope) -> str:
    """Return the reference of an uploaded file; the file itself comes by another way."""
    if not isinstance(value, str) or not _REFERENCE.fullmatch(value):
        raise BadAnswer(f"{item['label']}没有上传成功, 请重新上传")
    return value


def _person_ref(value: object, item: Field, scope: Scope) -> dict[str, str]:
    """Return a person as {name, id_no?, phone?, relation?}; a bare text is the name."""
    given = {"name": value} if isinstance(value, str) else value
    parts: dict[str, Reader] = {"name": _name, "id_no": _id_no, "phone": _phone, "relation": _text}
    if not isinstance(given, Mapping) or not given.get("name") or given.keys() - parts.keys():
        raise BadAnswer(f"请填写{item['label']}的姓名, 可再填证件号码、电话和关系")
    line = {"type": "text", "label": item["label"], "rules": {"max_length": 20}}
    return {
        key: reader(given[key], line, scope)
        for key, reader in parts.items()
        if given.get(key) not in (None, "")
    }


def _table(_value: object, item: Field, _scope: Scope) -> object:
    """Refuse: tables have rows of fields and are read by `check` itself."""
    raise BadAnswer(f"{item['label']}不能嵌套表格")


FIELD_TYPES: Mapping[str, Reader] = {
    "text": _text,
    "textarea": _text,
    "address": _text,
    "name": _name,
    "id_no": _id_no,
    "phone": _phone,
    "uscc": _uscc,
    "bank_account": _bank_account,
    "division": _division,
    "enum": _enum,
    "multi_enum": _multi_enum,
    "bool": _bool,
    "consent": _consent,
    "int": _int,
    "money": _decimal,
    "decimal": _decimal,
    "date": _date,
    "datetime": _datetime,
    "slot": _slot,
    "image": _reference,
    "file": _reference,
    "person_ref": _person_ref,
    "table": _table,
}
