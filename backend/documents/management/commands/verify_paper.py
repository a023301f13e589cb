"""`manage.py verify_paper FILE --key PUBLIC`: check a paper by itself, without the platform."""

import base64
import re
from argparse import ArgumentParser
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from django.core.management.base import BaseCommand, CommandError

from backend.documents import queries, seal

_KEY = re.compile(r"(\d{1,3}):([A-Za-z0-9+/=]{43,44})")


class Command(BaseCommand):
    help = "离线验真: 只凭文件和公钥, 说明文书是否被改动; 不真则返回码 1。不连数据库"
    requires_system_checks = []

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("file", nargs="*", type=Path, help="PDF 文件")
        parser.add_argument("--key", action="append", default=[], help="公钥, 序号:BASE64, 可多个")
        parser.add_argument("--keys", action="store_true", help="列出本平台的公钥后结束")

    def handle(self, *_args: object, **options: object) -> None:
        if options["keys"]:
            for number, key in queries.public_keys().items():
                raw = base64.b64encode(key.public_bytes_raw()).decode()
                self.stdout.write(f"{number}:{raw}")
            return
        keys = dict(map(_read, _list(options["key"])))
        if not keys:
            raise CommandError("请用 --key 给出公钥 (平台上运行 verify_paper --keys 可得)")
        false = 0
        for path in _list(options["file"]):
            verdict = seal.check(Path(str(path)).read_bytes(), keys=keys)
            false += not verdict.genuine
            word = "真" if verdict.genuine else "不真"
            self.stdout.write(f"{word} {path} {verdict.number} {verdict.sentence}")
        if false:
            raise CommandError(f"{false} 份文书验不过")


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, list) else []


def _read(text: object) -> tuple[int, Ed25519PublicKey]:
    found = _KEY.fullmatch(str(text))
    if found is None:
        raise CommandError("公钥写作 序号:BASE64, 如 1:MCowBQ…")
    raw = base64.b64decode(found[2] + "=" * (-len(found[2]) % 4))
    return int(found[1]), Ed25519PublicKey.from_public_bytes(raw)
