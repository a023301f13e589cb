"""Recognition (识别): what a file is, by its first bytes; its name is only compared with it."""

from collections.abc import Mapping

from backend.files.formats.refusals import HeicPicture, NotAsDeclared, TypeUnknown

JPEG, PNG, PDF = "image/jpeg", "image/png", "application/pdf"
EXTENSIONS: Mapping[str, str] = {"jpg": JPEG, "jpeg": JPEG, "png": PNG, "pdf": PDF}
_MAGIC = ((b"\xff\xd8\xff", JPEG), (b"\x89PNG\r\n\x1a\n", PNG), (b"%PDF-", PDF))
_HEIC_NAMES = frozenset({"heic", "heif", "hif", "image/heic", "image/heif"})
_HEIC_BRANDS = frozenset({b"heic", b"heix", b"hevc", b"heim", b"heis", b"mif1", b"msf1", b"avif"})


def media_of(data: bytes) -> str:
    """
    Return the media type of `data`; nothing may stand in front of its magic.

    :raises HeicPicture: an iPhone's own format.
    :raises TypeUnknown: none of ours.
    """
    for magic, media in _MAGIC:
        if data.startswith(magic):
            return media
    if data[4:8] == b"ftyp" and data[8:12] in _HEIC_BRANDS:
        raise HeicPicture
    raise TypeUnknown


def declared(*, extension: str, media_type: str) -> str:
    """
    Return the one media type an extension and a declaration both mean.

    An empty or general declaration (application/octet-stream) leaves it to the extension.

    :raises HeicPicture: either says so.
    :raises TypeUnknown: not an extension of ours.
    :raises NotAsDeclared: the two disagree.
    """
    extension = extension.lower().lstrip(".")
    named = media_type.lower().partition(";")[0].strip().replace("image/jpg", JPEG)
    if extension in _HEIC_NAMES or named in _HEIC_NAMES:
        raise HeicPicture
    if extension not in EXTENSIONS:
        raise TypeUnknown
    media = EXTENSIONS[extension]
    if named not in ("", "application/octet-stream", media):
        raise NotAsDeclared
    return media
