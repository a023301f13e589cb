"""错误码表: write docs/problems.md from the refusals in the code, or check that it agrees."""

import importlib
import inspect
import pkgutil
from argparse import ArgumentParser
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError
from rest_framework.exceptions import APIException

from backend.core import errors, problems

PAGE = Path("docs/problems.md")
PACKAGES = ("backend", "miniprogram_api", "notifications")
# Programs of their own, tests' and servers' sides: no door raises anything from there.
_ASIDE = (".migrations", ".devstack", ".management", ".config", "__main__")
_HEAD = """# 错误码 (Problems)

每个失败都是 `application/problem+json` (RFC 9457):
`type` `code` `title` `status` `detail` `request_id`, 另有本表所列错误自带的字段。
客户端按 `code` 判断, 向人显示 `detail`; 报障时提供 `request_id`。

由 `manage.py problems` 生成, 请勿手改; `manage.py problems --check` 核对。

| code | HTTP | 含义与下一步 | 出处 |
|---|---|---|---|
"""

Row = tuple[str, int, str, str]


class Command(BaseCommand):
    help = "生成或核对 docs/problems.md"

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--check", action="store_true", help="只核对, 不写")

    def handle(self, *_args: Any, **options: Any) -> None:
        rows = every_problem()
        if twice := [code for code, n in Counter(row[0] for row in rows).items() if n > 1]:
            raise CommandError("错误码重复: " + ", ".join(twice))
        page, path = page_of(rows), settings.ROOT / PAGE
        if not options["check"]:
            path.write_text(page, encoding="utf-8")
            self.stdout.write(f"{PAGE}: {len(rows)} 个错误码")
        elif not path.exists() or path.read_text(encoding="utf-8") != page:
            raise CommandError(f"{PAGE} 与代码不一致, 请运行 manage.py problems 后提交")


def every_problem() -> list[Row]:
    """Return (code, HTTP status, title, where) of all refusals, by code."""
    for package in PACKAGES:
        _load(package)
    ours = [kind for kind in below(errors.DomainError) if kind not in problems.STATUS]
    rows = [_domain(kind) for kind in ours if _is_ours(kind)]
    rows += [_framework(kind, *words) for kind, words in problems.FRAMEWORK.items()]
    rows += [_own(kind) for kind in below(APIException) if _is_ours(kind)]
    for status, (code, title) in ((500, problems.BROKEN), (503, problems.DOWN)):
        rows.append((code, status, title, "core.problems"))
    return sorted(rows)


def page_of(rows: list[Row]) -> str:
    lines = [
        f"| `{code}` | {status} | {title} | `{where}` |" for code, status, title, where in rows
    ]
    return _HEAD + "\n".join(lines) + "\n"


def below(kind: type[Any]) -> Iterator[type[Any]]:
    for sub in kind.__subclasses__():
        yield sub
        yield from below(sub)


def _load(package: str) -> None:
    """Import every module, so that every subclass is known."""
    path = importlib.import_module(package).__path__
    for found in pkgutil.walk_packages(path, package + "."):
        if not any(part in found.name for part in _ASIDE):
            importlib.import_module(found.name)


def _domain(kind: type[errors.DomainError]) -> Row:
    status = next(code for base, code in problems.STATUS.items() if issubclass(kind, base))
    return kind.code, status, kind.title, _where(kind)


def _framework(kind: type[APIException], code: str, title: str) -> Row:
    return code, kind.status_code, title, "core.problems"


def _own(kind: type[APIException]) -> Row:
    return kind.default_code, kind.status_code, str(kind.default_detail), _where(kind)


def _is_ours(kind: type[Any]) -> bool:
    return kind.__module__.split(".")[0] in PACKAGES


def _where(kind: type[Any]) -> str:
    module = inspect.getmodule(kind)
    return module.__name__.removeprefix("backend.") if module else ""
