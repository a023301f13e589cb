"""
Pinyin (拼音): what people type when they do not type characters.

Names of items and places are read as words. People's names begin with a surname, and surnames
have readings of their own (单 shàn, 查 zhā, 区 ōu): both readings are kept, since clerks type
either (领域说明 §3 拼音检索).
"""

import re
from collections.abc import Iterable

from pypinyin import Style, lazy_pinyin, load_phrases_dict

SURNAMES = {
    "单": "shan",
    "查": "zha",
    "区": "ou",
    "仇": "qiu",
    "解": "xie",
    "朴": "piao",
    "曾": "zeng",
    "盖": "ge",
    "乐": "yue",
    "任": "ren",
    "华": "hua",
    "尉": "wei",
    "缪": "miao",
    "逄": "pang",
    "员": "yun",
    "黑": "he",
    "覃": "qin",
    "冼": "xian",
    "召": "shao",
    "宓": "mi",
    "佘": "she",
    "折": "she",
    "令": "ling",
    "繁": "po",
    "葛": "ge",
    "洗": "xian",
    "么": "yao",
    "万俟": "moqi",
    "尉迟": "yuchi",
    "长孙": "zhangsun",
    "令狐": "linghu",
    "澹台": "tantai",
    "单于": "chanyu",
}
PLACES = {"乐至": [["lè"], ["zhì"]], "乐至县": [["lè"], ["zhì"], ["xiàn"]]}

load_phrases_dict(PLACES)


def full(text: str) -> str:
    """Return the whole pinyin of a name of an item or place: 高龄津贴 → gaolingjintie."""
    return _joined(lazy_pinyin(text, errors="default"))


def initials(text: str) -> str:
    """Return its first letters: 高龄津贴 → gljt."""
    return _joined(lazy_pinyin(text, style=Style.FIRST_LETTER, errors="default"))


def of_person(name: str) -> tuple[str, ...]:
    """Return the readings of a person's name, the surname's own reading first: 单玉兰 → 2."""
    plain = full(name)
    for length in (2, 1):
        surname = name[:length]
        if surname in SURNAMES:
            return tuple(dict.fromkeys((SURNAMES[surname] + full(name[length:]), plain)))
    return (plain,)


def search_text(names: Iterable[str]) -> str:
    """Return what a search looks through: every name with its pinyin and its first letters."""
    words = (word for name in names for word in (name, full(name), initials(name)))
    return " ".join(dict.fromkeys(word for word in words if word)).lower()


def _joined(parts: Iterable[str]) -> str:
    return re.sub(r"[^a-z0-9]", "", "".join(parts).lower())
