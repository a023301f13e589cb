"""Which registries are connected (已接入的共享库), for whom they answer, and which are ill."""

from itertools import takewhile

from django.conf import settings

from backend.exchange.models import RegistryQuery
from backend.residents.models import Resident

REALNAME = 2


def answering_for(person: Resident | None) -> tuple[str, ...]:
    """
    Return the registries that can be asked about somebody; none for who is not known by number.

    What they hold must not be asked of the person (国务院令第 716 号 §9).
    """
    if person is None or person.realname_level < REALNAME or not person.sealed_id_number:
        return ()
    return tuple(settings.REGISTRIES)


def failures_in_a_row(registry: str, *, most: int) -> int:
    """Return how often a registry has not answered since it last did, counted to `most`."""
    asked = RegistryQuery.objects.filter(registry=registry).order_by("-pk")
    outcomes = asked.values_list("outcome", flat=True)[:most]
    silent = RegistryQuery.Outcome.UNAVAILABLE
    return len(list(takewhile(lambda outcome: outcome == silent, outcomes)))
