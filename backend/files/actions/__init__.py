"""Every write to files: receiving them, checking them, searching them, showing them, sweeping."""

from backend.files.actions.finishing import finish, take
from backend.files.actions.reading import Content, Link, link, link_of_case, read
from backend.files.actions.scanning import scan, scan_waiting
from backend.files.actions.sweeping import sweep
from backend.files.actions.uploads import PART_BYTES, put, start

__all__ = [
    "PART_BYTES",
    "Content",
    "Link",
    "finish",
    "link",
    "link_of_case",
    "put",
    "read",
    "scan",
    "scan_waiting",
    "start",
    "sweep",
    "take",
]
