"""Identity numbers, names and phones are read as GB 11643 and 领域说明 §3 say."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st
from stdnum.iso7064 import mod_11_2

from backend.residents import identity

TODAY = date(2026, 11, 22)


def number(region, birth, order="123"):
    body = f"{region}{birth}{order}"
    return body + mod_11_2.calc_check_digit(body)


@pytest.mark.parametrize(
    ("region", "birth"),
    [
        pytest.param("512002", "19550101", id="registered after the district was renamed"),
        pytest.param("513901", "19700630", id="a code born after its holder"),
        pytest.param("512081", "20170808", id="a code that died before its holder"),
        pytest.param("810000", "19900101", id="Hong Kong"),
        pytest.param("820000", "19900101", id="Macao"),
        pytest.param("830000", "19900101", id="Taiwan"),
        pytest.param("999999", "20000229", id="an unknown region, a leap day"),
        pytest.param("512002", "19000101", id="the oldest birthday"),
        pytest.param("512002", "20261122", id="born today"),
    ],
)
def test_a_number_is_valid_whatever_its_region(region, birth):
    text = number(region, birth)
    assert identity.mainland_id(text, today=TODAY) == text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (number("512002", "20261123"), "晚于今天"),
        (number("512002", "18500101"), "出生日期"),
        (number("512002", "19991231")[:-1] + "?", "18位"),
        (number("512002", "20010229"), "出生日期"),
        (number("512002", "20011301"), "出生日期"),
        (number("012002", "19900101"), "18位"),
        ("51200219900101123", "18位"),
        ("", "18位"),
        ("\x00" * 18, "18位"),
    ],
)
def test_an_impossible_number_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        identity.mainland_id(text, today=TODAY)


def test_a_number_is_read_from_full_width_signs_and_spaces():
    text = number("512002", "19900307", "002")
    wide = " ".join(chr(ord(sign) + 0xFEE0) for sign in text.lower())
    assert identity.mainland_id(wide, today=TODAY) == text


@given(st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_is_always_found(place, shift):
    text = number("512002", "19660815", "345")
    wrong = text[:place] + str((int(text[place]) + shift) % 10) + text[place + 1 :]
    with pytest.raises(ValueError, match="核对"):
        identity.mainland_id(wrong, today=TODAY)


def test_no_refusal_repeats_the_value():
    for text in (number("512002", "20991231"), "51200219900101123Y", "12345"):
        with pytest.raises(ValueError, match="核对") as refusal:
            identity.mainland_id(text, today=TODAY)
        assert text not in str(refusal.value)


def test_a_fifteen_digit_number_is_upgraded():
    assert identity.upgrade("511025550101123") == number("511025", "19550101")
    assert identity.mainland_id("511025550101123", today=TODAY) == number("511025", "19550101")


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        (number("512002", "19900101"), identity.ID_CARD),
        (number("810000", "19900101"), identity.HMT_PERMIT),
        (number("910110", "19900101"), identity.FOREIGN_PERMANENT),
        ("CHN110000012345"[:15], identity.FOREIGN_PERMANENT),
        ("Q510123456", identity.HOUSEHOLD_BOOK),
    ],
)
def test_the_kind_of_document_shows_in_the_number(text, kind):
    assert identity.id_type_of(text) == kind
    assert identity.id_number(text, today=TODAY) == text
    assert identity.id_number(text, id_type=kind, today=TODAY) == text


@pytest.mark.parametrize(
    ("text", "kind", "says"),
    [
        (number("810000", "19900101"), identity.ID_CARD, "证件类型"),
        (number("512002", "19900101"), identity.HMT_PERMIT, "810000"),
        (number("512002", "19900101"), identity.FOREIGN_PERMANENT, "9开头"),
        (number("910110", "19900101")[:-1] + "%", identity.FOREIGN_PERMANENT, "9开头"),
        ("Q510123456", identity.ID_CARD, "18位"),
        ("  ", "", "请填写证件号码"),
    ],
)
def test_a_number_that_is_not_of_its_kind_is_refused(text, kind, says):
    with pytest.raises(ValueError, match=says):
        identity.id_number(text, id_type=kind, today=TODAY)


def test_a_foreigners_check_digit_counts_and_the_rest_does_not():
    text = number("910110", "99999999")
    assert identity.foreign_permit(text) == text
    wrong = text[:-1] + ("1" if text[-1] != "1" else "2")
    with pytest.raises(ValueError, match="校验位"):
        identity.foreign_permit(wrong)


def test_a_child_in_the_household_register_may_have_either_number():
    child = number("512002", "20240501")
    assert identity.id_number(child, id_type=identity.HOUSEHOLD_BOOK, today=TODAY) == child
    assert identity.birth_certificate("q510123456") == "Q510123456"
    with pytest.raises(ValueError, match="出生医学证明"):
        identity.birth_certificate("5101234567")


def test_a_disability_card_carries_the_identity_number():
    card = number("512002", "19900101") + "43"
    assert identity.disability_card(card, today=TODAY) == card
    assert identity.disability_card(card + "b1", today=TODAY) == card + "B1"
    for wrong in (
        card[:-2] + "83",
        card[:-2] + "45",
        card[:-1],
        number("512002", "20991231") + "11",
    ):
        with pytest.raises(ValueError, match="核对"):
            identity.disability_card(wrong, today=TODAY)


def test_a_credit_code_with_a_wrong_check_digit_is_a_warning_only():
    assert identity.uscc("1151 1301 0087 7829 8w") == identity.Uscc("11511301008778298W", "")
    assert "核实" in identity.uscc("11511301008778298A").warning
    for wrong in ("11511301008778298", "1151130100877829IO"):
        with pytest.raises(ValueError, match="18位"):
            identity.uscc(wrong)


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("13800138000", "13800138000"),
        (" 138 0013 8000 ", "13800138000"),
        ("+86 138-0013-8000", "13800138000"),
        ("008613800138000", "13800138000"),
        ("8613800138000", "13800138000"),
        ("\uff11\uff13\uff18\uff10\uff10\uff11\uff13\uff18\uff10\uff10\uff10", "13800138000"),
        ("19900001111", "19900001111"),
        ("028-26111111", "028-26111111"),
        ("(028)2611 1111", "028-26111111"),
        ("+86 28 2611 1111", "028-26111111"),
        ("08332411111", "0833-2411111"),
    ],
)
def test_a_phone_is_read_however_it_is_written(text, read):
    assert identity.phone(text) == read


@pytest.mark.parametrize(
    "text", ["", "12800138000", "1380013800", "26111111", "a3800138000", "110"]
)
def test_a_phone_that_cannot_be_is_refused(text):
    with pytest.raises(ValueError, match="电话"):
        identity.phone(text)


def test_a_mobile_is_not_a_landline():
    assert identity.mobile("+8613800138000") == "13800138000"
    with pytest.raises(ValueError, match="手机号"):
        identity.mobile("028-26111111")


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("李桂华", "李桂华"),
        (" 王芳 ", "王芳"),
        ("买买提·阿不都拉", "买买提·阿不都拉"),
        ("扎西•次仁", "扎西·次仁"),
        ("\U00020bb7野家", "\U00020bb7野家"),  # a character of four bytes
        ("\u3400\u4dae", "\u3400\u4dae"),
        ("Anne-Marie O'Neil", "Anne-Marie O'Neil"),
        ("龙" * 50, "龙" * 50),
    ],
)
def test_a_name_is_read(text, read):
    assert identity.person_name(text) == read


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "请填写姓名"),
        ("   ", "请填写姓名"),
        ("李\u3000桂华", "全角空格"),
        ("李\x00华", "其他符号"),
        ("李\n华", "其他符号"),
        ("李桂华2", "其他符号"),
        ("李\U0001f600", "其他符号"),
        ("·李", "开头"),
        ("龙" * 51, "50"),
    ],
)
def test_a_name_that_cannot_be_is_refused(text, says):
    with pytest.raises(ValueError, match=says):
        identity.person_name(text)


def test_a_card_number_is_checked_and_a_company_account_is_not():
    assert identity.bank_account("6217 0012 3456 7890 122") == "6217001234567890122"
    with pytest.raises(ValueError, match="校验位"):
        identity.bank_account("6217001234567890123")
    assert identity.bank_account("6217001234567890123", card=False) == "6217001234567890123"
    with pytest.raises(ValueError, match="8至30位"):
        identity.bank_account("1234567", card=False)


def test_a_number_tells_birthday_gender_and_region():
    text = number("512002", "19461203", "002")
    assert identity.birth_on_of(text) == date(1946, 12, 3)
    assert identity.gender_of(text) == identity.FEMALE
    assert identity.gender_of(number("512002", "19461203", "001")) == identity.MALE
    assert identity.region_of(text) == "512002"


@pytest.mark.parametrize("text", ["Q510123456", number("910110", "19900101"), ""])
def test_other_numbers_tell_nothing(text):
    assert identity.birth_on_of(text) is None
    assert identity.gender_of(text) == ""


@pytest.mark.parametrize(
    ("birth", "day", "age"),
    [
        (date(1946, 11, 22), date(2026, 11, 21), 79),
        (date(1946, 11, 22), date(2026, 11, 22), 80),
        (date(2008, 2, 29), date(2026, 2, 28), 17),
        (date(2008, 2, 29), date(2026, 3, 1), 18),
        (date(2008, 2, 29), date(2028, 2, 28), 19),
        (date(2008, 2, 29), date(2028, 2, 29), 20),
        (date(2026, 11, 22), date(2026, 11, 22), 0),
        (date(2026, 11, 23), date(2026, 11, 22), -1),
    ],
)
def test_an_age_is_counted_in_full_years(birth, day, age):
    assert identity.age_on(birth, day) == age


@given(st.dates(date(1900, 1, 1), date(2026, 1, 1)), st.integers(0, 120))
def test_one_is_exactly_so_old_from_the_birthday_on(birth, years):
    day = identity.birthday(birth, years)
    assert identity.age_on(birth, day) == years
    assert identity.age_on(birth, date.fromordinal(day.toordinal() - 1)) == years - 1
