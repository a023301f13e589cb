"""The papers of a case (文书清单), for who may see the case."""

from collections.abc import Sequence
from typing import Any

from backend.accounts.models import Account
from backend.cases.queries import scope
from backend.documents import queries as documents
from backend.organisation.duties import HeldPost


def of_case(
    account: Account, *, number: str, posts: Sequence[HeldPost] | None = None
) -> list[dict[str, Any]]:
    """
    Return the papers of a case, the newest first; what they say is not in the list.

    :raises CaseNotFound: unknown, or out of sight.
    """
    if not scope.visible_to(account, posts).filter(number=number).exists():
        raise scope.CaseNotFound
    return documents.of_subject(number)
