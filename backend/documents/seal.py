"""
The seal (电子签名): every byte of a paper is signed, and the signature travels in the file.

The file's trailer carries one string of readable text, written when the paper was made:

    ZIYANG-PAPER-SEAL 1 number=512002-MZ-2026-000012 algorithm=ed25519 key=1
    length=0000055708 signature=<128 hexadecimal digits>

What is signed is `document`, a zero byte and the SHA-256 of the whole file with the signature's
digits read as zeros, so nothing can be changed, taken away or added. Whoever has the file and the
public key can check it; nobody needs the platform.
"""

import hashlib
import io
import re
from collections.abc import Mapping
from dataclasses import dataclass

import pikepdf
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

from backend.core import crypto

ALGORITHM = "ed25519"
MOST = 1024 * 1024
"""Bytes of the largest file that is looked at."""

_HEAD = b"ZIYANG-PAPER-SEAL 1 "
_SEAL = re.compile(
    _HEAD + rb"number=([0-9A-Z-]{1,48}) algorithm=([a-z0-9]{1,16}) key=([0-9]{1,3}) "
    rb"length=([0-9]{10}) signature=([0-9a-f]{128})"
)
PURPOSE = "document"
_NO_SIGNATURE, _NO_LENGTH = b"0" * 128, b"0" * 10

FAULTS: Mapping[str, str] = {
    "not_pdf": "这不是 PDF 文件",
    "no_seal": "文件里没有本平台的电子签名, 或签名已被破坏",
    "seal_twice": "文件里有不止一个电子签名, 是拼接而成的",
    "key_unknown": "签名所用的密钥不在给出的公钥之中",
    "cut_short": "文件不完整, 末尾被截去",
    "appended": "文件末尾被追加了内容",
    "altered": "文件内容被改动过, 与签名不符",
}


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check found: `fault` is "" for a genuine paper, else a key of FAULTS."""

    fault: str
    detail: str = ""
    number: str = ""
    key: int = 0

    @property
    def genuine(self) -> bool:
        return not self.fault

    @property
    def sentence(self) -> str:
        return "签名有效, 文件自出具之日起未被改动" if self.genuine else self._why()

    def _why(self) -> str:
        return FAULTS[self.fault] + (f" ({self.detail})" if self.detail else "")


def sealed(pdf: bytes, *, number: str, key: int) -> bytes:
    """Return `pdf` with the seal in it; the same bytes for the same paper and key."""
    text = f"number={number} algorithm={ALGORITHM} key={key} ".encode()
    blank = _HEAD + text + b"length=" + _NO_LENGTH + b" signature=" + _NO_SIGNATURE
    whole = _carrying(pdf, blank)
    filled = blank.replace(_NO_LENGTH, f"{len(whole):010}".encode(), 1)
    unsigned = whole.replace(blank, filled)
    made = crypto.sign(hashlib.sha256(unsigned).digest(), purpose=PURPOSE)
    if unsigned.count(filled) != 1 or not _SEAL.fullmatch(filled) or made[1] != key:
        raise ValueError(number)
    at = unsigned.index(filled) + len(filled) - len(_NO_SIGNATURE)
    return unsigned[:at] + made[2:].hex().encode() + unsigned[at + len(_NO_SIGNATURE) :]


def check(file: bytes, *, keys: Mapping[int, Ed25519PublicKey]) -> Verdict:
    """Judge a file by itself: genuine, or the first thing that is wrong with it."""
    if not file.startswith(b"%PDF-"):
        return Verdict("not_pdf")
    found = list(_SEAL.finditer(file))
    if len(found) != 1:
        return Verdict("seal_twice" if found else "no_seal")
    number, algorithm, key_text, length, signature = (one.decode() for one in found[0].groups())
    key, whole, at = int(key_text), int(length), found[0].start(5)
    if key not in keys or algorithm != ALGORITHM:
        return Verdict("key_unknown", f"密钥编号 {key}", number, key)
    masked = file[:at] + _NO_SIGNATURE + file[at + len(_NO_SIGNATURE) :]
    holds = _signed(masked[:whole], signature, keys[key])
    return Verdict(*_fault(len(file) - whole, holds=holds), number, key)


def _fault(more: int, *, holds: bool) -> tuple[str, str]:
    if more < 0:
        return "cut_short", f"少了 {-more} 字节"
    if not holds:
        return "altered", ""
    return ("appended", f"多了 {more} 字节") if more else ("", "")


def _carrying(pdf: bytes, text: bytes) -> bytes:
    """Write the PDF anew, packed tightly, with `text` as it is in its trailer."""
    pikepdf.settings.set_flate_compression_level(9)
    made = io.BytesIO()
    with pikepdf.open(io.BytesIO(pdf)) as document:
        document.trailer["/ZiyangPaperSeal"] = pikepdf.String(text.decode())
        document.save(
            made,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            recompress_flate=True,
            deterministic_id=True,
        )
    return made.getvalue()


def _signed(masked: bytes, signature: str, key: Ed25519PublicKey) -> bool:
    message = PURPOSE.encode() + b"\0" + hashlib.sha256(masked).digest()
    try:
        key.verify(bytes.fromhex(signature), message)
    except InvalidSignature:
        return False
    return True
