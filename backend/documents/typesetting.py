"""
Typesetting (排版): content to the bytes of a PDF, the same bytes for the same content.

Typst reads one template of ours below one folder and takes the text as JSON, so that whatever a
person typed stays text. The font comes with a package; the operating system's are not looked at.
"""

import functools
from collections.abc import Mapping
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import manimgx_fonts_cjk
import orjson
import segno
import typst

ROOT = Path(__file__).parent / "template"
FAMILY = "Noto Sans CJK SC"


@functools.cache
def _fonts() -> typst.Fonts:
    folder = str(Path(manimgx_fonts_cjk.__file__).parent)
    return typst.Fonts(
        include_system_fonts=False, include_embedded_fonts=False, font_paths=[folder]
    )


def typeset(data: Mapping[str, Any]) -> bytes:
    """Return the PDF (PDF/A-2u) of a paper; `data` is what the template reads, nothing else."""
    compiler = typst.Compiler(
        input=ROOT / "paper.typ",
        root=ROOT,
        font_paths=_fonts(),
        ignore_system_fonts=True,
        sys_inputs={"data": orjson.dumps(data).decode()},
    )
    made = compiler.compile(
        format="pdf", timestamp=_noon(date.fromisoformat(data["day"])), pdf_standards=["a-2u"]
    )
    assert isinstance(made, bytes)  # noqa: S101  (one PDF, however many pages)
    return made


def qr(text: str) -> str:
    """Return the QR code of `text` as SVG, with room for a coffee stain (level M)."""
    return str(segno.make(text, error="m", micro=False).svg_inline(border=0))


def _noon(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, 4, tzinfo=UTC)
