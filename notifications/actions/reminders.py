"""Reminders (主动提醒): the engine runs the rules' data over the residents, window by window."""

from collections import Counter
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta

import structlog
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from backend.core.errors import NotFound
from backend.residents.models import Resident, StatusRecord
from notifications import kinds, rules
from notifications.actions.sending import Letter, send_many
from notifications.models import Preference, ReminderRule, RuleRun
from notifications.rules import Occurrences, Rule

CHUNK = 2000
_PUSH_FOR = timedelta(days=3)
_log = structlog.get_logger(__name__)


class RuleNotFound(NotFound):
    code, title = "rule_not_found", "没有这条提醒规则, 或那一天它还没有生效"


@dataclass(frozen=True, slots=True)
class Candidate:
    """Somebody a rule may speak to. `row_id` pages through the source; the anchor is a day."""

    row_id: int
    resident_id: int
    account_id: int | None
    anchor_on: date
    personalised: bool


@dataclass(frozen=True, slots=True)
class Finding:
    """What a rule does with a candidate: `reason` is why it stays silent, "" when it speaks."""

    candidate: Candidate
    offset: int
    reason: str


Source = Callable[[Rule, Occurrences], Iterator[list[Candidate]]]
"""Yields candidates in chunks, by an index and in order of row id; never one by one."""
Predicate = Callable[[Rule, Collection[Candidate]], set[int]]
"""Returns the resident ids that are to be left alone, for a chunk at a time."""


def remind(
    *,
    now: datetime,
    unless: Mapping[str, Predicate] | None = None,
    sources: Mapping[str, Source] | None = None,
) -> int:
    """
    提醒: run every live rule over what fell due since its last run; return the reminders added.

    :param unless: the predicates rules name (`applied` …); they know tables above this floor.
    :param sources: anchors beyond birthdays and statuses, likewise.
    """
    added = 0
    for rule_row in ReminderRule.objects.filter(engine=ReminderRule.Engine.LIVE).order_by("key"):
        rule = _read(rule_row)
        if rule.anchor["kind"] not in rules.RUN_ELSEWHERE:
            added += _run(rule_row, rule, now, {**SOURCES, **(sources or {})}, unless or {})
    return added


def dry_run(
    *,
    key: str,
    on_day: date,
    unless: Mapping[str, Predicate] | None = None,
    sources: Mapping[str, Source] | None = None,
) -> list[Finding]:
    """
    试跑: list whom a rule would speak to on a day, and whom not and why. Writes nothing.

    :raises RuleNotFound: no version of it holds on that day.
    """
    row = _effective(on_day).filter(key=key).order_by("-version").first()
    if row is None:
        raise RuleNotFound
    rule = _read(row)
    midnight = datetime.combine(on_day, datetime.min.time(), rules.SHANGHAI)
    day_end = midnight + timedelta(days=1, microseconds=-1)
    chosen = {**SOURCES, **(sources or {})}
    return [
        finding
        for due in rules.occurrences(rule, after=midnight - timedelta(microseconds=1), upto=day_end)
        for chunk in chosen[rule.anchor["kind"]](rule, due)
        for finding in _sift(rule, due.offset, chunk, day_end, unless or {})
    ]


def _effective(day: date) -> QuerySet[ReminderRule]:
    held = Q(effective_to__isnull=True) | Q(effective_to__gt=day)
    return ReminderRule.objects.filter(held, effective_from__lte=day)


def _read(row: ReminderRule) -> Rule:
    return rules.read(
        row.data, version=row.version, since=row.effective_from, until=row.effective_to
    )


def _run(
    row: ReminderRule,
    rule: Rule,
    now: datetime,
    sources: Mapping[str, Source],
    unless: Mapping[str, Predicate],
) -> int:
    """Run one version over its window. A broken rule is logged and leaves the others alone."""
    watermark = _watermark(rule) or rules.beginning(rule, now=now)
    due = list(rules.occurrences(rule, after=watermark, upto=now))
    if not due:
        return 0
    missing = {rule.anchor["kind"]} - set(sources) | set(rule.unless) - set(unless)
    if missing := missing | set(rule.where) - _WHERE:
        _log.error("rule_cannot_run", rule=rule.key, missing=sorted(missing))
        return 0
    counts: Counter[str] = Counter()
    added = 0
    for occurrence in due:
        for chunk in sources[rule.anchor["kind"]](rule, occurrence):
            findings = _sift(rule, occurrence.offset, chunk, now, unless)
            counts.update(finding.reason for finding in findings)
            added += send_many(letters=_letters(rule, findings, now))
    spoken = counts.pop("", 0)
    RuleRun.objects.create(
        rule=row,
        key=rule.key,
        window_from=watermark,
        window_to=now,
        found=spoken + counts.total(),
        added=added,
        dropped=dict(counts),
    )
    return added


def _watermark(rule: Rule) -> datetime | None:
    """Return up to when this version has run; what an older one did is caught by the dedupe key."""
    runs = RuleRun.objects.filter(key=rule.key, rule__version=rule.version)
    return runs.order_by("-window_to").values_list("window_to", flat=True).first()


def _sift(
    rule: Rule,
    offset: int,
    chunk: Collection[Candidate],
    now: datetime,
    unless: Mapping[str, Predicate],
) -> list[Finding]:
    left_alone = {name: unless[name](rule, chunk) for name in rule.unless if name in unless}
    asked_for = _subscribed(rule, chunk)
    return [
        Finding(
            candidate,
            offset,
            _timing(rule, offset, candidate, now)
            or _reason(rule, candidate, left_alone, asked_for),
        )
        for candidate in chunk
    ]


def _timing(rule: Rule, offset: int, candidate: Candidate, now: datetime) -> str:
    if not rules.still_useful(offset, candidate.anchor_on, timezone.localdate(now)):
        return "too_late"
    return "overtaken" if rules.overtaken(rule, offset, candidate.anchor_on, now) else ""


def _reason(
    rule: Rule,
    candidate: Candidate,
    left_alone: Mapping[str, set[int]],
    asked_for: set[int | None],
) -> str:
    if named := [name for name, ids in left_alone.items() if candidate.resident_id in ids]:
        return named[0]
    if rule.consent == "personal" and not candidate.personalised:
        return "not_personalised"
    if rule.consent not in ("necessary", "personal") and candidate.account_id not in asked_for:
        return "not_asked_for"
    return "" if candidate.account_id else "no_account"


def _subscribed(rule: Rule, chunk: Iterable[Candidate]) -> set[int | None]:
    """Return who asked for a sensitive rule by name; the others are never spoken to."""
    if rule.consent in ("necessary", "personal"):
        return set()
    accounts = {candidate.account_id for candidate in chunk if candidate.account_id}
    asked = Preference.objects.filter(account__in=accounts, kind_group=rule.key, is_on=True)
    return set(asked.values_list("account_id", flat=True))


def _letters(rule: Rule, findings: Iterable[Finding], now: datetime) -> Iterator[Letter]:
    kind = kinds.reminder(
        rule.key, template=rule.template, needs_sms=rule.needs_sms, statutory=False
    )
    due_at = rules.waking(now)
    for finding in findings:
        who = finding.candidate
        if finding.reason or who.account_id is None:
            continue
        yield Letter(
            account_id=who.account_id,
            kind=kind,
            params={
                "title": rule.title,
                "thing": rule.thing,
                "note": rule.note,
                "on": who.anchor_on.isoformat(),
                "open": rule.opens,
                "why": _WHY.get(str(rule.anchor["kind"]), "您办理的事项有了新情况"),
                "switch": _SWITCH if rule.consent == "personal" else "",
            },
            dedupe_key=rules.dedupe_key(rule, who.resident_id, who.anchor_on, finding.offset),
            due_at=due_at,
            expires_at=_expires(who.anchor_on, finding.offset, due_at),
        )


_WHY = {
    "birthday": "按您的出生日期推算",
    "status_end": "按您登记的证件或待遇有效期推算",
    "status_start": "按您登记的状态推算",
}
_SWITCH = "不想再收到这类提醒, 可以在「我的」里关闭个性化提醒。"


def _expires(anchor_on: date, offset: int, due_at: datetime) -> datetime:
    """Never push what warns of a day after that day."""
    latest = due_at + _PUSH_FOR
    if offset >= 0:
        return latest
    day_end = datetime.combine(anchor_on, datetime.max.time(), rules.SHANGHAI)
    return min(latest, day_end)


# ── sources ─────────────────────────────────────────────────────────────────────────────────


def _birthdays(rule: Rule, due: Occurrences) -> Iterator[list[Candidate]]:
    """Find people by the range of birthdays whose anniversary falls into the window."""
    years: int = rule.anchor["years"]
    first, last = rules.born_between(due.first, due.last, years)
    people = Resident.objects.filter(_whom(rule, ""), birth_on__range=(first, last))
    columns = ("pk", "pk", "account_id", "birth_on", "personalised")
    for rows in _chunks(people.values_list(*columns)):
        yield [
            Candidate(row_id, person, account, rules.anniversary(born, years), personalised)
            for row_id, person, account, born, personalised in rows
        ]


def _status_ends(rule: Rule, due: Occurrences) -> Iterator[list[Candidate]]:
    """Find who holds a status that ends in the window and has not been renewed."""
    later = StatusRecord.objects.filter(
        Q(valid_to__isnull=True) | Q(valid_to__gt=OuterRef("valid_to")),
        resident=OuterRef("resident"),
        kind=OuterRef("kind"),
    )
    ending = StatusRecord.objects.filter(
        ~Exists(later), kind=rule.anchor["status"], valid_to__range=(due.first, due.last)
    )
    yield from _of_status(rule, ending, "valid_to")


def _status_starts(rule: Rule, due: Occurrences) -> Iterator[list[Candidate]]:
    begun = StatusRecord.objects.filter(
        kind=rule.anchor["status"], valid_from__range=(due.first, due.last)
    )
    yield from _of_status(rule, begun, "valid_from")


def _of_status(
    rule: Rule, records: QuerySet[StatusRecord], anchor: str
) -> Iterator[list[Candidate]]:
    columns = ("pk", "resident_id", "resident__account_id", anchor, "resident__personalised")
    for rows in _chunks(records.filter(_whom(rule, "resident__")).values_list(*columns)):
        yield [Candidate(*row) for row in rows]


SOURCES: Mapping[str, Source] = {
    "birthday": _birthdays,
    "status_end": _status_ends,
    "status_start": _status_starts,
}


_WHERE = frozenset({"hukou", "status"})


def _whom(rule: Rule, person: str) -> Q:
    """Return whom a rule is about: the living, registered here (本市户籍), holding a status."""
    about = Q(**{f"{person}deceased_on__isnull": True})
    if rule.where.get("hukou") == "city":  # the table of divisions is this city's
        about &= Q(**{f"{person}hukou_division__isnull": False})
    if "status" in rule.where:
        today = timezone.localdate()
        holding = StatusRecord.objects.filter(
            Q(valid_to__isnull=True) | Q(valid_to__gte=today),
            resident=OuterRef(f"{person}pk"),
            kind=rule.where["status"],
            valid_from__lte=today,
        )
        about &= Q(Exists(holding))
    return about


def _chunks(rows: QuerySet) -> Iterator[list]:  # type: ignore[type-arg]
    last = 0
    while chunk := list(rows.filter(pk__gt=last).order_by("pk")[:CHUNK]):
        yield chunk
        last = chunk[-1][0]
