"""Files as people send them: real pictures and PDFs, made on the spot."""

import functools
import hashlib
from io import BytesIO
from typing import Any

import pikepdf
from django.utils import timezone
from PIL import Image

from backend.accounts.models import Account
from backend.files import actions, vault
from backend.files.models import StoredFile, Upload


@functools.cache
def a_jpeg(wide: int = 640, high: int = 480, *, seed: int = 0, **options: Any) -> bytes:
    """Return a photograph: a gradient with noise, so that it has some weight."""
    grey = Image.effect_noise((wide, high), 30 + seed)
    into = BytesIO()
    Image.merge("RGB", (grey, grey.rotate(180), Image.linear_gradient("L").resize((wide, high)))
    ).save(into, "JPEG", quality=95, **options)  # fmt: skip
    return into.getvalue()


@functools.cache
def a_png(wide: int = 320, high: int = 200, mode: str = "RGB", **options: Any) -> bytes:
    into = BytesIO()
    Image.linear_gradient("L").resize((wide, high)).convert(mode).save(into, "PNG", **options)
    return into.getvalue()


@functools.cache
def a_pdf(pages: int = 1, text: str = "hello") -> bytes:
    pdf = pikepdf.new()
    for _ in range(pages):
        pdf.add_blank_page(page_size=(300, 400))
        pdf.pages[-1].Contents = pdf.make_stream(f"BT ({text}) Tj ET".encode())
    into = BytesIO()
    pdf.save(into)
    return into.getvalue()


def begun(owner: Account, data: bytes, *, extension: str = "jpg", **changes: Any) -> Upload:
    """Begin an upload of `data`."""
    media = {"jpg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}[extension]
    told = {"media_type": media, "size": len(data), "sha256": hashlib.sha256(data).digest()}
    return actions.start(actor=owner, extension=extension, **(told | changes))


def sent(upload: Upload, data: bytes, *, part: int = 1024 * 1024, since: int = 0) -> Upload:
    """Send what is left of `data`, part by part."""
    for at in range(since, len(data), part):
        piece = data[at : at + part]
        upload = actions.put(actor=upload.owner, uid=upload.uid, offset=at, data=piece)
    return upload


def uploaded(owner: Account, data: bytes, *, extension: str = "jpg") -> StoredFile:
    """Return the quarantined file an upload became."""
    upload = sent(begun(owner, data, extension=extension), data)
    return actions.finish(actor=owner, uid=upload.uid)


def clean_file(owner: Account, data: bytes | None = None, *, state: str = "clean") -> StoredFile:
    """Return a file as if it had been uploaded and searched; its bytes are really stored."""
    data = data or a_jpeg(64, 48)
    digest = hashlib.sha256(data).digest()
    file = StoredFile(
        owner=owner, media_type="image/jpeg", size=len(data), sha256=digest,
        received_sha256=digest, width=64, height=48, state=state, created_at=timezone.now(),
    )  # fmt: skip
    file.storage_key = vault.put(data, kind=vault.FILES, context=file.context)
    file.save(force_insert=True)
    return file


def bytes_of(file: StoredFile) -> bytes:
    return vault.get(file.storage_key, context=file.context)
