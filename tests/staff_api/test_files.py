"""The staff's door of files: what a window scans, and marked copies, each look on record."""

from io import BytesIO

import pypdfium2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image, ImageChops

from backend.accounts.models import AuditEntry
from backend.files import actions
from backend.files.formats import watermarks
from backend.organisation.models import StaffMember
from tests.factories import files, world

pytestmark = pytest.mark.django_db

BASE = "/api/staff/v1"


@pytest.fixture
def clerk():
    return world.staff("window_clerk", "BM")


@pytest.fixture
def window(client_of, clerk):
    return client_of(clerk)


def leave(clerk, file, **changes):
    told = {"purpose": "核实身份", "case_number": "5" * 24, "resident_id": 77}
    return actions.link_of_case(actor=clerk, file=file, **(told | changes)).token


def test_a_window_uploads_and_looks_at_its_own(window, clerk, commit):
    scan = SimpleUploadedFile("scan.pdf", files.a_pdf(2), "application/pdf")
    with commit():
        answer = window.post(f"{BASE}/files", {"file": scan}, format="multipart")
    assert (answer.status_code, answer.json()["pages"]) == (201, 2)
    file = files.clean_file(clerk)
    link = window.post(f"{BASE}/files/{file.uid}/link", {"purpose": "核对"}, format="json")
    seen = window.get(f"{BASE}/files/content/{link.json()['token']}")
    assert seen.content == files.bytes_of(file)


def test_staff_say_why(window, clerk):
    url = f"{BASE}/files/{files.clean_file(clerk).uid}/link"
    assert window.post(url, {}, format="json").status_code == 400


def test_each_look_is_on_record_and_asking_is_not_looking(window, clerk):
    file = files.clean_file(world.an_account())
    token = leave(clerk, file)
    reads = AuditEntry.objects.filter(act="read")
    assert not reads.exists()
    for _ in range(2):
        assert window.get(f"{BASE}/files/content/{token}").status_code == 200
    assert reads.count() == 2
    one = reads[0]
    assert (one.actor, one.subject, one.purpose) == (clerk, f"file:{file.uid}", "核实身份")
    assert (one.case_number, one.resident_id) == ("5" * 24, 77)


def test_the_link_shows_neither_purpose_nor_person(clerk):
    file = files.clean_file(world.an_account())
    token = leave(clerk, file, purpose="核实李桂花的身份证")
    raw = BytesIO(token.encode()).getvalue()
    assert str(file.uid).encode() not in raw
    assert len(token) < 600


def test_a_marked_picture_carries_the_readers_name_and_is_not_stored(window, clerk):
    photo = files.a_jpeg(800, 600)
    file = files.clean_file(world.an_account(), photo)
    seen = window.get(f"{BASE}/files/content/{leave(clerk, file)}").content
    assert seen != photo
    plain, marked = (Image.open(BytesIO(one)).convert("L") for one in (photo, seen))
    assert marked.size == plain.size
    changed = ImageChops.difference(plain, marked).point(lambda v: 255 if v > 25 else 0)
    for box in ((0, 0, 400, 300), (400, 0, 800, 300), (0, 300, 400, 600), (400, 300, 800, 600)):
        assert changed.crop(box).histogram()[255] > 300, "no corner is without the mark"
    assert files.bytes_of(file) == photo


def test_a_mark_on_a_see_through_picture_keeps_it_readable():
    clear = Image.new("RGBA", (400, 300), (0, 0, 0, 0))
    clear.paste((200, 0, 0, 255), (150, 100, 250, 200))
    into = BytesIO()
    clear.save(into, "PNG")
    seen = Image.open(BytesIO(watermarks.drawn(into.getvalue(), media="image/png", words="张三")))
    assert sorted(seen.getcolors(10_000_000))[-1][1] == (255, 255, 255)


def test_another_reader_sees_another_mark(client_of, clerk):
    file = files.clean_file(world.an_account(), files.a_jpeg(800, 600))
    other = world.staff("county_reviewer", "MZ")
    looks = [
        client_of(who).get(f"{BASE}/files/content/{leave(who, file)}").content
        for who in (clerk, other)
    ]
    assert looks[0] != looks[1]


def test_every_page_of_a_marked_pdf_says_office_name_and_purpose(window, clerk):
    owner = world.an_account()
    file = files.clean_file(owner, files.a_pdf(3))
    file.media_type = "application/pdf"
    file.save()
    seen = window.get(f"{BASE}/files/content/{leave(clerk, file)}").content
    name = StaffMember.objects.get(account=clerk).name
    pages = pypdfium2.PdfDocument(seen)
    assert len(pages) == 3
    for page in pages:
        text = "".join(page.get_textpage().get_text_range().split())
        assert f"雁江镇便民服务中心{name}" in text
        assert "核实身份" in text
    assert files.bytes_of(file) == files.a_pdf(3)


def test_a_reader_without_leave_is_told_nothing(window, clerk, client_of):
    token = leave(clerk, files.clean_file(world.an_account()))
    other = client_of(world.staff("window_clerk", "BM"))
    assert other.get(f"{BASE}/files/content/{token}").status_code == 404
    assert not AuditEntry.objects.filter(act="read").exists()
