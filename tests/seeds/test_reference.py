"""The city's reference data loads whole, and says what the sources say."""

import shutil
from datetime import date

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.catalogue import actions as catalogue_actions
from backend.catalogue import forms
from backend.catalogue import queries as catalogue
from backend.catalogue.actions import BadDefinition
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.catalogue.queries import config
from backend.organisation import actions as organisation_actions
from backend.organisation import queries as organisation
from backend.organisation.models import CalendarDay, Custody, Department, Division
from backend.seeds import answers, demo, local, reference


@pytest.fixture(scope="module", autouse=True)
def city(django_db_setup, django_db_blocker):
    """The whole reference data, loaded once for this file and rolled back after it."""
    with django_db_blocker.unblock(), transaction.atomic():
        list(reference.load(actor=accounts.system_account()))
        yield
        transaction.set_rollback(True)


def counts():
    tables = (Division, Custody, Department, CalendarDay, ServiceItem, ServiceVersion)
    return [table.objects.count() for table in tables]


def test_has_every_division_once():
    by_level = {
        level: Division.objects.filter(level=level).count() for level in Division.Level.values
    }
    zones = by_level.pop("zone")
    assert by_level == {"province": 1, "city": 1, "county": 3, "town": 89, "village": 1229}
    assert (sum(by_level.values()), zones) == (1323, 2)


def test_shows_the_town_before_the_71_names_that_repeat():
    villages = Division.objects.filter(level="village")
    shown = villages.values_list("short_name", "full_name")
    repeated = {short for short, full in shown if short != full}
    assert len(repeated) == 71
    assert len({full for _, full in shown}) == 1229
    assert Division.objects.get(code="512021117215").full_name == "镇子镇新堰村"


def test_routes_a_village_in_custody_to_its_zone():
    village = Division.objects.get(code="512002100204")
    acting = organisation.territory_of(village, today=date(2026, 11, 22))
    assert (acting.county_code, acting.town_code) == ("512002000000", "512002902000")
    neighbour = Division.objects.get(code="512002100201")
    acting = organisation.territory_of(neighbour, today=date(2026, 11, 22))
    assert acting.town_code == "512002100000"


def test_loads_a_second_time_without_a_change():
    before = counts()
    told = dict(reference.load(actor=accounts.system_account()))
    assert counts() == before
    assert all("新增0 更新0" in told[part] for part in ("工作日历", "区划", "托管", "部门"))


def test_has_the_33_items_with_every_field():
    assert ServiceItem.objects.filter(status="published").count() == 33
    versions = ServiceVersion.objects.all()
    fields = [field for version in versions for field in version.form]
    assert len(fields) == 339
    assert sum("prefill" in field for field in fields) == 278
    kinds = list(ServiceItem.objects.values_list("kind", flat=True))
    assert (kinds.count("instant"), kinds.count("promised")) == (11, 22)


@pytest.mark.parametrize("county", ["512002000000", "512021000000", "512022000000"])
def test_every_step_finds_its_office(county):
    village = Division.objects.filter(level="village", county_code=county).first()
    territory = organisation.territory_of(village, today=date(2026, 11, 22))
    offices = organisation.offices(territory)
    for version in ServiceVersion.objects.all():
        for step in version.steps:
            assert (step["department"], territory.at(step["place"])) in offices, version.item


@pytest.mark.parametrize("key", ["li-guihua", "wang-fang", "yuan-haiyang", "zeng-fanlin"])
def test_every_form_takes_a_sample_answer(key):
    person = next(one for one in demo.people() if one["key"] == key)
    today = timezone.localdate()
    context = forms.Context(division_level=organisation.level_of, id_number=person["id_number"])
    for code in ServiceItem.objects.values_list("code", flat=True):
        fields = catalogue.published(code).form
        sample = answers.sample(fields, person, today=today)
        assert forms.check(fields=fields, answers=sample, today=today, context=context)


def test_every_step_has_somebody_in_each_county():
    held = {(row["role"], row["department"], row["division"]) for row in demo.staff()}
    for county, town, village in (
        ("512002000000", "512002104000", "512002104001"),
        ("512021000000", "512021100000", "512021100007"),
        ("512022000000", "512022001000", "512022001001"),
    ):
        place = {"village": village, "town": town, "county": county}
        for version in ServiceVersion.objects.select_related("item"):
            for step in version.steps:
                if step["role"] != "system":
                    post = (step["role"], step["department"], place[step["place"]])
                    assert post in held, (version.item.name, step["name"])


def a_copy(tmp_path, name, old, new):
    """Return a copy of the data in which one text of one file is another."""
    data = shutil.copytree(reference.DATA, tmp_path / "data")
    file = data / name
    text = file.read_text(encoding="utf-8")
    assert old in text
    file.write_text(text.replace(old, new, 1), encoding="utf-8")
    return data


def test_the_whole_configuration_comes_back_byte_for_byte():
    """The 33 items, the rules, and what the demo's places have set; settled once."""
    system, today = accounts.system_account(), timezone.localdate()
    with transaction.atomic():
        list(reference.load(actor=system))
        for row in demo.staff():
            if row["role"] == "item_admin":
                office = (row["department"], row["division"])
                organisation_actions.appoint(
                    login=row["key"],
                    name=row["name"],
                    encoded_password="!",
                    role=row["role"],
                    office=office,
                    since=date(2026, 1, 1),
                )
        assert (local.settle(), local.settle()) == (5, 0)
        files = config.exported(today=today)
        assert len(files) == 33 + 4
        assert sum(map(len, files.values())) < 1_000_000
        told = catalogue_actions.import_config(actor=system, texts=files, reason="试", apply=True)
        assert (told.differences, told.faults) == ([], [])
        transaction.set_rollback(True)


def test_a_corrupt_item_is_refused_with_line_and_reason(tmp_path):
    data = a_copy(tmp_path, "items/ZY-MZ-002.yaml", "role: town_reviewer", "role: mayor")
    text = (data / "items/ZY-MZ-002.yaml").read_text(encoding="utf-8")
    line = text[: text.index("mayor")].count("\n") + 1
    before = counts()
    with pytest.raises(BadDefinition) as refused:
        list(reference.load(actor=accounts.system_account(), data=data))
    (fault,) = refused.value.extra["faults"]
    assert (fault["file"], fault["line"]) == ("ZY-MZ-002.yaml", line)
    assert "不认识" in fault["reason"]
    assert counts() == before


@pytest.mark.parametrize(
    ("name", "old", "new", "says"),
    [
        ("items/ZY-MZ-001.yaml", "steps:", "steps: [", "ZY-MZ-001.yaml第"),
        ("items/_shared.yaml", "form:", "froms:", "_shared.yaml第1行"),
        ("divisions.csv", "512002001001,", "51200200100,", "第6行"),
        ("custody.csv", "512002902000", "512002999000", "第2行"),
    ],
)
def test_the_command_says_where_a_file_is_wrong(tmp_path, name, old, new, says):
    data = a_copy(tmp_path, name, old, new)
    with pytest.raises(CommandError, match=says):
        call_command("load_reference", data=data)
