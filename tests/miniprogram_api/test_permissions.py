"""Who may do what at the residents' door: one row a route; a route without a row fails."""

import re
import uuid

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backend.cases.models import Draft
from backend.files import actions as stored
from miniprogram_api.urls import urlpatterns
from tests.factories import files, notices, world
from tests.miniprogram_api import outside

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("wechat", "registry")]

BASE, NO_SESSION = "/api/v1/", "7b0d6a4e-38d1-4c92-9f6f-0c1d53f0a111"
# 未登录; 工作人员; 办件、草稿、通知的主人; 别的居民; 还没有实名的账号
WHO = ("nobody", "staff", "owner", "stranger", "account")
#                              nob sta own str acc
TABLE_TEXT = """
POST login                     201 201 201 201 201
POST logout                    401 403 204 204 204
GET sessions                   401 403 200 200 200
POST sessions/{uid}/end        401 403 404 404 404
POST phone                     401 403 200 200 200
POST realname                  401 403 409 409 200
GET bootstrap                  200 200 200 200 200
GET me                         401 403 200 200 200
POST me/preferences            401 403 204 204 204
GET items                      200 200 200 200 200
GET items/{code}               200 200 200 200 200
GET items/{code}/form          200 200 200 200 200
GET themes                     200 200 200 200 200
GET divisions                  200 200 200 200 200
GET drafts                     401 403 200 200 200
GET drafts/{draft}             401 403 200 404 404
PUT drafts/{draft}             401 403 200 409 409
POST drafts/{draft}/discard    401 403 204 404 404
GET cases                      401 403 200 200 200
POST cases                     401 403 409 201 403
GET cases/{number}             401 403 200 404 404
GET cases/{number}/clock       401 403 200 404 404
GET cases/{number}/materials   401 403 200 404 404
POST cases/{number}/materials/{key} 401 403 422 404 404
POST cases/{number}/materials/{key}/link 401 403 404 404 404
POST cases/{number}/withdraw   401 403 200 404 404
GET cases/{number}/supplement  401 403 404 404 404
POST cases/{number}/supplement 401 403 409 404 404
POST cases/{number}/supplement/prolong 401 403 409 404 404
POST uploads                   401 403 201 201 201
GET uploads/{upload}           401 403 200 404 404
POST uploads/{upload}/parts    401 403 200 404 404
PUT uploads/{upload}/parts     401 403 200 404 404
POST uploads/{upload}/finish   401 403 409 404 404
POST files                     401 403 201 201 201
GET files/{file}               401 403 200 404 404
POST files/{file}/link         401 403 200 404 404
GET files/content/{leave}      401 403 200 404 404
GET inbox                      401 403 200 200 200
GET inbox/unread-count         401 403 200 200 200
POST inbox/read-all            401 403 200 200 200
POST inbox/{id}/read           401 403 200 200 200
POST inbox/{id}/hide           401 403 204 404 404
GET subscribe-templates        401 403 200 200 200
GET subscriptions              401 403 200 200 200
POST subscriptions             401 403 200 409 409
POST lookup                    200 200 200 200 200
GET verify                     404 404 404 404 404
POST verify                    415 415 415 415 415
GET papers/{token}             401 403 404 404 404
GET cases/{number}/delivery    401 403 200 404 404
POST cases/{number}/delivery   401 403 204 404 404
POST cases/{number}/delivery/confirm 401 403 409 404 404
GET cases/{number}/papers      401 403 200 404 404
POST cases/{number}/papers/{uid}/link 401 403 404 404 404
"""
TABLE = {
    " ".join(row.split()[:2]): [int(code) for code in row.split()[2:]]
    for row in TABLE_TEXT.strip().splitlines()
}
UID = uuid.UUID("2f9d9b40-6d0b-4a52-9c0e-0a4b8d7e6f55")


@pytest.fixture
def owner():
    return world.a_resident(openid="o" + "x" * 27)


@pytest.fixture
def case(owner):
    paper = {"key": "award", "name": "获奖证书", "required": False, "source": "self"}
    return world.submitted(applicant=owner, version=world.an_item(materials=[paper]))


@pytest.fixture
def notice(owner):
    return notices.told(owner.account)


@pytest.fixture
def draft(owner, case, client_of):
    body = {"item": case.item.code, "answers": {"who": "主人"}, "revision": 0}
    client_of(owner.account).put(f"{BASE}drafts/{UID}", body, format="json")
    return Draft.objects.get()


@pytest.fixture
def places(owner):
    """What of the owner's the routes of files name."""
    file = files.clean_file(owner.account)
    return {
        "upload": files.begun(owner.account, files.a_jpeg()).uid,
        "file": file.uid,
        "leave": stored.link(actor=owner.account, uid=file.uid).token,
    }


@pytest.fixture
def bodies(case):
    zhao = outside.PEOPLE["zhao-deming"]
    identity = {"name": zhao.name, "id_number": zhao.id_number, "id_type": zhao.id_type}
    answers = {"division_code": world.VILLAGE}
    last4 = case.applicant.id_number[-4:]
    return {
        "POST login": {"code": outside.code(outside.LOGIN)},
        "POST phone": {"code": outside.code(outside.PHONE)},
        "POST realname": identity,
        "POST me/preferences": {"elder": True},
        "PUT drafts/{draft}": {"item": case.item.code, "answers": {}, "revision": 1},
        "POST cases": {"item": case.item.code, "answers": answers},
        "POST cases/{number}/materials/{key}": {"by": "paper"},
        "POST cases/{number}/supplement": {"replies": {"1": "已交"}},
        "POST uploads": {
            "extension": "jpg",
            "media_type": "image/jpeg",
            "size": 9,
            "sha256": "0" * 64,
        },
        "POST uploads/{upload}/parts": files.a_jpeg()[: 40 * 1024],
        "PUT uploads/{upload}/parts": files.a_jpeg()[: 40 * 1024],
        "POST files": {"file": SimpleUploadedFile("a.jpg", files.a_jpeg())},
        "POST subscriptions": {"results": {notices.A: "accept"}},
        "POST lookup": {"number": case.number, "last4": last4},
        "GET subscribe-templates": {"scene": "submit"},
        "POST cases/{number}/delivery": {"method": "electronic"},
        "GET verify": {"number": "512002-MZ-2026-000001", "code": "AAAAAAAA"},
    }


def routes():
    """Every method of every route the door really has."""
    for pattern in urlpatterns:
        path = re.sub(r"<[a-z]+:([a-z]+)>", r"{\1}", str(pattern.pattern))
        for noun in ("draft", "upload", "file"):
            path = path.replace(f"{noun}s/{{uid}}", f"{noun}s/{{{noun}}}")
        path = path.replace("content/{token}", "content/{leave}")
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(pattern.callback.view_class, method):
                yield f"{method.upper()} {path}"


def test_has_a_row_for_every_route_and_no_more():
    assert set(routes()) == set(TABLE)


def test_has_no_patch_and_no_delete():
    """wx.request knows neither PATCH nor bodies of DELETE."""
    assert not [route for route in routes() if route.split()[0] in ("PATCH", "DELETE")]


@pytest.fixture
def caller(client, client_of, owner):
    def of(who):
        return {
            "nobody": lambda: client,
            "staff": lambda: client_of(world.staff("window_clerk", "BM")),
            "owner": lambda: client_of(owner.account),
            "stranger": lambda: client_of(world.a_resident().account),
            "account": lambda: client_of(world.an_account()),
        }[who]()

    return of


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("route", TABLE)
def test_answers_as_the_table_says(caller, case, draft, notice, places, bodies, route, who):
    method, path = route.split(" ")
    url = BASE + path.format(
        number=case.number, key="award", draft=UID, uid=NO_SESSION, code=case.item.code,
        id=notice.pk, token="x", **places,
    )  # fmt: skip
    body = bodies.get(route, {})
    client = caller(who)
    if method == "GET":
        answer = client.get(url, body)
    else:
        send = client.put if method == "PUT" else client.post
        how = {"format": "multipart" if path == "files" else "json"}
        if isinstance(body, bytes):
            url, how = f"{url}?offset=0", {"content_type": "application/octet-stream"}
        answer = send(url, body, HTTP_IDEMPOTENCY_KEY=uuid.uuid4().hex, **how)
    assert answer.status_code == TABLE[route][WHO.index(who)], answer.content


def test_a_stranger_changes_nothing_of_the_owner(caller, case, draft, notice, bodies):
    """What answers 200 or 409 to a stranger has touched the stranger's own things only."""
    stranger = caller("stranger")
    stranger.post(f"{BASE}inbox/{notice.pk}/read")
    stranger.put(f"{BASE}drafts/{UID}", bodies["PUT drafts/{draft}"], format="json")
    notice.refresh_from_db()
    draft.refresh_from_db()
    assert notice.read_at is None
    assert (draft.revision, draft.answers) == (1, {"who": "主人"})


def test_hides_a_foreign_case_with_the_words_for_no_case(caller, case):
    gone = world.submitted().number
    type(case).objects.filter(number=gone).update(number="9" * 24)
    stranger = caller("stranger")
    for path in ("", "/supplement", "/withdraw", "/supplement/prolong"):
        told = [
            stranger.get(f"{BASE}cases/{number}{path}")
            if path in ("", "/supplement")
            else stranger.post(f"{BASE}cases/{number}{path}", {}, format="json")
            for number in (case.number, gone)
        ]
        bodies = [answer.json() | {"request_id": ""} for answer in told]
        assert bodies[0] == bodies[1]
