"""An upload in parts: exact offsets, nothing acknowledged is lost, limits for everybody."""

import hashlib
import os
import resource
from contextlib import contextmanager
from datetime import timedelta

import pytest
from django.utils import timezone

from backend.files import actions, queries, vault
from backend.files.actions import finishing, uploads
from backend.files.formats import refusals
from backend.files.models import StoredFile, Upload, UploadPart
from backend.seeds import checking
from tests.factories import files, world

pytestmark = pytest.mark.django_db
KB = 1024


@pytest.fixture
def owner():
    return world.an_account()


def stored(folder):
    return sorted(path.name for path in folder.rglob("*") if path.is_file())


def test_becomes_one_file_in_quarantine(owner, commit, folder):
    photo = files.a_jpeg()
    with commit():
        file = files.uploaded(owner, photo)
    assert (file.state, file.media_type, file.width, file.height) == (
        "quarantined", "image/jpeg", 640, 480,
    )  # fmt: skip
    assert bytes(file.received_sha256) == hashlib.sha256(photo).digest()
    assert hashlib.sha256(files.bytes_of(file)).digest() == bytes(file.sha256)
    assert len(stored(folder)) == 1, "the parts are gone"
    assert list(checking.of_files()) == []


def test_nothing_readable_lies_in_the_folder(owner, folder):
    file = files.uploaded(owner, files.a_jpeg())
    for path in folder.rglob("*"):
        if path.is_file():
            assert b"JFIF" not in path.read_bytes()
            assert path.stat().st_mode & 0o077 == 0
    assert str(file.uid) not in file.storage_key
    assert file.sha256.hex() not in file.storage_key


def test_bytes_do_not_open_for_another_file(owner):
    one, other = (files.clean_file(owner) for _ in range(2))
    with pytest.raises(vault.ContentLost):
        vault.get(one.storage_key, context=other.context)


def test_resumes_where_it_stopped(owner):
    photo = files.a_jpeg(1600, 1200)
    upload = files.begun(owner, photo)
    half = 256 * KB
    actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[:half])
    again = queries.upload_of(owner, uid=upload.uid)
    assert (again.received, again.size) == (half, len(photo))
    files.sent(again, photo, part=200 * KB, since=half)
    file = actions.finish(actor=owner, uid=upload.uid)
    assert bytes(file.received_sha256) == hashlib.sha256(photo).digest()


def test_a_repeated_part_is_harmless(owner, folder):
    photo = files.a_jpeg()
    upload = files.begun(owner, photo)
    for _ in range(3):
        actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[: 64 * KB])
    assert queries.upload_of(owner, uid=upload.uid).received == 64 * KB
    assert len(stored(folder)) == 1


@pytest.mark.parametrize(
    ("offset", "length"), [(64 * KB + 1, 32 * KB), (0, 40 * KB), (32 * KB, 32 * KB), (1, 64 * KB)]
)
def test_a_gap_or_an_overlap_is_told_where_to_go_on(owner, offset, length):
    photo = files.a_jpeg()
    upload = files.begun(owner, photo)
    actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[: 64 * KB])
    data = photo[offset : offset + length]
    with pytest.raises(uploads.PartOutOfPlace) as refused:
        actions.put(actor=owner, uid=upload.uid, offset=offset, data=data)
    assert refused.value.extra["expected"] == 64 * KB


def test_other_bytes_in_the_same_place_are_refused(owner):
    photo = files.a_jpeg()
    upload = files.begun(owner, photo)
    actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[: 64 * KB])
    with pytest.raises(uploads.PartOutOfPlace):
        actions.put(actor=owner, uid=upload.uid, offset=0, data=bytes(64 * KB))


@pytest.mark.parametrize(
    ("offset", "data", "refusal"),
    [
        (0, b"x" * (1024 * KB + 1), uploads.PartTooLarge),
        (0, b"x" * 100, uploads.PartTooSmall),
        (1024 * KB, b"x" * 1024 * KB, uploads.PartPastTheEnd),
    ],
)
def test_a_part_has_a_fitting_size(owner, offset, data, refusal):
    upload = files.begun(owner, b"", size=1500 * KB)
    with pytest.raises(refusal):
        actions.put(actor=owner, uid=upload.uid, offset=offset, data=data)


def test_cannot_finish_before_the_end(owner):
    photo = files.a_jpeg()
    upload = files.begun(owner, photo)
    actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[: 64 * KB])
    with pytest.raises(finishing.Incomplete) as refused:
        actions.finish(actor=owner, uid=upload.uid)
    assert refused.value.extra["expected"] == 64 * KB


def test_finishing_twice_returns_the_same_file(owner):
    photo = files.a_jpeg()
    upload = files.sent(files.begun(owner, photo), photo)
    first, second = (actions.finish(actor=owner, uid=upload.uid) for _ in range(2))
    assert first == second
    assert StoredFile.objects.count() == 1


def test_what_differs_from_its_declaration_ends_the_upload(owner, commit, folder):
    photo = files.a_jpeg()
    upload = files.sent(files.begun(owner, photo, sha256=bytes(32)), photo)
    with pytest.raises(finishing.DigestDiffers), commit():
        actions.finish(actor=owner, uid=upload.uid)
    held = Upload.objects.get()
    assert (held.state, held.refusal) == ("refused", "upload_digest_differs")
    with pytest.raises(uploads.UploadClosed):
        actions.finish(actor=owner, uid=upload.uid)
    assert not StoredFile.objects.exists()


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"size": 10 * KB * KB + 1}, refusals.TooManyBytes),
        ({"extension": "exe", "media_type": "application/x-msdownload"}, refusals.TypeUnknown),
        ({"extension": "heic", "media_type": "image/heic"}, refusals.HeicPicture),
        ({"extension": "jpg", "media_type": "image/heif"}, refusals.HeicPicture),
        ({"extension": "jpg", "media_type": "application/pdf"}, refusals.NotAsDeclared),
    ],
)
def test_what_cannot_come_in_is_refused_before_a_byte_is_sent(owner, changes, refusal):
    told = {"extension": "jpg", "media_type": "image/jpeg", "size": 1, "sha256": bytes(32)}
    with pytest.raises(refusal):
        actions.start(actor=owner, **(told | changes))


def test_an_account_has_so_many_uploads_open(owner, settings):
    settings.FILES_OPEN_UPLOADS = 2
    for _ in range(2):
        files.begun(owner, b"x")
    with pytest.raises(uploads.TooManyUploads):
        files.begun(owner, b"x")
    files.begun(world.an_account(), b"x")


def test_an_account_has_so_many_bytes_a_day(owner, settings):
    settings.FILES_DAY_BYTES = {"resident": 1000, "staff": 5000}
    files.begun(owner, b"", size=700)
    with pytest.raises(uploads.DayIsFull):
        files.begun(owner, b"", size=301)
    files.begun(world.an_account("staff"), b"", size=3000)
    Upload.objects.update(created_at=timezone.now() - timedelta(hours=25))
    files.begun(owner, b"", size=900)


def test_anothers_upload_does_not_exist(owner):
    upload, stranger = files.begun(owner, b"x"), world.an_account()
    for call in (
        lambda: queries.upload_of(stranger, uid=upload.uid),
        lambda: actions.put(actor=stranger, uid=upload.uid, offset=0, data=b"x"),
        lambda: actions.finish(actor=stranger, uid=upload.uid),
    ):
        with pytest.raises(queries.UploadNotFound):
            call()


def test_a_small_file_comes_in_one_call(owner):
    photo = files.a_jpeg()
    file = actions.take(actor=owner, extension="JPG", media_type="image/jpeg", data=photo)
    assert file.state == "quarantined"
    assert Upload.objects.get().file == file
    with pytest.raises(finishing.DigestDiffers):
        actions.take(
            actor=owner, extension="jpg", media_type="", data=photo, sha256=bytes(32)
        )  # fmt: skip


@contextmanager
def no_file_longer_than(most):
    """Let the system refuse to write more than `most` bytes into a file, as a full disk does."""
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (most, hard))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))


def test_a_full_disk_takes_nothing_and_loses_nothing(owner, folder):
    photo = files.a_jpeg(1600, 1200)
    upload = files.begun(owner, photo)
    actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[: 64 * KB])
    rest = photo[64 * KB : 64 * KB + 512 * KB]
    with no_file_longer_than(100 * KB), pytest.raises(vault.VaultFull):
        actions.put(actor=owner, uid=upload.uid, offset=64 * KB, data=rest)
    assert UploadPart.objects.count() == 1
    assert len(stored(folder)) == 1, "not even a piece is left"
    files.sent(upload, photo, part=512 * KB, since=64 * KB)
    with no_file_longer_than(100 * KB), pytest.raises(vault.VaultFull):
        actions.finish(actor=owner, uid=upload.uid)
    assert not StoredFile.objects.exists()
    file = actions.finish(actor=owner, uid=upload.uid)
    assert bytes(file.received_sha256) == hashlib.sha256(photo).digest()
    assert list(checking.of_files()) == []


@pytest.mark.skipif(os.geteuid() == 0, reason="root writes anywhere")
def test_a_folder_that_cannot_be_written_is_the_storage_away(owner, folder):
    folder.mkdir(parents=True)
    folder.chmod(0o500)
    upload = files.begun(owner, b"x" * 100)
    with pytest.raises(vault.VaultDown):
        actions.put(actor=owner, uid=upload.uid, offset=0, data=b"x" * 100)


def test_every_act_costs_a_dozen_statements_at_most(owner, django_assert_max_num_queries):
    photo = files.a_jpeg(800, 600)
    with django_assert_max_num_queries(12):
        upload = files.begun(owner, photo)
    with django_assert_max_num_queries(12):
        actions.put(actor=owner, uid=upload.uid, offset=0, data=photo)
    with django_assert_max_num_queries(12):
        file = actions.finish(actor=owner, uid=upload.uid)
    with django_assert_max_num_queries(12):
        actions.take(actor=owner, extension="jpg", media_type="", data=photo)
    StoredFile.objects.update(state="clean")
    with django_assert_max_num_queries(12):
        token = actions.link(actor=owner, uid=file.uid).token
        actions.read(actor=owner, token=token)
