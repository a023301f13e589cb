"""Logs (日志): one JSON object a line, with the request id, and never a person in it."""

import logging
import re
from collections.abc import Mapping

import structlog

_PERSONAL = re.compile(
    r"(?<!\d)\d{17}[\dXx](?!\d)"  # 证件号码
    r"|(?<!\d)[1-9]\d{7}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}(?!\d)"  # 15 位旧证
    r"|(?<!\d)(?:00)?(?:86)?1[3-9]\d{9}(?!\d)"  # 手机号
    r"|(?i:(?:secret|access_token|js_code|session_key|openid)=[^&\s\"']+)"
)


def scrub(text: str) -> str:
    """Blank identity numbers, phones, and credentials in URLs."""
    return _PERSONAL.sub("***", text)


class Scrub(logging.Filter):
    """The last net: what reaches a handler has lost its identity numbers, phones and tokens."""

    def filter(self, record: logging.LogRecord) -> bool:
        if isinstance(record.msg, str):
            record.msg, record.args = scrub(record.getMessage()), ()
        return True


def _clean(value: object) -> object:
    """Scrub a value however deep; what is no plain value is scrubbed as it would be printed."""
    if isinstance(value, Mapping):
        return {scrub(str(key)): _clean(one) for key, one in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_clean(one) for one in value]
    text = str(value)
    plain = value is None or isinstance(value, bool | int | float)
    return value if plain and scrub(text) == text else scrub(text)


def _scrub_event(
    _logger: object, _name: str, event: structlog.typing.EventDict
) -> structlog.typing.EventDict:
    return {key: _clean(value) for key, value in event.items()}


def json_formatter() -> structlog.stdlib.ProcessorFormatter:
    return structlog.stdlib.ProcessorFormatter(
        processors=[
            structlog.stdlib.ProcessorFormatter.remove_processors_meta,
            _scrub_event,
            structlog.processors.JSONRenderer(ensure_ascii=False),
        ],
        foreign_pre_chain=[
            structlog.contextvars.merge_contextvars,
            structlog.stdlib.add_log_level,
            structlog.stdlib.add_logger_name,
            structlog.processors.TimeStamper(fmt="iso"),
            structlog.processors.format_exc_info,
        ],
    )
