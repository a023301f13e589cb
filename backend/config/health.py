"""Health (运行状况): alive, ready, and whether the workers and the clock still tick. No secrets."""

import os
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

import redis
from django.conf import settings
from django.db import DatabaseError, connection
from django.http import HttpRequest, HttpResponse, JsonResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CONTENT_TYPE_LATEST, REGISTRY, CollectorRegistry, generate_latest
from prometheus_client.multiprocess import MultiProcessCollector

from backend.config.schedule import SCHEDULE
from backend.files import queries as files
from backend.files.connectors import clamd
from notifications import queries as notices

STALE = 90  # seconds; every lane is rung at least each 15
LANES = sorted({job["options"]["queue"] for job in SCHEDULE.values()} | {"beat"})
_PATIENCE = 0.3  # seconds; a probe that hangs is worse than one that says no
_doorbell = redis.Redis.from_url(
    settings.REDIS_URL, socket_timeout=_PATIENCE, socket_connect_timeout=_PATIENCE
)


@require_safe
def live(_request: HttpRequest) -> HttpResponse:
    """Say that the process answers; touches nothing else."""
    return JsonResponse({"status": "alive"})


@require_safe
def ready(_request: HttpRequest) -> HttpResponse:
    """
    Say whether work can be taken in: PostgreSQL must answer (503 without it).

    Valkey rings and counts; without it the city is slower to tell and stricter to let in, so it
    is "degraded" and still 200. So it is without the scanner: files wait in quarantine.
    """
    parts = {"database": _database(), "broker": _broker(), "scanner": _scanner()}
    up = parts["database"]["status"] == "ok"
    whole = all(part["status"] == "ok" for part in parts.values())
    status = "down" if not up else "ok" if whole else "degraded"
    body = {"status": status, "mode": settings.MODE, **parts}
    return JsonResponse(body, status=200 if up else 503)


@require_safe
def workers(_request: HttpRequest) -> HttpResponse:
    """Say of every lane, and of beat, when it last did its round; 503 while one is stale."""
    try:
        seen = notices.heartbeats()
    except DatabaseError:
        connection.close()
        return JsonResponse({"status": "unknown", "database": "down"}, status=503)
    now = timezone.now()
    lanes = {lane: _lane(seen.get(lane), now) for lane in LANES}
    fresh = all(one["status"] == "ok" for one in lanes.values())
    body = {"status": "ok" if fresh else "stale", "lanes": lanes}
    return JsonResponse(body, status=200 if fresh else 503)


def _lane(seen_at: datetime | None, now: datetime) -> dict[str, Any]:
    if seen_at is None:
        return {"status": "never", "seen_at": None, "seconds": None}
    seconds = int((now - seen_at).total_seconds())
    return {"status": "ok" if seconds <= STALE else "stale", "seen_at": seen_at, "seconds": seconds}


@require_safe
def metrics(_request: HttpRequest) -> HttpResponse:
    """Return the figures as Prometheus reads them: of all web processes that share a folder."""
    registry: CollectorRegistry = REGISTRY
    if os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        registry = CollectorRegistry()
        MultiProcessCollector(registry)  # type: ignore[no-untyped-call]
    return HttpResponse(generate_latest(registry), content_type=CONTENT_TYPE_LATEST)


def _database() -> dict[str, Any]:
    place = settings.DATABASES["default"]
    about = {
        "source": _source("DATABASE_URL"),
        "server": f"{place['HOST']}:{place['PORT']}/{place['NAME']}",
    }
    try:
        with connection.cursor() as cursor:
            cursor.execute("SHOW server_version")
            (version,) = cursor.fetchone()
    except DatabaseError:
        connection.close()  # the next look begins with a fresh connection
        return {"status": "down", **about}
    return {"status": "ok", **about, "version": f"PostgreSQL {version.split()[0]}"}


def _broker() -> dict[str, Any]:
    pool = _doorbell.connection_pool.connection_kwargs
    about = {
        "source": _source("REDIS_URL"),
        "server": f"{pool.get('host')}:{pool.get('port')}/{pool.get('db', 0)}",
    }
    try:
        _doorbell.ping()
    except redis.RedisError:
        return {"status": "down", **about}
    return {"status": "ok", **about}


def _scanner() -> dict[str, Any]:
    """Say whether the scanner answers, and whether files have waited longer than they should."""
    about = {
        "source": _source("SCANNER_ADDRESS"),
        "server": urlsplit(settings.SCANNER_ADDRESS).netloc,
    }
    try:
        late = files.late_seconds()
    except DatabaseError:
        connection.close()
        return {"status": "unknown", **about}
    status = "ok" if clamd.answers(patience=_PATIENCE) else "down"
    return {"status": "late" if late and status == "ok" else status, **about, "late_seconds": late}


def _source(setting: str) -> str:
    """Say whether `make run` started the server (embedded) or the environment names it (given)."""
    return "embedded" if setting in settings.EMBEDDED else "given"
