"""草稿 over HTTP: two devices, bad lines, other people's."""

import uuid
from functools import partial

import pytest

from backend.cases.models import Draft
from miniprogram_api.drafts import DraftOut, DraftRow
from tests.factories import world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db


@pytest.fixture
def item():
    return world.an_item().item


@pytest.fixture
def phone(client_of):
    return client_of(world.an_account())


def save(client, item, uid, revision=0, device="旧手机", **answers):
    body = {"item": item.code, "answers": answers, "revision": revision, "device": device}
    return client.put(f"/api/v1/drafts/{uid}", body, format="json")


def test_saves_revision_by_revision(phone, item):
    uid = uuid.uuid4()
    assert save(phone, item, uid, address="前进村").json()["revision"] == 1
    assert save(phone, item, uid, 1, address="前进村 2 组").json()["revision"] == 2
    answer = phone.get(f"/api/v1/drafts/{uid}").json()
    assert answer["answers"] == {"address": "前进村 2 组"}
    assert_holds(DraftOut, answer)


def test_keeps_how_each_material_is_given(phone, item):
    uid = uuid.uuid4()
    file, body = str(uuid.uuid4()), {"item": item.code, "answers": {}, "device": "手机"}
    chosen = {"photo": {"by": "upload", "file": file}}
    put = partial(phone.put, f"/api/v1/drafts/{uid}", format="json")
    assert put(body | {"materials": chosen, "revision": 0}).json()["materials"] == chosen
    assert put(body | {"materials": {}, "revision": 1}).json()["materials"] == {}
    assert put(body | {"materials": chosen, "revision": 1}).json()["materials"] == {}
    wrong = put(body | {"materials": {"photo": {"by": "magic"}}, "revision": 2})
    assert wrong.status_code == 400


def test_two_devices_get_a_conflict_and_lose_nothing(phone, item):
    uid = uuid.uuid4()
    save(phone, item, uid, address="原来的")
    assert save(phone, item, uid, 1, device="新手机", address="新手机写的").status_code == 200
    answer = save(phone, item, uid, 1, device="旧手机", address="旧手机写的")
    assert answer.status_code == 409
    told = answer.json()
    assert told["code"] == "draft_moved"
    assert (told["revision"], told["device"]) == (2, "新手机")
    assert told["answers"] == {"address": "新手机写的"}
    assert save(phone, item, uid, 2, address="旧手机写的").json()["revision"] == 3


def test_the_same_save_sent_twice_is_one(phone, item):
    uid = uuid.uuid4()
    save(phone, item, uid, address="一")
    first = save(phone, item, uid, 1, address="二")
    again = save(phone, item, uid, 1, address="二")
    assert again.status_code == 200
    assert again.json()["revision"] == first.json()["revision"] == 2


def test_a_draft_submitted_meanwhile_is_gone(phone, item):
    answer = save(phone, item, uuid.uuid4(), 4, address="一")
    assert (answer.status_code, answer.json()["code"]) == (409, "draft_gone")


def test_another_persons_draft_does_not_exist(phone, item, client_of):
    uid = uuid.uuid4()
    save(phone, item, uid, address="一")
    stranger = client_of(world.an_account())
    assert stranger.get(f"/api/v1/drafts/{uid}").status_code == 404
    assert stranger.post(f"/api/v1/drafts/{uid}/discard").status_code == 404
    assert save(stranger, item, uid, address="同号不同人").json()["revision"] == 1
    assert phone.get(f"/api/v1/drafts/{uid}").json()["answers"] == {"address": "一"}


def test_discards(phone, item):
    uid = uuid.uuid4()
    save(phone, item, uid, address="一")
    assert phone.post(f"/api/v1/drafts/{uid}/discard").status_code == 204
    assert phone.get("/api/v1/drafts").json() == []


def test_lists_without_contents(phone, item):
    for _ in range(3):
        save(phone, item, uuid.uuid4(), address="一")
    rows = phone.get("/api/v1/drafts").json()
    assert len(rows) == 3
    for row in rows:
        assert_holds(DraftRow, row)


def test_keeps_at_most_twenty(phone, item):
    for _ in range(20):
        assert save(phone, item, uuid.uuid4()).status_code == 200
    assert save(phone, item, uuid.uuid4()).json()["code"] == "too_many_drafts"


def test_is_sealed(phone, item):
    save(phone, item, uuid.uuid4(), address="前进村 2 组")
    assert "前进村".encode() not in bytes(Draft.objects.get().sealed_answers)


def test_belongs_to_one_item(phone, item):
    uid = uuid.uuid4()
    save(phone, item, uid, address="一")
    other = world.an_item().item
    assert save(phone, other, uid, 1, address="一").json()["code"] == "draft_of_other_item"
    unknown = type("Item", (), {"code": "ZY-XX-999"})
    assert save(phone, unknown, uuid.uuid4()).status_code == 404


def test_refuses_what_is_too_large(phone, item):
    answer = save(phone, item, uuid.uuid4(), address="字" * 40_000)
    assert (answer.status_code, answer.json()["code"]) == (422, "draft_too_large")


@pytest.mark.django_db(transaction=True)
def test_ten_devices_save_at_once_and_one_wins(together, client_of):
    item, account, uid = world.an_item().item, world.an_account(), uuid.uuid4()
    phones = [client_of(account) for _ in range(10)]
    save(phones[0], item, uid, address="起点")
    codes = together(
        lambda i: save(phones[i], item, uid, 1, device=f"设备{i}", address=f"{i}").status_code
    )
    assert sorted(codes) == [200] + [409] * 9
    assert Draft.objects.get().revision == 2
