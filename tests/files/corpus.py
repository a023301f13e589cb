"""
A corpus of bad files (坏文件), each made here: what it is called, and what must become of it.

`CLEANED` files are harmless once only their pixels or pages are kept, and are kept so; everything
else is refused with the code named here. Payloads carry `PAYLOAD`, so that any rest of one shows.
`bad_pdfs` enters its own here.
"""

import io
import struct
import zipfile
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from PIL import Image, ImageCms, PngImagePlugin

from tests.factories import files

CLEANED = "cleaned"
PAYLOAD = b"PAYLOAD-7f3a"
SCRIPT = b"<script>alert('" + PAYLOAD + b"')</script>"
GPS_TAG = 0x8825


@dataclass(frozen=True)
class Bad:
    name: str
    extension: str
    make: Callable[[], bytes]
    outcome: str


_ALL: list[Bad] = []


def bad(extension: str, outcome: str) -> Callable[[Callable[[], bytes]], Callable[[], bytes]]:
    def enter(make: Callable[[], bytes]) -> Callable[[], bytes]:
        _ALL.append(Bad(make.__name__, extension, make, outcome))
        return make

    return enter


def simple(extension: str, outcome: str, **contents: bytes | Callable[[], bytes]) -> None:
    for name, made in contents.items():
        make = made if callable(made) else (lambda made=made: made)
        _ALL.append(Bad(name, extension, make, outcome))


def every() -> Iterator[Bad]:
    yield from _ALL


# -- pictures that say, or carry, too much ------------------------------------------------------


def exif() -> Image.Exif:
    """Return where somebody lives, and in which program they looked at it."""
    told = Image.Exif()
    told[0x010E] = PAYLOAD.decode()
    told[0x0112] = 6
    told[GPS_TAG] = {1: "N", 2: (30.0, 7.0, 12.0), 3: "E", 4: (104.0, 38.0, 55.0)}
    return told


def saved(image: Image.Image, form: str, **options: Any) -> bytes:
    into = io.BytesIO()
    image.save(into, form, **options)
    return into.getvalue()


def photo() -> Image.Image:
    return Image.open(io.BytesIO(files.a_jpeg(120, 80)))


def drawing() -> Image.Image:
    return Image.open(io.BytesIO(files.a_png(120, 80)))


def segment(marker: int, body: bytes) -> bytes:
    return bytes((0xFF, marker)) + struct.pack("!H", len(body) + 2) + body


def with_segment(marker: int, body: bytes) -> bytes:
    whole = files.a_jpeg(120, 80)
    return whole[:2] + segment(marker, body) + whole[2:]


def chunk(kind: bytes, body: bytes) -> bytes:
    return struct.pack("!I", len(body)) + kind + body + struct.pack("!I", zlib.crc32(kind + body))


def with_chunk(kind: bytes, body: bytes) -> bytes:
    whole = files.a_png(120, 80)
    return whole[:33] + chunk(kind, body) + whole[33:]


def a_zip(**entries: bytes) -> bytes:
    into = io.BytesIO()
    with zipfile.ZipFile(into, "w") as packed:
        for name, body in (entries or {"evil.js": PAYLOAD}).items():
            packed.writestr(name.replace("__", "/"), body)
    return into.getvalue()


JPEG, PNG = files.a_jpeg(120, 80), files.a_png(120, 80)
simple(
    "jpg", CLEANED,
    jpeg_with_gps=lambda: saved(photo(), "JPEG", exif=exif()),
    jpeg_with_xmp=lambda: with_segment(0xE1, b"http://ns.adobe.com/xap/1.0/\0" + SCRIPT),
    jpeg_with_comment=lambda: with_segment(0xFE, SCRIPT),
    jpeg_with_photoshop_block=lambda: with_segment(0xED, b"Photoshop 3.0\0" + SCRIPT),
    jpeg_with_unknown_segment=lambda: with_segment(0xEB, b"JP" + SCRIPT * 20),
    jpeg_with_profile=lambda: saved(
        photo(), "JPEG", icc_profile=ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()
        + PAYLOAD,
    ),
    jpeg_then_zip=lambda: JPEG + a_zip(),
    jpeg_then_html=lambda: JPEG + b"<html>" + SCRIPT,
    jpeg_then_php=lambda: JPEG + b"<?php system($_GET['" + PAYLOAD + b"']);",
    jpeg_then_jar=lambda: JPEG + a_zip(META_INF__MANIFEST=b"Main-Class: Evil " + PAYLOAD),
    jpeg_then_rar=lambda: JPEG + b"Rar!\x1a\x07\x00" + PAYLOAD,
    jpeg_then_pdf=lambda: JPEG + files.a_pdf(text=PAYLOAD.decode()),
    jpeg_of_two_pictures=lambda: saved(
        photo(), "MPO", save_all=True, append_images=[photo().rotate(90)], exif=exif()
    ),
    jpeg_in_print_colours=lambda: saved(photo().convert("CMYK"), "JPEG", exif=exif()),
)  # fmt: skip


@bad("png", CLEANED)
def png_with_words() -> bytes:
    told = PngImagePlugin.PngInfo()
    told.add_text("Comment", SCRIPT.decode())
    told.add_text("Packed", SCRIPT.decode(), zip=True)
    told.add_itxt("XML:com.adobe.xmp", SCRIPT.decode())
    return saved(drawing(), "PNG", pnginfo=told)


simple(
    "png", CLEANED,
    png_with_gps=lambda: saved(drawing(), "PNG", exif=exif()),
    png_then_zip=lambda: PNG + a_zip(),
    png_then_html=lambda: PNG + SCRIPT,
    png_with_zip_inside=lambda: with_chunk(b"prVt", a_zip()),
    png_with_private_chunk=lambda: with_chunk(b"haCk", SCRIPT),
    png_see_through_with_words=lambda: saved(
        drawing().convert("RGBA"), "PNG", exif=exif()
    ),
    png_of_sixteen_bits=lambda: saved(drawing().convert("I;16"), "PNG", exif=exif()),
    png_of_a_palette=lambda: saved(drawing().convert("P"), "PNG", exif=exif()),
)  # fmt: skip

# -- pictures that are none, or too much --------------------------------------------------------


def header(wide: int, high: int, depth: int = 1, colour: int = 0) -> bytes:
    return b"\x89PNG\r\n\x1a\n" + chunk(
        b"IHDR", struct.pack("!IIBBBBB", wide, high, depth, colour, 0, 0, 0)
    )


def claiming(wide: int, high: int) -> bytes:
    """Return a JPEG whose frame header claims another size."""
    at = JPEG.index(b"\xff\xc0") + 5
    return JPEG[:at] + struct.pack("!HH", high, wide) + JPEG[at + 4 :]


def png_bomb(wide: int, high: int) -> bytes:
    packed = zlib.compress(bytes(min(high * (wide // 8 + 1), 120_000_000)), 9)
    return header(wide, high) + chunk(b"IDAT", packed) + chunk(b"IEND", b"")


simple(
    "png", "picture_too_large",
    png_bomb_square=lambda: png_bomb(30_000, 30_000),
    png_bomb_long=lambda: png_bomb(12_001, 1),
    png_bomb_claimed=lambda: header(2**31 - 1, 2**31 - 1) + chunk(b"IDAT", b"") + chunk(b"IEND", b""),
)  # fmt: skip
simple(
    "jpg", "picture_too_large",
    jpeg_bomb=lambda: claiming(65_500, 65_500), jpeg_flood=lambda: claiming(12_000, 3_400),
)  # fmt: skip
simple(
    "png", "picture_moves",
    png_animated=lambda: saved(
        drawing(), "PNG", save_all=True, append_images=[drawing().rotate(180)]
    ),
)  # fmt: skip
simple(
    "jpg", "file_damaged",
    jpeg_cut_in_half=lambda: JPEG[: len(JPEG) // 2],
    jpeg_of_a_header=lambda: JPEG[:20],
    jpeg_magic_then_html=lambda: b"\xff\xd8\xff\xe0" + SCRIPT,
    jpeg_magic_then_javascript=lambda: b"\xff\xd8\xff\xe0/*" + b"*/=1;alert('" + PAYLOAD + b"')",
)  # fmt: skip
simple(
    "png", "file_damaged",
    png_cut_in_half=lambda: PNG[: len(PNG) // 2],
    png_with_wrong_checksum=lambda: PNG[:29] + b"\0\0\0\0" + PNG[33:],
    png_of_a_header=lambda: header(10, 10),
    png_text_bomb=lambda: with_chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)),
    png_profile_bomb=lambda: with_chunk(b"iCCP", b"a\0\0" + zlib.compress(bytes(200_000_000), 9)),
)  # fmt: skip

# -- other things under our names ---------------------------------------------------------------

OLE = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(504)
SVG = b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"
simple(
    "jpg", "file_type_unknown",
    gif=lambda: saved(drawing().convert("P"), "GIF"),
    gif_with_jar=lambda: saved(drawing().convert("P"), "GIF") + a_zip(),
    gif_that_is_javascript=b"GIF89a/*" + bytes(20) + b"*/=1;alert(1)",
    bmp=lambda: saved(drawing(), "BMP"),
    tiff=lambda: saved(drawing(), "TIFF"),
    webp=lambda: saved(drawing(), "WEBP"),
    svg=SVG, xml_svg=b'<?xml version="1.0"?>' + SVG, html=b"<!DOCTYPE html>" + SCRIPT,
    windows_program=b"MZ" + bytes(200), linux_program=b"\x7fELF" + bytes(200),
    shell_script=b"#!/bin/sh\nrm -rf /\n", eicar=b"X5O!P%@AP[4", mp4=b"\0\0\0\x18ftypisom" + bytes(90),
    macro_workbook=lambda: a_zip(xl__vbaProject_bin=OLE), leading_space=lambda: b" " + JPEG,
    nothing=b"", one_byte=b"\xff",
)  # fmt: skip
simple(
    "png", "file_type_unknown",
    zip_named_png=a_zip, icon=lambda: saved(drawing(), "ICO"), gzip=b"\x1f\x8b\x08" + bytes(50),
    seven_zip=b"7z\xbc\xaf\x27\x1c" + bytes(50), javascript=b"alert(1)", text="身份证".encode(),
)  # fmt: skip
simple(
    "pdf", "file_type_unknown",
    macro_document=lambda: a_zip(word__vbaProject_bin=OLE), old_word=OLE, postscript=b"%!PS-Adobe-3.0",
    rtf=b"{\\rtf1" + bytes(50), pdf_after_garbage=lambda: b"GIF89a" + files.a_pdf(),
    pdf_after_html=lambda: SCRIPT + files.a_pdf(), pdf_after_zip=lambda: a_zip() + files.a_pdf(),
    ofd=lambda: a_zip(OFD_xml=b"<ofd/>"),
)  # fmt: skip
simple("jpg", "file_is_heic", heic=b"\0\0\0\x18ftypheic" + bytes(90), avif=b"\0\0\0\x18ftypavif" + bytes(90))  # fmt: skip
simple("jpg", "file_not_as_declared", png_named_jpg=PNG, pdf_named_jpg=files.a_pdf)
simple("png", "file_not_as_declared", jpeg_named_png=JPEG)
simple("pdf", "file_not_as_declared", jpeg_named_pdf=JPEG)
