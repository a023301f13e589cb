"""Settings: the shell before `.env`, nothing secret on a screen, every name documented."""

import re
from pathlib import Path

import pytest

from backend.devstack import environment, fingerprint, stack
from backend.devstack.apart import take
from backend.devstack.run import City
from backend.devstack.trouble import CannotRun

ROOT = Path(__file__).resolve().parents[2]


def test_lets_the_shell_win_over_the_file(tmp_path):
    (tmp_path / ".env").write_text("# A=remark\nPORT=1\nDATABASE_URL=postgres://x?a=b\nEMPTY=\n")

    found = environment.settings(tmp_path, {"PORT": "2", "REDIS_URL": ""})

    assert found == {"PORT": "2", "DATABASE_URL": "postgres://x?a=b"}


def test_announces_addresses_to_their_owner_only(tmp_path):
    path = tmp_path / "servers.env"
    environment.announce(path, {"DATABASE_URL": "postgres://postgres:geheim@127.0.0.1:1/z"})

    assert environment.read(path) == {"DATABASE_URL": "postgres://postgres:geheim@127.0.0.1:1/z"}
    assert path.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("address", "shown"),
    [
        ("postgres://u:geheim@h:1/d", "postgres://u@h:1/d"),
        ("redis://:geheim@h:1/0", "redis://h:1/0"),
        ("http://h:1", "http://h:1"),
    ],
)
def test_shows_no_password(address, shown):
    assert environment.shown(address) == shown


@pytest.mark.parametrize(("before", "after"), [(None, ""), ("corp.example", "corp.example,")])
def test_keeps_calls_to_the_sandboxes_from_a_proxy(before, after):
    around = {"NO_PROXY": before} if before else {}

    found = environment.for_children({**around, "HTTP_PROXY": "http://p"}, {})

    assert found["no_proxy"] == found["NO_PROXY"] == f"{after}127.0.0.1,localhost"


def test_hands_each_tester_its_own_addresses():
    around = {"SMS_BASE_URL": "a", "GW1_SMS_BASE_URL": "b", "GW10_SMS_BASE_URL": "c"}

    take("gw1", around)

    assert around["SMS_BASE_URL"] == "b"


def test_documents_every_setting():
    documented = set(re.findall(r"^# ([A-Z0-9_]+)=", (ROOT / ".env.example").read_text(), re.M))
    source = (ROOT / "backend/config/settings.py").read_text()
    known = set(re.findall(r'\b(?:env|flag|_keys)\(\s*"([A-Z0-9_]+)"', source)) - {"EMBEDDED"}
    ours = {service.port for service in stack.SERVICES}

    assert known | ours | {"PORT", "WEB_HOST", "WEB_WORKERS", "WEB_THREADS"} == documented


def test_starts_no_sandbox_in_production():
    city = City(console=None, crew=None, settings={"MODE": "production", "DATABASE_URL": "x"})

    with pytest.raises(CannotRun, match="REDIS_URL, WECHAT_BASE_URL"):
        city.start()


def test_sees_a_new_migration_and_a_changed_seed(tmp_path):
    (tmp_path / "requirements.txt").write_text("a==1")
    seed = tmp_path / "backend/seeds/data/items.yaml"
    seed.parent.mkdir(parents=True)
    seed.write_text("a")
    first = fingerprint.of(tmp_path)
    seed.write_text("b")
    second = fingerprint.of(tmp_path)
    migration = tmp_path / "notifications/migrations/0001_initial.py"
    migration.parent.mkdir(parents=True)
    migration.write_text("")

    assert len({first, second, fingerprint.of(tmp_path)}) == 3
