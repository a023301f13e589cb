"""What every door shares: reading a body, pages by key, limits on attempts."""

import base64
import functools
import hashlib
import uuid
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from typing import Any, ClassVar

import limits
import orjson
import redis
from django.conf import settings
from django.utils import timezone
from rest_framework.exceptions import Throttled
from rest_framework.generics import GenericAPIView
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import (
    CharField,
    DictField,
    IntegerField,
    Serializer,
    ValidationError,
)

from backend.core.errors import Invalid

PAGE_SIZE, MOST_PER_PAGE, COUNT_CAP = 20, 100, 1001


class BadCursor(Invalid):
    code, title = "bad_cursor", "翻页位置无效, 请从第一页重新打开列表"


class KeyMissing(Invalid):
    code, title = "idempotency_key_missing", "缺少 Idempotency-Key 请求头, 请升级小程序后重试"


Pairs = list[tuple[tuple[Any, ...], dict[str, Any]]]


class PageIn(Serializer[Any]):
    after = CharField(
        required=False, allow_blank=True, default="", max_length=300, help_text="上一页的 next"
    )
    limit = IntegerField(required=False, min_value=1, max_value=MOST_PER_PAGE, default=PAGE_SIZE)


class Numbered(DictField):
    """Values by whole numbers: JSON writes those as text."""

    def to_internal_value(self, data: Any) -> dict[Any, Any]:
        """Read the numbers back."""
        read: dict[Any, Any] = super().to_internal_value(data)
        if odd := [key for key in read if not (key.isascii() and key.isdigit()) or len(key) > 5]:
            raise ValidationError({key[:40]: ["应为序号"] for key in odd[:20]})
        return {int(key): value for key, value in read.items()}


class DoorView(GenericAPIView):  # type: ignore[type-arg]
    permission_classes: Sequence[type[BasePermission]]

    @property
    def now(self) -> datetime:
        """The hour a page is read at: doors look at the clock, queries are told."""
        return timezone.now()

    def finalize_response(
        self, request: Request, response: Response, *args: Any, **kwargs: Any
    ) -> Response:
        """Let no browser or proxy keep what a door shows (ASVS 14.3.2)."""
        response.headers.setdefault("Cache-Control", "no-store")
        return super().finalize_response(request, response, *args, **kwargs)

    def read(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """
        Return the body, checked against `shape`.

        :raises ValidationError: the body is malformed (400).
        """
        body = shape(data=self.request.data, context=self.get_serializer_context())
        body.is_valid(raise_exception=True)
        data: dict[str, Any] = body.validated_data
        return data

    def read_query(self, shape: type[Serializer[Any]]) -> dict[str, Any]:
        """Return the query parameters, checked against `shape`; an unknown one is ignored."""
        return dict(_checked(shape, tuple(sorted(self.request.query_params.dict().items()))))

    def paged(
        self,
        rows: Callable[..., Pairs],
        query: Mapping[str, Any],
        *,
        parse: Sequence[Callable[[str], Any]],
    ) -> Response:
        """Answer with the page of `rows(after=…, size=…)`, pairs of sort key and row."""
        after = position(query["after"], parse=parse) if query["after"] else None
        size: int = query["limit"]
        shaped = page(rows(after=after, size=size), size, key=lambda pair: pair[0])
        return Response(shaped | {"results": [row for _, row in shaped["results"]]})


@functools.lru_cache(maxsize=1024)
def _checked(shape: type[Serializer[Any]], query: tuple[tuple[str, str], ...]) -> dict[str, Any]:
    """Check a query once: the first page of a list is asked in the same words by everybody."""
    read = shape(data=dict(query))
    read.is_valid(raise_exception=True)
    data: dict[str, Any] = read.validated_data
    return data


def idempotency_key(request: Request) -> uuid.UUID:
    """
    Return the `Idempotency-Key` header; any text of 8–100 characters is a key.

    :raises KeyMissing: there is none.
    """
    text = request.headers.get("Idempotency-Key", "")
    if not 8 <= len(text) <= 100:
        raise KeyMissing
    return uuid.UUID(bytes=hashlib.sha256(text.encode()).digest()[:16])


def cursor(*key: object) -> str:
    """Pack the sort key of a page's last row into an opaque position."""
    return base64.urlsafe_b64encode(orjson.dumps([str(part) for part in key])).decode().rstrip("=")


def position(text: str, *, parse: Sequence[Callable[[str], Any]]) -> tuple[Any, ...]:
    """
    Unpack a position made by `cursor`.

    :raises BadCursor: altered, or of another list.
    """
    try:
        parts = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
        return tuple(read(part) for read, part in zip(parse, parts, strict=True))
    except (ValueError, TypeError):
        raise BadCursor from None


def moment(text: str) -> datetime:
    """Read a moment of a position; one without its offset was not made here."""
    at = datetime.fromisoformat(text)
    if at.tzinfo is None:
        raise ValueError(text)
    return at


def page(rows: list[Any], size: int, key: Callable[[Any], tuple[object, ...]]) -> dict[str, Any]:
    """Shape `size + 1` fetched rows into a page; `next` is null on the last one."""
    more = len(rows) > size
    rows = rows[:size]
    return {"results": rows, "next": cursor(*key(rows[-1])) if more else None}


@functools.cache
def _limiters() -> tuple[limits.strategies.RateLimiter, limits.strategies.RateLimiter]:
    shared = limits.storage.storage_from_string(
        settings.REDIS_URL, socket_timeout=0.2, socket_connect_timeout=0.2
    )
    local = limits.storage.MemoryStorage()
    return (
        limits.strategies.FixedWindowRateLimiter(shared),
        limits.strategies.FixedWindowRateLimiter(local),
    )


class Limit:
    """
    A limit on attempts, as `"20/minute"`, per scope and subject.

    Shared through Valkey; while that is down each process counts by itself: never open, never shut.
    """

    scopes: ClassVar[dict[str, "Limit"]] = {}

    def __init__(self, scope: str, rate: str) -> None:
        self.scope, self.rate = scope, limits.parse(rate)
        Limit.scopes[scope] = self

    def spend(self, subject: str) -> None:
        """
        Count one attempt of `subject` (hashed before it leaves the process).

        :raises Throttled: too many (429, with Retry-After).
        """
        key = hashlib.sha256(subject.encode()).hexdigest()[:24]
        shared, local = _limiters()
        try:
            allowed = shared.hit(self.rate, self.scope, key)
        except redis.RedisError:
            allowed = local.hit(self.rate, self.scope, key)
        if not allowed:
            raise Throttled(wait=self.rate.get_expiry(), detail="操作过于频繁, 请稍后再试")


def client_ip(request: Request) -> str:
    """Return the peer's address; behind a proxy, the server in front sets REMOTE_ADDR."""
    return str(request.META.get("REMOTE_ADDR", ""))
