"""A store that speaks S3 instead of a folder: the same files, the same promises."""

from datetime import UTC, datetime

import pytest

from backend.files import actions, vault
from backend.files.models import StoredFile, UploadPart
from backend.seeds import checking
from tests.architecture import test_house
from tests.factories import files, world
from tests.files.s3 import Bucket
from tests.sandboxes import free_port

pytestmark = pytest.mark.django_db
KEYS = {"S3_ACCESS_KEY": "mine", "S3_SECRET_KEY": "secret"}


@pytest.fixture
def bucket(settings):
    store = Bucket()
    options = {"bucket_name": "city", "endpoint_url": store.url, "region_name": "local"}
    options |= {"access_key": "mine", "secret_key": "secret"}
    told = {"BACKEND": "backend.files.vault.bucket.Bucket", "OPTIONS": options}
    settings.STORAGES = settings.STORAGES | {"default": told}
    yield store
    store.close()


@pytest.fixture
def owner():
    return world.an_account()


def test_takes_a_file_in_parts(bucket, owner, commit, scanner):
    photo = files.a_jpeg(1600, 1200)
    with commit():
        file = files.uploaded(owner, photo)
    assert list(bucket.objects) == [file.storage_key], "the parts are gone"
    assert b"JFIF" not in bucket.objects[file.storage_key][0]
    assert bucket.signed == {True}
    assert actions.scan(pk=file.pk) == "clean"
    assert list(checking.of_files()) == []


def test_sweeps_and_checks(bucket, owner):
    file = files.clean_file(owner)
    key = vault.put(b"x", kind=vault.PARTS, context="nobody")
    assert actions.sweep() == 0
    bucket.objects[key] = (b"x", datetime(2026, 1, 1, tzinfo=UTC))
    assert [line for line in checking.of_files() if key in line]
    assert actions.sweep() == 1
    assert list(bucket.objects) == [file.storage_key]
    bucket.objects.clear()
    assert [line for line in checking.of_files() if "file_has_its_content" in line]


def test_a_store_that_is_away_takes_nothing(bucket, owner):
    photo = files.a_jpeg()
    upload = files.begun(owner, photo)
    bucket.down = True
    with pytest.raises(vault.VaultDown):
        files.sent(upload, photo)
    assert not UploadPart.objects.exists()
    bucket.down = False
    files.sent(upload, photo)
    assert actions.finish(actor=owner, uid=upload.uid)
    assert StoredFile.objects.count() == 1


def test_a_store_nobody_answers_at_is_away(bucket, owner, settings):
    nowhere = settings.STORAGES["default"]["OPTIONS"] | {
        "endpoint_url": f"http://127.0.0.1:{free_port()}"
    }
    told = {"BACKEND": "backend.files.vault.bucket.Bucket", "OPTIONS": nowhere}
    settings.STORAGES = settings.STORAGES | {"default": told}
    with pytest.raises(vault.VaultDown):
        vault.put(b"x", kind=vault.FILES, context="nobody")


@pytest.mark.parametrize("forgotten", KEYS)
def test_production_refuses_the_default_keys_of_a_store(forgotten):
    given = {name: value for name, value in KEYS.items() if name != forgotten}
    refused = test_house.settings_load(**test_house.SECRETS, FILES_STORAGE="s3", **given)
    assert refused.returncode != 0
    assert forgotten in refused.stderr


def test_production_starts_with_a_store_of_its_own():
    started = test_house.settings_load(**test_house.SECRETS, FILES_STORAGE="s3", **KEYS)
    assert started.returncode == 0, started.stderr
