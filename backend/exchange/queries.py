"""Which registries are connected (已接入的共享库), and for whom they answer."""

from django.conf import settings

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
