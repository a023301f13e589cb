"""Ports: asked for, remembered, or free."""

import socket

import pytest

from backend.devstack import ports
from backend.devstack.trouble import CannotRun


@pytest.fixture
def taken():
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        server.listen()
        yield server.getsockname()[1]


def free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def test_takes_what_the_environment_asks_for():
    wish = free_port()

    assert ports.allot(["PG_PORT"], environment={"PG_PORT": str(wish)}, remembered={}) == {
        "PG_PORT": wish
    }


def test_keeps_the_port_of_last_time():
    last = free_port()

    assert ports.allot(["PG_PORT"], environment={}, remembered={"PG_PORT": last}) == {
        "PG_PORT": last
    }


def test_takes_another_where_the_one_of_last_time_is_taken(taken):
    found = ports.allot(["PG_PORT"], environment={}, remembered={"PG_PORT": taken})

    assert found["PG_PORT"] != taken
    assert ports.is_free(found["PG_PORT"])


def test_gives_every_server_its_own():
    found = ports.allot(ports.SERVERS, environment={}, remembered={})

    assert len(set(found.values())) == len(ports.SERVERS)


def test_refuses_an_asked_port_that_is_taken(taken):
    with pytest.raises(CannotRun, match="PG_PORT"):
        ports.allot(["PG_PORT"], environment={"PG_PORT": str(taken)}, remembered={})


def test_refuses_one_port_asked_for_twice():
    wish = str(free_port())

    with pytest.raises(CannotRun, match="SMS_PORT"):
        ports.allot(
            ["PG_PORT", "SMS_PORT"], environment={"PG_PORT": wish, "SMS_PORT": wish}, remembered={}
        )


@pytest.mark.parametrize("text", ["0", "65536", "-1", "八千", "80.5", "8000 "])
def test_refuses_what_is_no_port(text):
    with pytest.raises(CannotRun, match="PORT="):
        ports.read({"PORT": text}, "PORT")


def test_tells_the_next_step_when_the_web_port_is_taken(taken):
    with pytest.raises(CannotRun, match=f"PORT={taken + 1} make run"):
        ports.web({"PORT": str(taken)})


@pytest.mark.parametrize("text", ["", "{", "[]", '{"PG_PORT": "x"}', "null"])
def test_forgets_a_torn_memory(tmp_path, text):
    path = tmp_path / "ports.json"
    path.write_text(text)

    assert ports.recall(path) == {}


def test_remembers(tmp_path):
    ports.remember(tmp_path / "ports.json", {"PG_PORT": 5433})

    assert ports.recall(tmp_path / "ports.json") == {"PG_PORT": 5433}
