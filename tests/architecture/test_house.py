"""The house keeps its own promises (docs/adr/0001-the-house.md)."""

import ast
import os
import re
import subprocess
import sys
from collections import defaultdict
from pathlib import Path

import pytest
from django.core.management import call_command
from django.urls import URLPattern, get_resolver

from backend.cases import actions
from backend.cases.lifecycle import LIFECYCLE
from backend.seeds.management.commands import problems

ROOT = Path(__file__).parents[2]
PACKAGES = ("backend", "miniprogram_api", "notifications")
ALL = [
    path
    for top in (*PACKAGES, "tests", "benchmarks")
    for path in sorted((ROOT / top).rglob("*.py"))
    if "migrations" not in path.parts
]
CODE = [path for path in ALL if path.relative_to(ROOT).parts[0] in PACKAGES]
DOORS = [path for path in CODE if {"miniprogram_api", "staff_api"} & set(path.parts)]
PURE = [
    path
    for path in CODE
    if path.stem
    in {
        "lifecycle",
        "workflow",
        "deadlines",
        "numbers",
        "trace",
        "fold",
        "conditions",
        "workdays",
        "clockwork",
    }
    or path.stem == "identity"
    or path.parent.name == "forms"
]
WRITES = {"save", "create", "delete", "bulk_create", "bulk_update", "get_or_create",
          "update_or_create", "select_for_update", "execute"}  # fmt: skip
# Pages a stranger may open: logins, what the city publishes, a look-up by number and last four,
# the check of a paper in hand.
OPEN = {
    "api/v1/login", "api/v1/lookup", "api/v1/themes", "api/v1/items", "api/v1/items/{code}",
    "api/v1/items/{code}/form",
    "api/v1/divisions", "api/v1/bootstrap",
    "api/staff/v1/login", "api/staff/v1/otp/enrol", "api/staff/v1/otp/confirm",
    "api/schema", "api/docs", "static/{path}",
    "health/live", "health/ready", "health/workers", "metrics",
    "wechat/callback",
    "verify", "api/v1/verify",
}  # fmt: skip
METHODS = ("get", "post", "put", "patch", "delete")


def named(path):
    return str(path.relative_to(ROOT))


def functions(path):
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


@pytest.mark.parametrize("path", ALL, ids=named)
def test_no_file_outgrows_a_sitting(path):
    assert len(path.read_text().splitlines()) <= 400


@pytest.mark.parametrize("path", CODE, ids=named)
def test_imports_stand_at_the_top(path):
    for function in functions(path):
        assert not [n for n in ast.walk(function) if isinstance(n, ast.Import | ast.ImportFrom)]


@pytest.mark.parametrize("path", CODE, ids=named)
def test_every_module_says_what_it_is_for(path):
    text = path.read_text()
    if text.strip() and path.name != "apps.py":
        assert ast.get_docstring(ast.parse(text)), "a line or two at the top"


@pytest.mark.parametrize("path", DOORS, ids=named)
def test_doors_never_write(path):
    calls = [n.func for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
    assert not [f.attr for f in calls if isinstance(f, ast.Attribute) and f.attr in WRITES]


@pytest.mark.parametrize("path", DOORS, ids=named)
def test_doors_ask_queries_not_models(path):
    for node in ast.walk(ast.parse(path.read_text())):
        assert not (isinstance(node, ast.Attribute) and node.attr == "objects"), node.lineno


@pytest.mark.parametrize("path", PURE, ids=named)
def test_pure_modules_are_handed_the_clock(path):
    text = path.read_text()
    assert "django.utils import timezone" not in text
    assert not re.search(r"\b(date\.today|datetime\.now|time\.time)\(", text)


@pytest.mark.parametrize("path", CODE, ids=named)
def test_no_class_is_named_after_nothing(path):
    """AccountManager is Django's word for where accounts are looked up by name."""
    kinds = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.ClassDef)]
    empty = re.compile(r"(Manager|Helper|Utils?|Handler|Mixin)$")
    assert not [k.name for k in kinds if empty.search(k.name) and k.name != "AccountManager"]


def test_the_core_holds_its_fixed_list():
    inside = {path.stem for path in (ROOT / "backend/core").iterdir()} - {"__init__", "__pycache__"}
    assert inside == {
        "api", "crypto", "errors", "kept", "lifecycle", "problems", "wechat", "wire", "workdays",
    }  # fmt: skip


def test_no_block_stands_twice():
    """More than ten lines that repeat elsewhere belong in one place."""
    seen = defaultdict(set)
    for path in CODE:
        lines = [(n, line.strip()) for n, line in enumerate(path.read_text().splitlines(), 1)]
        lines = [(n, text) for n, text in lines if text and not text.startswith(("#", "import "))]
        lines = [(n, text) for n, text in lines if not text.startswith("from ")]
        for at in range(len(lines) - 10):
            block = tuple(text for _, text in lines[at : at + 11])
            seen[block].add(f"{named(path)}:{lines[at][0]}")
    assert not [sorted(places) for places in seen.values() if len(places) > 1]


@pytest.mark.parametrize("verb", LIFECYCLE.moves)
def test_every_verb_has_its_action(verb):
    assert callable(getattr(actions, verb))


def test_error_codes_are_unique_and_listed():
    codes = [row[0] for row in problems.every_problem()]
    assert len(codes) == len(set(codes))
    call_command("problems", check=True)


def test_errors_say_in_chinese_what_to_do():
    for code, _, title, _ in problems.every_problem():
        assert re.search(r"[\u4e00-\u9fff]", title), code


def routes():
    def walk(patterns, prefix=""):
        for one in patterns:
            path = prefix + re.sub(r"<(?:[a-z]+:)?([a-z_]+)>", r"{\1}", str(one.pattern))
            if isinstance(one, URLPattern):
                yield path, one.callback
            else:
                yield from walk(one.url_patterns, path)

    return list(walk(get_resolver().url_patterns))


@pytest.mark.django_db
@pytest.mark.parametrize(
    "path", [path for path, _ in routes() if path not in OPEN], ids=lambda path: path
)
def test_no_door_opens_to_a_stranger(client, path):
    view = dict(routes())[path].view_class
    uid = "7b0d6a4e-38d1-4c92-9f6f-0c1d53f0a111"
    url = "/" + path.format(uid=uid, number="5" * 24, key="s1", code="X-1", pk=1, id=1, token="x")
    asked = [method for method in METHODS if hasattr(view, method)]
    assert asked
    for method in asked:
        answer = getattr(client, method)(url, {}, format="json")
        assert answer.status_code in (401, 403), (method, answer.content)


@pytest.mark.django_db
def test_models_and_migrations_agree():
    call_command("makemigrations", check=True, dry_run=True, verbosity=0)


@pytest.mark.django_db
def test_the_doors_are_described_without_a_warning(tmp_path):
    call_command("spectacular", file=str(tmp_path / "s.yml"), validate=True, fail_on_warn=True)


SECRETS = {
    "SECRET_KEY": "a-long-secret-of-this-city-0123456789-0123456789-0123",
    "FIELD_KEYS": "1:QUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUFBQUE=",
    "SIGNING_KEYS": "1:Q0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0NDQ0M=",
    "INDEX_KEY": "QkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkJCQkI=",
    "WECHAT_APP_SECRET": "x1",
    "WECHAT_TOKEN": "x2",
    "WECHAT_AES_KEY": "x" * 43,
    "SMS_KEY": "x3",
    "REGISTRY_KEY": "x4",
    "PUBLIC_URL": "https://fw.example.cn",
}


def settings_load(**environment):
    """Read the settings in a process of their own, as the server would."""
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    return subprocess.run(
        [sys.executable, "-c", "import backend.config.settings as s; print(s.STAFF_SECOND_FACTOR)"],
        env={**kept, "MODE": "production", "DATABASE_URL": "postgres://x@h/d", **environment},
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.mark.skipif((ROOT / ".env").exists(), reason="this clone has secrets of its own")
@pytest.mark.parametrize("forgotten", SECRETS)
def test_production_refuses_a_default_secret(forgotten):
    given = {name: value for name, value in SECRETS.items() if name != forgotten}
    refused = settings_load(**given)
    assert refused.returncode != 0
    assert forgotten in refused.stderr


def test_production_starts_with_its_own_secrets_and_two_factors():
    started = settings_load(**SECRETS)
    assert started.returncode == 0, started.stderr
    assert started.stdout.strip() == "True"
