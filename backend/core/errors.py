"""
The five ways the domain says no.

An action raises a subclass defined beside it; `problems.py` alone knows HTTP.
"""

from typing import ClassVar


class DomainError(Exception):
    """A refusal the caller can understand and show to a person."""

    code: ClassVar[str] = "error"
    title: ClassVar[str] = "操作未完成"

    def __init__(self, detail: str = "", **extra: object) -> None:
        super().__init__(detail or self.title)
        self.detail = detail or self.title
        self.extra = extra


class NotFound(DomainError):
    code, title = "not_found", "没有找到, 请核对后重试"


class Forbidden(DomainError):
    code, title = "forbidden", "您没有权限进行此操作"


class Conflict(DomainError):
    code, title = "conflict", "当前状态不允许此操作, 请刷新后再看"


class Invalid(DomainError):
    code, title = "invalid", "填写内容不符合要求, 请按提示修改"


class Unavailable(DomainError):
    code, title = "unavailable", "外部系统暂时不可用, 请稍后再试"
