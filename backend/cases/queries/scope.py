"""Who sees which case (可见范围). Anything else does not exist for them: 404."""

from collections.abc import Sequence

from django.db.models import Exists, OuterRef, Q, QuerySet

from backend.accounts.models import Account
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseStep, Recusal
from backend.core.errors import Forbidden, NotFound
from backend.organisation import duties
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Division, Post

Role = Post.Role
_BLIND = frozenset({Role.PLATFORM_ADMIN, Role.ITEM_ADMIN})
_WIDE = frozenset({Role.SUPERVISOR, Role.AUDITOR})
Level = Division.Level
_ALL = Q(pk__gt=0)  # an empty Q would vanish from an OR, and the whole city with it


class Recused(Forbidden):
    code, title = "recused", "您已回避此件, 由其他人员办理; 只能看到办件现在的状态"


class CaseNotFound(NotFound):
    code, title = "case_not_found", "没有找到该办件, 请核对办事编号"


def visible_to(account: Account, posts: Sequence[HeldPost] | None = None) -> QuerySet[Case]:
    """
    Return the cases `account` may open, for look-ups by number.

    Residents see their own; staff what is or was in their offices, what is handled in their
    territory, and what their place took in for another (全区域通办: it may follow, not act).
    """
    if account.kind == Account.Kind.RESIDENT:
        return Case.objects.filter(applicant__account=account)
    if account.kind == Account.Kind.SYSTEM:
        return Case.objects.all()
    posts = duties.posts_of(account) if posts is None else posts
    offices = [post.department_id for post in posts if post.role not in _BLIND]
    if not offices:
        return Case.objects.none()
    seen = CaseStep.objects.filter(case=OuterRef("pk"), department__in=offices)
    return Case.objects.filter(listed(posts) | _taken_in(posts) | Q(Exists(seen)))


def recused(account: Account) -> Exists:
    """Return the condition that `account` must keep away from a case (回避)."""
    return Exists(
        Recusal.objects.filter(case=OuterRef("pk"), account=account.pk, lifted_at__isnull=True)
    )


def thinned() -> Exists:
    """Return the condition that somebody keeps away from a case: its offices may be empty."""
    return Exists(Recusal.objects.filter(case=OuterRef("pk"), lifted_at__isnull=True))


def keep_away(number: str, status: str) -> Recused:
    """Make the refusal for who is recused: the status, and no more."""
    return Recused(number=number, state=status, status_label=Status(status).label)


def one_of(account: Account, *, number: str, posts: Sequence[HeldPost] | None = None) -> Case:
    """
    Return one case in sight.

    :raises CaseNotFound: no such number, or out of sight; nobody can tell which.
    :raises Recused: staff who keep away from it (回避).
    """
    seen = visible_to(account, posts).filter(number=number)
    case = seen.annotate(away=recused(account)).first()
    if case is None:
        raise CaseNotFound
    if case.away:
        raise keep_away(number, case.status)
    return case


def _taken_in(posts: Sequence[HeldPost]) -> Q:
    wanted = Q(pk__in=[])
    for post in posts:
        if post.role not in _BLIND and post.level in (Level.TOWN, Level.ZONE):
            wanted |= Q(intake_division__town_code=post.division_code)
        elif post.has(Duty.INTAKE):
            wanted |= Q(intake_division__code=post.division_code)
    return wanted


def listed(posts: Sequence[HeldPost]) -> Q:
    """Return the condition of the staff's list: by office for bureaus, by place for the rest."""
    wanted = Q(pk__in=[])
    for post in posts:
        if post.role not in _BLIND:
            wanted |= _of(post)
    return wanted


def _of(post: HeldPost) -> Q:
    if post.level == Level.VILLAGE:
        return Q(village_code=post.division_code)
    if post.level in (Level.TOWN, Level.ZONE):
        return Q(town_code=post.division_code)
    if post.role in _WIDE:
        return _ALL if post.level == Level.CITY else Q(county_code=post.division_code)
    return Q(department=post.department_id)
