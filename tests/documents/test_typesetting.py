"""What comes out of the press: text as typed, fonts inside, small, and the same every time."""

import io

import pikepdf
import pypdfium2
import pytest

from backend.documents import content, press, seal, typesetting
from backend.documents.content import Facts, Para, Table
from backend.documents.kinds import KINDS
from backend.documents.models import Paper
from tests.factories import papers


def pdf_of(kind="acceptance", *, large=False, number="512002-MZ-2026-000012", **changes):
    paper = Paper(kind=kind, large=large, number=number)
    data = papers.a_content(kind, **changes).as_data()
    paper.sealed_content = press.crypto.seal_json(data, context=paper.content_context)
    return seal.sealed(typesetting.typeset(press.data_of(paper)), number=number, key=1)


def text_of(pdf):
    pages = pypdfium2.PdfDocument(pdf)
    return "\n".join(page.get_textpage().get_text_bounded() for page in pages)


def squeezed(text):
    return "".join(text.replace("\u200b", "").split())


@pytest.mark.parametrize("large", [False, True], ids=["normal", "large"])
@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_is_small_and_brings_its_fonts(kind, large):
    pdf = pdf_of(kind, large=large)
    assert len(pdf) <= 60 * 1024
    with pikepdf.open(io.BytesIO(pdf)) as document:
        fonts = [one for one in document.objects if is_font(one)]
        assert fonts
        for font in fonts:
            name = str(font.FontName)
            assert name[7] == "+", f"{name} is no subset"
            assert "NotoSansCJKsc" in name
            assert any(key in font for key in ("/FontFile2", "/FontFile3"))
        assert document.Root.Lang == "zh-CN"


def is_font(one):
    return isinstance(one, pikepdf.Dictionary) and one.get("/Type") == "/FontDescriptor"


@pytest.mark.parametrize("kind", KINDS)
def test_every_kind_says_title_number_office_and_day(kind):
    text = squeezed(text_of(pdf_of(kind)))
    for said in (KINDS[kind].title, "512002-MZ-2026-000012", papers.OFFICE_NAME):
        assert said in text
    assert "二〇二六年十一月二十四日" in text
    assert "第1页，共1页" in text


@pytest.mark.parametrize("typed", [papers.NASTY, papers.RARE, papers.LONG, "A1" * 120, ""])
def test_what_people_type_stays_text(typed):
    blocks = [
        Para(typed),
        Facts([("理由", typed)]),
        Table(("甲", "乙"), [(typed, typed)], (1, 1)),
    ]
    text = squeezed(text_of(pdf_of(to=typed, blocks=blocks)))
    assert text.count(squeezed(typed)) >= (5 if typed else 1), text


def test_no_typed_word_reaches_the_file_system():
    blocks = [Para('#read("paper.typ") #include "/etc/hostname" #sys.inputs')]
    assert '#read("paper.typ")' in text_of(pdf_of(blocks=blocks))


def test_nothing_unseen_is_printed():
    assert content.clean("甲\u202e乙\u200b丙\x00丁\ufeff") == "甲乙丙丁"
    assert content.clean("一\r\n二\r三") == "一\n二\n三"
    assert content.clean("阿依古丽·买买提 𠮷 é") == "阿依古丽·买买提 𠮷 é"


def test_marks_after_chinese_are_set_full_width():
    assert content.in_print("受理, 不予(理由: 无)") == "受理，不予（理由：无）"
    assert content.in_print("a, b (c) 1:2") == "a, b (c) 1:2"


def test_nothing_leaves_the_page():
    """Every glyph of the longest words lies inside the margins."""
    pages = pypdfium2.PdfDocument(pdf_of(to=papers.LONG, blocks=[Facts([("号", "A1" * 200)])]))
    for page in pages:
        text = page.get_textpage()
        boxes = [text.get_charbox(at) for at in range(text.count_chars())]
        assert max(right for _, _, right, _ in boxes) < page.get_width() - 50


def sizes(pdf):
    """Every font size that is really set, on all pages."""
    raw = pypdfium2.raw
    found = set()
    for page in pypdfium2.PdfDocument(pdf):
        text = page.get_textpage()
        for at in range(text.count_chars()):
            if text.get_text_range(at, 1).strip():
                found.add(round(raw.FPDFText_GetFontSize(text, at), 1))
    return found


@pytest.mark.parametrize("kind", KINDS)
def test_large_print_has_nothing_below_sixteen_points(kind):
    assert min(sizes(pdf_of(kind, large=True))) >= 16
    assert min(sizes(pdf_of(kind))) < 16


def test_equal_content_gives_equal_bytes():
    assert pdf_of("refusal") == pdf_of("refusal")
    assert pdf_of("refusal") != pdf_of("refusal", to="李桂芳")


@pytest.mark.parametrize(
    ("day", "words"),
    [
        ((2026, 1, 1), "二〇二六年一月一日"),
        ((2026, 10, 10), "二〇二六年十月十日"),
        ((2030, 12, 20), "二〇三〇年十二月二十日"),
        ((2026, 11, 31 - 1), "二〇二六年十一月三十日"),
        ((2027, 2, 19), "二〇二七年二月十九日"),
    ],
)
def test_days_are_written_as_official_papers_write_them(day, words):
    assert content.in_words(papers.date(*day)) == words
