"""Case numbers (办事编号): 24 digits that can be spoken, typed and checked (领域说明 §2.8)."""

from datetime import date

from stdnum.iso7064 import mod_11_10

from backend.core.errors import Invalid

LENGTH = 24


class BadNumber(Invalid):
    code, title = "bad_case_number", "办事编号有误, 请核对 24 位数字后重新输入"


def format_number(point: str, day: date, serial: int) -> str:
    """
    Return county 6 + town 3 | day 8 | serial 6 | check digit (ISO 7064 MOD 11,10).

    `point` is the first nine digits of the intake point's division.
    """
    body = f"{point:0<9.9}{day:%Y%m%d}{serial:06d}"
    return body + str(mod_11_10.calc_check_digit(body))


def read(text: str) -> str:
    """
    Return a typed or spoken number without its spaces and dashes.

    :raises BadNumber: not 24 digits, or the check digit shows a slip.
    """
    number = "".join(text.split()).replace("-", "")
    if len(number) != LENGTH or not (number.isascii() and number.isdigit()):
        raise BadNumber("办事编号应为 24 位数字, 请核对后重新输入")
    if not mod_11_10.is_valid(number):
        raise BadNumber("办事编号的校验位不符, 可能输错了一位, 请核对后重新输入")
    return number
