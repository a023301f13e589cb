"""Every bad file is refused with its reason, or kept so clean that nothing of it is left."""

import io
import re

import pikepdf
import pytest
from PIL import Image

from backend.core.errors import Invalid
from backend.files import actions
from backend.files.formats import bounds, examine, pdfs
from backend.files.models import StoredFile, Upload
from tests.factories import files, world
from tests.files import bad_pdfs, corpus

pytestmark = pytest.mark.django_db

CORPUS = bad_pdfs.with_all_others()
PLAIN_JPEG = {0xE0, 0xEE, 0xDB, 0xC0, 0xC2, 0xC4, 0xDD}
PLAIN_PNG = {b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"}


def test_the_corpus_is_large_and_has_no_doubles():
    assert len(CORPUS) >= 100
    assert len({one.name for one in CORPUS}) == len(CORPUS)


@pytest.mark.parametrize("one", CORPUS, ids=lambda one: one.name)
def test_is_refused_or_cleaned(one):
    owner, data = world.an_account(), one.make()
    told = {"extension": one.extension, "media_type": "", "data": data}
    if one.outcome != corpus.CLEANED:
        with pytest.raises(Invalid) as refused:
            actions.take(actor=owner, **told)
        assert refused.value.code == one.outcome
        assert not StoredFile.objects.exists()
        assert Upload.objects.get().refusal == one.outcome
        return
    file = actions.take(actor=owner, **told)
    kept = files.bytes_of(file)
    assert corpus.PAYLOAD not in kept
    {"jpg": is_plain_jpeg, "png": is_plain_png, "pdf": is_plain_pdf}[one.extension](kept)


def is_plain_jpeg(kept):
    image = Image.open(io.BytesIO(kept))
    image.load()
    assert not image.getexif()
    assert not {"exif", "icc_profile", "comment", "xmp", "mp", "photoshop"} & set(image.info)
    at, seen = 2, set()
    while kept[at + 1] != 0xDA:
        seen.add(kept[at + 1])
        at += 2 + int.from_bytes(kept[at + 2 : at + 4])
    assert seen <= PLAIN_JPEG
    assert kept.index(b"\xff\xd9", at) == len(kept) - 2, "nothing follows the end"


def is_plain_png(kept):
    Image.open(io.BytesIO(kept)).load()
    at, seen = 8, []
    while at < len(kept):
        length = int.from_bytes(kept[at : at + 4])
        seen.append(kept[at + 4 : at + 8])
        at += 12 + length
    assert set(seen) <= PLAIN_PNG
    assert (seen[-1], at) == (b"IEND", len(kept))


def is_plain_pdf(kept):
    assert kept.startswith(b"%PDF-")
    assert kept.endswith(b"%%EOF\n")
    assert b"/Linearized" in kept[:200]
    with pikepdf.open(io.BytesIO(kept)) as pdf:
        assert set(pdf.Root.keys()) <= {"/Type", "/Pages", "/Version"}
        assert not pdf.docinfo
        for node in pdfs.nodes(pdf):
            pdfs.check(node)
            assert not {"/URI", "/Metadata", "/PieceInfo", "/A"} & set(node.keys())
            if isinstance(node, pikepdf.Stream):
                body = node.read_raw_bytes()
                assert not re.search(rb"Exif|PAYLOAD", body)
                if node.get("/Filter") == "/FlateDecode":
                    assert corpus.PAYLOAD not in node.read_bytes()


def test_a_photo_is_turned_upright_and_loses_its_place():
    sideways = corpus.saved(corpus.photo(), "JPEG", exif=corpus.exif())
    assert Image.open(io.BytesIO(sideways)).getexif().get_ifd(corpus.GPS_TAG), "it had one"
    clean = examine(sideways, declared="image/jpeg", bounds=bounds.Bounds())
    assert (clean.width, clean.height) == (80, 120)


def test_a_large_photo_is_kept_within_the_edge():
    clean = examine(
        files.a_jpeg(1600, 1200), declared="image/jpeg", bounds=bounds.Bounds(kept_edge=800)
    )
    assert (clean.width, clean.height) == (800, 600)


def test_a_picture_too_heavy_to_keep_is_made_smaller():
    noise = io.BytesIO()
    Image.effect_noise((900, 900), 90).save(noise, "PNG")
    told = bounds.Bounds(kept_bytes=300_000)
    clean = examine(noise.getvalue(), declared="image/png", bounds=told)
    assert len(clean.data) <= 300_000
    assert clean.width < 900


def test_an_honest_pdf_keeps_its_words():
    clean = examine(files.a_pdf(50), declared="application/pdf", bounds=bounds.Bounds())
    with pikepdf.open(io.BytesIO(clean.data)) as pdf:
        assert len(pdf.pages) == clean.pages == 50
        assert b"(hello) Tj" in pdf.pages[7].Contents.read_bytes()


@pytest.mark.parametrize("data", [files.a_jpeg(), files.a_png(), files.a_pdf()], ids=len)
def test_what_was_cleaned_passes_again(data):
    kind = {b"\xff": "image/jpeg", b"\x89": "image/png", b"%": "application/pdf"}[data[:1]]
    once = examine(data, declared=kind, bounds=bounds.Bounds())
    twice = examine(once.data, declared=kind, bounds=bounds.Bounds())
    assert (twice.width, twice.height, twice.pages) == (once.width, once.height, once.pages)
