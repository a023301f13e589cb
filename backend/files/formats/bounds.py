"""Bounds (限度): how much a file may ask of the machine, and what is kept of it."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bounds:
    """Pixels and edges in pixels, pages, bytes; read from the settings by whoever asks."""

    pixels: int = 40_000_000
    edge: int = 12_000
    """The longest side that is still opened (ASVS 5.2.6)."""
    kept_edge: int = 4096
    """The longest side that is kept."""
    kept_bytes: int = 10 * 1024 * 1024
    pages: int = 50
    unpacked: int = 256 * 1024 * 1024
    """What all streams of a PDF may come to, unpacked."""


@dataclass(frozen=True, slots=True)
class Clean:
    """A file made anew, and its measures."""

    media: str
    data: bytes
    pages: int = 1
    width: int | None = None
    height: int | None = None
