"""`manage.py config export|import|diff`: all configuration as a folder or zip of YAML (配置)."""

import zipfile
from pathlib import Path

from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.catalogue import actions
from backend.catalogue.folders import MOST_BYTES, MOST_FILES, Difference
from backend.catalogue.queries import config
from backend.core.errors import Invalid

CHANGES = {"added": "新增", "changed": "改变", "only_here": "只在这里有(保留)"}
PARTS = {"item": "事项", "param": "参数", "rollout": "开通", "rule": "提醒规则"}
_ONE_DAY = (2016, 10, 24, 0, 0, 0)  # a zip of the same files is the same zip


class Command(BaseCommand):
    help = "导出、比较、导入全部配置: 事项、本地参数、开通、提醒规则"

    def add_arguments(self, parser: CommandParser) -> None:
        acts = parser.add_subparsers(dest="act", required=True)
        for name, told in (("export", "导出"), ("import", "导入"), ("diff", "与现行配置比较")):
            one = acts.add_parser(name, help=told)
            one.add_argument("place", type=Path, metavar="目录或.zip")
            if name == "import":
                one.add_argument("--dry-run", action="store_true", help="试导, 只说明会改变什么")
                one.add_argument("--reason", default="导入配置", help="理由, 留在痕迹里")

    def handle(self, *_args: object, **options: object) -> None:
        place, act = Path(str(options["place"])), options["act"]
        if act == "export":
            texts = config.exported(today=timezone.localdate())
            write(place, texts)
            self.stdout.write(f"已导出 {len(texts)} 个文件到 {place}")
            return
        apply = act == "import" and not options["dry_run"]
        reason = str(options.get("reason", ""))
        try:
            told = actions.import_config(
                actor=accounts.system_account(), texts=read(place), reason=reason, apply=apply
            )
        except Invalid as refused:
            raise CommandError(refused.detail.replace("; ", "\n  ")) from None
        for one in told.differences:
            self._tell(one)
        for fault in told.faults:
            self.stderr.write(
                f"{fault['file']}第{fault['line']}行 {fault['path']}: {fault['reason']}"
            )
        if told.faults:
            raise CommandError(f"{len(told.faults)} 处错误, 没有改动")
        self.stdout.write("已导入" if apply else f"{len(told.differences)} 处不同")

    def _tell(self, one: Difference) -> None:
        self.stdout.write(f"{PARTS[one.part]} {one.key} {CHANGES[one.change]}")
        for path, here, there in one.paths:
            self.stdout.write(f"    {path}: {here!r} → {there!r}")


def write(place: Path, texts: dict[str, str]) -> None:
    """Write texts into a folder, or a zip where the name ends so; other files there stay."""
    if place.suffix == ".zip":
        with zipfile.ZipFile(place, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, text in sorted(texts.items()):
                archive.writestr(zipfile.ZipInfo(name, _ONE_DAY), text)
        return
    for name, text in texts.items():
        path = place / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")


def read(place: Path) -> dict[str, str]:
    """Return the texts of a folder or a zip, no larger than an export can be."""
    if place.suffix == ".zip":
        return _unzipped(place)
    if not place.is_dir():
        raise CommandError(f"没有这个目录: {place}")
    paths = [path for path in sorted(place.rglob("*.yaml")) if path.is_file()]
    return {str(path.relative_to(place)): _decoded(path.read_bytes()) for path in paths}


def _unzipped(place: Path) -> dict[str, str]:
    try:
        with zipfile.ZipFile(place) as archive:
            files = [one for one in archive.infolist() if not one.is_dir()]
            if len(files) > MOST_FILES or any(one.file_size > MOST_BYTES for one in files):
                raise CommandError("压缩包过大, 不是本平台导出的配置")
            return {one.filename: _decoded(archive.read(one)) for one in files}
    except (OSError, zipfile.BadZipFile):
        raise CommandError(f"不是有效的压缩包: {place}") from None


def _decoded(content: bytes) -> str:
    return content.decode("utf-8", errors="replace")
