"""办事大厅 over HTTP: catalogue, guide, form, divisions; the items are the city's own."""

import pytest
from django.db import transaction

from backend.accounts import actions as accounts
from backend.catalogue.models import Rollout, ServiceItem
from backend.exchange.connectors import population
from backend.organisation.models import Custody, Division
from backend.residents import actions as residents
from backend.residents.models import AttributeFact
from backend.seeds import reference
from miniprogram_api.items import DivisionOut, FormOut, GuideOut, ItemRow, ThemesOut
from tests.factories import materials as papers
from tests.factories import world
from tests.miniprogram_api.shapes import assert_holds

pytestmark = pytest.mark.django_db
ALLOWANCE, BASIC, HOUSING, PERMIT = "ZY-MZ-001", "ZY-MZ-002", "ZY-ZJ-001", "ZY-GA-001"


@pytest.fixture(scope="module")
def reference_data(django_db_setup, django_db_blocker):
    """Load the city once; the tests' own transactions nest in this one, which is rolled back."""
    with django_db_blocker.unblock(), transaction.atomic():
        list(reference.load(actor=accounts.system_account()))
        yield
        transaction.set_rollback(True)


@pytest.fixture(autouse=True)
def city(reference_data, db):
    population.BREAKER.forget()
    yield
    population.BREAKER.forget()


@pytest.fixture
def resident():
    return world.a_resident()


@pytest.fixture
def phone(client_of, resident):
    return client_of(resident.account)


def codes(client, **query):
    return [row["code"] for row in client.get("/api/v1/items", query).json()["results"]]


@pytest.mark.parametrize(
    "q", ["高龄津贴", "老人补贴", "gaolingjintie", "gljt", "GLJT", "高龄 津贴"]
)
def test_finds_an_item_by_whatever_people_call_it(client, q):
    assert ALLOWANCE in codes(client, q=q)


def test_turns_pages_and_holds_its_shape(client):
    first = client.get("/api/v1/items?limit=30").json()
    second = client.get("/api/v1/items", {"limit": 30, "after": first["next"]}).json()
    rows = first["results"] + second["results"]
    assert len({row["code"] for row in rows}) == 33
    assert second["next"] is None
    for row in rows:
        assert_holds(ItemRow, row)


def test_lists_themes_and_audiences(client):
    answer = client.get("/api/v1/themes").json()
    assert_holds(ThemesOut, answer)
    assert sum(one["count"] for one in answer["themes"]) == 33
    theme = answer["themes"][0]
    assert len(codes(client, theme=theme["name"], limit=100)) == theme["count"]


def test_says_where_an_item_is_not_open(client, phone):
    item = ServiceItem.objects.get(code=ALLOWANCE)
    county = Division.objects.get(code=world.COUNTY)
    Rollout.objects.create(item=item, division=county, stage="off")
    row = next(r for r in phone.get("/api/v1/items?q=gljt").json()["results"])
    assert not row["offered"]
    assert "窗口" in row["why_not"]
    assert client.get(f"/api/v1/items/{ALLOWANCE}").json()["offered"]


def test_asks_for_the_real_name_first(client_of):
    low = client_of(world.a_resident(level=1).account)
    page = low.get(f"/api/v1/items/{ALLOWANCE}").json()
    assert (page["offered"], "实名" in page["why_not"]) == (False, True)


def test_an_unknown_or_retired_item_does_not_exist(client):
    assert client.get("/api/v1/items/ZY-XX-999").status_code == 404
    ServiceItem.objects.filter(code=ALLOWANCE).update(status="exited")
    for path in ("", "/form"):
        assert client.get(f"/api/v1/items/{ALLOWANCE}{path}").status_code == 404
    assert ALLOWANCE not in codes(client, q="gljt")


def test_a_suspended_item_says_so(client):
    ServiceItem.objects.filter(code=ALLOWANCE).update(status="suspended")
    page = client.get(f"/api/v1/items/{ALLOWANCE}").json()
    assert (page["offered"], "暂停" in page["why_not"]) == (False, True)


def test_every_guide_and_form_of_the_city_holds_its_shape(client, phone):
    for code in ServiceItem.objects.values_list("code", flat=True):
        for reader in (client, phone):
            assert_holds(GuideOut, reader.get(f"/api/v1/items/{code}").json())
            form = reader.get(f"/api/v1/items/{code}/form").json()
            optional = ("options", "columns", "rules", "when")
            for field in form["fields"]:
                for key in optional:
                    field.setdefault(key, "-")
            assert_holds(FormOut, form)


def test_a_guide_is_in_plain_words(phone):
    page = phone.get(f"/api/v1/items/{BASIC}").json()
    assert page["promised"] == "25 个工作日"
    assert page["publicity"] == "公示 7 日, 不计入办理时限"
    assert any("社会救助暂行办法" in line for line in page["legal_basis"])
    assert not any("[" in line for line in page["legal_basis"])
    assert any("复议" in line for line in page["remedies"])
    assert page["fee"] == "不收费"
    assert page["onsite"]["most"] == 1
    assert page["onsite"]["why"]
    departments = [step["department"] for step in page["steps"]]
    assert any("雁江区民政局" in name for name in departments)
    assert [step["name"] for step in page["steps"] if step["together"]] == [
        "经济状况信息核对",
        "入户调查(≥2人)",
    ]


def test_a_guide_ticks_what_nobody_has_to_bring(client, phone, settings):
    settings.REGISTRIES = ("population",)

    def ticks(reader):
        rows = reader.get(f"/api/v1/items/{ALLOWANCE}").json()["materials"]
        return {row["key"]: row["why"] for row in rows if row["waived"]}

    assert ticks(phone)["id_card"] == "本次无需提供, 由人口库核验"
    assert "application" in ticks(phone)
    assert "household_book" not in ticks(phone)
    assert "id_card" not in ticks(client)


def test_a_form_tells_of_each_material_what_will_happen(client, phone, resident):
    materials = [
        {"key": "id_card", "name": "身份证", "required": True, "source": "shared",
         "registry": "population"},
        {"key": "income", "name": "收入证明", "required": True, "source": "self",
         "commitment": True, "deferrable": True, "note": "近三个月 [K]"},
        {"key": "face", "name": "现场见证", "required": True, "source": "self",
         "form": "onsite_or_face", "when": "home_visit"},
    ]  # fmt: skip
    version = world.an_item(materials=materials)
    form = f"/api/v1/items/{version.item.code}/form"

    def told(reader):
        return {row["key"]: row for row in reader.get(form).json()["materials"]}

    rows = told(phone)
    assert (rows["id_card"]["by"], rows["id_card"]["choices"]) == ("registry", [])
    assert rows["id_card"]["says"] == "本次无需提供, 由人口库核验"
    open_ = [way["by"] for way in rows["income"]["choices"]]
    assert open_ == ["upload", "commitment", "deferred", "paper"]
    assert "收入证明" in rows["income"]["promise"]["text"]
    assert (rows["income"]["note"], rows["face"]["when"]) == ("近三个月", "home_visit")
    assert [way["by"] for way in rows["face"]["choices"]] == ["onsite"]
    assert told(client)["id_card"]["by"] == ""
    file = papers.a_file(resident.account)
    chosen = {"income": {"by": "upload", "file": file.uid}}
    before = world.submitted(version=version, applicant=resident, materials=chosen)
    offered = told(phone)["income"]
    assert offered["earlier"][0]["id"] == before.materials.get(key="income").pk
    assert offered["says"].startswith("您")
    before.materials.filter(key="income").update(resolved_by="commitment", verification="different")
    assert "commitment" not in [way["by"] for way in told(phone)["income"]["choices"]]


def test_a_form_tells_where_each_value_comes_from(phone, resident):
    residents.record_facts(
        resident=resident,
        facts={"population.residence_address": "前进村 1 组 4 号"},
        source="population",
    )
    form = phone.get(f"/api/v1/items/{ALLOWANCE}/form").json()
    fields = {field["key"]: field for field in form["fields"]}
    assert fields["applicant_name"]["value"] == "李桂花"
    assert fields["applicant_name"]["source_label"] == "实名信息"
    assert fields["phone"]["source"] == "account"
    assert fields["division_code"]["value"] == world.VILLAGE
    address = fields["address"]
    assert (address["value"], address["source"]) == ("前进村 1 组 4 号", "population")
    assert address["verified_at"]
    assert "prefill" not in address


def test_a_form_computes_the_age_band(phone, resident):
    residents.record_facts(
        resident=resident, facts={"population.birth_date": "1946-03-07"}, source="population"
    )
    form = phone.get(f"/api/v1/items/{ALLOWANCE}/form").json()
    band = next(field for field in form["fields"] if field["key"] == "age_band")
    assert band["value"] == "80-89"


def test_a_form_takes_over_what_was_answered_before(phone, resident):
    version = world.an_item(
        form=[
            *world.FORM,
            {"key": "bank_account", "label": "账户", "type": "bank_account", "required": True},
        ]
    )
    world.submitted(applicant=resident, version=version, bank_account="6230000000000000015")
    form = phone.get(f"/api/v1/items/{ALLOWANCE}/form").json()
    account = next(field for field in form["fields"] if field["key"] == "bank_account")
    assert (account["value"], account["source"]) == ("6230000000000000015", "case")
    assert account["verified_at"]


def test_a_form_asks_the_registry_for_what_nobody_knows(client_of, registry):
    from tests.miniprogram_api import outside

    zhao = outside.PEOPLE["zhao-deming"]
    person = residents.register(
        name=zhao.name, id_type=zhao.id_type, id_number=zhao.id_number, facts={}
    )
    person.account = world.an_account()
    person.save()
    phone = client_of(person.account)
    form = phone.get(f"/api/v1/items/{ALLOWANCE}/form").json()
    fields = {field["key"]: field for field in form["fields"]}
    assert fields["address"]["value"] == zhao.residence_address
    assert fields["address"]["source_label"] == "人口库(公安)"
    assert not form["degraded"]
    registry.faults({"kind": "reset"})
    form = phone.get(f"/api/v1/items/{ALLOWANCE}/form")
    assert form.status_code == 200
    assert form.json()["degraded"]
    assert AttributeFact.objects.count() == 0


def test_a_form_is_empty_for_a_visitor(client):
    form = client.get(f"/api/v1/items/{ALLOWANCE}/form").json()
    assert {field["value"] for field in form["fields"]} == {None}


def test_divisions_go_down_the_tree_and_tell_who_acts(client):
    counties = client.get("/api/v1/divisions").json()
    assert {row["level"] for row in counties} == {"county"}
    towns = client.get("/api/v1/divisions", {"parent": world.COUNTY}).json()
    assert {row["level"] for row in towns} == {"town"}
    villages = client.get("/api/v1/divisions", {"parent": world.TOWN}).json()
    for row in villages:
        assert_holds(DivisionOut, row)
    held = set(Custody.objects.values_list("node__code", flat=True))
    told = {row["code"] for row in villages if row["acting"]}
    assert told == held & {row["code"] for row in villages} == {world.VILLAGE}


def test_divisions_of_one_name_carry_their_parents(client):
    rows = client.get("/api/v1/divisions", {"q": "幸福社区"}).json()
    assert len(rows) > 1
    assert len({row["full_name"] for row in rows}) == len(rows)


@pytest.mark.parametrize("query", [{"q": "a\0b"}, {"parent": "x"}])
def test_divisions_refuse_nonsense(client, query):
    assert client.get("/api/v1/divisions", query).status_code == 400


def test_a_list_costs_the_same_whatever_its_length(
    phone, django_assert_num_queries, django_assert_max_num_queries
):
    phone.get("/api/v1/items?limit=1")  # the atlas of places is read once
    with django_assert_max_num_queries(8) as few:
        assert len(phone.get("/api/v1/items?limit=3").json()["results"]) == 3
    with django_assert_num_queries(len(few)):
        assert len(phone.get("/api/v1/items?limit=30").json()["results"]) == 30
