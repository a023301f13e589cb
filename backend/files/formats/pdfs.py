"""
PDFs: every object is looked at, and only the pages are kept, in a file written anew.

What can act (scripts, launches), carry (attachments), reach out or unfold without end is refused
wherever it stands: names tree, open action, annotations, object streams, objects nothing refers to
any more. What merely says too much (links, metadata, the EXIF of embedded photos) is dropped.
"""

import zlib
from collections.abc import Iterator
from io import BytesIO
from typing import Any

import pikepdf
from pikepdf import Name

from backend.core.errors import Invalid
from backend.files.formats import pictures
from backend.files.formats.bounds import Bounds, Clean
from backend.files.formats.recognition import PDF
from backend.files.formats.refusals import (
    Damaged,
    PdfAttachment,
    PdfForm,
    PdfLaunch,
    PdfLocked,
    PdfMedia,
    PdfReachesOut,
    PdfScript,
    PdfTooLong,
    PictureTooLarge,
    TooHeavy,
)

_KEYS: dict[str, type[Invalid]] = {
    "/JS": PdfScript,
    "/JavaScript": PdfScript,
    "/AA": PdfScript,
    "/XFA": PdfForm,
    "/EmbeddedFiles": PdfAttachment,
    "/EF": PdfAttachment,
    "/Collection": PdfAttachment,
    "/RichMediaContent": PdfMedia,
    "/RichMediaSettings": PdfMedia,
    "/OPI": PdfReachesOut,
}
_ACTIONS: dict[str, type[Invalid]] = {
    "/JavaScript": PdfScript,
    "/Launch": PdfLaunch,
    "/GoToE": PdfAttachment,
    "/GoToR": PdfReachesOut,
    "/SubmitForm": PdfReachesOut,
    "/ImportData": PdfReachesOut,
    "/Rendition": PdfMedia,
    "/Movie": PdfMedia,
    "/Sound": PdfMedia,
    "/GoTo3DView": PdfMedia,
    "/RichMediaExecute": PdfMedia,
}
_SUBTYPES: dict[str, type[Invalid]] = {
    "/FileAttachment": PdfAttachment,
    "/RichMedia": PdfMedia,
    "/Screen": PdfMedia,
    "/Movie": PdfMedia,
    "/Sound": PdfMedia,
    "/3D": PdfMedia,
    "/U3D": PdfMedia,
    "/PRC": PdfMedia,
}
_TALKATIVE = (Name.Metadata, Name.PieceInfo, Name.LastModified, Name.Thumb)
_PACKED = frozenset({"/FlateDecode", "/Fl", "/LZWDecode", "/LZW", "/RunLengthDecode", "/RL"})
_MOST_NODES, _DEEPEST = 400_000, 60
_CHUNK = 1 << 20


def clean(data: bytes, bounds: Bounds) -> Clean:
    """
    Return the pages alone, linear, without a word about who made them.

    :raises Invalid: one of `refusals`.
    """
    try:
        with pikepdf.open(BytesIO(data), attempt_recovery=False, suppress_warnings=True) as pdf:
            return _kept(pdf, bounds)
    except pikepdf.PasswordError:
        raise PdfLocked from None
    except pikepdf.DataDecodingError:
        raise Damaged from None
    except pikepdf.PdfError:
        raise Damaged from None


def _kept(pdf: pikepdf.Pdf, bounds: Bounds) -> Clean:
    if pdf.is_encrypted:
        raise PdfLocked
    if len(pdf.pages) > bounds.pages:
        raise PdfTooLong
    if len(pdf.pages) == 0:
        raise Damaged
    _inspect(pdf, bounds)
    with pikepdf.new() as anew:
        anew.pages.extend(pdf.pages)
        for one in nodes(anew):
            _hush(one)
        into = BytesIO()
        anew.save(
            into,
            linearize=True,
            object_stream_mode=pikepdf.ObjectStreamMode.generate,
            compress_streams=True,
            deterministic_id=True,
        )
        return Clean(PDF, into.getvalue(), pages=len(anew.pages))


def _inspect(pdf: pikepdf.Pdf, bounds: Bounds) -> None:
    left = bounds.unpacked
    for one in nodes(pdf):
        check(one)
        if isinstance(one, pikepdf.Stream):
            if _pixels(one) > bounds.pixels:
                raise PictureTooLarge
            left -= _unpacked(one, left)


def nodes(pdf: pikepdf.Pdf) -> Iterator[Any]:
    """
    Yield every dictionary and stream, in object streams and unreferred ones too.

    :raises TooHeavy: more of them, or nested deeper, than an honest file has.
    """
    waiting = [(one, 0) for one in pdf.objects]
    seen = 0
    while waiting:
        one, depth = waiting.pop()
        seen += 1
        if seen > _MOST_NODES or depth > _DEEPEST:
            raise TooHeavy
        if isinstance(one, pikepdf.Dictionary | pikepdf.Stream):
            yield one
            waiting += [(inner, depth + 1) for _, inner in one.items() if _is_nested(inner)]
        elif isinstance(one, pikepdf.Array):
            waiting += [(inner, depth + 1) for inner in one if _is_nested(inner)]


def _is_nested(one: object) -> bool:
    direct = isinstance(one, pikepdf.Object) and not one.is_indirect
    return direct and isinstance(one, pikepdf.Dictionary | pikepdf.Array)


def check(one: Any) -> None:
    """
    Look at one dictionary.

    :raises Invalid: it acts, carries or reaches out.
    """
    for key in one.keys():  # noqa: SIM118  (a stream iterates over its bytes' dictionary)
        if key in _KEYS:
            raise _KEYS[key]
    for key, table in (("/S", _ACTIONS), ("/Subtype", _SUBTYPES)):
        refusal = table.get(_text(one.get(key)))
        if refusal is not None:
            raise refusal
    if _text(one.get("/Type")) == "/Filespec":
        raise PdfReachesOut
    outside = "/F" if isinstance(one, pikepdf.Stream) else "/Reference"
    if one.get(outside) is not None or (_text(one.get("/Subtype")) == "/Form" and "/Ref" in one):
        raise PdfReachesOut


def _text(value: object) -> str:
    return str(value) if isinstance(value, pikepdf.Name | str) else ""


def _pixels(stream: pikepdf.Stream) -> int:
    wide, high = stream.get("/Width"), stream.get("/Height")
    return int(wide) * int(high) if isinstance(wide, int) and isinstance(high, int) else 0


def _filters(stream: pikepdf.Stream) -> list[str]:
    named: Any = stream.get("/Filter")
    if named is None:
        return []
    return [str(one) for one in named] if isinstance(named, pikepdf.Array) else [str(named)]


def _unpacked(stream: pikepdf.Stream, most: int) -> int:
    """
    Return a stream's unpacked size, reading no more than `most` of it.

    :raises TooHeavy: it is longer, or packed more than once.
    """
    filters = _filters(stream)
    raw = stream.read_raw_bytes()
    if sum(one in _PACKED for one in filters) > 1:
        raise TooHeavy
    if filters in (["/FlateDecode"], ["/Fl"]):
        return _inflated(raw, most)
    try:  # other packings unfold under the memory limit of `apart.py`
        size = len(stream.read_bytes())
    except pikepdf.PdfError:  # a picture's own packing: its pixels have been counted
        size = len(raw)
    if size > most:
        raise TooHeavy
    return size


def _inflated(raw: bytes, most: int) -> int:
    unpacker, size, rest = zlib.decompressobj(), 0, raw
    while rest and not unpacker.eof:
        try:
            size += len(unpacker.decompress(rest, _CHUNK))
        except zlib.error:
            return size  # qpdf mends or refuses it at the rewriting
        if size > most:
            raise TooHeavy
        rest = unpacker.unconsumed_tail
    return size


def _hush(one: Any) -> None:
    """Drop links' targets, metadata, and what embedded photos tell besides their pixels."""
    for key in (Name.A, Name.PA) if Name.Subtype in one and Name.Rect in one else ():
        if key in one:
            del one[key]
    for key in _TALKATIVE:
        if key in one:
            del one[key]
    if isinstance(one, pikepdf.Stream) and _filters(one) == ["/DCTDecode"]:
        bare = pictures.without_words(one.read_raw_bytes())
        parameters: Any = one.get("/DecodeParms")
        one.write(bare, filter=Name.DCTDecode, decode_parms=parameters)
