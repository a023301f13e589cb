"""A form takes what is right, and names all that is wrong at once, in words that help."""

import contextlib
from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from backend.catalogue import forms

TODAY = date(2026, 11, 22)
LEVELS = {"512002100204": "village", "512002100000": "town"}


def number(birth, order="102"):
    body = f"512000{birth}{order}"
    return body + mod_11_2.calc_check_digit(body)


OWN = number("19461220")
PERSON = [
    {"key": "name", "label": "姓名", "type": "name", "required": True},
    {"key": "id_no", "label": "证件号码", "type": "id_no", "required": True},
]


def field(kind, *, key="x", required=True, **more):
    return {"key": key, "label": "此项", "type": kind, "required": required, **more}


def check(fields, answers, **context):
    context = forms.Context(division_level=lambda code: LEVELS.get(code, ""), **context)
    return forms.check(fields=fields, answers=answers, today=TODAY, context=context)


def faults(fields, answers, **context):
    with pytest.raises(forms.FormRejected) as refused:
        check(fields, answers, **context)
    return refused.value.extra["fields"]


@pytest.mark.parametrize(
    ("item", "given", "clean"),
    [
        (field("text"), "  滨江路  ", "滨江路"),
        (field("text"), "龙\U00020bb7\U0001f600", "龙\U00020bb7\U0001f600"),
        (field("text", rules={"format": "birth_certificate"}), "q 510123456", "Q510123456"),
        (field("text", rules={"format": "disability_card"}), OWN + "42", OWN + "42"),
        (field("text", rules={"pattern": "[A-Z]{2}"}), "AB", "AB"),
        (field("textarea"), "第一行\n第二行", "第一行\n第二行"),
        (field("name"), "\U00020bb7野家", "\U00020bb7野家"),
        (field("address", rules={"max_length": 4}), "前进三组", "前进三组"),
        (field("id_no"), OWN.lower(), OWN),
        (field("id_no", rules={"age_max": 2}), number("20250308"), number("20250308")),
        (field("phone"), "+86 138 0013 8000", "13800138000"),
        (field("uscc"), "11511301008778298w", "11511301008778298W"),
        (field("bank_account"), "6217 0012 3456 7890 122", "6217001234567890122"),
        (field("bank_account", rules={"card": False}), "51001234567890123", "51001234567890123"),
        (field("division", rules={"level": "village"}), "512002100204", "512002100204"),
        (field("division", rules={"scope": "national"}), "510100000000", "510100000000"),
        (field("enum", options=["一级", "二级"]), "二级", "二级"),
        (field("enum", options={"Q1": "第一季度"}), "Q1", "Q1"),
        (field("enum", options=[{"value": "a", "label": "甲"}]), "a", "a"),
        (field("multi_enum", options=["视力", "听力"]), ["听力", "听力"], ["听力"]),
        (field("bool"), False, False),
        (field("consent"), True, True),
        (field("int", rules={"min": 1, "max": 2000}), "20", 20),
        (field("money"), "1,234.5", "1234.50"),
        (field("money"), 1234, "1234.00"),
        (field("money"), 0.1, "0.10"),
        (field("decimal", rules={"places": 1}), "88.5", "88.5"),
        (field("date", rules={"not_after_days": 0}), "2026-11-22", "2026-11-22"),
        (field("datetime"), "2026-11-20T08:30", "2026-11-20T08:30+08:00"),
        (field("datetime"), "2026-11-20T00:30:00Z", "2026-11-20T08:30+08:00"),
        (field("slot", rules={"within_days": 30}), "2026-12-22T09:00", "2026-12-22T09:00+08:00"),
        (field("image"), "3f2b8c1e-0000-4000", "3f2b8c1e-0000-4000"),
        (field("person_ref"), "王芳", {"name": "王芳"}),
        (
            field("person_ref"),
            {"name": "王芳", "id_no": OWN, "phone": "13800138000", "relation": "女儿"},
            {"name": "王芳", "id_no": OWN, "phone": "13800138000", "relation": "女儿"},
        ),
    ],
)
def test_takes_what_is_right(item, given, clean):
    assert check([item], {"x": given}) == {"x": clean}


@pytest.mark.parametrize(
    ("item", "given", "says"),
    [
        (field("text"), 5, "文字"),
        (field("text"), "a\x00b", "不可见"),
        (field("text"), "两\n行", "不可见"),
        (field("text"), "字" * 201, "最多200个字"),
        (field("text", rules={"pattern": "[A-Z]{2}"}), "abc", "格式"),
        (field("text", rules={"format": "birth_certificate"}), "510123456", "出生医学证明"),
        (field("textarea", rules={"max_length": 3}), "四个字啊", "最多3"),
        (field("name"), "李\u3000华", "全角空格"),
        (field("name"), "龙" * 51, "50"),
        (field("id_no"), OWN[:-1] + ("0" if OWN[-1] != "0" else "1"), "校验位"),
        (field("id_no"), number("20270101"), "晚于今天"),
        (field("id_no", rules={"age_max": 17}), OWN, "年龄"),
        (field("id_no", rules={"age_min": 6, "age_max": 15}), number("20250308"), "6到15周岁"),
        (field("phone"), "12345", "电话"),
        (field("uscc"), "123", "统一社会信用代码"),
        (field("bank_account"), "6217001234567890123", "校验位"),
        (field("division"), "999999999999", "不在本市"),
        (field("division"), 512002100204, "文字"),
        (field("division", rules={"level": "village"}), "512002100000", "选到村"),
        (field("division", rules={"scope": "national"}), "510101000000", "市(州)"),
        (field("enum", options=["一级"]), "五级", "选项"),
        (field("enum", options=["一级"]), ["一级"], "选项"),
        (field("multi_enum", options=["视力"]), "视力", "选项"),
        (field("multi_enum", options=["视力"]), ["视力", "味觉"], "选项"),
        (field("multi_enum", options=["视力"]), [{"视力": 1}], "选项"),
        (field("bool"), "是", "是或否"),
        (field("bool"), 1, "是或否"),
        (field("consent"), False, "勾选"),
        (field("consent"), "true", "勾选"),
        (field("int"), 1.5, "整数"),
        (field("int"), True, "整数"),
        (field("int", rules={"min": 1, "max": 2000}), 2001, "1到2000"),
        (field("money"), "很多", "数字"),
        (field("money"), "1e999999999", "数字"),
        (field("money"), "NaN", "请重新填写"),
        (field("money"), "-1", "不小于0"),
        (field("money"), "1.234", "2位小数"),
        (field("money"), "9" * 60, "数字"),
        (field("date"), "2026-02-30", "日期"),
        (field("date"), "1850-01-01", "1900"),
        (field("date", rules={"not_after_days": 0}), "2026-11-23", "不能晚于今天"),
        (field("date", rules={"not_after_days": -180}), "2026-11-01", "2026-05-26"),
        (field("datetime", rules={"not_after_days": 0}), "2026-11-22T17:00Z", "不能晚于今天"),
        (field("datetime"), "昨天", "日期和时间"),
        (field("slot"), "2026-11-21T09:00", "之间"),
        (field("slot"), "2027-01-21T09:00", "之间"),
        (field("image"), "../etc", "重新上传"),
        (field("person_ref"), {"id_no": OWN}, "姓名"),
        (field("person_ref"), {"name": "王芳", "age": 5}, "姓名"),
        (field("person_ref"), {"name": "王芳", "id_no": "1"}, "18位"),
        (field("table", columns=PERSON), "x", "逐行"),
        (field("table", columns=PERSON), [1], "逐行"),
        (field("table", columns=PERSON), [{}] * 51, "50行"),
    ],
)
def test_says_what_is_wrong(item, given, says):
    assert says in faults([item], {"x": given})["x"]


@pytest.mark.parametrize("empty", [None, "", "   ", []])
@pytest.mark.parametrize(
    ("kind", "says"),
    [("text", "请填写此项"), ("enum", "请选择此项"), ("image", "请上传此项"), ("table", "请填写")],
)
def test_asks_for_what_is_missing(kind, says, empty):
    item = field(kind, options=["一"], columns=PERSON)
    assert says in faults([item], {"x": empty})["x"]
    assert check([{**item, "required": False}], {"x": empty}) == {}


def test_names_every_fault_at_once():
    fields = [
        field("name", key="applicant_name"),
        field("phone", key="phone"),
        field("date", key="born", rules={"not_after_days": 0}),
        field("consent", key="agreed"),
        field("text", key="fine", required=False),
    ]
    told = faults(fields, {"phone": "1", "born": "2030-01-01", "fine": "好", "<b>": 1})
    assert set(told) == {"applicant_name", "phone", "born", "agreed", "<b>"}


def test_a_field_that_does_not_apply_is_neither_asked_nor_kept():
    fields = [
        field("enum", key="method", options=["人脸", "上门"]),
        field("consent", key="face_consent", when='method == "人脸"'),
    ]
    assert check(fields, {"method": "上门", "face_consent": False}) == {"method": "上门"}
    assert set(faults(fields, {"method": "人脸"})) == {"face_consent"}


def test_the_age_comes_from_the_verified_number_before_what_is_said():
    fields = [
        field("id_no", key="id_no"),
        field("consent", key="minor_consent", when="applicant.age < 14"),
    ]
    child = number("20200615")
    assert set(faults(fields, {"id_no": child})) == {"minor_consent"}
    assert check(fields, {"id_no": OWN}) == {"id_no": OWN}
    assert set(faults(fields, {"id_no": OWN}, id_number=child)) == {"minor_consent"}


def test_the_applicants_number_is_the_verified_one():
    fields = [field("id_no", key="id_no", rules={"applicant": True})]
    assert "实名信息不一致" in faults(fields, {"id_no": number("19500101")}, id_number=OWN)["id_no"]
    assert check(fields, {"id_no": OWN}, id_number=OWN) == {"id_no": OWN}


def test_the_kind_of_document_must_fit_the_number():
    fields = [
        field("enum", key="id_type", options={"id_card": "身份证", "hmt_permit": "居住证"}),
        field("id_no", key="id_no", rules={"id_type_field": "id_type"}),
    ]
    assert "810000" in faults(fields, {"id_type": "hmt_permit", "id_no": OWN})["id_no"]


def test_rows_of_a_table_are_checked_like_forms():
    item = field("table", columns=PERSON, rules={"min_rows": 1, "unique": "id_no"})
    row = {"name": "王芳", "id_no": OWN}
    assert check([item], {"x": [row]}) == {"x": [row]}
    told = faults([item], {"x": [row, {"name": "", "id_no": OWN, "extra": 1}]})
    assert set(told) == {"x[1].name", "x[1].extra", "x[1].id_no"}
    assert told["x[1].id_no"].startswith("第2行")


def test_a_table_may_be_empty_where_the_item_says_so():
    item = field("table", columns=PERSON, rules={"min_rows": 0})
    assert check([item], {"x": []}) == {"x": []}
    assert "x" in faults([item], {})


@pytest.mark.parametrize(
    "answers", [None, [], "x", {"x": "字" * 40000}, {"x": "\ud800"}, {"x": 10**30}]
)
def test_refuses_what_is_no_form_at_all(answers):
    assert set(faults([field("text")], answers)) == {forms.WHOLE_FORM}


def test_no_fault_repeats_a_personal_value():
    fields = [field("id_no", key="a"), field("phone", key="b"), field("bank_account", key="c")]
    wrong = {"a": "51200019461220102?", "b": "1380013800", "c": "6217001234567890123"}
    told = " ".join(faults(fields, wrong).values())
    assert not any(value in told for value in wrong.values())


ANY = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(forms.FIELD_TYPES)), ANY)
def test_any_value_of_any_type_is_clean_or_refused(kind, value):
    item = field(kind, options=["一"], columns=PERSON)
    with contextlib.suppress(forms.FormRejected):
        check([item], {"x": value})
