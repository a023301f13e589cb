"""Every failure leaves the house as `application/problem+json` (RFC 9457)."""

from typing import Any

import structlog
from django.db import DatabaseError, InterfaceError, OperationalError
from rest_framework import exceptions, views
from rest_framework.response import Response

from backend.core import errors

STATUS: dict[type[errors.DomainError], int] = {
    errors.NotFound: 404,
    errors.Forbidden: 403,
    errors.Conflict: 409,
    errors.Invalid: 422,
    errors.Unavailable: 503,
}
# DRF's own refusals, in the words of this house.
FRAMEWORK: dict[type[exceptions.APIException], tuple[str, str]] = {
    exceptions.ValidationError: ("malformed", "请求格式有误, 请按提示修改"),
    exceptions.ParseError: ("not_json", "请求内容无法读取, 请检查后重试"),
    exceptions.NotAuthenticated: ("not_authenticated", "请先登录"),
    exceptions.AuthenticationFailed: ("token_invalid", "登录已失效, 请重新登录"),
    exceptions.PermissionDenied: ("permission_denied", "您没有权限进行此操作"),
    exceptions.NotFound: ("not_found", "没有找到, 请核对后重试"),
    exceptions.MethodNotAllowed: ("method_not_allowed", "此地址不支持该操作"),
    exceptions.NotAcceptable: ("not_acceptable", "只提供 JSON"),
    exceptions.UnsupportedMediaType: ("unsupported_media_type", "请以 application/json 提交"),
    exceptions.Throttled: ("too_many_attempts", "操作过于频繁, 请稍后再试"),
}
MEDIA_TYPE = "application/problem+json"
BROKEN = ("internal_error", "系统出错, 已记录, 请稍后再试; 仍不行请报请求编号")
DOWN = ("database_unavailable", "系统正在恢复, 请稍后重试, 已填内容不会丢失")

_log = structlog.get_logger(__name__)


def handle(error: Exception, context: dict[str, Any]) -> Response | None:
    """Turn an exception into a problem; `None` lets Django answer 500."""
    if isinstance(error, errors.DomainError):
        views.set_rollback()
        status = next(code for kind, code in STATUS.items() if isinstance(error, kind))
        return problem(status, error.code, error.title, error.detail, **error.extra)
    if isinstance(error, OperationalError | InterfaceError):
        _log.error("database_unavailable", kind=type(error).__name__)
        response = problem(503, *DOWN, retry_after=5)
        response["Retry-After"] = "5"
        return response
    if isinstance(error, DatabaseError):
        return None
    response_or_none = views.exception_handler(error, context)
    return None if response_or_none is None else _of_framework(error, response_or_none)


def _of_framework(error: Exception, response: Response) -> Response:
    code, title = FRAMEWORK.get(
        type(error)  # type: ignore[arg-type]
    ) or (getattr(error, "default_code", "error"), str(getattr(error, "default_detail", "")))
    extra: dict[str, object] = {}
    detail = title
    if isinstance(error, exceptions.ValidationError):
        extra["fields"] = _keyed(error.detail)
    elif isinstance(error, exceptions.ParseError | exceptions.Throttled):
        detail = str(error.detail)
    if "Retry-After" in response:
        extra["retry_after"] = int(response["Retry-After"])
    answer = problem(response.status_code, code, title, detail, **extra)
    for header in ("WWW-Authenticate", "Retry-After", "Allow"):
        if header in response:
            answer[header] = response[header]
    return answer


def _keyed(told: Any) -> Any:
    """Return faults with every key as text: those of a list of bodies come by their place."""
    if isinstance(told, dict):
        return {str(key): _keyed(one) for key, one in told.items()}
    return [_keyed(one) for one in told] if isinstance(told, list) else told


def problem(status: int, code: str, title: str, detail: str = "", **extra: object) -> Response:
    body = body_of(status, code, title, detail, **extra)
    return Response(body, status=status, content_type=MEDIA_TYPE)


def body_of(
    status: int, code: str, title: str, detail: str = "", **extra: object
) -> dict[str, object]:
    """Return the members of a problem; `extra` are its extensions."""
    request_id = structlog.contextvars.get_contextvars().get("request_id", "")
    return {
        "type": f"/problems/{code}",
        "code": code,
        "title": title,
        "status": status,
        "detail": detail or title,
        "request_id": request_id,
        **extra,
    }
