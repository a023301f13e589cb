"""Configuration at the staff door: out as files, compared, and in; rows of a sheet tried first."""

import pytest

from backend.catalogue import queries
from backend.catalogue.models import VersionDraft
from backend.staff_api.catalogue import config as door
from tests.catalogue.test_config import small
from tests.factories import world

pytestmark = pytest.mark.django_db

BASE = "/api/staff/v1/catalogue/config"
SHEET = "item,key,division,value\nT-1,amount,512002000000,{}\n"


@pytest.fixture
def desk(client_of):
    world.a_city()
    small()
    return client_of(world.staff("item_admin", "MZ", world.CITY))


def test_shows_what_an_import_would_change_before_it_does(desk):
    files = desk.get(BASE).json()["files"]
    files["parameters.yaml"] = files["parameters.yaml"].replace("value: 200", "value: 300")
    body = {"files": files, "reason": "推广"}
    told = desk.post(BASE + "/import", body, format="json").json()
    door.ConfigImportOut(data=told).is_valid(raise_exception=True)
    assert (told["applied"], told["faults"]) == (False, [])
    (one,) = told["differences"]
    assert (one["part"], one["change"]) == ("param", "changed")
    assert one["paths"] == [{"path": "(整个文件)", "here": 200, "there": 300}]
    done = desk.post(BASE + "/import", {**body, "apply": True}, format="json").json()
    assert done["applied"]
    assert desk.post(BASE + "/import", body, format="json").json()["differences"] == []


def test_items_come_in_as_drafts_to_be_signed_off(desk):
    files = desk.get(BASE).json()["files"]
    item = files["items/T-1.yaml"]
    files["items/T-1.yaml"] = item.replace("promised_days: 15", "promised_days: 16")
    body = {"files": files, "reason": "推广", "apply": True}
    done = desk.post(BASE + "/import", body, format="json").json()
    assert (done["applied"], done["drafts"]) == (True, ["T-1"])
    draft = VersionDraft.objects.get()
    assert draft.definition["promised_days"] == 16
    assert queries.in_force_of("T-1").number == 1
    files["items/T-2.yaml"] = item.replace("code: T-1", "code: T-2")
    refused = desk.post(BASE + "/import", body, format="json").json()
    assert [(one["file"], one["path"]) for one in refused["faults"]] == [("items/T-2.yaml", "code")]


def test_refuses_bad_files_with_every_fault(desk):
    body = {"files": {"rollout.yaml": "- x: 1\n", "nope.yaml": ""}, "reason": "推广"}
    tried = desk.post(BASE + "/import", body, format="json")
    assert (tried.status_code, len(tried.json()["faults"]) > 1) == (200, True)
    refused = desk.post(BASE + "/import", {**body, "apply": True}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_configuration")
    assert len(refused.json()["faults"]) == len(tried.json()["faults"])
    assert (
        desk.post(BASE + "/import", {"files": {}, "reason": "x"}, format="json").status_code == 400
    )


def test_tries_a_sheet_and_then_loads_it(desk):
    url = BASE + "/sheets"
    body = {"kind": "parameters", "text": SHEET.format("x"), "reason": "批量"}
    told = desk.post(url, body, format="json").json()
    door.SheetOut(data=told).is_valid(raise_exception=True)
    assert told["faults"] == [{"line": 2, "column": "value", "reason": "应为数字"}]
    refused = desk.post(url, {**body, "apply": True}, format="json")
    assert (refused.status_code, refused.json()["code"]) == (422, "bad_sheet")
    body["text"] = SHEET.format(321)
    assert desk.post(url, {**body, "apply": True}, format="json").json()["applied"]


def test_a_county_administrator_loads_rows_but_no_files(desk, client_of):
    county = client_of(world.staff("item_admin", "MZ"))
    assert county.get(BASE).status_code == 200
    files = {"files": {"manifest.yaml": "format: 1\n"}, "reason": "推广"}
    assert county.post(BASE + "/import", files, format="json").status_code == 403
    rows = {"kind": "parameters", "text": SHEET.format(5), "reason": "批量", "apply": True}
    assert county.post(BASE + "/sheets", rows, format="json").status_code == 200
