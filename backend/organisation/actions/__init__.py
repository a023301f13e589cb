"""Every write to the organisation (组织): the city's places and offices, and who works where."""

from backend.organisation.actions.merging import Tally
from backend.organisation.actions.reference import (
    BadReference,
    Custodian,
    Day,
    Office,
    Place,
    load_calendar,
    load_custody,
    load_departments,
    load_divisions,
)
from backend.organisation.actions.staff import NoSuchOffice, appoint
from backend.organisation.actions.staffing import end_stand_in, identify, leave, stand_in

__all__ = [
    "BadReference",
    "Custodian",
    "Day",
    "NoSuchOffice",
    "Office",
    "Place",
    "Tally",
    "appoint",
    "end_stand_in",
    "identify",
    "leave",
    "load_calendar",
    "load_custody",
    "load_departments",
    "load_divisions",
    "stand_in",
]
