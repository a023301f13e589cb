"""
窗口收件 (全区域通办): staff take an application in for somebody who came, called or was visited.

Any window takes any item of the city; who acts on it is the item's rule, so the window may follow
what it took in, and not decide it (领域说明 §1.1, §4).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils import timezone

from backend.accounts import actions as accounts
from backend.accounts.models import Account
from backend.cases import workflow
from backend.cases.actions import intake, submission
from backend.cases.actions.filing import Application, Taking
from backend.cases.actions.ledger import Choice
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep
from backend.catalogue.models import ServiceItem
from backend.core.errors import Invalid
from backend.exchange import actions as exchange
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost
from backend.residents import actions as residents
from backend.residents import queries as people
from backend.residents.models import Resident

C = Case.Consent
_FITS: dict[str, tuple[str, ...]] = {
    Case.Channel.WINDOW: (C.IN_PERSON, C.CALL, C.WITNESSED, C.WRITTEN),
    Case.Channel.TABLET: (C.IN_PERSON, C.CALL, C.WITNESSED, C.WRITTEN),
    Case.Channel.PHONE: (C.CALL,),
}


class ConsentDoesNotFit(Invalid):
    code, title = "consent_does_not_fit", "电话代办请先与本人通话确认并录音, 依据选“电话确认”"


@dataclass(frozen=True, slots=True)
class How:
    """How the applicant was there: by which channel, and how they agreed."""

    channel: str
    consent: str


def find_person(*, actor: Account, id_number: str, id_type: str, purpose: str) -> Resident:
    """
    读证找人: return the person a card's number belongs to; that somebody looked stays on record.

    :raises PersonNotFound: nobody has this number here yet.
    :raises IdentityRejected: the number is not one.
    """
    _post_of(actor)
    today = timezone.localdate()
    read = residents.readings({"id_number": id_number}, id_type=id_type, today=today)
    person = people.by_identity(read["id_number"])
    _keep(actor, person, "person", purpose)
    if person is None:
        raise people.PersonNotFound
    return person


def register_person(
    *, actor: Account, name: str, id_type: str, id_number: str, phone: str, purpose: str
) -> Resident:
    """
    窗口建档: record a person who has no account, as the population registry knows them.

    A registry that does not answer stops nobody: the card was read at the counter.

    :raises RealnameMismatch: the registry knows the number under another name, or not at all.
    :raises RegisteredAsDeceased: the registry holds the person for dead.
    """
    _post_of(actor)
    person = exchange.register_person(
        actor=actor,
        name=name,
        id_type=id_type,
        id_number=id_number,
        phone=phone,
        purpose=purpose,
    )
    _keep(actor, person, "person", purpose)
    return person


def open_form(*, actor: Account, person: UUID, purpose: str) -> Resident:
    """
    预填: return the person a form is filled in for; the reading of what is known is on record.

    :raises PersonNotFound: no such person.
    """
    _post_of(actor)
    found = _person(person)
    _keep(actor, found, "person:form", purpose)
    return found


def take(
    *,
    actor: Account,
    person: UUID,
    item_code: str,
    answers: Mapping[str, object],
    token: UUID,
    how: How,
    materials: Mapping[str, Choice] | None = None,
) -> Case:
    """
    收件: take an application in for `person`, once per `token` of the clerk.

    :param materials: as `submit` takes them; what is handed over at the counter is `paper`.
    :raises NotYourDuty: no post of the actor takes cases in.
    :raises ConsentDoesNotFit: nobody shows a card over the telephone.
    :raises AlreadyOpen: with the number of the case that is open.
    """
    taking = Taking(_post_of(actor), how.channel, how.consent)
    if how.consent not in _FITS.get(how.channel, ()):
        raise ConsentDoesNotFit
    return submission.file(
        Application(actor, _person(person), item_code, answers, token, materials or {}, taking)
    )


@transaction.atomic
def take_instant(
    *,
    actor: Account,
    person: UUID,
    item_code: str,
    answers: Mapping[str, object],
    token: UUID,
    how: How,
    materials: Mapping[str, Choice] | None = None,
) -> Case:
    """
    一窗即办: take in, accept, decide and conclude an instant item in one act, or nothing of it.

    What the platform would do by itself is done at once; the card was checked at the counter.

    :raises NotInstant: the item promises steps.
    :raises NotYourDuty: another office acts on it; take it in instead.
    """
    case = take(
        actor=actor,
        person=person,
        item_code=item_code,
        answers=answers,
        token=token,
        how=how,
        materials=materials,
    )
    if case.item.kind != ServiceItem.Kind.INSTANT or case.version.guide.get("parts"):
        raise intake.NotInstant
    if case.status != Status.SUBMITTED:  # the same act sent twice
        return case
    step = CaseStep.objects.get(case=case, phase=workflow.INTAKE, state=CaseStep.State.OPEN)
    alone = step.role == workflow.SYSTEM
    who = accounts.system_account() if alone else actor
    return intake.finish(actor=who, number=case.number, opinion="窗口核对证件后即办")


def _post_of(actor: Account) -> HeldPost:
    """Return the post an actor takes cases in by."""
    posts = duties.posts_of(actor)
    duties.hold(posts, Duty.INTAKE)
    return next(post for post in posts if post.has(Duty.INTAKE))


def _person(uid: UUID) -> Resident:
    person = people.numbered(uid)
    if person is None:
        raise people.PersonNotFound
    if person.deceased_on:
        raise residents.RegisteredAsDeceased
    return person


def _keep(actor: Account, person: Resident | None, subject: str, purpose: str) -> None:
    accounts.record_read(
        actor=actor,
        subject=subject,
        purpose=purpose,
        resident_id=person.pk if person else None,
    )
