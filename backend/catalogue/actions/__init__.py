"""Every write to the catalogue (事项目录)."""

from backend.catalogue.actions.loading import BadDefinition, load_item

__all__ = ["BadDefinition", "load_item"]
