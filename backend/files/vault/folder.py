"""The folder (本地文件夹): a storage whose files are whole and on the disk, or not there."""

import os
import tempfile
from contextlib import suppress
from pathlib import Path
from typing import Any

from django.core.files.base import File
from django.core.files.storage import FileSystemStorage


class SyncedFolder(FileSystemStorage):
    """Writes beside the name, forces it to the disk, then renames: nothing half-written counts."""

    def _save(self, name: str, content: "File[Any]") -> str:
        target = Path(self.path(name))
        target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        descriptor, beside = tempfile.mkstemp(dir=target.parent, prefix=".")
        try:
            with os.fdopen(descriptor, "wb") as file:
                for chunk in content.chunks():
                    file.write(chunk)
                file.flush()
                os.fsync(file.fileno())
            Path(beside).replace(target)
            _force(target.parent)
        except BaseException:
            with suppress(OSError):
                Path(beside).unlink(missing_ok=True)
            raise
        return name


def _force(folder: Path) -> None:
    """Make a new name outlive a power cut too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
