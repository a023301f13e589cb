"""Who may do what at the staff door: one row a route; a route without a row fails."""

import re

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile

from backend.staff_api.urls import urlpatterns
from tests.factories import world

pytestmark = pytest.mark.django_db

BASE, NO_SESSION = "/api/staff/v1/", "7b0d6a4e-38d1-4c92-9f6f-0c1d53f0a111"
# 居民; 社工(本村/外村); 窗口、审核(本镇); 别的县局、本局; 监察、审计; 系统管理员
WHO = (
    "nobody", "resident", "worker", "outside", "clerk", "reviewer", "bureau", "decider",
    "overseer", "auditor", "admin",
)  # fmt: skip
POSTS = {
    "worker": ("community_worker", "ZD", None),
    "outside": ("community_worker", "ZD", world.OTHER_VILLAGE),
    "clerk": ("window_clerk", "BM", None),
    "reviewer": ("town_reviewer", "SW", None),
    "bureau": ("county_reviewer", "CL", None),
    "decider": ("county_reviewer", "MZ", None),
    "overseer": ("supervisor", "MZ", None),
    "auditor": ("auditor", "MZ", None),
    "admin": ("platform_admin", "MZ", None),
}
# The case is freshly submitted in the worker's village; 409 is "you see it, but not now".
#                                       nob res wor out cle rev bur dec ove aud adm
TABLE_TEXT = """
POST login                              403 403 403 403 403 403 403 403 403 403 403
POST otp/enrol                          403 403 403 403 403 403 403 403 403 403 403
POST otp/confirm                        403 403 403 403 403 403 403 403 403 403 403
POST logout                             401 403 204 204 204 204 204 204 204 204 204
GET me                                  401 403 200 200 200 200 200 200 200 200 200
GET sessions                            401 403 200 200 200 200 200 200 200 200 200
POST sessions/{uid}/end                 401 403 404 404 404 404 404 404 404 404 404
GET worklist                            401 403 200 200 200 200 200 200 200 200 200
GET worklist/counts                     401 403 200 200 200 200 200 200 200 200 200
GET cases                               401 403 200 200 200 200 200 200 200 200 200
POST cases                              401 403 201 201 201 201 201 201 403 403 403
POST cases/instant                      401 403 409 409 409 409 409 409 403 403 403
GET cases/taken                         401 403 200 200 200 200 200 200 200 200 200
GET items                               401 403 200 200 200 200 200 200 200 200 200
POST items/{code}/form                  401 403 200 200 200 200 200 200 403 403 403
POST persons                            401 403 422 422 422 422 422 422 403 403 403
POST persons/find                       401 403 404 404 404 404 404 404 403 403 403
POST cases/search                       401 403 200 200 200 200 200 200 200 200 200
GET cases/{number}                      401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/reveal              401 403 200 404 403 403 404 403 403 403 404
POST cases/{number}/accept              401 403 200 404 403 403 404 403 403 403 404
POST cases/{number}/decline             401 403 200 404 403 403 404 403 403 403 404
POST cases/{number}/finish              401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/decide              401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/deliver             401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/conclude            401 403 409 404 409 409 404 409 409 409 404
GET cases/{number}/clock                401 403 200 404 200 200 404 200 200 200 404
GET materials                           401 403 200 200 200 200 200 200 200 200 200
GET cases/{number}/materials            401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/materials/{key}/hand-in 401 403 422 404 422 422 404 422 403 403 404
POST cases/{number}/materials/{key}/link 401 403 404 404 404 404 404 404 404 404 404
POST cases/{number}/materials/{key}/receive 401 403 200 404 200 200 404 200 403 403 404
POST cases/{number}/materials/{key}/witness 401 403 200 404 200 200 404 200 403 403 404
POST cases/{number}/materials/{key}/verify 401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/materials/{key}/settle 401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/materials/{key}/check 401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/suspend             401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/resume              401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/extensions          401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/extend              401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/extensions/refuse   401 403 403 404 403 403 404 403 403 403 404
POST cases/{number}/terminate           401 403 403 404 403 403 404 403 403 403 404
POST cases/{number}/steps/{key}/claim   401 403 200 404 403 403 404 403 403 403 404
POST cases/{number}/steps/{key}/release 401 403 200 404 403 403 404 403 403 403 404
POST cases/{number}/steps/{key}/pass    401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/steps/{key}/reject  401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/steps/{key}/return  401 403 409 404 409 409 404 409 409 409 404
GET cases/{number}/defect-catalogue     401 403 200 404 200 200 404 200 200 200 404
GET cases/{number}/supplements          401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/supplement          401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/supplement/approve  401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/supplement/refuse   401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/supplement/prolong  401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/steps/{key}/request-supplement 401 403 409 404 403 403 404 403 403 403 404
GET cases/{number}/delivery             401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/delivery/address    401 403 404 404 403 403 404 403 403 403 404
POST cases/{number}/give-out            401 403 409 404 409 409 404 409 409 409 404
POST cases/{number}/renew-pickup        401 403 409 404 409 409 404 409 409 409 404
GET cases/{number}/papers               401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/papers/{uid}/link   401 403 404 404 403 403 404 403 403 403 404
GET papers/{token}                      401 403 404 404 404 404 404 404 404 404 404
GET supplements/proposed                401 403 403 403 403 403 403 403 403 403 403
GET supplements/second                  401 403 403 403 403 403 403 403 200 403 403
GET supplements/second/by-office        401 403 403 403 403 403 403 403 200 403 403
GET catalogue/items/{code}/parameters          401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/parameters         401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/parameters/unset   401 403 403 403 403 403 403 403 403 403 403
GET catalogue/items/{code}/parameters/diff     401 403 403 403 403 403 403 403 403 403 403
GET catalogue/items/{code}/parameters/history  401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/moves              401 403 403 403 403 403 403 403 403 403 403
GET catalogue/items/{code}/moves/{uid}         401 403 403 403 403 403 403 403 403 403 403
GET catalogue/items/{code}/moves/{uid}/cases   401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/moves/{uid}/run    401 403 403 403 403 403 403 403 403 403 403
GET catalogue/config                           401 403 403 403 403 403 403 403 403 403 403
POST catalogue/config/import                   401 403 403 403 403 403 403 403 403 403 403
POST catalogue/config/sheets                   401 403 403 403 403 403 403 403 403 403 403
GET catalogue/rollout                          401 403 403 403 403 403 403 403 403 403 403
POST catalogue/rollout                         401 403 403 403 403 403 403 403 403 403 403
POST catalogue/rollout/unset                   401 403 403 403 403 403 403 403 403 403 403
GET catalogue/rollout/changes                  401 403 403 403 403 403 403 403 403 403 403
POST uploads                            401 403 201 201 201 201 201 201 201 201 201
GET uploads/{uid}                       401 403 404 404 404 404 404 404 404 404 404
PUT uploads/{uid}/parts                 401 403 404 404 404 404 404 404 404 404 404
POST uploads/{uid}/finish               401 403 404 404 404 404 404 404 404 404 404
POST files                              401 403 422 422 422 422 422 422 422 422 422
GET files/{uid}                         401 403 404 404 404 404 404 404 404 404 404
POST files/{uid}/link                   401 403 404 404 404 404 404 404 404 404 404
GET files/content/{token}               401 403 404 404 404 404 404 404 404 404 404
POST cases/{number}/transfer            401 403 422 404 403 403 404 403 403 403 404
POST cases/{number}/recuse              401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/state-kin           401 403 200 404 200 200 404 200 200 200 404
POST cases/{number}/recusals/{pk}/lift  401 403 403 404 403 403 404 403 404 403 404
GET recusals                            401 403 403 403 403 403 403 403 200 403 403
GET staff                               401 403 403 403 403 403 403 403 200 403 403
POST staff/{pk}/leave                   401 403 403 403 403 403 403 403 404 403 403
POST staff/{pk}/identity                401 403 403 403 403 403 403 403 404 403 403
GET stand-ins                           401 403 403 403 403 403 403 403 200 403 403
POST stand-ins                          401 403 403 403 403 403 403 403 404 403 403
POST stand-ins/{pk}/end                 401 403 403 403 403 403 403 403 404 403 403
GET hand-overs                          401 403 403 403 403 403 403 403 200 403 403
GET catalogue/admissions                          401 403 200 200 200 200 200 200 200 200 200
POST catalogue/admissions                          401 403 403 403 403 403 403 403 403 403 403
GET catalogue/admissions/{uid}                    401 403 404 404 404 404 404 404 404 404 404
POST catalogue/admissions/{uid}/resubmit           401 403 404 404 404 404 404 404 404 404 404
POST catalogue/admissions/{uid}/vet                401 403 404 404 404 404 404 404 404 404 404
POST catalogue/admissions/{uid}/return             401 403 404 404 404 404 404 404 404 404 404
POST catalogue/admissions/{uid}/refuse             401 403 404 404 404 404 404 404 404 404 404
POST catalogue/admissions/{uid}/approve            401 403 404 404 404 404 404 404 404 404 404
POST catalogue/admissions/{uid}/withdraw           401 403 404 404 404 404 404 404 404 404 404
GET catalogue/exits                               401 403 200 200 200 200 200 200 200 200 200
POST catalogue/exits                               401 403 403 403 403 403 403 403 403 403 403
GET catalogue/exits/{uid}                         401 403 404 404 404 404 404 404 404 404 404
GET catalogue/exits/{uid}/cases                   401 403 404 404 404 404 404 404 404 404 404
POST catalogue/exits/{uid}/resubmit                401 403 404 404 404 404 404 404 404 404 404
POST catalogue/exits/{uid}/vet                     401 403 404 404 404 404 404 404 404 404 404
POST catalogue/exits/{uid}/return                  401 403 404 404 404 404 404 404 404 404 404
POST catalogue/exits/{uid}/refuse                  401 403 404 404 404 404 404 404 404 404 404
POST catalogue/exits/{uid}/approve                 401 403 404 404 404 404 404 404 404 404 404
POST catalogue/exits/{uid}/withdraw                401 403 404 404 404 404 404 404 404 404 404
GET catalogue/refusals                            401 403 200 200 200 200 200 200 200 200 200
POST catalogue/refusals                            401 403 201 201 403 403 403 403 403 403 403
POST catalogue/refusals/{uid}/answer               401 403 404 404 404 404 404 404 404 404 404
GET catalogue/items                               401 403 200 200 200 200 200 200 200 200 200
GET catalogue/items/{code}                        401 403 200 200 200 200 200 200 200 200 200
GET catalogue/items/{code}/diff                   401 403 400 400 400 400 400 400 400 400 400
POST catalogue/items/{code}/suspend                401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/resume                 401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/call-off               401 403 403 403 403 403 403 403 403 403 403
POST catalogue/items/{code}/drafts                 401 403 403 403 403 403 403 403 403 403 403
GET catalogue/drafts                              401 403 200 200 200 200 200 200 200 200 200
GET catalogue/drafts/{uid}                        401 403 404 404 404 404 404 404 404 404 404
PUT catalogue/drafts/{uid}                        401 403 404 404 404 404 404 404 404 404 404
POST catalogue/drafts/{uid}/validate               401 403 404 404 404 404 404 404 404 404 404
POST catalogue/drafts/{uid}/simulate               401 403 404 404 404 404 404 404 404 404 404
POST catalogue/drafts/{uid}/sign-off               401 403 404 404 404 404 404 404 404 404 404
POST catalogue/drafts/{uid}/try-out                401 403 404 404 404 404 404 404 404 404 404
POST catalogue/drafts/{uid}/publish                401 403 404 404 404 404 404 404 404 404 404
POST catalogue/drafts/{uid}/discard                401 403 404 404 404 404 404 404 404 404 404
GET inbox                               401 403 200 200 200 200 200 200 200 200 200
POST inbox/read                         401 403 200 200 200 200 200 200 200 200 200
GET audit                               401 403 403 403 403 403 403 403 200 200 403
"""
TABLE = {
    " ".join(row.split()[:2]): [int(code) for code in row.split()[2:]]
    for row in TABLE_TEXT.strip().splitlines()
}
NOBODY = {"id_number": "512002194603070028", "purpose": "收件"}
_SETTING = {"division": world.COUNTY, "key": "amount", "value": 1, "reason": "试行"}
_APPLICATION = {
    "code": "ZY-CL-009", "name": "辅具借用", "theme": "助残", "level": "county",
    "department_code": "CL", "legal_basis": "条例", "reason": "就近", "monthly_cases": 9,
    "minutes_each": 9, "staff_offered": 1,
}  # fmt: skip
_SAID = {"opinion": "同意", "minutes": "3号"}
_EXIT = {"item_code": "T-0", "ground": "rare", "legal_basis": "低频", "reason": "低频"}
_SAMPLE = {"name": "甲", "division": world.VILLAGE, "start_on": "2026-06-01"}
_GOVERNING = {
    "admissions": _APPLICATION,
    "admissions/{uid}/resubmit": _APPLICATION,
    "exits": _EXIT,
    "exits/{uid}/resubmit": _EXIT,
    **{
        f"{kind}/{{uid}}/{verb}": _SAID
        for kind in ("admissions", "exits")
        for verb in ("vet", "return", "refuse", "approve")
    },
    "refusals": {
        "asked_by": "某局",
        "asked_on": "2026-01-05",
        "work": "登记",
        "evidence": "群消息",
    },
    "refusals/{uid}/answer": {"finding": "已核实"},
    "items/{code}/suspend": {"reason": "对接", "expected_on": "2099-01-01"},
    "items/{code}/call-off": {"reason": "修改"},
    "drafts/{uid}": {"revision": 1, "definition": {"code": "x"}},
    "drafts/{uid}/simulate": {"samples": [_SAMPLE]},
    "drafts/{uid}/try-out": {"revision": 1, "divisions": [world.TOWN]},
    **{f"drafts/{{uid}}/{verb}": {"revision": 1} for verb in ("sign-off", "publish", "discard")},
}
BODIES = {
    "catalogue/items/{code}/moves": {"reason": "试行"},
    "catalogue/config/import": {"files": {"manifest.yaml": "format: 1"}, "reason": "试行"},
    "catalogue/config/sheets": {"kind": "aliases", "text": "item,alias", "reason": "试行"},
    **{f"catalogue/{path}": body for path, body in _GOVERNING.items()},
    "catalogue/rollout": {"division": world.COUNTY, "stage": "off", "reason": "试行"},
    "catalogue/rollout/unset": {"division": world.COUNTY, "reason": "试行"},
    "catalogue/items/{code}/parameters": _SETTING,
    "catalogue/items/{code}/parameters/unset": _SETTING,
    "cases/{number}/transfer": {"to": world.OTHER_VILLAGE, "reason": "属地有误"},
    "cases/{number}/recuse": {"relation": "spouse"},
    "cases/{number}/state-kin": {"related": False},
    "cases/{number}/recusals/{pk}/lift": {"reason": "核实无关系"},
    "staff/{pk}/leave": {"reason": "调离"},
    "staff/{pk}/identity": {"phone": "13800000000"},
    "stand-ins": {
        "post": 2_000_000_000,
        "staff": 1,
        "valid_from": "2030-01-01",
        "valid_to": "2030-01-02",
    },
    "persons/find": NOBODY,
    "persons": {**NOBODY, "name": "全　角"},
    "login": {"name": "somebody", "password": "something"},
    "otp/enrol": {"ticket": "forged"},
    "otp/confirm": {"ticket": "forged", "otp": "123456"},
    "cases/search": {"q": "李桂花"},
    "cases/{number}/reveal": {"fields": ["name"], "purpose": "核实"},
    "cases/{number}/delivery/address": {"purpose": "投递"},
    "cases/{number}/papers/{uid}/link": {"purpose": "核对送达"},
    "cases/{number}/decline": {"reason": "不属于本事项"},
    "cases/{number}/decide": {"outcome": "granted"},
    "cases/{number}/materials/{key}/hand-in": {"by": "paper"},
    "cases/{number}/materials/{key}/link": {"purpose": "核对"},
    "cases/{number}/materials/{key}/settle": {"reason": "已核实"},
    "cases/{number}/materials/{key}/check": {"honest": True},
    "cases/{number}/suspend": {"step": "s1", "reason": "testing", "expected_days": 5},
    "cases/{number}/extensions": {"step": "s1", "days": 1, "reason": "等函"},
    "cases/{number}/extensions/refuse": {"note": "来得及"},
    "cases/{number}/terminate": {"reason": "申请人去世"},
    "cases/{number}/steps/{key}/reject": {"opinion": "不符"},
    "cases/{number}/steps/{key}/return": {"opinion": "核实"},
    "cases/{number}/steps/{key}/request-supplement": {"defects": []},
    "cases/{number}/supplement": {"replies": {"1": "已交"}},
    "cases/{number}/supplement/refuse": {"note": "不批"},
    "uploads": {"extension": "jpg", "media_type": "image/jpeg", "size": 9, "sha256": "0" * 64},
    "files/{uid}/link": {"purpose": "核对"},
}


TAKING = ("cases", "cases/instant", "items/{code}/form")


def taking(code):
    """What a window sends to take a case in for somebody new to the item."""
    return {
        "person": str(world.a_resident().uid),
        "purpose": "收件",
        "item": code,
        "answers": {"division_code": world.VILLAGE},
        "channel": "window",
        "consent": "in_person",
    }


@pytest.fixture
def case():
    paper = {"key": "s1", "name": "获奖证书", "required": False, "source": "self"}
    return world.submitted(version=world.an_item(materials=[paper]))


def routes():
    """Every method of every route the door really has."""
    for pattern in urlpatterns:
        path = re.sub(r"<[a-z]+:([a-z]+)>", r"{\1}", str(pattern.pattern))
        for method in ("get", "post", "put", "patch", "delete"):
            if hasattr(pattern.callback.view_class, method):
                yield f"{method.upper()} {path}"


def test_has_a_row_for_every_route_and_no_more():
    assert set(routes()) == set(TABLE)


@pytest.mark.parametrize("who", WHO)
@pytest.mark.parametrize("route", TABLE)
def test_answers_as_the_table_says(client, client_of, case, route, who):
    caller = client
    if who == "resident":
        caller = client_of(world.a_resident().account)
    elif who in POSTS:
        caller = client_of(world.staff(*POSTS[who]))
    method, path = route.split(" ")
    code = case.item.code
    named = {"uid": NO_SESSION, "code": code, "token": "x", "pk": 2_000_000_000}
    url = BASE + path.format(number=case.number, key="s1", **named)
    if path == "files":
        answer = caller.post(url, {"file": SimpleUploadedFile("a.exe", b"MZ")}, format="multipart")
    elif method == "PUT" and path.startswith("catalogue/"):
        answer = caller.put(url, BODIES[path], format="json")
    elif method == "PUT":
        answer = caller.put(f"{url}?offset=0", b"x", content_type="application/octet-stream")
    elif method == "GET":
        query = {"audit": {"number": case.number}, "materials": {"queue": "deferred"}}
        answer = caller.get(url, query.get(path, {}))
    else:
        body = taking(code) if path in TAKING else BODIES.get(path, {})
        answer = caller.post(url, body, format="json", headers={"Idempotency-Key": "one-key-1"})
    assert answer.status_code == TABLE[route][WHO.index(who)], answer.content


def test_hides_a_foreign_case_with_the_words_for_no_case(client_of, case):
    """Each route under a case answers a stranger to it as if the number did not exist."""
    outside = client_of(world.staff(*POSTS["outside"]))
    gone = world.submitted()
    number = gone.number
    type(gone).objects.filter(pk=gone.pk).update(number="9" * 24)
    for route in TABLE:
        method, path = route.split(" ")
        if "{number}" not in path:
            continue
        bodies = []
        for one in (case.number, number):
            url = BASE + path.format(number=one, key="s1", uid=NO_SESSION, pk=1)
            call = outside.get if method == "GET" else outside.post
            answer = call(url, BODIES.get(path, {}), format="json")
            bodies.append({k: v for k, v in answer.json().items() if k != "request_id"})
        assert bodies[0] == bodies[1], route
        assert bodies[0]["status"] == 404
