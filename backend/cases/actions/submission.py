"""提交与撤回: an application becomes a numbered case, once."""

import hashlib
from collections.abc import Mapping
from datetime import date
from uuid import UUID

import orjson
from django.db import IntegrityError, connection, transaction
from django.utils import timezone

from backend.accounts.models import Account
from backend.cases import numbers, workflow
from backend.cases.actions import moves
from backend.cases.actions.moves import State, Turn
from backend.cases.lifecycle import OPEN, Status
from backend.cases.models import Case, Draft, answers_context
from backend.catalogue import forms
from backend.catalogue import queries as catalogue
from backend.catalogue.models import ServiceItem, ServiceVersion
from backend.core import crypto
from backend.core.errors import Conflict, Forbidden, Invalid
from backend.core.kept import Kept
from backend.organisation import queries as organisation
from backend.organisation.models import Division
from backend.organisation.queries import Territory
from backend.residents.models import Resident


class ItemSuspended(Conflict):
    code, title = "item_suspended", "该事项暂停办理, 恢复后可再提交, 已填内容会保留在草稿中"


class NotOnline(Invalid):
    code, title = "not_online", "该事项暂不支持网上办理, 请到便民服务中心窗口办理"


class NotOfferedHere(Invalid):
    code, title = "not_offered_here", "您所在地区尚未开通该事项的网上办理, 请到窗口办理"


class RealnameTooLow(Forbidden):
    code, title = "realname_too_low", "办理该事项需要先完成实名认证, 请在“我的”中认证后再提交"


class OutOfWindow(Invalid):
    code, title = "out_of_window", "该事项不在申报期内"


class AlreadyOpen(Conflict):
    code, title = "already_open", "您已有一件相同事项正在办理, 请在“我的办件”中查看进度"


class TokenReused(Invalid):
    code, title = "token_reused", "该提交凭据已用于另一份申请, 请刷新页面后重新提交"


def submit(
    *,
    actor: Account,
    applicant: Resident,
    item_code: str,
    answers: Mapping[str, object],
    token: UUID,
    channel: str = Case.Channel.MINIAPP,
    draft: UUID | None = None,
) -> Case:
    """
    提交(收件): turn answers into a numbered case, once per `token` of the actor.

    The same token with the same content returns the first case (幂等); one person has one open
    case of an item (领域说明 §1.1 一口式受理). Needs PostgreSQL and nothing else.

    :raises FormRejected: every faulty field at once, each with a Chinese sentence.
    :raises AlreadyOpen: with the number of the case that is open.
    """
    body = orjson.dumps([item_code, applicant.pk, answers], option=orjson.OPT_SORT_KEYS)
    digest = hashlib.sha256(body).digest()
    if earlier := _earlier(actor, token, digest):
        return earlier
    version = _version(item_code, applicant)
    now = timezone.now()
    today = timezone.localdate(now)
    _check_window(version, today)
    cleaned = forms.check(
        fields=version.form, answers=answers, today=today, context=_form_context(applicant)
    )
    intake, territory = _places(version, applicant, cleaned, today)
    if not catalogue.is_offered(version.item, territory.chain()):
        raise NotOfferedHere
    case = Case(
        version=version,
        item=version.item,
        applicant=applicant,
        submitted_by=actor,
        channel=channel,
        token=token,
        request_digest=digest,
        intake_division=intake,
        county_code=territory.county_code,
        town_code=territory.town_code,
        village_code=territory.village_code,
        submitted_at=now,
    )
    turn = Turn(actor=actor, case=case, now=now, posts=[])
    facts = {**cleaned, **case.circumstances}
    track = workflow.track_of(version.guide, facts)
    stages = workflow.plan(version.workflow, facts, days=track.get("days"))
    found = organisation.offices(territory)
    case.department_id = moves.office(found, territory, stages[workflow.decides_at(stages)][0])
    first = [(step, moves.office(found, territory, step)) for step in stages[0]]
    try:
        with transaction.atomic():
            _write(turn, cleaned, first)
            if draft:
                Draft.objects.filter(account=actor, uid=draft).delete()
    except IntegrityError as refused:
        return _settle(refused, case, actor, token, digest)
    return case


def _write(
    turn: Turn, cleaned: Mapping[str, object], first: list[tuple[workflow.Step, int]]
) -> None:
    case = turn.case
    case.number = _next_number(case.intake_division, turn.today)
    case.sealed_answers = crypto.seal_json(cleaned, context=answers_context(case.number))
    moves.record(turn, "submit", channel=case.channel)
    case.save(force_insert=True)
    turn.changed.clear()
    for step, department_id in first:
        moves.open_one(turn, step, 0, department_id)
    moves.tell(turn, "case.submitted")
    moves.write(turn)


def withdraw(*, actor: Account, number: str, reason: str = "") -> Case:
    """撤回: the applicant takes the application back; possible until a decision is made."""
    with moves.acting(actor=actor, number=number) as turn:
        moves.move(turn, "withdraw")
        turn.case.steps.filter(state=State.OPEN).update(
            state=State.CANCELLED, done_at=turn.now, done_by=actor
        )
        moves.halt(turn)
        turn.set(closed_at=turn.now, reason=reason)
        moves.record(turn, "withdraw", reason=reason)
    return turn.case


def _earlier(actor: Account, token: UUID, digest: bytes) -> Case | None:
    row = _BY_TOKEN.one(actor=actor.pk, token=token)
    if row is None:
        return None
    pk, first_digest = row
    if bytes(first_digest) != digest:
        raise TokenReused
    return Case.objects.select_related("version__item", "item", "applicant").get(pk=pk)


_BY_TOKEN = Kept(
    lambda actor, token: Case.objects.filter(submitted_by=actor, token=token).values_list(
        "pk", "request_digest"
    ),
    actor=int,
    token=UUID,
)


def _version(item_code: str, applicant: Resident) -> ServiceVersion:
    version = catalogue.published(item_code)
    if version is None:
        raise catalogue.ItemNotFound
    if version.item.status == ServiceItem.Status.SUSPENDED:
        raise ItemSuspended
    if version.item.status != ServiceItem.Status.PUBLISHED:
        raise catalogue.ItemNotFound
    if not version.online:
        raise NotOnline
    if applicant.realname_level < version.realname_level:
        raise RealnameTooLow(needed=version.realname_level, have=applicant.realname_level)
    return version


def _check_window(version: ServiceVersion, today: date) -> None:
    window = version.guide.get("window") or {}
    months = window.get("months") or []
    if months and window.get("closed_otherwise", True) and today.month not in months:
        named = "、".join(f"{month}月" for month in months)
        raise OutOfWindow(f"该事项在{named}受理申报, 现在不在申报期内")


def _form_context(applicant: Resident) -> forms.Context:
    """Return what a form's checks need of the world: who applies, and which divisions exist."""
    return forms.Context(
        division_level=organisation.level_of,
        id_number=applicant.id_number,
    )


def _places(
    version: ServiceVersion, applicant: Resident, answers: Mapping[str, object], today: date
) -> tuple[Division, Territory]:
    """Return where the case comes in, and who acts: by hukou, residence or place (通办规则)."""
    here = _division(answers.get("division_code")) or applicant.residence_division
    if here is None:
        raise NotOfferedHere("请先填写所属村(社区)")
    acting = _division(_named(version, answers)) or here
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


_ONCE = ("case_once_a_token", "case_one_open_per_person_and_item")


def _settle(
    refused: IntegrityError, case: Case, actor: Account, token: UUID, digest: bytes
) -> Case:
    """
    Say what a refused insert means: the same submission twice, or a second open case.

    A repeat breaks both constraints, and PostgreSQL names whichever index it looks at first.
    """
    constraint = getattr(getattr(refused.__cause__, "diag", None), "constraint_name", "")
    if constraint in _ONCE and (earlier := _earlier(actor, token, digest)):
        return earlier
    if constraint == "case_one_open_per_person_and_item":
        standing = (
            Case.objects.filter(
                applicant_id=case.applicant_id, item_id=case.item_id, status__in=OPEN
            )
            .values("number", "status")
            .first()
        ) or {"number": "", "status": Status.SUBMITTED}
        raise AlreadyOpen(
            number=standing["number"],
            state=standing["status"],
            status_label=Status(standing["status"]).label,
        ) from None
    raise refused
