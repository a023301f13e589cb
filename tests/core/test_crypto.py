"""Sealing, indexes and masks. No database."""

import pytest

from backend.core import crypto

HERE, THERE = "residents.name.1", "residents.name.2"


@pytest.fixture(params=["intl", "guomi"])
def suite(request, settings):
    settings.CIPHER_SUITE = request.param
    return request.param


@pytest.mark.parametrize("text", ["", "李桂花", "𠮷田", "512000194612201023", "x" * 10_000])
def test_opens_what_it_sealed(suite, text):
    assert crypto.unseal(crypto.seal(text, context=HERE), context=HERE) == text


def test_never_seals_twice_alike(suite):
    assert crypto.seal("李", context=HERE) != crypto.seal("李", context=HERE)


def test_does_not_open_in_another_row(suite):
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(crypto.seal("李", context=HERE), context=THERE)


@pytest.mark.parametrize("place", [2, 14, -1])
def test_finds_any_change(suite, place):
    blob = bytearray(crypto.seal("李桂花", context=HERE))
    blob[place] ^= 1
    with pytest.raises(crypto.SealBroken):
        crypto.unseal(bytes(blob), context=HERE)


def test_still_opens_what_the_other_suite_and_an_older_key_sealed(settings):
    old = crypto.seal("李", context=HERE)
    settings.FIELD_KEYS = {**settings.FIELD_KEYS, 2: b"another-key-of-thirty-two-bytes!"}
    settings.CIPHER_SUITE = "guomi"
    new = crypto.seal("李", context=HERE)
    assert (old[0], old[1], new[0], new[1]) == (1, 1, 2, 2)
    assert crypto.unseal(old, context=HERE) == crypto.unseal(new, context=HERE) == "李"


def test_equal_values_meet_in_one_index_and_not_across():
    assert crypto.digest("138", index="phone") == crypto.digest("138", index="phone")
    assert crypto.digest("138", index="phone") != crypto.digest("138", index="name")


@pytest.mark.parametrize(
    ("mask", "value", "shown"),
    [
        (crypto.mask_name, "李桂花", "李*花"),
        (crypto.mask_name, "李花", "李*"),
        (crypto.mask_name, "李", "*"),
        (crypto.mask_name, "欧阳小明", "欧**明"),
        (crypto.mask_id_number, "51200019461220102X", "512***********102X"),
        (crypto.mask_phone, "13800001234", "138****1234"),
        (crypto.mask_phone, "123", "****"),
    ],
)
def test_masks_as_the_brief_says(mask, value, shown):
    assert mask(value) == shown


def test_a_signature_holds_for_its_message_and_its_purpose_alone():
    made = crypto.sign(b"digest", purpose="signoff")
    assert crypto.verifies(b"digest", made, purpose="signoff")
    assert not crypto.verifies(b"another", made, purpose="signoff")
    assert not crypto.verifies(b"digest", made, purpose="document")
    crypto.signing_key(made[1]).verify(made[2:], b"signoff\0digest")


@pytest.mark.parametrize("place", [0, 1, 2, 40, -1])
def test_a_changed_signature_does_not_hold(place):
    made = bytearray(crypto.sign(b"digest", purpose="signoff"))
    made[place] ^= 0x41
    assert not crypto.verifies(b"digest", bytes(made), purpose="signoff")


def test_what_an_older_key_signed_still_holds(settings):
    old = crypto.sign(b"digest", purpose="signoff")
    settings.SIGNING_KEYS = {**settings.SIGNING_KEYS, 9: b"another-signing-key-of-32-bytes!"}
    assert crypto.sign(b"digest", purpose="signoff")[1] == 9
    assert crypto.verifies(b"digest", old, purpose="signoff")
    settings.SIGNING_KEYS = {9: settings.SIGNING_KEYS[9]}
    assert not crypto.verifies(b"digest", old, purpose="signoff")
