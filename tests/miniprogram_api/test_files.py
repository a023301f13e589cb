"""The residents' door of files: a phone sends in parts, asks how far it got, and looks."""

import hashlib
import time
from io import BytesIO

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from PIL import Image

from backend.accounts.models import AuditEntry
from backend.files import links
from backend.files.models import StoredFile, UploadPart
from tests.factories import files, world

pytestmark = pytest.mark.django_db

BASE = "/api/v1"
OCTETS = "application/octet-stream"


@pytest.fixture
def owner():
    return world.an_account()


@pytest.fixture
def phone(client_of, owner):
    return client_of(owner)


def declared(data, **changes):
    told = {"extension": "jpg", "media_type": "image/jpeg", "size": len(data)}
    return told | {"sha256": hashlib.sha256(data).hexdigest()} | changes


def begin(phone, data, **changes):
    answer = phone.post(f"{BASE}/uploads", declared(data, **changes), format="json")
    assert answer.status_code == 201, answer.content
    return answer.json()


def test_a_phone_sends_in_parts_by_wx_uploadfile_and_by_wx_request(phone, commit):
    photo = files.a_jpeg(1600, 1200)
    begun = begin(phone, photo)
    url, half = f"{BASE}/uploads/{begun['uid']}", 512 * 1024
    part = SimpleUploadedFile("tmp_1.jpg", photo[:half], "image/jpeg")
    first = phone.post(f"{url}/parts?offset=0", {"file": part}, format="multipart")
    assert first.json()["received"] == half, first.content
    apart = photo[half : half + 40_000]
    gap = phone.put(f"{url}/parts?offset={half + 9}", apart, content_type=OCTETS)
    assert (gap.status_code, gap.json()["expected"]) == (409, half)
    assert phone.get(url).json()["received"] == half
    rest = phone.put(f"{url}/parts?offset={half}", photo[half:], content_type=OCTETS)
    assert rest.json()["received"] == len(photo), rest.content
    with commit():
        done = phone.post(f"{url}/finish")
    assert done.status_code == 201, done.content
    assert done.json()["state_label"] == "待查毒"
    assert phone.get(url).json()["file"] == done.json()["uid"]
    assert not UploadPart.objects.exists()


def test_a_small_file_goes_in_one_call(phone):
    file = SimpleUploadedFile("身份证 512002194603070028.JPG", files.a_jpeg(), "image/jpeg")
    answer = phone.post(f"{BASE}/files", {"file": file}, format="multipart")
    assert answer.status_code == 201, answer.content
    assert phone.get(f"{BASE}/files/{answer.json()['uid']}").json()["state"] == "quarantined"
    stored = StoredFile.objects.values().get()
    assert not [value for value in stored.values() if "512002" in str(value)], "no name is kept"


def test_a_refusal_says_what_to_do(phone):
    heic = b"\0\0\0\x18ftypheic" + bytes(100)
    answer = phone.post(f"{BASE}/uploads", declared(heic, extension="HEIC"), format="json")
    assert (answer.status_code, answer.json()["code"]) == (422, "file_is_heic")
    assert "不勾选「原图」" in answer.json()["title"]
    begun = begin(phone, heic)
    url = f"{BASE}/uploads/{begun['uid']}"
    phone.put(f"{url}/parts?offset=0", heic, content_type=OCTETS)
    assert phone.post(f"{url}/finish").json()["code"] == "file_is_heic"
    over = phone.get(url).json()
    assert (over["state"], over["refusal"]) == ("refused", "file_is_heic")


@pytest.mark.parametrize(
    ("body", "how", "status"),
    [
        (b"x" * (1024 * 1024 + 1), {"content_type": OCTETS}, 413),
        ({"file": SimpleUploadedFile("a", b"x" * 1_200_000)}, {"format": "multipart"}, 413),
        ({"note": "no file"}, {"format": "multipart"}, 400),
        ({"any": "thing"}, {"format": "json"}, 415),
    ],
)
def test_a_part_is_bytes_of_a_bounded_size(phone, body, how, status):
    url = f"{BASE}/uploads/{begin(phone, b'', size=2_000_000)['uid']}/parts?offset=0"
    assert phone.post(url, body, **how).status_code == status


@pytest.mark.parametrize(
    "changes", [{"size": 0}, {"sha256": "xyz"}, {"sha256": "00"}, {"extension": ""}]
)
def test_a_declaration_has_a_shape(phone, changes):
    answer = phone.post(f"{BASE}/uploads", declared(b"x", **changes), format="json")
    assert answer.status_code == 400


def linked(phone, file):
    return phone.post(f"{BASE}/files/{file.uid}/link").json()["token"]


def test_looks_at_its_own_by_a_link_of_a_minute(phone, owner):
    file = files.clean_file(owner)
    seen = phone.get(f"{BASE}/files/content/{linked(phone, file)}")
    assert seen.status_code == 200
    assert seen.content == files.bytes_of(file)
    assert {name: seen[name] for name in ("Content-Type", "Cache-Control")} == {
        "Content-Type": "image/jpeg", "Cache-Control": "no-store",
    }  # fmt: skip
    assert seen["X-Content-Type-Options"] == "nosniff"
    assert seen["Content-Disposition"] == f'attachment; filename="{file.uid}.jpg"'
    assert Image.open(BytesIO(seen.content)).size == (64, 48)
    assert not AuditEntry.objects.filter(act="read").exists(), "one's own is nobody's business"


def test_a_link_is_good_for_its_account_alone(phone, owner, client_of, client):
    url = f"{BASE}/files/content/{linked(phone, files.clean_file(owner))}"
    assert client_of(world.an_account()).get(url).status_code == 404
    assert client.get(url).status_code == 401


@pytest.mark.parametrize("spoil", [lambda t: t[:-2] + "AA", lambda t: "", lambda t: "x" * 300])
def test_an_altered_link_opens_nothing(phone, owner, spoil):
    token = spoil(linked(phone, files.clean_file(owner)))
    assert phone.get(f"{BASE}/files/content/{token}").status_code == 404


@pytest.mark.parametrize(("left", "status"), [(1, 200), (-1, 404)])
def test_a_link_ends_after_a_minute(phone, owner, left, status):
    file = files.clean_file(owner)
    assert links.LIVES.total_seconds() <= 60
    leave = links.Leave(str(file.uid), owner.pk, until=time.time() + left)
    assert phone.get(f"{BASE}/files/content/{links.write(leave)}").status_code == status


@pytest.mark.parametrize("state", ["quarantined", "refused"])
def test_nothing_is_shown_before_it_is_clean(phone, owner, state):
    file = files.clean_file(owner)
    token = linked(phone, file)
    StoredFile.objects.update(state=state)
    for answer in (
        phone.post(f"{BASE}/files/{file.uid}/link"), phone.get(f"{BASE}/files/content/{token}"),
    ):  # fmt: skip
        assert (answer.status_code, answer.json()["code"]) == (409, f"file_{state}")


def test_altered_bytes_are_not_shown(phone, owner, settings):
    file = files.clean_file(owner)
    path = f"{settings.MEDIA_ROOT}/{file.storage_key}"
    with open(path, "r+b") as stored:
        stored.seek(100)
        stored.write(b"??")
    answer = phone.get(f"{BASE}/files/content/{linked(phone, file)}")
    assert (answer.status_code, answer.json()["code"]) == (503, "file_content_lost")


def test_nobody_begins_without_end(phone):
    url = f"{BASE}/uploads"
    answers = [phone.post(url, {}, format="json").status_code for _ in range(62)]
    assert answers[0] == 400
    assert answers[-1] == 429
