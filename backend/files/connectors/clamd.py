"""
The scanner (查毒): ClamAV's daemon, asked over TCP (`zINSTREAM`).

Only the exact words "stream: OK" make a file clean. And a scanner that lets the EICAR test file
pass (no signatures, or an impostor) is no scanner: every process asks it that once a minute before
it believes anything else.
"""

import socket
import struct
import time
from typing import Final
from urllib.parse import urlsplit

from django.conf import settings

from backend.core.errors import Unavailable

CONNECT, WHOLE = 2.0, 60.0
"""Seconds to be let in, and for one exchange from beginning to end."""
PROOF_HOLDS: Final = 60.0
_CHUNK: Final = 64 * 1024
_MOST_ANSWER: Final = 4096
_OK, _FOUND = "stream: OK", " FOUND"
# In two halves, so that no scanner takes this file for the thing itself.
EICAR: Final = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$" + rb"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"


class ScannerUnavailable(Unavailable):
    code, title = "scanner_unavailable", "查毒服务暂时不可用, 文件已收好, 恢复后自动检查, 不用重传"


class _Proof:
    """Until when, and at which address, the scanner has shown that it finds something."""

    address, until = "", 0.0


def finding_in(data: bytes) -> str:
    """
    Return the name of what the scanner finds in `data`, empty where it is clean.

    :raises ScannerUnavailable: no answer, another answer, or a scanner that finds nothing ever.
    """
    address: str = settings.SCANNER_ADDRESS
    if _Proof.address != address or time.monotonic() > _Proof.until:
        if not _finding(EICAR):
            raise ScannerUnavailable("查毒服务没有认出测试病毒, 请检查病毒库")
        _Proof.address, _Proof.until = address, time.monotonic() + PROOF_HOLDS
    return _finding(data)


def forget() -> None:
    """Ask for the proof anew."""
    _Proof.address = ""


def answers(*, patience: float) -> bool:
    """Say whether the scanner says PONG within `patience` seconds."""
    try:
        return _exchange(b"zPING\0", b"", patience=patience) == "PONG"
    except OSError:
        return False


def _finding(data: bytes) -> str:
    try:
        answer = _exchange(b"zINSTREAM\0", data, patience=WHOLE)
    except OSError as fault:
        raise ScannerUnavailable(type(fault).__name__) from None
    if answer == _OK:
        return ""
    if answer.startswith("stream: ") and answer.endswith(_FOUND):
        return answer.removeprefix("stream: ").removesuffix(_FOUND)[:64] or "unnamed"
    raise ScannerUnavailable("查毒服务的应答无法识别")


def _exchange(command: bytes, data: bytes, *, patience: float) -> str:
    """Send a command and, in chunks, what it is about; return the answer up to its NUL."""
    place = urlsplit(settings.SCANNER_ADDRESS)
    end = time.monotonic() + patience
    where = (place.hostname or "127.0.0.1", place.port or 3310)
    with socket.create_connection(where, min(CONNECT, patience)) as link:
        _send(link, command, end)
        if command == b"zINSTREAM\0":
            for at in range(0, len(data), _CHUNK):
                chunk = data[at : at + _CHUNK]
                _send(link, struct.pack("!L", len(chunk)) + chunk, end)
            _send(link, struct.pack("!L", 0), end)
        return _answer(link, end)


def _send(link: socket.socket, data: bytes, end: float) -> None:
    link.settimeout(_left(end))
    link.sendall(data)


def _answer(link: socket.socket, end: float) -> str:
    heard = b""
    while b"\0" not in heard:
        link.settimeout(_left(end))
        piece = link.recv(_MOST_ANSWER)
        if not piece or len(heard) > _MOST_ANSWER:
            raise ConnectionError
        heard += piece
    return heard.partition(b"\0")[0].decode("utf-8", "replace").strip()


def _left(end: float) -> float:
    left = end - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left
