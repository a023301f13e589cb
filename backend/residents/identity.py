"""
Identity numbers, names and phones (身份要素): read what people write, refuse what cannot be.

Pure. Every reader returns the normalised value or raises ValueError with a Chinese sentence that
says what to do; no sentence repeats the value. The ready-made validators are avoided on purpose
(领域说明 §3): they tie the birth year to the life of the region code, so they refuse people who
were registered late, and they let birthdays in the future or in 1850 pass. Here the region is a
hint and never a reason.
"""

import re
import unicodedata
from dataclasses import dataclass
from datetime import date
from typing import Final

from stdnum import luhn
from stdnum.cn import uscc as stdnum_uscc
from stdnum.iso7064 import mod_11_2

ID_CARD: Final = "id_card"
HMT_PERMIT: Final = "hmt_permit"
FOREIGN_PERMANENT: Final = "foreign_permanent"
HOUSEHOLD_BOOK: Final = "household_book"
ID_TYPES = {
    ID_CARD: "居民身份证",
    HMT_PERMIT: "港澳台居民居住证",
    FOREIGN_PERMANENT: "外国人永久居留身份证",
    HOUSEHOLD_BOOK: "户口簿(未办身份证儿童)",
}

MALE: Final = "male"
FEMALE: Final = "female"

MAX_NAME = 50
MIDDLE_DOT = "\u00b7"
FULL_WIDTH_SPACE = "\u3000"
# What keyboards offer in place of U+00B7, the dot of Tibetan, Uygur and foreign names.
DOT_LOOKALIKES = str.maketrans(dict.fromkeys("\u2022\u2027\u30fb\u00b8\uff0e\uff65", MIDDLE_DOT))

_HMT = re.compile(r"8[123]0000")
_FOREIGN_NEW = re.compile(r"9[0-9]{16}[0-9X]")
_FOREIGN_OLD = re.compile(r"[A-Z]{3}[0-9]{12}")
_BIRTH_CERTIFICATE = re.compile(r"[A-Z][0-9]{9}")
_EIGHTEEN = re.compile(r"[1-9][0-9]{16}[0-9X]")
_FIFTEEN = re.compile(r"[1-9][0-9]{14}")
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_LANDLINE = re.compile(r"(010|02[0-9]|0[3-9][0-9]{2})([0-9]{7,8})")
_DISABILITY = re.compile(r"([0-9]{17}[0-9X])([1-7])([1-4])(B[0-9]{1,2})?")
_USCC = re.compile(r"[0-9A-HJ-NP-RTUW-Y]{18}")
_EARLIEST_BIRTH = date(1900, 1, 1)


@dataclass(frozen=True, slots=True)
class Uscc:
    """A unified social credit code; `warning` is "" or why a person should look at it."""

    value: str
    warning: str


def normalise(text: str) -> str:
    """Return `text` with full-width signs narrowed, spaces and hyphens gone, in capitals."""
    return re.sub(r"[\s\-\u2010-\u2015]", "", unicodedata.normalize("NFKC", text)).upper()


def id_number(text: str, *, id_type: str = "", today: date) -> str:
    """
    Read the number of an identity document.

    :param id_type: a key of ID_TYPES; "" takes whichever the number looks like.
    :param today: no one is born after it.
    """
    number = normalise(text)
    if not number:
        raise ValueError("请填写证件号码")
    kind = id_type or id_type_of(number)
    if kind == ID_CARD and _HMT.match(number):
        raise ValueError("这是港澳台居民居住证的号码, 请把证件类型改为港澳台居民居住证")
    if kind == HMT_PERMIT and not _HMT.match(number):
        raise ValueError("港澳台居民居住证号码以810000、820000或830000开头, 请核对证件类型和号码")
    if kind == FOREIGN_PERMANENT:
        return foreign_permit(number)
    if kind == HOUSEHOLD_BOOK and _BIRTH_CERTIFICATE.fullmatch(number):
        return number
    return mainland_id(number, today=today)


def id_type_of(number: str) -> str:
    """Return the key of ID_TYPES a normalised number looks like."""
    if _FOREIGN_OLD.fullmatch(number) or _FOREIGN_NEW.fullmatch(number):
        return FOREIGN_PERMANENT
    if _BIRTH_CERTIFICATE.fullmatch(number):
        return HOUSEHOLD_BOOK
    return HMT_PERMIT if _HMT.match(number) else ID_CARD


def mainland_id(text: str, *, today: date) -> str:
    """
    Read a citizen identity number (GB 11643) or a Hong Kong, Macao or Taiwan residence permit.

    A 15-digit number of before 1999 is returned in its 18-digit form.
    """
    number = normalise(text)
    if _FIFTEEN.fullmatch(number):
        number = upgrade(number)
    if not _EIGHTEEN.fullmatch(number):
        raise ValueError("证件号码应为18位: 前17位是数字, 末位是数字或X, 请核对后重填")
    born = _date_in(number)
    if born is None or born < _EARLIEST_BIRTH:
        raise ValueError("证件号码第7至14位不是有效的出生日期, 请核对后重填")
    if born > today:
        raise ValueError("证件号码中的出生日期晚于今天, 请核对后重填")
    if not mod_11_2.is_valid(number):
        raise ValueError("证件号码的校验位不对, 可能有一位填错, 请对照证件逐位核对")
    return number


def upgrade(fifteen: str) -> str:
    """Return the 18-digit form of a 15-digit number; keep the original beside it."""
    if not _FIFTEEN.fullmatch(fifteen):
        raise ValueError("旧证件号码应为15位数字, 请核对后重填")
    body = f"{fifteen[:6]}19{fifteen[6:]}"
    return body + mod_11_2.calc_check_digit(body)


def foreign_permit(text: str) -> str:
    """Read a foreigner's permanent residence number: the 2023 form, or the older one."""
    number = normalise(text)
    if _FOREIGN_OLD.fullmatch(number):
        return number
    if not _FOREIGN_NEW.fullmatch(number):
        raise ValueError("永久居留证号码应为9开头的18位, 或3个字母加12位数字, 请核对后重填")
    if not mod_11_2.is_valid(number):
        raise ValueError("永久居留证号码的校验位不对, 请对照证件逐位核对")
    return number


def birth_certificate(text: str) -> str:
    """Read the number of a medical certificate of birth: one letter and nine digits."""
    number = normalise(text)
    if not _BIRTH_CERTIFICATE.fullmatch(number):
        raise ValueError("出生医学证明编号应为1个字母加9位数字, 请核对后重填")
    return number


def disability_card(text: str, *, today: date) -> str:
    """
    Read a disability card number: identity number, one digit of kind, one of grade.

    A reissued card carries B and its serial at the end.
    """
    number = normalise(text)
    parts = _DISABILITY.fullmatch(number)
    if parts is None:
        raise ValueError("残疾人证号应为20位: 身份证号18位加类别1位、等级1位, 请核对后重填")
    mainland_id(parts[1], today=today)
    return number


def uscc(text: str) -> Uscc:
    """
    Read a unified social credit code (GB 32100).

    Codes with a wrong check digit were really issued, so that is a warning; a wrong length or a
    letter outside the alphabet (I, O, S, V, Z) is an error.
    """
    number = normalise(text)
    if not _USCC.fullmatch(number):
        raise ValueError("统一社会信用代码应为18位数字或大写字母(不含I、O、S、V、Z), 请核对后重填")
    valid = stdnum_uscc.is_valid(number)
    return Uscc(number, "" if valid else "统一社会信用代码的校验位不对, 请工作人员对照证照核实")


def mobile(text: str) -> str:
    """Read a mainland mobile number as 11 digits; +86, 0086 and spaces are dropped."""
    number = _local(text)
    if not _MOBILE.fullmatch(number):
        raise ValueError("手机号应为1开头的11位数字, 请核对后重填")
    return number


def phone(text: str) -> str:
    """Read a mobile number, or a landline as `area-number`."""
    number = _local(text)
    if _MOBILE.fullmatch(number):
        return number
    landline = _LANDLINE.fullmatch(number)
    if landline is None:
        raise ValueError("电话应为11位手机号, 或“区号-号码”的固定电话(资阳区号028), 请核对后重填")
    return f"{landline[1]}-{landline[2]}"


def person_name(text: str) -> str:
    """
    Read a name: 1 to 50 letters of any script, with `·` (U+00B7) where the name has one.

    Rare characters of four bytes are letters like any other. Spaces, hyphens and apostrophes stay
    for names in Latin script.
    """
    name = text.strip(" ").translate(DOT_LOOKALIKES)
    if not name:
        raise ValueError("请填写姓名")
    if FULL_WIDTH_SPACE in name:
        raise ValueError("姓名中有全角空格, 请删除后重填")
    if len(name) > MAX_NAME:
        raise ValueError(f"姓名不能超过{MAX_NAME}个字, 请核对后重填")
    if not all(
        sign in " -'." + MIDDLE_DOT or unicodedata.category(sign)[0] in "LM" for sign in name
    ):
        raise ValueError("姓名只能有汉字、字母和间隔号“·”, 请删除其他符号")
    if not unicodedata.category(name[0]).startswith("L"):
        raise ValueError("姓名应以汉字或字母开头, 请核对后重填")
    return name


def bank_account(text: str, *, card: bool = True) -> str:
    """Read an account number; `card` asks for the check digit only cards have (Luhn)."""
    number = normalise(text)
    if not re.fullmatch(r"[0-9]{8,30}", number):
        raise ValueError("银行账号应为8至30位数字, 请核对后重填")
    if card and not luhn.is_valid(number):
        raise ValueError("银行卡号的校验位不对, 请对照卡面逐位核对")
    return number


def birth_on_of(number: str) -> date | None:
    """
    Return the birthday an 18-digit number carries, or None.

    Foreigners' numbers give None: what their places 2–17 mean is not published.
    """
    if _EIGHTEEN.fullmatch(number) and not number.startswith("9"):
        return _date_in(number)
    return None


def gender_of(number: str) -> str:
    """Return MALE or FEMALE by the 17th digit, or "" where the number does not tell."""
    if not _EIGHTEEN.fullmatch(number) or number.startswith("9"):
        return ""
    return MALE if int(number[16]) % 2 else FEMALE


def region_of(number: str) -> str:
    """Return the six digits of the region first registered in: a hint, never a reason."""
    return number[:6] if _EIGHTEEN.fullmatch(number) else ""


def birthday(birth_on: date, years: int) -> date:
    """Return the day one is `years` old; born on 29 February, 1 March in common years."""
    year = birth_on.year + years
    try:
        return birth_on.replace(year=year)
    except ValueError:
        return date(year, 3, 1)


def age_on(birth_on: date, day: date) -> int:
    """Return the full years lived on `day` (周岁); negative before birth."""
    years = day.year - birth_on.year
    return years if birthday(birth_on, years) <= day else years - 1


def _date_in(number: str) -> date | None:
    try:
        return date(int(number[6:10]), int(number[10:12]), int(number[12:14]))
    except ValueError:
        return None


def _local(text: str) -> str:
    """Return a number as it is dialled inside the country."""
    number = re.sub(r"[()]", "", normalise(text))
    abroad = re.fullmatch(r"(?:\+|00)86([0-9]+)", number)
    if abroad:
        rest = abroad[1]
        return rest if rest[0] == "0" or _MOBILE.fullmatch(rest) else f"0{rest}"
    return re.sub(r"^86(?=1[3-9][0-9]{9}$)", "", number)
