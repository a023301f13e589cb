"""Fingerprint (指纹): whether the schema and the reference data are those of the last start."""

import hashlib
from collections.abc import Iterator
from pathlib import Path


def _sources(root: Path) -> Iterator[Path]:
    yield root / "requirements.txt"
    for package in ("backend", "miniprogram_api", "notifications"):
        yield from (root / package).rglob("migrations/*.py")
    seeds = (root / "backend" / "seeds").rglob("*")
    yield from (path for path in seeds if path.is_file() and path.suffix != ".pyc")


def of(root: Path) -> str:
    """Return one word that changes with any migration, seed file, or pinned version."""
    digest = hashlib.sha256()
    for path in sorted(set(_sources(root))):
        digest.update(f"{path.relative_to(root)}\0{path.stat().st_size}\0".encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()
