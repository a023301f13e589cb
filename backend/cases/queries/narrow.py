"""How lists of cases and steps are narrowed (筛选): conditions that an index can answer."""

from datetime import date, datetime

from django.db.models import Exists, OuterRef, Q

from backend.accounts.models import Account
from backend.cases.lifecycle import BEFORE, RUNNING, STANDING
from backend.cases.models import Case, CaseStep
from backend.catalogue.models import ServiceItem
from backend.core import crypto
from backend.core.errors import Invalid
from backend.organisation.models import Division
from backend.residents import identity
from backend.residents.models import Resident

Level = Division.Level
TIMED = (*sorted(BEFORE), *sorted(RUNNING))  # whoever is decided has no light
_MOST_ITEMS = 200


class PersonalInSearch(Invalid):
    code = "personal_in_search"
    title = "请勿在此输入证件号码或手机号, 请改用“查人”检索, 以免留在地址记录中"


def in_territory(code: str, level: str, *, via: str = "") -> Q:
    """
    Return the condition of a division with all below it, by the level column that carries it.

    A zone's villages carry its code as their town's (领域说明 §1.4 托管).

    :param via: "case__" where the condition is asked of a step's case.
    """
    column = {
        Level.VILLAGE: "village_code",
        Level.TOWN: "town_code",
        Level.ZONE: "town_code",
        Level.COUNTY: "county_code",
    }.get(Level(level))
    return Q(**{f"{via}{column}": code}) if column else Q(pk__gt=0)


def step_lit(light: str, *, today: date) -> Q:
    """Return the condition of a step's colour; the twin of `deadlines.light`, on columns."""
    standing = Case.objects.filter(paused_on__isnull=False, status__in=STANDING)
    paused = Q(Exists(standing.filter(pk=OuterRef("case"))))
    return {
        "blue": paused,
        "red": ~paused & Q(due_on__lt=today),
        "yellow": ~paused & Q(due_on__gte=today, warn_on__lte=today),
        "green": ~paused & Q(due_on__gte=today, warn_on__gt=today),
    }[light]


def case_lit(light: str, *, today: date) -> Q:
    """Return the condition of a case's colour; only a case still to be decided has one."""
    runs = Q(status__in=TIMED, paused_on__isnull=True)
    return {
        "blue": Q(status__in=TIMED, paused_on__isnull=False),
        "red": runs & Q(promised_due_on__lt=today),
        "yellow": runs & Q(promised_due_on__gte=today, warn_on__lte=today),
        "green": runs & (Q(promised_due_on__isnull=True) | Q(warn_on__gt=today)),
    }[light]


def of_item(code: str, *, via: str = "") -> Q:
    """Return the condition of an item; by its id, whose frequency the planner knows."""
    item = ServiceItem.objects.filter(code=code).values_list("pk", flat=True).first()
    return Q(**{f"{via}item": item or 0})


def claimed(account: Account, *, now: datetime) -> Q:
    return Q(claimed_by=account.pk, claimed_until__gt=now)


def unclaimed(*, now: datetime) -> Q:
    return Q(claimed_until__isnull=True) | Q(claimed_until__lte=now)


def with_open_step(condition: Q) -> Q:
    """Ask a condition of the open steps of a case."""
    steps = CaseStep.objects.filter(condition, case=OuterRef("pk"), state=CaseStep.State.OPEN)
    return Q(Exists(steps))


def matching(text: str, *, via: str = "", today: date) -> Q:
    """
    Return the condition of the search box: a number or its beginning, a full name, or an item.

    One meaning at a time, the most exact first, so that an index answers.

    :raises PersonalInSearch: an identity number or a phone; those must not stand in an address.
    """
    number = "".join(text.split()).replace("-", "")
    if len(number) in (11, 18) and _is_personal(number, today):
        raise PersonalInSearch
    if number.isascii() and number.isdigit():
        return _numbered(number, via)
    named = crypto.digest(text.strip(), index="name")
    if Resident.objects.filter(name_digest=named).exists():
        return Q(**{f"{via}applicant__name_digest": named})
    items = ServiceItem.objects.filter(
        Q(name__icontains=text.strip()) | Q(search_text__icontains=text.strip())
    )
    return Q(**{f"{via}item__in": list(items.values_list("pk", flat=True)[:_MOST_ITEMS])})


def _numbered(number: str, via: str) -> Q:
    # A range instead of LIKE: it keeps its index under prepared statements too. ":" follows "9".
    return Q(**{f"{via}number__gte": number, f"{via}number__lt": number + ":"})


def _is_personal(text: str, today: date) -> bool:
    for read in (identity.mobile, lambda one: identity.mainland_id(one, today=today)):
        try:
            read(text)
        except ValueError:
            continue
        return True
    return False


def about_person(text: str, *, today: date) -> Q:
    """查人: return the condition of cases whose applicant has this number, phone or name."""
    for index, read in (
        ("id_number", lambda one: identity.mainland_id(one, today=today)),
        ("phone", identity.mobile),
    ):
        try:
            value = read(text)
        except ValueError:
            continue
        column = {"id_number": "id_digest", "phone": "phone_digest"}[index]
        return Q(**{f"applicant__{column}": crypto.digest(value, index=index)})
    return Q(applicant__name_digest=crypto.digest(text.strip(), index="name"))
