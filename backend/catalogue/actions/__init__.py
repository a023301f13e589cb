"""Every write to the catalogue (事项目录)."""

from backend.catalogue.actions.config import BadConfiguration, import_config
from backend.catalogue.actions.loading import BadDefinition, load_item
from backend.catalogue.actions.params import set_param, unset_param
from backend.catalogue.actions.rollout import set_rollout, unset_rollout
from backend.catalogue.actions.sheets import BadSheet, load_sheet

__all__ = [
    "BadConfiguration",
    "BadDefinition",
    "BadSheet",
    "import_config",
    "load_item",
    "load_sheet",
    "set_param",
    "set_rollout",
    "unset_param",
    "unset_rollout",
]
