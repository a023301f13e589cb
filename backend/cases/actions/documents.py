"""文书: hand out the papers of a case, by a link that opens for a minute; staff leave a trace."""

from uuid import UUID

from django.db import transaction

from backend.accounts.models import Account
from backend.cases.actions import delivering, reveal
from backend.cases.queries import scope
from backend.documents import actions as documents
from backend.documents import queries as papers

DECISIONS = ("grant", "refusal")


def link_paper(*, actor: Account, number: str, uid: UUID) -> str:
    """
    打开文书: return the word of a link to a paper of one's own case.

    :raises CaseNotFound: unknown, or somebody else's.
    :raises PaperNotFound: none of this case's.
    :raises PaperNotReady: ordered, and not printed yet.
    """
    if not scope.visible_to(actor).filter(number=number).exists():
        raise scope.CaseNotFound
    paper = papers.issued(subject=number, uid=uid)
    if paper.kind in DECISIONS:
        delivering.read_result(actor=actor, number=number)
    return documents.link(account=actor, paper=paper)


@transaction.atomic
def reveal_paper(*, actor: Account, number: str, uid: UUID, purpose: str) -> str:
    """
    调阅文书: the same for staff, for a stated purpose; the entry is written first.

    A paper shows the name in clear: only for offices a step of the case has come to.

    :raises CaseNotFound: unknown, or out of sight.
    :raises NotYourDuty: seen, but not worked on, by the actor's offices.
    :raises PaperNotFound: none of this case's.
    :raises PaperNotReady: ordered, and not printed yet.
    """
    case = reveal.worked_on(actor=actor, number=number)
    paper = papers.issued(subject=number, uid=uid)
    reveal.keep(actor, case, f"paper:{paper.kind}", purpose)
    return documents.link(account=actor, paper=paper)
