"""
Formats (格式): what may come in, by its content; every file leaves here made anew.

Pure: bytes and bounds in, clean bytes out, or a refusal that says what to do. No Django, so that
`apart.py` can run it in a process of its own.
"""

from backend.files.formats import pdfs, pictures, recognition
from backend.files.formats.bounds import Bounds, Clean
from backend.files.formats.refusals import NotAsDeclared

__all__ = ["Bounds", "Clean", "examine"]


def examine(data: bytes, *, declared: str, bounds: Bounds) -> Clean:
    """
    验收: return what may be kept of a file; nothing it came with survives but what it shows.

    :param declared: the media type its sender named.
    :raises Invalid: one of `refusals`.
    """
    media = recognition.media_of(data)
    if media != declared:
        raise NotAsDeclared
    if media == recognition.PDF:
        return pdfs.clean(data, bounds)
    return pictures.clean(data, media, bounds)
