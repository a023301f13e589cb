"""Names are found by what people type."""

import pytest

from backend.catalogue import pinyin


@pytest.mark.parametrize(
    ("name", "readings"),
    [
        ("单玉兰", ("shanyulan", "danyulan")),
        ("查淑芬", ("zhashufen", "chashufen")),
        ("区正国", ("ouzhengguo", "quzhengguo")),
        ("仇莲英", ("qiulianying", "choulianying")),
        ("解素清", ("xiesuqing", "jiesuqing")),
        ("朴成国", ("piaochengguo", "puchengguo")),
        ("曾繁林", ("zengfanlin", "cengfanlin")),
        ("尉迟恭", ("yuchigong",)),
        ("李桂华", ("liguihua",)),
        ("", ("",)),
    ],
)
def test_a_surname_keeps_both_its_readings(name, readings):
    assert pinyin.of_person(name) == readings


@pytest.mark.parametrize(
    ("text", "whole", "letters"),
    [
        ("乐至县", "lezhixian", "lzx"),
        ("高龄津贴", "gaolingjintie", "gljt"),
        ("重度残疾人护理补贴", "zhongducanjirenhulibutie", "zdcjrhlbt"),
        ("80周岁以上", "80zhousuiyishang", "80zsys"),
        ("新生儿“一件事”", "xinshengeryijianshi", "xseyjs"),
    ],
)
def test_a_name_has_its_pinyin_and_its_letters(text, whole, letters):
    assert (pinyin.full(text), pinyin.initials(text)) == (whole, letters)


def test_a_search_looks_through_names_pinyin_and_letters():
    text = pinyin.search_text(["高龄津贴", "老人补贴"])
    assert text == "高龄津贴 gaolingjintie gljt 老人补贴 laorenbutie lrbt"
