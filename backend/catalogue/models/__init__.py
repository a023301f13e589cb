"""What the catalogue (事项目录) keeps: items, their versions, and where they are open."""

from backend.catalogue.models.item import Rollout, ServiceItem, ServiceVersion

__all__ = ["Rollout", "ServiceItem", "ServiceVersion"]
