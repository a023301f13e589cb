"""What a case is made of: the case, its steps, its events, and what its clock and papers need."""

from backend.cases.models.case import Case, CaseCounter, answers_context
from backend.cases.models.clock import ClockStop, Extension, Recount
from backend.cases.models.delivery import Delivery
from backend.cases.models.draft import Draft, LookupGuard
from backend.cases.models.event import CaseEvent
from backend.cases.models.material import CaseMaterial, Replacement
from backend.cases.models.moving import MovedCase, VersionMove
from backend.cases.models.people import HandOver, HandOverLine, KinStatement, Recusal
from backend.cases.models.step import CaseStep
from backend.cases.models.supplement import Amendment, Defect, Supplement

__all__ = [
    "Amendment",
    "Case",
    "CaseCounter",
    "CaseEvent",
    "CaseMaterial",
    "CaseStep",
    "ClockStop",
    "Defect",
    "Delivery",
    "Draft",
    "Extension",
    "HandOver",
    "HandOverLine",
    "KinStatement",
    "LookupGuard",
    "MovedCase",
    "Recount",
    "Recusal",
    "Replacement",
    "Supplement",
    "VersionMove",
    "answers_context",
]
