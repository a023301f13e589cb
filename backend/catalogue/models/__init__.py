"""What the catalogue (事项目录) keeps: items, versions, drafts, procedures, where each is open."""

from backend.catalogue.models.drafts import SignOff, Suspension, VersionDraft
from backend.catalogue.models.item import Rollout, ServiceItem, ServiceVersion
from backend.catalogue.models.procedures import Admission, Exit, Procedure, ProcedureStage, Refusal
from backend.catalogue.models.trail import CatalogueEvent

__all__ = [
    "Admission",
    "CatalogueEvent",
    "Exit",
    "Procedure",
    "ProcedureStage",
    "Refusal",
    "Rollout",
    "ServiceItem",
    "ServiceVersion",
    "SignOff",
    "Suspension",
    "VersionDraft",
]
