"""已申请: whom a reminder about an item leaves alone, because the application is there."""

from collections.abc import Collection
from datetime import timedelta

from django.utils import timezone

from backend.cases.lifecycle import Status
from backend.cases.models import Case
from notifications.actions.reminders import Candidate
from notifications.rules import Rule

_FELL_THROUGH = (Status.WITHDRAWN, Status.DECLINED)
_ABOUT_THIS_TERM = timedelta(days=365)
"""An application so long before a card's end was about the card, not about its renewal."""


def already(rule: Rule, candidates: Collection[Candidate]) -> set[int]:
    """
    Return the residents who applied for the rule's item, in one statement.

    What was withdrawn or not accepted counts as not applied. Where the anchor is a day in a life,
    any application counts; where it is the end of a term, one of the last year.
    """
    cases = Case.objects.filter(
        applicant__in={candidate.resident_id for candidate in candidates}, item__code=rule.item
    ).exclude(status__in=_FELL_THROUGH)
    applied = dict(cases.order_by("submitted_at").values_list("applicant_id", "submitted_at"))
    return {
        candidate.resident_id
        for candidate in candidates
        if (at := applied.get(candidate.resident_id))
        and (
            rule.anchor["kind"] == "birthday"
            or timezone.localdate(at) >= candidate.anchor_on - _ABOUT_THIS_TERM
        )
    }
