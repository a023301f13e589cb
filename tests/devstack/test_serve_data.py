"""The embedded servers, really started, as whoever runs the tests."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psycopg
import pytest
import redis
from redis.backoff import NoBackoff
from redis.retry import Retry

from backend.devstack import places, ports, postgres, valkey
from backend.devstack.processes import Crew

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def home(tmp_path_factory):
    """A folder `nobody` can reach, for root; pytest's own are closed to others."""
    home = places.data_folder(ROOT / ".data")
    home = places.data_folder(home / f"trial-{os.getpid()}")
    yield home
    subprocess.run(["rm", "-rf", str(home), str(postgres.home_elsewhere(home, ROOT))], check=True)


@pytest.fixture
def crew(home):
    crew = Crew(logs=places.folder(home / "log"), notes=home / "processes.json", say=print)
    yield crew
    crew.stop(patience=5)


@pytest.fixture
def port():
    return ports.allot(["PORT"], environment={}, remembered={})["PORT"]


def start(crew, site, port):
    new = postgres.prepare(site, careless=True)
    child = crew.start(postgres.child(site, port, careless=True))
    crew.until(lambda: postgres.answers(site.url(port)), seconds=30, otherwise="没有就绪")
    return new, child


def test_starts_from_nothing_and_resumes(crew, home, port):
    site = postgres.choose(data=home)
    new, child = start(crew, site, port)
    with psycopg.connect(site.url(port), autocommit=True) as connection:
        connection.execute("CREATE EXTENSION pg_trgm")
        connection.execute("CREATE TABLE t AS SELECT '四川省资阳市' AS name")
        (trigrams,) = connection.execute("SELECT cardinality(show_trgm(name)) FROM t").fetchone()
        (listens,) = connection.execute("SHOW listen_addresses").fetchone()
    crew.stop()
    again, _ = start(crew, site, port)
    with psycopg.connect(site.url(port)) as connection:
        (name,) = connection.execute("SELECT name FROM t").fetchone()

    assert (new, again) == (True, False)
    assert child.process.returncode == 0, "a fast, orderly end"
    assert trigrams > 1, "Chinese is made of letters here"
    assert (name, listens) == ("四川省资阳市", "127.0.0.1")


def test_asks_for_the_password(crew, home, port):
    start(crew, postgres.choose(data=home), port)

    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(f"postgres://postgres:falsch@127.0.0.1:{port}/ziyang", connect_timeout=2)


def test_ends_a_server_a_killed_run_left_on_its_data(crew, home, port):
    site = postgres.choose(data=home)
    _, forgotten = start(crew, site, port)

    assert postgres.prepare(site) is False
    assert forgotten.process.wait(10) == 0


def test_drops_the_lock_of_a_pid_that_is_anothers_by_now(crew, home, port):
    site = postgres.choose(data=home)
    postgres.prepare(site, careless=True)
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    lock = site.cluster / "postmaster.pid"
    try:
        lock.write_text(f"{stranger.pid}\n{site.cluster}\n")
        start(crew, site, port)

        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_rings_again_after_a_hard_end_with_what_it_was_told(crew, home, port):
    url = valkey.prepare(home / "valkey", port)
    child = crew.start(valkey.child(home / "valkey"))
    crew.until(lambda: valkey.answers(url), seconds=10, otherwise="没有就绪")
    redis.Redis.from_url(url).set("a", "甲")
    time.sleep(1.2)  # the append-only file is flushed each second
    os.kill(child.process.pid, signal.SIGKILL)
    child.process.wait()
    crew.start(child)
    crew.until(lambda: valkey.answers(url), seconds=10, otherwise="没有就绪")

    assert redis.Redis.from_url(url).get("a").decode() == "甲"
    with pytest.raises(redis.AuthenticationError):
        redis.Redis(port=port, retry=Retry(NoBackoff(), 0)).ping()
    assert not valkey.answers(url.replace("redis://:", "redis://:falsch"))
