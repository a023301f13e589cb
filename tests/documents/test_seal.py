"""A paper that was touched anywhere does not pass, and the check says what is wrong with it."""

import base64
import io
from io import StringIO

import pikepdf
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.core.management import CommandError, call_command
from hypothesis import given
from hypothesis import strategies as st

from backend.core import crypto
from backend.documents import queries, seal
from tests.documents.test_typesetting import pdf_of
from tests.factories import papers

PAPER = pdf_of("supplement")
LONG = pdf_of("refusal", blocks=papers.BLOCKS["refusal"] * 12)
END = len(PAPER) - 1


def verdict(file):
    return seal.check(file, keys=queries.public_keys())


def test_a_paper_as_it_left_the_press_is_genuine():
    found = verdict(PAPER)
    assert found.genuine
    assert (found.number, found.key) == ("512002-MZ-2026-000012", 1)


@given(at=st.integers(0, END), mask=st.integers(1, 255))
def test_one_changed_byte_anywhere_is_found(at, mask):
    touched = bytearray(PAPER)
    touched[at] ^= mask
    assert not verdict(bytes(touched)).genuine


def test_every_bit_of_the_seal_itself_counts():
    start = PAPER.index(b"ZIYANG-PAPER-SEAL")
    for at in range(start, len(PAPER)):
        for bit in range(8):
            touched = bytearray(PAPER)
            touched[at] ^= 1 << bit
            assert not verdict(bytes(touched)).genuine, (at, bit)


@given(keep=st.integers(0, END))
def test_a_cut_off_file_is_found(keep):
    found = verdict(PAPER[:keep])
    assert found.fault in ("not_pdf", "no_seal", "cut_short")


@given(more=st.binary(min_size=1, max_size=2000))
def test_an_appended_file_is_found(more):
    assert verdict(PAPER + more).fault == "appended"


@given(at=st.integers(0, END), more=st.binary(min_size=1, max_size=64))
def test_an_inserted_byte_is_found(at, more):
    assert not verdict(PAPER[:at] + more + PAPER[at:]).genuine


def edited(change, pdf=LONG, **how):
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        change(document)
        document.save(made, **how)
    return made.getvalue()


def swap(document):
    first = document.pages[0]
    del document.pages[0]
    document.pages.append(first)


def test_swapped_pages_are_found():
    assert verdict(LONG).genuine
    touched = edited(swap, object_stream_mode=pikepdf.ObjectStreamMode.generate)
    assert verdict(touched).fault in ("altered", "cut_short", "no_seal")


def test_a_file_saved_anew_is_no_longer_the_file():
    assert not verdict(edited(lambda _: None)).genuine


def test_an_incremental_update_is_found():
    update = b"\n7 0 obj\n<< /Type /Page >>\nendobj\nxref\n0 0\n"
    update += b"trailer\n<< /Prev 9 >>\nstartxref\n1\n%%EOF\n"
    found = verdict(PAPER + update)
    assert found.fault == "appended"
    assert "多了" in found.sentence


def test_two_seals_are_not_better_than_one():
    start = PAPER.index(b"ZIYANG-PAPER-SEAL")
    text = PAPER[start : PAPER.index(b")", start)]
    assert verdict(PAPER + b"%" + text).fault == "seal_twice"


def test_another_keys_signature_is_none_of_ours():
    strange = {1: Ed25519PrivateKey.generate().public_key()}
    assert seal.check(PAPER, keys=strange).fault == "altered"
    assert seal.check(PAPER, keys={}).fault == "key_unknown"


def test_a_signature_of_another_purpose_does_not_seal():
    start = PAPER.index(b"signature=") + len(b"signature=")
    blank = PAPER[:start] + b"0" * 128 + PAPER[start + 128 :]
    other = crypto.sign(seal.hashlib.sha256(blank).digest(), purpose="signoff")[2:].hex().encode()
    assert verdict(PAPER[:start] + other + PAPER[start + 128 :]).fault == "altered"


def test_a_paper_signed_with_an_older_key_still_holds(settings):
    settings.SIGNING_KEYS = {**settings.SIGNING_KEYS, 2: b"a-second-key-of-thirty-two-bytes"}
    assert verdict(PAPER).genuine


def test_is_still_a_pdf_every_reader_opens():
    with pikepdf.open(io.BytesIO(PAPER)) as document:
        assert len(document.pages) == 1
        assert not document.check_pdf_syntax()


def public():
    return f"1:{base64.b64encode(crypto.signing_key(1).public_bytes_raw()).decode()}"


def test_the_command_needs_the_file_and_the_public_key_alone(tmp_path):
    """No database mark on this test: the command that touched it would fail."""
    good, bad, out = tmp_path / "a.pdf", tmp_path / "b.pdf", StringIO()
    good.write_bytes(PAPER)
    bad.write_bytes(PAPER + b"\n")
    call_command("verify_paper", str(good), key=[public()], stdout=out)
    assert out.getvalue().startswith(f"真 {good} 512002-MZ-2026-000012")
    with pytest.raises(CommandError):
        call_command("verify_paper", str(good), str(bad), key=[public()], stdout=out)
    assert f"不真 {bad} 512002-MZ-2026-000012 文件末尾被追加了内容 (多了 1 字节)" in out.getvalue()


def test_the_command_lists_the_public_keys():
    out = StringIO()
    call_command("verify_paper", keys=True, stdout=out)
    assert out.getvalue().strip() == public()


@pytest.mark.parametrize("key", [[], ["1"], ["x:AAAA"]])
def test_the_command_says_what_a_key_looks_like(key, tmp_path):
    with pytest.raises(CommandError, match="公钥"):
        call_command("verify_paper", str(tmp_path / "none.pdf"), key=key)
