"""The whole record of one case as staff read it (办件全貌): masked, with what may be done next."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from django.utils import timezone

from backend.accounts.models import Account, AuditEntry
from backend.cases import deadlines, fold, workflow
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseEvent, CaseStep, Supplement
from backend.cases.queries import (
    answers,
    ledger,
    narrow,
    overlap,
    possible,
    possible_clock,
    possible_delivery,
    possible_people,
    possible_supplement,
    scope,
    staff,
    words,
)
from backend.catalogue import conditions
from backend.catalogue import queries as catalogue
from backend.core import crypto, kept
from backend.core.kept import Kept
from backend.organisation import atlas, names
from backend.organisation import queries as organisation
from backend.organisation.duties import Duty, HeldPost
from backend.organisation.models import Post, StaffMember
from backend.residents.models import Resident

_VERBS = {
    **possible.OF_CASE,
    **possible_clock.OF_CASE,
    **possible_clock.OF_STEP,
    **possible_people.OF_CASE,
    **possible_delivery.OF_CASE,
    "choose_delivery": "选择领取方式",
    "confirm_receipt": "确认收到",
    **possible_supplement.OF_CASE,
    **possible_supplement.OF_STEP,
    "submit": "提交",
    "recuse": "回避",
    "lift_recusal": "解除回避",
    "hand_over": "离岗交接",
    "withdraw": "撤回",
    "deem_accepted": "视为受理",
    "calendar_changed": "日历调整重算",
    "remind_supplement": "提醒补正",
    "pass_step": "通过",
    "reject_step": "不予通过",
    "return_step": "退回上一环节",
    "move_version": "换到新版",
    "propose_supplement": "提出再次补正",
    "answer_supplement": "补正(部分)",
    "supplement": "补正",
    "lapse": "逾期未补正",
    "hand_in": "提交材料",
    "receive_material": "收取纸质材料",
    "witness_material": "现场核验材料",
    "verify_material": "核对材料",
    "settle_material": "核实核验差异",
    "check_promise": "事后核查承诺",
    "check_materials": "共享数据核验",
    "material_overdue": "容缺逾期",
    "paper_refused": "文件未通过查毒",
}
# 社工、窗口不看审批意见全文 (领域说明 §4): others' opinions are for who reviews or oversees.
_READS_OPINIONS = frozenset({Duty.REVIEW, Duty.DECIDE, Duty.OVERSEE, Duty.AUDIT})
_NOT_SHOWN = "(意见仅审核、督办岗位可见)"
_NOTICES = frozenset({"request_supplement", "propose_supplement"})
_TAKES_PAPERS = (Status.SUBMITTED, Status.ACCEPTED)
_NOT_IN_DETAILS = frozenset({"office", "opinion", fold.THEN})


def find(account: Account, posts: Sequence[HeldPost], number: str) -> Case:
    """
    Return a case in sight, with all that its page needs.

    :raises CaseNotFound: no such number, or out of sight; nobody can tell which.
    :raises Recused: the account keeps away from this case.
    """
    seen = scope.visible_to(account, posts).filter(number=number)
    row = seen.annotate(away=scope.recused(account)).values_list("pk", "status", "away").first()
    if row is None:
        raise scope.CaseNotFound
    pk, status, away = row
    if away:
        raise scope.keep_away(number, status)
    return _whole(pk)


def _whole(pk: int) -> Case:
    """Read a case and its applicant; what hangs on them changes rarely, and is kept at hand."""
    row = _WHOLE.rows(pk=pk)[0]
    case, person = kept.read(Case, row[: len(_CASE)]), kept.read(Resident, row[len(_CASE) :])
    person.hukou_division = atlas.numbered(person.hukou_division_id)
    person.residence_division = atlas.numbered(person.residence_division_id)
    case.applicant, case.version = person, catalogue.frozen(case.version_id)
    case.item = case.version.item
    return case


_CASE = kept.columns(Case)
_WHOLE = Kept(
    lambda pk: Case.objects.filter(pk=pk).values_list(
        *_CASE, *(f"applicant__{name}" for name in kept.columns(Resident))
    ),
    pk=int,
)
_STEPS = Kept(
    lambda case: (
        CaseStep.objects.filter(case=case)
        .order_by("stage", "round", "pk")
        .values_list(*kept.columns(CaseStep))
    ),
    case=int,
)
_EVENTS = Kept(
    lambda case: (
        CaseEvent.objects.filter(case=case).order_by("seq").values_list(*kept.columns(CaseEvent))
    ),
    case=int,
)
_NAMES = Kept(
    lambda accounts: StaffMember.objects.filter(account__in=accounts).values_list(
        "account_id", "name"
    ),
    accounts=list[int],
)


def page(
    case: Case, *, account: Account, posts: Sequence[HeldPost], now: datetime
) -> dict[str, Any]:
    """Return the record of a case from `find`; personal values are masked."""
    facts = case.facts
    plan = workflow.plan(case.version.workflow, facts)
    steps = [kept.read(CaseStep, row) for row in _STEPS.rows(case=case.pk)]
    open_steps = [step for step in steps if step.state == CaseStep.State.OPEN]
    events = [kept.read(CaseEvent, row) for row in _EVENTS.rows(case=case.pk)]
    people = _people(steps, events)
    reader = _Reader(posts, people, now)
    notice = _standing(case, events)
    kin_stated = possible_people.stated(case, account.pk)
    papers = ledger.left(case) if case.status in _TAKES_PAPERS else ()
    desk = possible.Desk(account, posts, case, open_steps, plan, now, kin_stated, papers)
    return {
        "number": case.number,
        "item": case.item.code,
        "item_name": case.item.name,
        "item_kind": case.item.kind,
        "version": case.version.number,
        "status": case.status,
        "status_label": Status(case.status).label,
        "outcome": case.outcome,
        "outcome_label": case.get_outcome_display() if case.outcome else "",
        "reason": case.reason,
        "previous": overlap.number_of(case.previous_id),
        "bundle": overlap.number_of(case.bundle_id),
        "overlaps": overlap.shown(case),
        "channel": case.channel,
        "channel_label": case.get_channel_display(),
        "department": names.office(case.department_id).name,
        "intake_division": _full_name(case.intake_division_id),
        "received_at": case.submitted_at,
        "accepted_at": case.accepted_at,
        "decided_at": case.decided_at,
        "closed_at": case.closed_at,
        "clock": _clock(case, now),
        "applicant": _applicant(case.applicant),
        "answers": _answers(case),
        "materials": [_material(one, facts) for one in case.version.materials],
        "steps": [reader.step(step) for step in steps],
        "ahead": _ahead(case, plan, open_steps),
        "events": [reader.event(event) for event in events],
        "verbs": [
            *possible.verbs(desk),
            *possible_clock.verbs(desk),
            *possible_people.verbs(desk),
            *possible_delivery.verbs(desk),
            *possible_supplement.verbs(desk, notice),
        ],
    }


def _standing(case: Case, events: Sequence[CaseEvent]) -> Supplement | None:
    """Return the notice that is open or waits for the head; most cases never had one."""
    if not any(event.verb in _NOTICES for event in events):
        return None
    state = Supplement.State
    return Supplement.objects.filter(case=case, state__in=[state.PROPOSED, state.OPEN]).first()


def _applicant(person: Resident) -> dict[str, Any]:
    hukou, home = person.hukou_division, person.residence_division
    return {
        "name": crypto.mask_name(person.name),
        "id_type": person.id_type,
        "id_type_label": person.get_id_type_display() if person.id_type else "",
        "id_number": crypto.mask_id_number(person.id_number) if person.sealed_id_number else "",
        "phone": crypto.mask_phone(person.phone) if person.sealed_phone else "",
        "gender": person.gender,
        "hukou": hukou.full_name if hukou else "",
        "residence": home.full_name if home else "",
        "realname_level": person.realname_level,
    }


def _answers(case: Case) -> list[dict[str, Any]]:
    lines = answers.for_staff(case.version.form, case.answers)
    return [
        {
            "key": line["key"],
            "label": line["label"],
            "value": line["value"],
            "masked": line["value"] != line["clear"],
        }
        for line in lines
    ]


def clear(case: Case, fields: Sequence[str]) -> dict[str, str]:
    """Return the clear values of `fields`: keys of the person, or of masked answers."""
    person = case.applicant
    known = {"name": person.name, "id_number": person.id_number, "phone": person.phone}
    lines = answers.for_staff(case.version.form, case.answers)
    covered = [line for line in lines if line["value"] != line["clear"]]
    known |= {f"answers.{line['key']}": line["clear"] for line in covered}
    return {field: known[field] for field in fields if field in known}


def _material(one: dict[str, Any], facts: dict[str, object]) -> dict[str, Any]:
    when = one.get("when")
    return {
        "key": one.get("key", ""),
        "name": one["name"],
        "required": one["required"],
        "applies": not when or conditions.holds(when, facts),
        "source": one.get("source", "self"),
        "licence": one.get("licence", ""),
        "note": one.get("note", ""),
    }


def _clock(case: Case, now: datetime) -> dict[str, Any]:
    today, working, kind = timezone.localdate(now), organisation.calendar(), case.version.days
    timed = case.status in narrow.TIMED
    colour = deadlines.light(
        today=today,
        due_on=case.promised_due_on,
        warn_on=case.warn_on,
        paused=case.paused_on is not None,
    )
    counted_from = case.paused_on or today
    due, limit = case.promised_due_on, case.statutory_due_on
    return {
        "light": colour if timed else None,
        "light_shape": staff.SHAPES[colour] if timed else None,
        "light_text": words.LIGHTS[colour] if timed else "",
        "promised_due_on": due,
        "statutory_due_on": limit,
        "warn_on": case.warn_on,
        "paused_on": case.paused_on,
        "provisional": case.provisional,
        "day_kind": case.version.day_kind,
        "promised_left": working.remaining(counted_from, due, kind) if due and timed else None,
        "statutory_left": working.remaining(counted_from, limit, kind) if limit and timed else None,
    }


def _ahead(case: Case, plan: workflow.Plan, open_steps: list[CaseStep]) -> list[dict[str, Any]]:
    """Return the steps still to come; a refusal has none but its notice."""
    if not open_steps or case.outcome == Case.Outcome.REFUSED:
        return []
    return [
        {
            "step": step["key"],
            "name": step["name"],
            "phase": step["phase"],
            "role": step["role"],
            "department_code": step.get("department", ""),
            "days": step.get("days", 0),
            "counts": step.get("counts", True),
        }
        for step in workflow.ahead(plan, open_steps[-1].stage)
    ]


def _people(steps: list[CaseStep], events: list[CaseEvent]) -> dict[int, str]:
    """Name the staff on the record in one statement; residents have no name here."""
    ids = {event.actor_id for event in events}
    ids |= {pk for step in steps for pk in (step.done_by_id, step.claimed_by_id) if pk}
    return dict(_NAMES.rows(accounts=list(ids)))


def _full_name(division: int) -> str:
    found = atlas.numbered(division)
    return found.full_name if found else ""


class _Reader:
    """Who reads decides what opinions show."""

    def __init__(self, posts: Sequence[HeldPost], people: dict[int, str], now: datetime) -> None:
        self.people, self.now = people, now
        self.all_opinions = any(
            post.has(duty) and post.role != Post.Role.COMMUNITY_WORKER
            for post in posts
            for duty in _READS_OPINIONS
        )
        self.offices = {post.department_name for post in posts}

    def opinion(self, text: str, office: str) -> str:
        return text if not text or self.all_opinions or office in self.offices else _NOT_SHOWN

    def step(self, step: CaseStep) -> dict[str, Any]:
        held = step.claimed_until is not None and step.claimed_until > self.now
        role = "系统" if step.role == workflow.SYSTEM else Post.Role(step.role).label
        return {
            "step": step.key,
            "name": step.name,
            "phase": step.phase,
            "round": step.round,
            "state": step.state,
            "state_label": step.get_state_display(),
            "department": names.office(step.department_id).name,
            "role_label": role,
            "opened_at": step.opened_at,
            "due_on": step.due_on,
            "claimed_by": self.people.get(step.claimed_by_id or 0, "") if held else "",
            "claimed_until": step.claimed_until if held else None,
            "done_at": step.done_at,
            "done_by": self.people.get(step.done_by_id or 0, ""),
            "opinion": self.opinion(step.opinion, names.office(step.department_id).name),
        }

    def event(self, event: CaseEvent) -> dict[str, Any]:
        details = event.details
        office = details.get("office", "申请人")
        return {
            "seq": event.seq,
            "at": event.at,
            "verb": event.verb,
            "verb_label": _VERBS.get(event.verb, event.verb),
            "office": office,
            "actor": self.people.get(event.actor_id, ""),
            "step": event.step,
            "status": event.status,
            "opinion": self.opinion(details.get("opinion", ""), office),
            "details": {k: v for k, v in details.items() if k not in _NOT_IN_DETAILS and v},
        }


_READ = ("id", "at", "actor_id", "actor__kind", "act", "purpose", "subject")


def reads_of(
    number: str, *, after: tuple[int] | None = None, size: int
) -> list[tuple[tuple[int], dict[str, Any]]]:
    """谁查过: return up to `size` + 1 (key, row) pairs of who read a case and why, newest first."""
    entries = AuditEntry.objects.filter(case_number=number)
    if after:
        entries = entries.filter(pk__lt=after[0])
    rows = list(entries.order_by("-pk").values(*_READ)[: size + 1])
    members = StaffMember.objects.filter(account__in={row["actor_id"] for row in rows})
    names = dict(members.values_list("account_id", "name"))
    return [((row["id"],), _read(row, names)) for row in rows]


def _read(row: dict[str, Any], names: dict[int, str]) -> dict[str, Any]:
    return {
        "at": row["at"],
        "actor": names.get(row["actor_id"], Account.Kind(row["actor__kind"]).label),
        "act": row["act"],
        "purpose": row["purpose"],
        "subject": row["subject"],
    }
