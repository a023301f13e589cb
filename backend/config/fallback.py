"""Where no view answers (兜底): wrong addresses and our own faults leave as problems too."""

from django.http import HttpRequest, HttpResponse, JsonResponse
from rest_framework import exceptions

from backend.core import problems


def bad_request(_request: HttpRequest, exception: Exception) -> HttpResponse:
    """Answer what Django refused to read; it names its argument `exception`."""
    return _answer(400, *problems.FRAMEWORK[exceptions.ParseError])


def not_found(_request: HttpRequest, exception: Exception) -> HttpResponse:
    return _answer(404, *problems.FRAMEWORK[exceptions.NotFound])


def broken(_request: HttpRequest) -> HttpResponse:
    return _answer(500, *problems.BROKEN)


def _answer(status: int, code: str, title: str) -> HttpResponse:
    body = problems.body_of(status, code, title)
    chinese = {"ensure_ascii": False}
    return JsonResponse(
        body, status=status, content_type=problems.MEDIA_TYPE, json_dumps_params=chinese
    )
