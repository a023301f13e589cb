"""
What goes over the wire (报文): JSON, strict in and fast out; and the bytes of files.

Not in `api.py`, which DRF cannot load as early.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime
from io import BytesIO
from typing import Any
from zoneinfo import ZoneInfo

import orjson
from django.conf import settings
from rest_framework.exceptions import APIException, ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser, DataAndFiles, MultiPartParser
from rest_framework.renderers import BaseRenderer
from rest_framework.request import Request

_CITY = ZoneInfo(settings.TIME_ZONE)


class BodyTooLarge(APIException):
    status_code, default_code, default_detail = 413, "body_too_large", "提交内容过大, 请精简后重试"


class FastJSON(BaseRenderer):
    media_type, format, charset = "application/json", "json", None

    def render(
        self,
        data: Any,
        accepted_media_type: str | None = None,
        renderer_context: Mapping[str, Any] | None = None,
    ) -> bytes:
        if data is None:
            return b""
        return orjson.dumps(data, default=_local, option=orjson.OPT_PASSTHROUGH_DATETIME)


def _local(value: object) -> str:
    """Write moments as the city's clocks show them (+08:00), and anything else as its text."""
    if isinstance(value, datetime) and value.tzinfo:
        return value.astimezone(_CITY).isoformat(timespec="seconds")
    return str(value)


class OneLanguage(DefaultContentNegotiation):
    """Whoever takes anything gets the one thing there is; the rest is weighed as usual."""

    def select_renderer(
        self,
        request: Request,
        renderers: Iterable[BaseRenderer],
        format_suffix: str | None = None,
    ) -> tuple[BaseRenderer, str]:
        spoken = list(renderers)
        accepted = request.META.get("HTTP_ACCEPT", "*/*")
        if len(spoken) == 1 and ("*/*" in accepted or accepted == spoken[0].media_type):
            return spoken[0], spoken[0].media_type
        chosen: tuple[BaseRenderer, str] = super().select_renderer(request, spoken, format_suffix)
        return chosen


class StrictJSON(BaseParser):
    """JSON only, at most 1 MiB, no NUL characters (PostgreSQL cannot keep them)."""

    media_type = "application/json"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        most = settings.DATA_UPLOAD_MAX_MEMORY_SIZE
        raw = stream.read(most + 1)
        if len(raw) > most:
            raise BodyTooLarge
        if b"\\u0000" in raw:
            raise ParseError("内容含有不可见的空字符, 请删除后重试")
        try:
            return orjson.loads(raw) if raw else {}
        except orjson.JSONDecodeError:
            raise ParseError("请求内容不是有效的 JSON") from None


_AROUND = 64 * 1024
"""What multipart may add around a file: boundaries, headers, a few short fields."""


class Octets(BaseParser):
    """Bytes as they are, at most as many as the view's `most_bytes`."""

    media_type = "application/octet-stream"

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> Any:
        return _whole(stream, parser_context or {}, around=0)


class OneFile(MultiPartParser):
    """One file and a few short fields, as `wx.uploadFile` sends them; weighed before it is read."""

    def parse(
        self,
        stream: Any,
        media_type: str | None = None,
        parser_context: Mapping[str, Any] | None = None,
    ) -> "DataAndFiles[Any, Any]":
        body = _whole(stream, parser_context or {}, around=_AROUND)
        return super().parse(BytesIO(body), media_type, parser_context)


def _whole(stream: Any, context: Mapping[str, Any], *, around: int) -> bytes:
    """
    Return a body of announced length; a server may hand on what a cut connection left of one.

    :raises BodyTooLarge: longer than the view takes.
    :raises ParseError: it ended early.
    """
    announced = int(context["request"].META.get("CONTENT_LENGTH") or 0)
    if announced > context["view"].most_bytes + around:
        raise BodyTooLarge
    raw: bytes = stream.read(announced)
    if len(raw) < announced:
        raise ParseError("连接中断, 这一段没有收全, 请从 received 处重传")
    return raw
