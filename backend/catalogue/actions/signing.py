"""签认: the responsible department confirms a version's content, by name and signature."""

from dataclasses import dataclass
from datetime import datetime

from backend.accounts.models import Account
from backend.catalogue.actions import versions
from backend.catalogue.definition import Definition
from backend.catalogue.models import ServiceItem, SignOff, VersionDraft
from backend.catalogue.queries import signatures
from backend.core import crypto
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Department, Division


@dataclass(frozen=True, slots=True)
class By:
    """Who signs, in which post; without a post, the founding list through the system."""

    actor: Account
    post: HeldPost | None = None


def sign(
    item: ServiceItem,
    whole: Definition,
    *,
    by: By,
    at: datetime,
    draft: VersionDraft | None = None,
) -> SignOff:
    """签认: write down who confirmed what, and sign it."""
    one = SignOff(
        item=item,
        draft=draft,
        revision=draft.revision if draft else 0,
        founding=by.post is None,
        whole_digest=versions.whole_digest(whole),
        version_digest=signatures.digest_of(versions.content_of(whole)),
        signer=by.actor,
        office_id=by.post.department_id if by.post else None,
        signed_at=at,
    )
    one.signature = crypto.sign(signatures.message_of(one), purpose=signatures.PURPOSE)
    one.save(force_insert=True)
    return one


def responsible(posts: list[HeldPost], item: ServiceItem, duty: str = Duty.SIGN_OFF) -> HeldPost:
    """
    Return the post that answers for an item: a head of its department, the city's where there is
    one, because an item is one standard for the whole city.

    :raises NotYourDuty: no such post.
    """
    own = [
        post for post in posts if post.has(duty) and post.department_code == item.department_code
    ]
    if any(post.level == Division.Level.CITY for post in own):
        return next(post for post in own if post.level == Division.Level.CITY)
    offices = Department.objects.filter(code=item.department_code)
    if own and not offices.filter(division__level=Division.Level.CITY).exists():
        return own[0]
    raise duties.NotYourDuty
