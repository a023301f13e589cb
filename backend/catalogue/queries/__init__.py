"""What others ask of the catalogue: what there is, the version in force, and where it is open."""

from backend.catalogue.queries.items import (
    LISTED,
    ItemNotFound,
    ItemRow,
    audiences,
    edition,
    forget,
    frozen,
    listed,
    published,
    themes,
)
from backend.catalogue.queries.rollout import is_offered, offered

__all__ = [
    "LISTED",
    "ItemNotFound",
    "ItemRow",
    "audiences",
    "edition",
    "forget",
    "frozen",
    "is_offered",
    "listed",
    "offered",
    "published",
    "themes",
]
