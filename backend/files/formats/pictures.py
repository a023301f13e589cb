"""
Pictures (图片): opened within bounds, turned upright, and written anew from their pixels alone.

EXIF (a resident's home as GPS, ASVS 14.2.8), profiles, comments, second pictures and whatever was
glued to the end are not copied, because nothing is copied but pixels.
"""

from collections.abc import Iterator
from io import BytesIO
from typing import Any

from PIL import Image, ImageOps

from backend.files.formats.bounds import Bounds, Clean
from backend.files.formats.recognition import JPEG
from backend.files.formats.refusals import Damaged, PictureMoves, PictureTooLarge

_QUALITY = 88
_FORMATS = {JPEG: "JPEG", "image/png": "PNG"}
_SHRINK = 0.75
_DROPPED = frozenset({*range(0xE1, 0xEE), 0xEF, 0xFE})
"""APP1–APP13, APP15 and COM; APP0 (JFIF) and APP14 (Adobe) say how to read the colours."""


def clean(data: bytes, media: str, bounds: Bounds) -> Clean:
    """
    Return the picture, re-encoded.

    :raises PictureTooLarge: more pixels than may be opened; nothing was decoded.
    :raises PictureMoves: more than one frame. (The second picture of a phone's MPO is dropped.)
    :raises Damaged: it cannot be decoded to its end.
    """
    Image.MAX_IMAGE_PIXELS = None  # our own bounds are asked first
    try:
        image = _opened(data, media, bounds)
        image.load()
    except (OSError, SyntaxError, ValueError, EOFError, AttributeError, TypeError, KeyError):
        raise Damaged from None
    pixels = _plain(_upright(image))
    pixels.thumbnail((bounds.kept_edge, bounds.kept_edge), Image.Resampling.LANCZOS)
    bare = Image.new(pixels.mode, pixels.size)
    bare.paste(pixels)
    encoded = _written(bare, media)
    while len(encoded) > bounds.kept_bytes:
        wide, high = (max(1, int(side * _SHRINK)) for side in bare.size)
        bare = bare.resize((wide, high), Image.Resampling.LANCZOS)
        encoded = _written(bare, media)
    return Clean(media, encoded, width=bare.width, height=bare.height)


def _opened(data: bytes, media: str, bounds: Bounds) -> Image.Image:
    image: Any = Image.open(BytesIO(data), formats=[_FORMATS[media]])
    if max(image.size) > bounds.edge or image.width * image.height > bounds.pixels:
        raise PictureTooLarge
    if image.format != "MPO" and getattr(image, "n_frames", 1) > 1:
        raise PictureMoves
    if media == JPEG:  # let the decoder skip what would be thrown away
        image.draft(None, (bounds.kept_edge, bounds.kept_edge))
    opened: Image.Image = image
    return opened


def _upright(image: Image.Image) -> Image.Image:
    """Turn the pixels as EXIF says; one that cannot be read says nothing."""
    try:
        return ImageOps.exif_transpose(image)
    except Exception:  # a hostile EXIF block may break its reader in any way
        return image


def _plain(image: Image.Image) -> Image.Image:
    """Return grey, RGB or, where a PNG is see-through, RGBA."""
    if image.mode in ("L", "RGB", "RGBA"):
        return image if "transparency" not in image.info else image.convert("RGBA")
    if image.mode.startswith("I"):  # 16 bits a pixel
        return image.convert("I").point(lambda value: value / 256).convert("L")
    if image.mode == "1":
        return image.convert("L")
    see_through = image.mode in ("LA", "PA", "La", "RGBa") or "transparency" in image.info
    return image.convert("RGBA" if see_through else "RGB")


def _written(image: Image.Image, media: str) -> bytes:
    into = BytesIO()
    if media == JPEG:
        image.save(into, "JPEG", quality=_QUALITY, optimize=True)
    else:
        image.save(into, "PNG", compress_level=6)
    return into.getvalue()


def without_words(jpeg: bytes) -> bytes:
    """
    Return a JPEG without EXIF, comments and what follows its end, its pixels untouched.

    For pictures inside PDFs. What does not read as a JPEG is left as it is.
    """
    kept, at = [b"\xff\xd8"], 2
    for marker, segment in _segments(jpeg):
        at += len(segment)
        if marker not in _DROPPED:
            kept.append(segment)
    if at == 2 or jpeg[at : at + 2] != b"\xff\xda":
        return jpeg
    end = jpeg.rfind(b"\xff\xd9")
    return b"".join(kept) + (jpeg[at : end + 2] if end > at else jpeg[at:])


def _segments(jpeg: bytes) -> Iterator[tuple[int, bytes]]:
    """Yield (marker, whole segment) up to the first scan."""
    at = 2
    while jpeg.startswith(b"\xff\xd8") and at + 4 <= len(jpeg) and jpeg[at] == 0xFF:
        marker, length = jpeg[at + 1], int.from_bytes(jpeg[at + 2 : at + 4])
        if marker == 0xDA or length < 2 or at + 2 + length > len(jpeg):
            return
        yield marker, jpeg[at : at + 2 + length]
        at += 2 + length
