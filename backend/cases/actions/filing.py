"""收件: an application checked, given its place and its offices, and written; for every way in."""

import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime
from uuid import UUID, uuid5

import orjson
from django.db import connection
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import numbers, workflow
from backend.cases.actions import ledger, moves, telling
from backend.cases.actions.ledger import Choice
from backend.cases.actions.moves import Turn
from backend.cases.models import Case, CaseMaterial, Recusal, answers_context
from backend.cases.queries import kin, overlap
from backend.catalogue import conditions, forms, unions
from backend.catalogue import queries as catalogue
from backend.catalogue.lifecycle import TAKES_CASES
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.core import crypto
from backend.core.errors import Conflict, Forbidden, Invalid
from backend.organisation import queries as organisation
from backend.organisation.duties import HeldPost
from backend.organisation.models import Division
from backend.organisation.queries import Territory
from backend.residents.models import Resident

ON_SITE = 3  # 现场核验身份 (领域说明 §2.16)


class ItemSuspended(Conflict):
    code, title = "item_suspended", "该事项暂停办理, 恢复后可再提交, 已填内容会保留在草稿中"


class NotOnline(Invalid):
    code, title = "not_online", "该事项暂不支持网上办理, 请到便民服务中心窗口办理"


class NotOfferedHere(Invalid):
    code, title = "not_offered_here", "您所在地区尚未开通该事项的网上办理, 请到窗口办理"


class RealnameTooLow(Forbidden):
    code, title = "realname_too_low", "办理该事项需要先完成实名认证, 请在“我的”中认证后再提交"


class OwnApplication(Forbidden):
    code, title = "own_application", "不能收本人或家人的件, 请由同事收件"


class Excluded(Conflict):
    code, title = "excluded", "您有一件不能同时享受的事项正在办理, 请等它办结或撤回后再提交"


class HouseholdApplied(Conflict):
    code = "household_applied"
    title = "您家已有成员在申请此事项, 一户只需申请一次, 请向家人了解, 或到窗口询问"


class NothingChosen(Invalid):
    code, title = "nothing_chosen", "请至少勾选一个要办的分项"


class OutOfWindow(Invalid):
    code, title = "out_of_window", "该事项不在申报期内"


@dataclass(frozen=True, slots=True)
class Taking:
    """窗口收件: the post that takes an application in for somebody, and how they agreed to it."""

    post: HeldPost
    channel: str
    consent: str


@dataclass(frozen=True, slots=True)
class Application:
    """一份申请: who asks for what, for whom, with which papers; `taken` where staff typed it in."""

    actor: Account
    applicant: Resident
    item_code: str
    answers: Mapping[str, object]
    token: UUID
    materials: Mapping[str, Choice] = field(default_factory=dict)
    taken: Taking | None = None

    @property
    def digest(self) -> bytes:
        """What makes two submissions the same one."""
        papers = [self.materials] if self.materials else []
        content = [self.item_code, self.applicant.pk, self.answers, *papers]
        return hashlib.sha256(orjson.dumps(content, option=orjson.OPT_SORT_KEYS)).digest()


@dataclass(frozen=True, slots=True)
class Filing:
    """An application that holds: its case, its clean answers, its first steps; nothing written."""

    turn: Turn
    answers: Mapping[str, object]
    first: list[tuple[workflow.Step, int]]
    lines: list[CaseMaterial]
    kin: Mapping[int, str]
    parts: "list[Part]" = field(default_factory=list)

    @property
    def case(self) -> Case:
        return self.turn.case


@dataclass(frozen=True, slots=True)
class Part:
    """分项: one case of a bundle, and whether its turn is still to come."""

    key: str
    waits: bool
    filing: Filing


def version_of(item_code: str, applicant: Resident, taken: Taking | None = None) -> ServiceVersion:
    """
    Return the version to apply by; at a window an item need not be online (线上不取代窗口).

    Whoever stands there in person has been identified on the spot, which is level 3 for this
    application; what their account may do elsewhere stays as it was.

    :raises ItemNotFound: unknown, not published, or gone.
    """
    version = catalogue.published(item_code)
    if version is None:
        raise catalogue.ItemNotFound
    if version.item.status == ServiceItem.Status.SUSPENDED:
        raise ItemSuspended
    if version.item.status not in TAKES_CASES:
        raise catalogue.ItemNotFound
    if taken is None and not version.online:
        raise NotOnline
    on_site = taken is not None and taken.consent == Case.Consent.IN_PERSON
    level = ON_SITE if on_site else applicant.realname_level
    if level < version.realname_level:
        raise RealnameTooLow(needed=version.realname_level, have=level)
    return version


def prepare(given: Application) -> Filing:
    """
    Check an application and find who acts on it; nothing is written.

    :raises FormRejected: every faulty field at once, each with a Chinese sentence.
    :raises MaterialsRejected: every material that is missing or cannot be given like this.
    :raises NoOffice: nobody there could act on it.
    :raises OwnApplication: the clerk's own, or their family's.
    :raises Excluded: with the number of the open case it may not run beside.
    :raises HouseholdApplied: a family member's case is open, and the item is one a household.
    """
    taken, now = given.taken, timezone.now()
    version = version_of(given.item_code, given.applicant, taken)
    today = timezone.localdate(now)
    _check_window(version, today)
    form = _form(given, version, today)
    cleaned = forms.check(
        fields=form,
        answers=given.answers,
        today=today,
        context=forms.Context(
            division_level=organisation.level_of, id_number=given.applicant.id_number
        ),
    )
    intake, territory = _places(given, version, cleaned, today)
    on_trial = version.item.status == ServiceItem.Status.TRIAL  # 试点以外, 窗口也不收
    must_be_open = on_trial or taken is None
    if must_be_open and not catalogue.is_offered(version.item, territory.chain()):
        raise NotOfferedHere
    case = _case(given, version, intake, territory, now)
    turn = Turn(actor=given.actor, case=case, now=now, posts=[], post=taken.post if taken else None)
    facts = {**cleaned, **case.circumstances}
    track = workflow.track_of(version.guide, facts)
    stages = workflow.plan(version.workflow, facts, days=track.get("days"))
    found = organisation.offices(territory)
    case.department_id = moves.office(found, territory, stages[workflow.decides_at(stages)][0])
    first = [(step, moves.office(found, territory, step)) for step in stages[0]]
    _check_overlap(given.applicant, version, cleaned)
    parts = _parts(given, version, cleaned, facts)
    if parts:
        first = []  # 分项先办: the bundle's own step opens when they have ended
        mine = {one.get("key") for one in version.materials}
        given = replace(given, materials=_only(given.materials, mine))
    lines = ledger.read(given, version=version, facts=facts, now=now)
    related = kin.on_staff(given.applicant, form, cleaned)
    if given.actor.pk in related:
        raise OwnApplication
    return Filing(turn, cleaned, first, lines, related, parts)


def _case(
    given: Application,
    version: ServiceVersion,
    intake: Division,
    territory: Territory,
    now: datetime,
) -> Case:
    """Return the case of an application, not yet numbered; what came to nothing goes before it."""
    return Case(
        version=version,
        item=version.item,
        applicant=given.applicant,
        submitted_by=given.actor,
        channel=given.taken.channel if given.taken else Case.Channel.MINIAPP,
        consent=given.taken.consent if given.taken else "",
        token=given.token,
        request_digest=given.digest,
        intake_division=intake,
        county_code=territory.county_code,
        town_code=territory.town_code,
        village_code=territory.village_code,
        submitted_at=now,
        previous_id=overlap.previous(given.applicant.pk, version.item_id),
    )


def _parts(
    given: Application,
    version: ServiceVersion,
    cleaned: Mapping[str, object],
    facts: Mapping[str, object],
) -> list[Part]:
    """
    Prepare the chosen parts of a bundle: each with its own version, office, number and papers.

    :raises NothingChosen: a bundle of which no part is wanted.
    """
    told = catalogue.parts_of(version)
    wanted = [(part, one) for part, one in told if conditions.holds(part.get("when") or "", facts)]
    if told and not wanted:
        raise NothingChosen
    chosen = {part["key"] for part, _ in wanted}
    return [
        Part(
            key=part["key"],
            waits=bool(chosen & set(part.get("after", ()))),
            filing=prepare(
                replace(
                    given,
                    item_code=part["item"],
                    answers=unions.answers_of(one.form, cleaned),
                    token=uuid5(given.token, part["key"]),
                    materials=_only(given.materials, {row.get("key") for row in one.materials}),
                )
            ),
        )
        for part, one in wanted
    ]


def _only(materials: Mapping[str, Choice], keys: Collection[object]) -> Mapping[str, Choice]:
    """共享材料只交一次: each part takes of what was handed in the papers it asks for."""
    return {key: choice for key, choice in materials.items() if key in keys}


def write(filing: Filing) -> None:
    """Give the case its number and its first link, open its first steps, tell the applicant."""
    turn, case = filing.turn, filing.case
    case.number = _next_number(case.intake_division, turn.today)
    case.sealed_answers = crypto.seal_json(filing.answers, context=answers_context(case.number))
    consent = {"consent": case.consent} if case.consent else {}
    moves.record(turn, "submit", channel=case.channel, **consent)
    for account, relation in filing.kin.items():
        moves.record(turn, "recuse", relation=relation, account=account, found="system")
    for step, department_id in filing.first:
        moves.open_one(turn, step, 0, department_id)
    moves.seal(turn)
    case.save(force_insert=True)
    del case.__dict__["previous_id"]  # the database looked it up; read when somebody asks
    turn.changed.clear()
    ledger.write(turn, filing.lines)
    if filing.kin:
        _keep_kin_away(turn, filing.kin)
    if case.bundle_id is None:
        moves.tell(turn, "case.submitted", taken_by=turn.post.department_name if turn.post else "")
    moves.write(turn)
    for part in filing.parts:
        part.filing.case.bundle, part.filing.case.bundle_key = case, part.key
        if part.waits:
            part.filing.first.clear()
        write(part.filing)


def _keep_kin_away(turn: Turn, related: Mapping[int, str]) -> None:
    """系统比对回避: staff whose own case it is, or their family's, never have it in hand."""
    Recusal.objects.bulk_create(
        Recusal(
            case=turn.case,
            account_id=account,
            relation=relation,
            found=Recusal.Found.SYSTEM,
            declared_by=turn.actor,
            at=turn.now,
        )
        for account, relation in related.items()
    )
    telling.nobody_left(turn.case, turn.opened, today=turn.today)


def _check_overlap(
    applicant: Resident, version: ServiceVersion, cleaned: Mapping[str, object]
) -> None:
    """重叠: refuse what may not run beside an open case of another item; staff see the rest."""
    standing = overlap.standing(applicant.pk, version)
    if clash := next((one for one in standing if one.refuses), None):
        raise Excluded(number=clash.number, item_name=clash.item_name, why=clash.why)
    family = overlap.of_household(applicant.pk, version, cleaned)
    if any(one.refuses for one in family):
        raise HouseholdApplied  # whose case it is, is theirs to say


def _check_window(version: ServiceVersion, today: date) -> None:
    window = version.guide.get("window") or {}
    months = window.get("months") or []
    if months and window.get("closed_otherwise", True) and today.month not in months:
        named = "、".join(f"{month}月" for month in months)
        raise OutOfWindow(f"该事项在{named}受理申报, 现在不在申报期内")


def _form(given: Application, version: ServiceVersion, today: date) -> Sequence[forms.Field]:
    """Return the form as it stands where the case will be handled: some lists are the county's."""
    if not catalogue.has_local_lists(version):
        return catalogue.form_of(version, [], on=today)
    try:
        chain = _places(given, version, given.answers, today)[1].chain()
    except NotOfferedHere:  # the place is asked for with everything else that is missing
        chain = []
    return catalogue.form_of(version, chain, on=today)


def _places(
    given: Application, version: ServiceVersion, answers: Mapping[str, object], today: date
) -> tuple[Division, Territory]:
    """
    Return where the case comes in, and who acts: by hukou, residence or place (通办规则).

    At a window it comes in where the window is; who acts is the item's rule all the same.
    """
    applicant = given.applicant
    home = _division(answers.get("division_code")) or applicant.residence_division
    here = _division(given.taken.post.division_code) if given.taken else home
    if here is None:
        raise NotOfferedHere("请先填写所属村(社区)")
    acting = _division(_named(version, answers)) or home or here
    if version.authority == "hukou" and not answers.get("hukou_division"):
        acting = applicant.hukou_division or acting
    return here, organisation.territory_of(acting, today=today)


def _named(version: ServiceVersion, answers: Mapping[str, object]) -> object:
    """Return the division the item's own field names; a credit code names its county (GB 32100)."""
    key = version.guide.get("authority_field", "")
    kinds = {field["key"]: field["type"] for field in version.form}
    value = answers.get(key)
    if kinds.get(key) == "uscc" and isinstance(value, str):
        county = f"{value[2:8]}000000"
        return county if organisation.level_of(county) == Division.Level.COUNTY else None
    return value


def _division(code: object) -> Division | None:
    return organisation.division_of(code) if isinstance(code, str) and code else None


def _next_number(division: Division, day: date) -> str:
    """Take the next serial of the intake point; its row stays locked until the commit."""
    point = division.code[:9]
    with connection.cursor() as cursor:
        cursor.execute(
            "INSERT INTO cases_casecounter (point, day, value) VALUES (%s, %s, 1)"
            " ON CONFLICT (point, day) DO UPDATE SET value = cases_casecounter.value + 1"
            " RETURNING value",
            [point, day],
        )
        (serial,) = cursor.fetchone()
    return numbers.format_number(point, day, serial)
