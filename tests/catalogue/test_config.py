"""Configuration goes out as files and comes back the same; what cannot be is told line by line."""

import copy
import zipfile
from contextlib import contextmanager
from io import StringIO

import pytest
from django.core.management import CommandError, call_command
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, given
from hypothesis import settings as hypothesis
from hypothesis import strategies as st

from backend.accounts import actions as accounts
from backend.catalogue import actions, definition, folders, queries
from backend.catalogue.actions.config import BadConfiguration
from backend.catalogue.models import LocalParam, Rollout, RolloutChange, ServiceVersion
from backend.catalogue.queries import config
from backend.organisation.duties import NotYourDuty
from notifications.actions import loading
from notifications.models import ReminderRule
from tests.catalogue.test_load_item import PLAIN
from tests.catalogue.test_params import PARAMS
from tests.factories import world

pytestmark = pytest.mark.django_db

RULE = {
    "key": "R01", "title": "满80领津贴", "category": "资格", "engine": "live",
    "anchor": {"kind": "birthday", "years": 80}, "offsets": [-60, -7], "audience": ["self"],
    "template": "B", "thing": "高龄津贴", "note": "可领高龄津贴", "consent": "personal",
    "item": "T-1",
}  # fmt: skip


@contextmanager
def undone():
    """Whatever happens inside has not happened."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)
    queries.forget()


@pytest.fixture(autouse=True)
def city():
    world.a_city()


def system():
    return accounts.system_account()


def build(definitions, params=(), rollout=(), rules=()):
    for one in definitions:
        actions.load_item(actor=system(), definition=one)
    for item, key, division, value in params:
        actions.set_param(
            actor=system(), item_code=item, division=division, key=key, value=value, reason="建"
        )
    for item, division, capability, stage in rollout:
        Rollout.objects.create(
            item=queries.in_force_of(item).item if item else None,
            division=queries.place_of(division),
            capability=capability,
            stage=stage,
        )
    for rule in rules:
        loading.load_rule(data=rule)


def exported():
    return config.exported(today=timezone.localdate())


def put(texts, *, by=None, apply=True):
    return actions.import_config(actor=by or system(), texts=texts, reason="推广", apply=apply)


def small():
    build(
        [{**copy.deepcopy(PLAIN), "params": PARAMS}],
        [("T-1", "amount", world.COUNTY, 200)],
        [("", world.CITY, "online", "off"), ("T-1", world.COUNTY, "online", "live")],
        [RULE],
    )


# ── round trip ──────────────────────────────────────────────────────────────────────────────

_LETTERS = st.characters(exclude_categories=["Cs", "Cc", "Cn"], exclude_characters="{}")
_ODD = [
    "yes", "no", "null", "~", "010", "1_000", "1:30", "2026-01-01", "- a", "a: b", "#x", "'x'",
    '"x"', "1e3", ".5", "=", "<<", "true", "&a", "*a", "!x", "%x", "@x", "| x",
    "\u2028x", "😀", "x ",
]  # fmt: skip


def texts(most):
    return st.sampled_from(_ODD) | st.text(_LETTERS, min_size=1, max_size=most).filter(str.strip)


amounts = st.integers(0, 10**6) | st.integers(0, 10**8).map(lambda cents: cents / 100)
names = texts(12).map(str.strip).filter(bool)
VALUES = {
    "number": amounts,
    "list": st.lists(names, min_size=1, max_size=4, unique=True),
    "table": st.dictionaries(names, st.none() | amounts, min_size=1, max_size=3),
    "flag": st.booleans(),
    "text": texts(20),
}


@st.composite
def params_of(draw):
    made = []
    for n in range(draw(st.integers(0, 3))):
        kind = draw(st.sampled_from(sorted(VALUES)))
        param = {"key": f"p{n}", "label": draw(texts(10)), "value": draw(VALUES[kind])}
        param["per"] = draw(st.sampled_from(["city", "county", "town", "village"]))
        if draw(st.booleans()):
            param["unit"] = draw(texts(4))
        made.append(param)
    return made


@st.composite
def definitions(draw, n):
    whole = copy.deepcopy(PLAIN)
    whole |= {
        "code": f"T-{n}",
        "name": draw(texts(30)),
        "short_name": draw(texts(20)),
        "aliases": draw(st.lists(texts(10), max_size=3)),
        "audience": draw(st.lists(texts(8), max_size=2)),
        "conditions": draw(st.lists(texts(40), min_size=1, max_size=3)),
        "evidence": draw(st.lists(texts(40), max_size=2)),
        "promised_days": draw(st.integers(21, 30)),
        "params": draw(params_of()),
        "online": draw(st.booleans()),
        "realname_level": draw(st.integers(0, 3)),
        "max_onsite": draw(st.integers(0, 2)),
        "validity": draw(st.just("") | texts(20)) or "长期",
    }
    if draw(st.booleans()):
        whole["fee"] = {"charged": True, "amount": draw(texts(20))}
    for step in whole["steps"]:
        step["name"] = draw(texts(10))
    options = draw(st.dictionaries(names, texts(10), max_size=3))
    whole["form"][1]["options"] = {"small": "小额", "normal": "一般"} | options
    whole["form"][0]["label"] = draw(texts(10))
    lists = [one["key"] for one in whole["params"] if isinstance(one["value"], list)]
    if lists:
        field = {"key": "one", "label": "一项", "type": "enum", "required": False}
        whole["form"].append(field | {"options_param": draw(st.sampled_from(lists))})
    return whole


@st.composite
def configurations(draw):
    items = [draw(definitions(n)) for n in range(1, draw(st.integers(2, 3)))]
    local = []
    for item in items:
        for param in item["params"]:
            level, division = draw(
                st.sampled_from([("county", world.COUNTY), ("town", world.TOWN)])
            )
            if definition.params.may_be_set_at(param, level) and draw(st.booleans()):
                local.append((item["code"], param["key"], division, draw(_another(param))))
    places = st.sampled_from([world.CITY, world.COUNTY, world.TOWN, world.VILLAGE])
    codes = st.sampled_from(["", *(item["code"] for item in items)])
    capabilities, stages = st.sampled_from(["online", "proxy"]), st.sampled_from(["off", "live"])
    opened = draw(st.dictionaries(st.tuples(codes, places, capabilities), stages, max_size=4))
    rules = [RULE | {"note": draw(texts(20)), "when": draw(texts(30))}] * draw(st.integers(0, 1))
    return items, local, [(*key, stage) for key, stage in opened.items()], rules


def _another(param):
    value = param["value"]
    if isinstance(value, dict):
        return st.fixed_dictionaries(dict.fromkeys(value, st.none() | amounts))
    if isinstance(value, bool):
        return st.booleans()
    return VALUES[{list: "list", str: "text"}.get(type(value), "number")]


@hypothesis(
    max_examples=25,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(configurations())
def test_what_goes_out_comes_back_byte_for_byte(made):
    with undone():
        build(*made)
        first = exported()
    with undone():
        assert put(first).applied
        assert exported() == first
        assert put(first, apply=False).differences == []
        before = ServiceVersion.objects.count(), LocalParam.objects.count()
        put(first)
        assert (ServiceVersion.objects.count(), LocalParam.objects.count()) == before


def test_texts_are_those_a_person_would_write():
    small()
    files = exported()
    assert sorted(files) == [
        "items/T-1.yaml", "manifest.yaml", "parameters.yaml", "rollout.yaml", "rules.yaml"
    ]  # fmt: skip
    assert files["items/T-1.yaml"].startswith("code: T-1\nname: 高龄津贴\n")
    assert files["parameters.yaml"] == (
        f"- item: T-1\n  key: amount\n  division: '{world.COUNTY}'\n  value: 200\n"
    )
    assert files["rollout.yaml"].startswith(
        f"- division: '{world.CITY}'\n  capability: online\n  stage: 'off'\n"
    )


# ── promote ─────────────────────────────────────────────────────────────────────────────────


def test_only_what_differs_is_put_in_force_and_the_difference_is_shown_first():
    small()
    build([{**copy.deepcopy(PLAIN), "code": "T-2", "name": "临时救助", "short_name": "救助"}])
    texts = exported()
    texts["items/T-1.yaml"] = texts["items/T-1.yaml"].replace(
        "promised_days: 15", "promised_days: 16"
    )
    texts["parameters.yaml"] = texts["parameters.yaml"].replace("value: 200", "value: 300")
    del texts["rules.yaml"]
    told = put(texts, apply=False)
    shown = {(one.part, one.change): one for one in told.differences}
    assert set(shown) == {("item", "changed"), ("param", "changed"), ("rule", "only_here")}
    assert shown["item", "changed"].paths == (("promised_days", 15, 16),)
    assert ServiceVersion.objects.count() == 2
    put(texts)
    versions = ServiceVersion.objects.filter(retired_at__isnull=True)
    assert dict(versions.values_list("item__code", "number")) == {"T-1": 2, "T-2": 1}
    assert list(LocalParam.objects.order_by("pk").values_list("value", "reason")) == [
        (200, "建"),
        (300, "推广"),
    ]
    assert ReminderRule.objects.count() == 1
    assert [one.change for one in put(texts, apply=False).differences] == ["only_here"]


def test_what_elsewhere_is_live_may_be_live_here_at_once_and_leaves_a_trail():
    small()
    texts = exported() | {
        "rollout.yaml": f"- division: '{world.CITY}'\n  capability: online\n  stage: live\n"
    }
    put(texts)
    assert Rollout.objects.get(item=None).stage == "live"
    change = RolloutChange.objects.get()
    assert (change.before, change.after, change.reason) == ("off", "live", "推广")


# ── what cannot be ──────────────────────────────────────────────────────────────────────────


def broken():
    """Texts with one fault planted in each part, and where they are."""
    small()
    texts = exported()
    item = texts["items/T-1.yaml"].splitlines()
    at = item.index("promised_days: 15")
    item[at] = "promised_days: 99"
    return {
        "items/T-1.yaml": "\n".join(item),
        "parameters.yaml": "".join(
            f"- item: {code}\n  key: {key}\n  division: '{division}'\n  value: {value}\n"
            for code, key, division, value in (
                ("T-9", "amount", world.COUNTY, 1),
                ("T-8", "amount", world.COUNTY, 1),
                ("T-8", "amount", world.COUNTY, 1),
            )
        ),
        "rollout.yaml": "- division: '512099000000'\n  capability: online\n  stage: live\n"
        "- division: '512000000000'\n  capability: flying\n  stage: live\n",
        "rules.yaml": "- key: R99\n  title: 缺\n",
        "other.yaml": "x: 1\n",
        "manifest.yaml": "format: [\n",
    }, at + 1


def test_every_fault_is_told_with_its_file_and_line_and_nothing_is_written():
    texts, line = broken()
    before = exported()
    with pytest.raises(BadConfiguration) as refused:
        put(texts)
    told = {(one["file"], one["line"]) for one in refused.value.extra["faults"]}
    assert told == {
        ("items/T-1.yaml", line),
        ("manifest.yaml", 2),
        ("other.yaml", 1),
        ("parameters.yaml", 1),
        ("parameters.yaml", 5),
        ("parameters.yaml", 9),
        ("rollout.yaml", 1),
        ("rollout.yaml", 5),
        ("rules.yaml", 1),
    }
    assert exported() == before
    assert len(put(texts, apply=False).faults) == len(refused.value.extra["faults"])


def test_a_local_value_is_checked_against_the_item_that_comes_with_it():
    small()
    texts = exported()
    texts["parameters.yaml"] = texts["parameters.yaml"].replace("value: 200", "value: [a]")
    (fault,) = put(texts, apply=False).faults
    assert (fault["file"], fault["line"], fault["reason"]) == ("parameters.yaml", 1, "应为数字")


def test_is_for_the_citys_item_administrators():
    small()
    with pytest.raises(NotYourDuty):
        put(exported(), by=world.staff("item_admin", "MZ"), apply=False)


# ── the command ─────────────────────────────────────────────────────────────────────────────


def run(*args):
    out = StringIO()
    call_command("config", *map(str, args), stdout=out, stderr=out)
    return out.getvalue()


@pytest.mark.parametrize("name", ["folder", "all.zip"])
def test_the_command_exports_compares_and_imports(tmp_path, name):
    place = tmp_path / name
    with undone():
        small()
        run("export", place)
        assert "0 处不同" in run("diff", place)
    assert "事项 T-1 新增" in run("import", place, "--dry-run")
    assert not ServiceVersion.objects.exists()
    assert "已导入" in run("import", place)
    assert "0 处不同" in run("diff", place)
    again = tmp_path / f"again-{name}"
    run("export", again)
    assert folders.read(exported()).faults == []
    if name.endswith("zip"):
        assert again.read_bytes() == place.read_bytes()


def test_the_command_tells_every_fault(tmp_path):
    texts, line = broken()
    with zipfile.ZipFile(tmp_path / "bad.zip", "w") as archive:
        for path, text in texts.items():
            archive.writestr(path, text)
    with pytest.raises(CommandError, match=f"items/T-1.yaml第{line}行"):
        run("import", tmp_path / "bad.zip")
    (tmp_path / "no.zip").write_bytes(b"PK no zip")
    with pytest.raises(CommandError, match="压缩包"):
        run("diff", tmp_path / "no.zip")
