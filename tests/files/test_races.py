"""Many calls on one upload in the same instant: one file, nothing left over."""

import hashlib
import threading

import pytest

from backend.core.errors import DomainError
from backend.files import actions
from backend.files.actions import finishing, uploads
from backend.files.models import StoredFile, Upload, UploadPart
from backend.seeds import checking
from tests import racing
from tests.factories import files, world

pytestmark = pytest.mark.django_db(transaction=True)
TIMES = 6


@pytest.fixture
def photo():
    return files.a_jpeg(1600, 1200)


@pytest.fixture
def whole(photo):
    """An upload all of whose parts have come."""
    return files.sent(files.begun(world.an_account(), photo), photo)


def stored(folder):
    return [path for path in folder.rglob("*") if path.is_file()]


def finished_at_once(upload, times=TIMES):
    return racing.together(lambda _: actions.finish(actor=upload.owner, uid=upload.uid), times)


def test_finished_by_many_at_once_it_is_one_file(whole, folder):
    answers = finished_at_once(whole)
    kept = [one for one in answers if isinstance(one, StoredFile)]
    assert len({one.pk for one in kept}) == 1
    assert all(isinstance(one, finishing.BeingChecked) for one in answers if one not in kept)
    assert StoredFile.objects.count() == len(stored(folder)) == 1
    assert not UploadPart.objects.exists()
    assert list(checking.everything()) == []


def test_two_that_both_checked_keep_one_file(whole, folder, monkeypatch):
    """The lease ran out while the first still worked: the row's lock decides."""
    monkeypatch.setattr(finishing, "_lease", lambda upload: None)
    answers = finished_at_once(whole, 2)
    assert len({one.pk for one in answers}) == 1
    assert StoredFile.objects.count() == len(stored(folder)) == 1
    assert list(checking.of_files()) == []


def test_without_the_lock_they_would_keep_two(whole, monkeypatch):
    """The negative control of the test above."""
    both = threading.Barrier(2)

    def unlocked(upload):
        held = Upload.objects.get(pk=upload.pk)
        both.wait(30)
        return held

    monkeypatch.setattr(finishing, "_lease", lambda upload: None)
    monkeypatch.setattr(uploads, "hold", unlocked)
    finished_at_once(whole, 2)
    assert StoredFile.objects.count() == 2


def test_the_same_part_from_many_at_once_counts_once(photo, folder):
    upload = files.begun(world.an_account(), photo)
    half = 256 * 1024

    def send(_):
        return actions.put(actor=upload.owner, uid=upload.uid, offset=0, data=photo[:half])

    answers = racing.together(send, TIMES)
    assert not [one for one in answers if isinstance(one, DomainError)]
    assert Upload.objects.get().received == half
    assert UploadPart.objects.count() == len(stored(folder)) == 1
    files.sent(upload, photo, since=half)
    file = actions.finish(actor=upload.owner, uid=upload.uid)
    assert bytes(file.received_sha256) == hashlib.sha256(photo).digest()
    assert list(checking.of_files()) == []


def test_different_parts_for_one_place_leave_one(photo, folder):
    upload = files.begun(world.an_account(), photo)

    def send(i):
        data = bytes([i]) * 64 * 1024
        return actions.put(actor=upload.owner, uid=upload.uid, offset=0, data=data)

    answers = racing.together(send, TIMES)
    refused = [one for one in answers if isinstance(one, uploads.PartOutOfPlace)]
    assert len(refused) == TIMES - 1
    assert all(one.extra["expected"] == 64 * 1024 for one in refused)
    assert len(stored(folder)) == 1
    assert list(checking.of_files()) == []


def test_a_day_is_full_for_all_who_begin_at_once(settings):
    settings.FILES_DAY_BYTES = {"resident": 2500, "staff": 0}
    owner = world.an_account()
    answers = racing.together(lambda _: files.begun(owner, b"", size=1000), TIMES)
    assert sum(isinstance(one, Upload) for one in answers) == 2
    assert sum(isinstance(one, uploads.DayIsFull) for one in answers) == TIMES - 2
