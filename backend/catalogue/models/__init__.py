"""What the catalogue (事项目录) keeps: items, versions, drafts, procedures, local settings."""

from backend.catalogue.models.drafts import SignOff, Suspension, VersionDraft
from backend.catalogue.models.item import ServiceItem, ServiceVersion
from backend.catalogue.models.params import LocalParam
from backend.catalogue.models.procedures import Admission, Exit, Procedure, ProcedureStage, Refusal
from backend.catalogue.models.rollout import Capability, Rollout, RolloutChange, Stage
from backend.catalogue.models.trail import CatalogueEvent

__all__ = [
    "Admission",
    "Capability",
    "CatalogueEvent",
    "Exit",
    "LocalParam",
    "Procedure",
    "ProcedureStage",
    "Refusal",
    "Rollout",
    "RolloutChange",
    "ServiceItem",
    "ServiceVersion",
    "SignOff",
    "Stage",
    "Suspension",
    "VersionDraft",
]
