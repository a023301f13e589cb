"""Every write to the catalogue (事项目录)."""

from backend.catalogue.actions.loading import BadDefinition, load_item
from backend.catalogue.actions.params import set_param, unset_param
from backend.catalogue.actions.rollout import set_rollout, unset_rollout

__all__ = [
    "BadDefinition",
    "load_item",
    "set_param",
    "set_rollout",
    "unset_param",
    "unset_rollout",
]
