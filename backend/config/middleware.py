"""Measured and logged (计量与日志): by route and status; never by person."""

import time
from collections.abc import Callable

from django.http import HttpRequest, HttpResponse
from django_structlog.middlewares import RequestMiddleware
from prometheus_client import Counter, Histogram

REQUESTS = Counter("http_requests_total", "请求数", ["route", "method", "status"])
SECONDS = Histogram(
    "http_request_seconds",
    "请求耗时",
    ["route"],
    buckets=(0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5),
)


class Measured:
    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        started = time.perf_counter()
        response = self.get_response(request)
        match = request.resolver_match
        route = match.route if match else "unrouted"
        SECONDS.labels(route).observe(time.perf_counter() - started)
        REQUESTS.labels(route, request.method, response.status_code).inc()
        return response


class Logged(RequestMiddleware):
    """One line a request, without its query: a search may hold a name."""

    @staticmethod
    def format_request(request: HttpRequest) -> str:
        return f"{request.method} {request.path}"
