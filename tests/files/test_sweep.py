"""The sweep and fsck: rows and bytes belong together (I7)."""

import os
import time
from datetime import timedelta

import pytest
from django.core.management import CommandError, call_command
from django.utils import timezone

from backend import clock
from backend.files import actions, queries, vault
from backend.files.actions import uploads
from backend.files.models import StoredFile, Upload, UploadPart
from backend.seeds import checking
from tests.factories import files, world

pytestmark = pytest.mark.django_db
KB = 1024


@pytest.fixture
def owner():
    return world.an_account()


@pytest.fixture
def half_sent(owner):
    photo = files.a_jpeg()
    upload = files.begun(owner, photo)
    return actions.put(actor=owner, uid=upload.uid, offset=0, data=photo[: 64 * KB])


def age(folder, key, hours):
    then = time.time() - hours * 3600
    os.utime(folder / key, (then, then))


def an_orphan(folder, hours):
    key = vault.put(b"x", kind=vault.FILES, context="nobody")
    age(folder, key, hours)
    return folder / key


def test_ends_what_nobody_finished(owner, half_sent, commit, folder):
    Upload.objects.update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(uploads.UploadClosed) as refused:
        actions.put(actor=owner, uid=half_sent.uid, offset=64 * KB, data=b"x" * 64 * KB)
    assert refused.value.extra["state"] == "expired"
    with commit():
        clock.sweep_files()
    assert queries.upload_of(owner, uid=half_sent.uid).state == "expired"
    assert not UploadPart.objects.exists()
    assert not [path for path in folder.rglob("*") if path.is_file()]


def test_leaves_alone_what_is_being_checked(half_sent):
    soon = timezone.now() + timedelta(seconds=30)
    Upload.objects.update(expires_at=timezone.now() - timedelta(hours=1), checking_until=soon)
    actions.sweep()
    assert Upload.objects.get().state == "open"


def test_drops_old_bytes_without_a_row_and_no_others(owner, half_sent, folder):
    file = files.clean_file(owner)
    part = UploadPart.objects.get()
    for key in (file.storage_key, part.storage_key):
        age(folder, key, 100)
    old, young = an_orphan(folder, 25), an_orphan(folder, 23)
    torn = folder / vault.FILES / "00" / ".torn"
    torn.parent.mkdir(parents=True, exist_ok=True)
    torn.write_bytes(b"half")
    age(folder, torn.relative_to(folder), 30)
    assert actions.sweep() == 2
    assert not old.exists()
    assert not torn.exists()
    assert young.exists()
    assert files.bytes_of(file)
    assert (folder / part.storage_key).exists()


def test_drops_the_bytes_of_a_refused_file_should_they_be_left(owner, folder):
    file = files.clean_file(owner, state="refused")
    age(folder, file.storage_key, 25)
    assert actions.sweep() == 1


BREAKAGES = {
    "file_has_its_content": lambda folder, file, part: (folder / file.storage_key).unlink(),
    "part_has_its_content": lambda folder, file, part: (folder / part.storage_key).unlink(),
    "upload_adds_up": lambda folder, file, part: Upload.objects.update(received=1),
    "upload_over_has_no_parts": lambda folder, file, part: Upload.objects.update(state="expired"),
    "content_has_its_row": lambda folder, file, part: an_orphan(folder, 30),
}


@pytest.mark.parametrize("rule", BREAKAGES)
def test_fsck_names_what_does_not_fit(owner, half_sent, folder, rule):
    file = files.clean_file(owner)
    assert list(checking.of_files()) == []
    BREAKAGES[rule](folder, file, UploadPart.objects.get())
    found = list(checking.of_files())
    assert [line for line in found if line.startswith(f"[{rule}]")], found
    with pytest.raises(CommandError):
        call_command("fsck", jobs=1)


def test_fsck_reads_what_it_vouches_for(owner, folder):
    one, other = files.clean_file(owner), files.clean_file(owner, files.a_jpeg(70, 50))
    StoredFile.objects.filter(pk=one.pk).update(sha256=other.sha256)
    assert "内容与摘要不符" in next(checking.of_files())
    (folder / other.storage_key).write_bytes((folder / one.storage_key).read_bytes())
    assert len(list(checking.of_files())) == 2
