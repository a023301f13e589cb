"""What applicants hand in with an application."""

from typing import Any

from backend.accounts.models import Account
from backend.catalogue import ways
from backend.catalogue.models import ServiceVersion
from backend.exchange import queries as exchange
from backend.files.models import StoredFile
from backend.residents.models import Resident
from tests.factories import files


def a_file(owner: Account, state: str = "clean") -> StoredFile:
    return files.clean_file(owner, state=state)


def all_of(version: ServiceVersion, person: Resident, **facts: Any) -> dict[str, Any]:
    """Return an upload for everything a version asks of the applicant himself."""
    registries = exchange.answering_for(person)
    facts = {"applicant": {"by_proxy": False, "local_hukou": True}, **facts}
    return {
        one["key"]: {"by": "upload", "file": a_file(person.account).uid}
        for one in version.materials
        if one["required"]
        and ways.applies(one, facts)
        and not ways.without_asking(one, registries)
        and not ways.in_person(one)
    }
