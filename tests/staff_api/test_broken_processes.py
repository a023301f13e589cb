"""Ten processes that cannot work, each refused at the staff's door with the right reason."""

import copy

import pytest

from backend.catalogue.actions import publishing
from backend.organisation.models import Department, Post
from tests.factories import items, world

pytestmark = pytest.mark.django_db


@pytest.fixture
def people():
    return items.staffed()


def after_itself(item):
    item["steps"][1]["after"] = ["confirm"]


def nobody_leads_to(item):
    """A step with an answer no form allows."""
    item["steps"][3]["when"] = 'track == "huge"'


def no_end(item):
    item["steps"].pop()


def too_long(item):
    item["steps"][2]["days"] = 12


def unknown_field(item):
    item["steps"][1]["when"] = 'weather == "rain"'


def catch_all(item):
    item["materials"].append(
        {"key": "other", "name": "其他材料", "required": False, "source": "self"}
    )


def no_office(item):
    """Only one of the two towns has such an office."""
    town = Department.objects.get(code="BM", division__code=world.TOWN).division
    Department.objects.create(code="WS", name="雁江镇卫生办", division=town)
    item["steps"][1]["department"] = "WS"


def nobody_in_post(item):
    """The office stands, and nobody holds the post anywhere."""
    item["steps"][1] |= {"role": "county_reviewer", "department": "GA", "place": "county"}


def two_decisions(item):
    second = copy.deepcopy(item["steps"][4])
    item["steps"].insert(5, second | {"key": "confirm_again", "days": 1})
    item["steps"][2]["days"] = 4


def returns_forward(item):
    item["steps"][3]["returns_to"] = "pay"


@pytest.mark.parametrize(
    ("break_it", "path", "says"),
    [
        (after_itself, "steps[1].after", "环"),
        (nobody_leads_to, "steps[3].when", "永远到不了"),
        (no_end, "steps[4]", "终点"),
        (too_long, "steps", "超过承诺的15日"),
        (unknown_field, "steps[1].when", "weather"),
        (catch_all, "materials[1].name", "兜底"),
        (no_office, "steps[1].department", "松涛镇没有这个部门"),
        (nobody_in_post, "steps[1].role", "没有人担任"),
        (two_decisions, "steps", "恰有一个决定环节"),
        (returns_forward, "steps[3].returns_to", "只能退回到在前的环节"),
    ],
)
def test_is_refused_with_its_reason(client_of, people, break_it, path, says):
    draft = items.a_draft(people)
    definition = items.definition()
    break_it(definition)
    editor, signer = client_of(people["editor"]), client_of(people["signer"])
    url = f"/api/staff/v1/catalogue/drafts/{draft.uid}"

    saved = editor.put(url, {"revision": draft.revision, "definition": definition}, format="json")
    checked = editor.post(f"{url}/validate", {}, format="json")
    signed = signer.post(f"{url}/sign-off", {"revision": saved.json()["revision"]}, format="json")

    for answer in (saved, checked):
        assert answer.status_code == 200
        told = {one["path"]: one["reason"] for one in answer.json()["faults"]}
        assert says in told.get(path, ""), told
    assert (signed.status_code, signed.json()["code"]) == (422, "bad_definition")


def test_only_warns_where_people_can_still_be_posted(client_of, people):
    """Somebody does it in one county; elsewhere a post must be filled before it opens."""
    draft = items.a_draft(people)
    post = Post.objects.get(role="town_reviewer", department__division__code=world.OTHER_TOWN)
    post.valid_to = post.valid_from
    post.save()
    url = f"/api/staff/v1/catalogue/drafts/{draft.uid}/validate"
    body = client_of(people["editor"]).post(url, {}, format="json").json()
    assert body["faults"] == []
    assert {one["reason"] for one in body["warnings"]} == {
        "松涛镇没有人担任乡镇(街道)审核, 开通前请先安排岗位"
    }


def test_tells_two_versions_apart_in_words(client_of, people):
    items.published(people)
    draft = items.signed_off(people, promised_days=16, name="老年津贴")
    publishing.publish(actor=people["second"], uid=draft.uid, revision=draft.revision)
    url = "/api/staff/v1/catalogue/items/T-1"
    desk = client_of(people["editor"])
    told = desk.get(f"{url}/diff", {"number": 2, "against": 1}).json()["changes"]
    assert [one["text"] for one in told] == ["承诺时限: 15 → 16"]
    assert desk.get(f"{url}/diff", {"number": 2, "against": 9}).status_code == 404
    whole = desk.get(url).json()
    assert [one["number"] for one in whole["versions"]] == [2, 1]
    assert [one["verb"] for one in whole["trail"]] == ["try_out", "publish", "publish"]
    page = desk.get("/api/staff/v1/catalogue/items", {"status": "published"}).json()
    assert [(one["code"], one["version"]) for one in page["results"]] == [("T-1", 2)]
    drafts = desk.get("/api/staff/v1/catalogue/drafts").json()["results"]
    assert [(one["state"], one["version"]) for one in drafts] == [
        ("published", 2),
        ("published", 1),
    ]
    one = desk.get(f"/api/staff/v1/catalogue/drafts/{draft.uid}").json()
    assert [(s["current"], s["holds"]) for s in one["sign_offs"]] == [(True, True)]
