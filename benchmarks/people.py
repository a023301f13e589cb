"""Invented residents (虚构居民): person number `i` is the same in every run and every process."""

from base64 import urlsafe_b64encode
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from operator import mul

_MASK = (1 << 64) - 1
_FIRST_BIRTH = date(1930, 1, 1).toordinal()
_BIRTHS = 29_573  # days, a prime: every day is used once before any is used twice
_STEP = 7_919
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_REGION = "512000"  # the city: no real number carries it
_SURNAMES = "王李张刘陈杨黄赵吴周徐孙马朱胡郭何高林罗郑梁谢宋唐许韩冯邓曹彭曾肖田董潘袁蔡蒋余"
_GIVEN = "桂华秀英建国志强玉兰文军丽芳明春燕海涛晓平光辉红梅永福淑珍世杰国庆小龙德明素琼"


def mix(number: int, salt: int) -> int:
    """Return 64 well-stirred bits of a number: cheap, and the same everywhere."""
    x = (number * 0x9E3779B97F4A7C15 + salt * 0xBF58476D1CE4E5B9 + 1) & _MASK
    x = ((x ^ (x >> 30)) * 0xBF58476D1CE4E5B9) & _MASK
    x = ((x ^ (x >> 27)) * 0x94D049BB133111EB) & _MASK
    return x ^ (x >> 31)


@dataclass(frozen=True, slots=True)
class Person:
    """What the forms and the register ask of somebody; `village` is a number, not a code."""

    name: str
    id_number: str
    phone: str
    birth_on: date
    gender: str
    village: int


def person(i: int, villages: int) -> Person:
    """Return resident number `i`, who lives in one of `villages`."""
    birth_on = date.fromordinal(_FIRST_BIRTH + i * _STEP % _BIRTHS)
    bits = mix(i, 1)
    serial = 1 + 2 * (i // _BIRTHS) + (bits & 1)
    return Person(
        name=(
            _SURNAMES[(bits >> 8) % len(_SURNAMES)]
            + _GIVEN[(bits >> 16) % len(_GIVEN)]
            + _GIVEN[(bits >> 24) % len(_GIVEN)]
        ),
        id_number=checked(f"{_REGION}{birth_on.isoformat().replace('-', '')}{serial:03d}"),
        phone=f"198{i:08d}",
        birth_on=birth_on,
        gender="male" if serial % 2 else "female",
        village=village_of(i, villages),
    )


def details(one: Person, division: str) -> dict[str, str]:
    """Return what a person would write into a form, by the names sample answers are asked by."""
    return {
        "name": one.name,
        "id_type": "id_card",
        "id_number": one.id_number,
        "phone": one.phone,
        "residence_division": division,
        "hukou_division": division,
        "residence_address": "滨江路18号2单元501",
        "bank_account": "6230000000000000015",
    }


def village_of(i: int, villages: int) -> int:
    return (mix(i, 1) >> 32) % villages


def checked(body: str) -> str:
    """Add the check character of an identity number (GB 11643: ISO 7064 MOD 11-2)."""
    total = sum(map(mul, _WEIGHTS, map(int, body)))
    return body + "10X98765432"[total % 11]


def token(kind: str, i: int) -> str:
    """Return the token in hand of resident or staff number `i`: 43 characters, as real ones."""
    return urlsafe_b64encode(sha256(f"bench:{kind}:{i}".encode()).digest()).decode().rstrip("=")
