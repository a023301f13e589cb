"""
Watermarks (水印): who looked, when and why, drawn over a copy that is shown and never stored.

Tiled over the whole page in the reader's own name: a photograph of the screen tells whose screen.
"""

import functools
from datetime import datetime
from io import BytesIO
from pathlib import Path
from typing import Any

import manimgx_fonts_cjk
import pikepdf
import typst
from PIL import Image, ImageDraw, ImageFont

from backend.files.formats.recognition import JPEG, PDF

FONTS = Path(manimgx_fonts_cjk.__file__).parent
_FONT_FILE = next(FONTS.glob("*.ttc"))
_FAMILY, _WEIGHT = "Noto Sans CJK SC", 500
_ANGLE, _INK, _EDGE = 30, (60, 60, 60, 150), (255, 255, 255, 90)
_LEAST_SIZE = 12
_TILE = """
#set page(width: {wide}pt, height: {high}pt, margin: 0pt, fill: none)
#set text(font: "Noto Sans CJK SC", weight: 500, size: {size}pt, fill: rgb(70, 70, 70, 27%))
#let mark = rotate(-30deg, reflow: true, sys.inputs.at("words"))
#block(width: 100%, height: 100%, clip: true,
  grid(columns: {across}, column-gutter: {gap}pt, row-gutter: {gap}pt,
    ..range({count}).map(_ => mark)))
"""


def words(*, reader: str, purpose: str, at: datetime) -> str:
    """Return what is drawn: office and name, the minute, and the purpose."""
    return " ".join(part for part in (reader, f"{at:%Y-%m-%d %H:%M}", purpose[:30]) if part)


def drawn(data: bytes, *, media: str, words: str) -> bytes:
    """Return a copy of a clean file with `words` all over it."""
    return _on_pages(data, words) if media == PDF else _on_picture(data, media, words)


def _on_picture(data: bytes, media: str, words: str) -> bytes:
    """Draw on white: what was see-through must not turn black."""
    with Image.open(BytesIO(data)) as opened:
        picture = opened.convert("RGBA")
    marked = Image.new("RGBA", picture.size, "white")
    marked.alpha_composite(picture)
    tile = _tile(words, max(_LEAST_SIZE, min(picture.size) // 28))
    for row, top in enumerate(range(-tile.height // 2, picture.height, tile.height * 3 // 5)):
        for left in range(-tile.width * (row % 2) // 2, picture.width, tile.width):
            marked.alpha_composite(tile, (max(0, left), max(0, top)), (max(0, -left), max(0, -top)))
    into = BytesIO()
    if media == JPEG:
        marked.convert("RGB").save(into, "JPEG", quality=85)
    else:
        marked.convert("RGB").save(into, "PNG")
    return into.getvalue()


def _tile(words: str, size: int) -> Image.Image:
    """Return the words once, turned, with room around them."""
    font = _font(size)
    left, top, right, bottom = font.getbbox(words)
    flat = Image.new("RGBA", (int(right - left) + size * 2, int(bottom - top) + size * 2))
    ImageDraw.Draw(flat).text(
        (size - left, size - top), words, font=font, fill=_INK, stroke_width=1, stroke_fill=_EDGE
    )
    return flat.rotate(_ANGLE, Image.Resampling.BICUBIC, expand=True)


@functools.lru_cache(maxsize=32)
def _font(size: int) -> ImageFont.FreeTypeFont:
    """Return the Simplified Chinese face of the collection, at a readable weight."""
    font = ImageFont.truetype(str(_FONT_FILE), size, index=_face())
    font.set_variation_by_axes([_WEIGHT])
    return font


@functools.cache
def _face() -> int:
    faces = (ImageFont.truetype(str(_FONT_FILE), 10, index=at).getname()[0] for at in range(20))
    return next(at for at, name in enumerate(faces) if name == _FAMILY)


def _on_pages(data: bytes, words: str) -> bytes:
    into = BytesIO()
    with pikepdf.open(BytesIO(data)) as pdf:
        for page in pdf.pages:
            box: Any = page.trimbox
            wide, high = abs(float(box[2] - box[0])), abs(float(box[3] - box[1]))
            with pikepdf.open(BytesIO(_sheet(words, round(wide), round(high)))) as sheet:
                page.add_overlay(sheet.pages[0], pikepdf.Rectangle(*map(float, box)))
        pdf.save(into)
    return into.getvalue()


@functools.lru_cache(maxsize=8)
def _sheet(words: str, wide: int, high: int) -> bytes:
    """Return one page of this size, see-through but for the words. They enter as data, not code."""
    size = max(8, min(wide, high) // 40)
    step = size * 4 + len(words) * size * 0.75
    across, down = int(wide / step) + 2, int(high / (step * 0.6)) + 2
    code = _TILE.format(
        wide=max(wide, 10), high=max(high, 10), size=size, across=across,
        gap=size * 3, count=across * down,
    )  # fmt: skip
    typeset: Any = typst.compile
    made: bytes = typeset(
        code.encode(),
        font_paths=[str(FONTS)],
        ignore_system_fonts=True,
        sys_inputs={"words": words},
    )
    return made
