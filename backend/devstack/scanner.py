"""
The scanner sandbox (查毒沙箱): `python -m backend.devstack.scanner --port N`.

One port speaks both: clamd's own protocol (`zPING`, `zVERSION`, `zINSTREAM`) to whoever begins with
a `z`, and HTTP (health, faults, oracle) to everybody else. It finds the EICAR test file and
`MARKER`, also inside the packed streams of a PDF, as ClamAV does.

Faults by `POST /sandbox/faults`: `timeout` keeps silent for `seconds`, `reset` hangs up, `errcode`
answers an ERROR, `garbage` something else; `POST /sandbox/lie {"lies": true}` calls everything
clean.
"""

import asyncio
import contextlib
import errno
import re
import signal
import struct
import sys
import zlib
from asyncio import StreamReader as Reader
from asyncio import StreamWriter as Writer
from collections import Counter
from typing import Final

from aiohttp import web

from backend.devstack import sandbox
from backend.devstack.faults import Script
from backend.devstack.sandbox import body_of, reply

MARKER: Final = b"ZIYANG-SANDBOX-VIRUS"
SIGNATURES: Final = {
    b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE": "Eicar-Signature",
    MARKER: "Sandbox.Test.Marker",
}
MOST: Final = 100 * 1024 * 1024
"""ClamAV's StreamMaxLength."""
_STREAM = re.compile(rb"stream\r?\n(.*?)endstream", re.DOTALL)
_GARBAGE = b"<html>502</html>\0"


class Scanner:
    """What it was asked, and how it is to behave."""

    def __init__(self) -> None:
        self.clock, self.journal, self.script = (
            sandbox.Clock(), sandbox.journal_in(None, "scanner"), Script(),
        )  # fmt: skip
        self.forget()

    def forget(self) -> None:
        self.lies = False
        self.verdicts: Counter[str] = Counter()
        self.script.clear()

    def verdict(self, data: bytes) -> str:
        """Return the answer to one stream."""
        found = "" if self.lies else finding_in(data)
        self.verdicts[found or "OK"] += 1
        return f"stream: {found} FOUND" if found else "stream: OK"


def finding_in(data: bytes) -> str:
    """Return the name of the first signature found, in the bytes or a PDF's packed streams."""
    for body in (data, *(_unpacked(found) for found in _STREAM.findall(data))):
        for signature, name in SIGNATURES.items():
            if signature in body:
                return name
    return ""


def _unpacked(packed: bytes) -> bytes:
    try:
        return zlib.decompressobj().decompress(packed, MOST)
    except zlib.error:
        return b""


SCANNER: Final = web.AppKey("scanner", Scanner)


async def speak(scanner: Scanner, reader: Reader, writer: Writer) -> None:
    """Answer one clamd command; the leading `z` has been read."""
    command = (await reader.readuntil(b"\0"))[:-1].decode()
    if command == "PING":
        writer.write(b"PONG\0")
    elif command == "VERSION":
        writer.write(b"ClamAV 1.4.6/27000/Sandbox\0")
    elif command == "INSTREAM":
        await _search(scanner, reader, writer)
    else:
        writer.write(b"UNKNOWN COMMAND\0")
    await writer.drain()


async def _search(scanner: Scanner, reader: Reader, writer: Writer) -> None:
    rule = scanner.script.pick("INSTREAM", {})
    if rule and rule.kind == "reset":
        writer.transport.abort()
        return
    data = await _streamed(reader)
    if rule and rule.kind == "timeout":
        await asyncio.sleep(rule.seconds)
    if data is None or (rule and rule.kind == "errcode"):
        writer.write(b"INSTREAM size limit exceeded. ERROR\0")
    elif rule and rule.kind in ("garbage", "html"):
        writer.write(_GARBAGE)
    else:
        writer.write(scanner.verdict(data).encode() + b"\0")


async def _streamed(reader: Reader) -> bytes | None:
    """Return the stream of length-prefixed chunks, None where it is longer than it may be."""
    data = bytearray()
    while True:
        (length,) = struct.unpack("!L", await reader.readexactly(4))
        if not length:
            return bytes(data)
        if len(data) + length > MOST:
            return None
        data += await reader.readexactly(length)


async def oracle(request: web.Request) -> web.Response:
    """Say how often it answered what."""
    return reply({"verdicts": dict(request.app[SCANNER].verdicts)})


async def lie(request: web.Request) -> web.Response:
    """Call everything clean from now on, or no longer."""
    request.app[SCANNER].lies = bool((await body_of(request)).get("lies"))
    return reply({"lies": request.app[SCANNER].lies})


async def front(_request: web.Request) -> web.Response:
    return web.Response(text="查毒沙箱: clamd 协议 zINSTREAM; 认得 EICAR\n")


def build(scanner: Scanner) -> web.Application:
    app = sandbox.application(scanner.journal, scanner.clock, scanner.forget)
    app[SCANNER] = scanner
    app.router.add_get("/", front)
    app.router.add_get("/sandbox/oracle", oracle)
    app.router.add_post("/sandbox/lie", lie)
    scanner.script.routes(app)
    return app


async def serve(scanner: Scanner, port: int) -> None:
    """Listen on `port`, and hand what is HTTP on to the pages behind."""
    pages = web.AppRunner(build(scanner), access_log=None)
    await pages.setup()
    site = web.TCPSite(pages, "127.0.0.1", 0)
    await site.start()
    behind = pages.addresses[0][1]

    async def visited(reader: Reader, writer: Writer) -> None:
        with contextlib.suppress(ConnectionError, asyncio.IncompleteReadError):
            first = await reader.readexactly(1)
            if first == b"z":
                await speak(scanner, reader, writer)
            else:
                await _pass_on(first, reader, writer, behind)
        writer.close()

    server = await asyncio.start_server(visited, "127.0.0.1", port)
    print(f"查毒沙箱 tcp://127.0.0.1:{port}", flush=True)
    async with server:
        await server.serve_forever()


async def _pass_on(first: bytes, reader: Reader, writer: Writer, port: int) -> None:
    inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", port)
    inner_writer.write(first)
    await asyncio.gather(_pour(reader, inner_writer), _pour(inner_reader, writer))


async def _pour(source: Reader, into: Writer) -> None:
    with contextlib.suppress(ConnectionError):
        while piece := await source.read(65536):
            into.write(piece)
            await into.drain()
    into.close()


def main() -> None:
    chosen = sandbox.command_line("scanner", 3310).parse_args()
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with contextlib.suppress(KeyboardInterrupt):
        try:
            asyncio.run(serve(Scanner(), chosen.port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                raise
            sys.exit(f"端口 {chosen.port} 已被占用, 查毒沙箱没有启动; 请换一个端口")


if __name__ == "__main__":
    main()
