"""Health: alive, ready with and without its servers, lanes fresh or stale, figures."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
import redis
from django.db import connections
from django.db.backends.postgresql.base import DatabaseWrapper
from django.utils import timezone

from backend.config import health
from notifications.models import Heartbeat

DEAD_PORT = 1  # nobody listens on tcpmux


@pytest.fixture
def valkey_down(monkeypatch):
    gone = redis.Redis(port=DEAD_PORT, socket_connect_timeout=0.2)
    monkeypatch.setattr(health, "_doorbell", gone)


@pytest.fixture
def without_postgres(client):
    """Ask from a thread whose own connection leads to a port where nobody answers."""

    def ask(path):
        settings = {**connections["default"].settings_dict, "PORT": DEAD_PORT}

        def once():
            connections["default"] = DatabaseWrapper(settings, "default")
            return client.get(path)

        with ThreadPoolExecutor(1) as pool:
            return pool.submit(once).result()

    return ask


@pytest.fixture
def all_fresh():
    for lane in health.LANES:
        Heartbeat.objects.create(worker=lane, at=timezone.now())


def test_lives_without_touching_anything(client, valkey_down):
    answer = client.get("/health/live")  # no database fixture: a query would fail the test
    assert (answer.status_code, answer.json()) == (200, {"status": "alive"})


@pytest.mark.django_db
def test_is_ready_and_says_on_what(client, settings):
    body = client.get("/health/ready").json()
    assert body["status"] == "ok"
    assert body["database"]["version"].startswith("PostgreSQL")
    settings.EMBEDDED = []
    body = client.get("/health/ready").json()
    assert body["database"]["source"] == body["broker"]["source"] == "given"
    settings.EMBEDDED = ["DATABASE_URL", "REDIS_URL"]
    body = client.get("/health/ready").json()
    assert body["database"]["source"] == body["broker"]["source"] == "embedded"


@pytest.mark.django_db
def test_shows_no_password(client, settings, monkeypatch):
    monkeypatch.setitem(settings.DATABASES["default"], "PASSWORD", "hunter2-of-the-city")
    assert "hunter2" not in client.get("/health/ready").content.decode()


@pytest.mark.django_db
def test_is_degraded_but_ready_without_valkey(client, valkey_down):
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.json()["status"] == "degraded"
    assert answer.json()["broker"]["status"] == "down"


@pytest.mark.django_db
def test_is_not_ready_without_postgresql(without_postgres):
    answer = without_postgres("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["status"] == "down"
    assert answer.json()["broker"]["status"] == "ok"


@pytest.mark.django_db
def test_says_which_lanes_are_fresh(client, all_fresh):
    answer = client.get("/health/workers")
    assert answer.status_code == 200
    assert set(answer.json()["lanes"]) == {"rt", "due", "bulk", "cb", "maint", "beat"}


@pytest.mark.django_db
@pytest.mark.parametrize("lane", health.LANES)
def test_is_stale_when_one_lane_is(client, all_fresh, lane):
    late = timezone.now() - timedelta(seconds=health.STALE + 5)
    Heartbeat.objects.filter(worker=lane).update(at=late)
    answer = client.get("/health/workers")
    assert answer.status_code == 503
    assert answer.json()["lanes"][lane]["status"] == "stale"


@pytest.mark.django_db
def test_is_stale_before_the_first_beat(client):
    answer = client.get("/health/workers")
    assert answer.status_code == 503
    assert answer.json()["lanes"]["beat"]["status"] == "never"


@pytest.mark.django_db
def test_workers_are_unknown_without_postgresql(without_postgres):
    answer = without_postgres("/health/workers")
    assert (answer.status_code, answer.json()["status"]) == (503, "unknown")


@pytest.mark.django_db
def test_counts_requests_by_route_not_by_number(client):
    client.get("/api/staff/v1/cases/512002100202611220000019")
    text = client.get("/metrics").content.decode()
    assert "http_requests_total" in text
    assert "cases/<str:number>" in text
    assert "512002100202611220000019" not in text


def test_reads_all_processes_figures_where_they_share_a_folder(client, tmp_path, monkeypatch):
    monkeypatch.setenv("PROMETHEUS_MULTIPROC_DIR", str(tmp_path))
    answer = client.get("/metrics")
    assert answer.status_code == 200
    assert "python_info" not in answer.content.decode()  # this process's own registry is not read


@pytest.mark.parametrize("path", ["live", "ready", "workers"])
def test_only_answers_questions(client, path):
    assert client.post(f"/health/{path}").status_code == 405
