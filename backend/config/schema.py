"""OpenAPI (接口说明): what the generator cannot see: how to sign in, how refusals look, names."""

import inspect
import re
from typing import Any, Literal

from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.openapi import AutoSchema

_PROBLEM = {
    "type": "object",
    "description": "RFC 9457; 全部错误码见 docs/problems.md",
    "required": ["type", "code", "title", "status", "detail", "request_id"],
    "properties": {
        "type": {"type": "string", "examples": ["/problems/illegal_move"]},
        "code": {"type": "string", "description": "客户端据此判断"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string", "description": "可直接向人显示, 说明下一步"},
        "request_id": {"type": "string", "description": "报障时提供"},
        "fields": {
            "type": "object",
            "additionalProperties": True,
            "description": "字段名 → 原因; 仅 400 与表单 422",
        },
    },
    "additionalProperties": True,
}
_METHODS = ("get", "post", "put", "patch", "delete")


_DOORS = {"backend.staff_api": ("Staff", "工作人员端"), "miniprogram_api": ("", "居民端")}


class Described(AutoSchema):
    """Names from the code: components by door, operations by view, groups by module."""

    def get_filter_backends(self) -> list[Any]:
        """Show filters where a view has them; our pages are no lists to the generator."""
        return list(getattr(self.view, "filter_backends", ())) if self.method == "GET" else []

    def get_serializer_name(
        self, serializer: Any, direction: Literal["request", "response"]
    ) -> str:
        prefix, _ = _door(type(serializer))
        return prefix + super().get_serializer_name(serializer, direction)

    def get_operation_id(self) -> str:
        prefix, _ = _door(type(self.view))
        name = re.sub(r"(?<!^)(?=[A-Z])", "_", prefix + type(self.view).__name__)
        return f"{name}_{self.method}".lower()

    def get_tags(self) -> list[str]:
        module = inspect.getmodule(type(self.view))
        words = (inspect.getdoc(module) or "").split(":")[0] if module else ""
        return [f"{_door(type(self.view))[1]} · {words}"]

    def get_summary(self) -> str | None:
        return self.get_description().split("\n")[0] or None


def _door(kind: type[Any]) -> tuple[str, str]:
    """Return the prefix and the name of the door a view or serializer belongs to."""
    package = kind.__module__.rpartition(".")[0]
    return _DOORS.get(package, ("", "公共"))


class BearerToken(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]
    target_class = "backend.accounts.authentication.TokenAuthentication"
    name = "bearer"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:
        return {
            "type": "http",
            "scheme": "bearer",
            "description": "登录所得 token; 居民与工作人员各自登录, 互不通用",
        }


def with_problems(result: dict[str, Any], **_: Any) -> dict[str, Any]:
    """Add what every operation may answer besides: a problem."""
    result["components"].setdefault("schemas", {})["Problem"] = _PROBLEM
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    for operations in result["paths"].values():
        for method in _METHODS:
            if method in operations:
                operations[method]["responses"].setdefault(
                    "default", {"description": "未能完成", "content": content}
                )
    return result
