"""What a case lacks (待补): the open notice as its applicant reads and answers it."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from backend.accounts.models import Account
from backend.cases.lifecycle import Status
from backend.cases.models import Case, CaseMaterial, Defect, Supplement
from backend.cases.queries import answers, missing, scope
from backend.catalogue import queries as catalogue
from backend.core.errors import NotFound
from backend.core.kept import Kept
from backend.organisation import queries as organisation

WAITING = (Status.SUPPLEMENTING, Status.AWAITING)
_INPUT = ("type", "required", "options", "rules", "columns")


class NothingAsked(NotFound):
    code, title = "nothing_asked", "这件现在没有要补的内容, 可在办件详情里看进度"


@dataclass(frozen=True, slots=True)
class Lack:
    """The open notice in short: what is still to be answered, and until when."""

    labels: list[str]
    answered: int
    due_on: date
    prolonged: bool
    revision: int

    def todo(self, *, number: str, today: date) -> dict[str, Any]:
        """Return the card of what its applicant has to do (待办)."""
        return {
            "kind": "supplement",
            "number": number,
            "text": f"还差 {len(self.labels)} 项要补",
            "labels": self.labels,
            "answered": self.answered,
            "due_on": self.due_on,
            "days_left": organisation.calendar().remaining(today, self.due_on),
            "may_prolong": not self.prolonged,
            "revision": self.revision,
        }


_LINES = Kept(
    lambda case: (
        Defect.objects.filter(supplement__case=case, supplement__state=Supplement.State.OPEN)
        .order_by("seq")
        .values_list(
            "label",
            "answered_at",
            "supplement__due_on",
            "supplement__prolonged",
            "supplement__revision",
        )
    ),
    case=int,
)


def of_case(case: Case) -> Lack | None:
    """Return what a waiting case lacks; None for one that waits for nothing."""
    rows = _LINES.rows(case=case.pk) if case.status in WAITING else []
    if not rows:
        return None
    left = [label for label, answered_at, *_ in rows if answered_at is None]
    _, _, due_on, prolonged, revision = rows[0]
    return Lack(left, len(rows) - len(left), due_on, prolonged, revision)


def notice(account: Account, *, number: str, today: date) -> dict[str, Any]:
    """
    一次性告知: return the open notice of one's own case, each line with what stands there now.

    :raises CaseNotFound: unknown, or somebody else's.
    :raises NothingAsked: nothing is asked for now.
    """
    case = scope.visible_to(account).filter(number=number).first()
    if case is None:
        raise scope.CaseNotFound
    told = Supplement.objects.filter(case=case, state=Supplement.State.OPEN).first()
    if told is None or told.due_on is None:
        raise NothingAsked
    case.version = catalogue.frozen(case.version_id)
    lines = list(told.defects.all())
    papers = {paper.key: paper for paper in case.materials.all()}
    values = {line["key"]: line["value"] for line in answers.lines(case.version.form, case.answers)}
    known = missing.things(case.version)
    return {
        "number": case.number,
        "item_name": case.version.item.name,
        "ordinal": told.ordinal,
        "note": told.note,
        "given_at": told.given_at,
        "due_on": told.due_on,
        "days_left": organisation.calendar().remaining(today, told.due_on),
        "may_prolong": not told.prolonged,
        "revision": told.revision,
        "left": sum(line.answered_at is None for line in lines),
        "lines": [
            _line(line, known[(line.on, line.key)], values.get(line.key, ""), papers.get(line.key))
            for line in lines
        ],
    }


def _line(
    line: Defect, thing: Mapping[str, Any], value: str, paper: CaseMaterial | None
) -> dict[str, Any]:
    field = line.on == Defect.On.FIELD
    return {
        "seq": line.seq,
        "on": line.on,
        "key": line.key,
        "label": line.label,
        "reason": line.reason,
        "reason_label": line.get_reason_display(),
        "remedy": line.remedy,
        "sample": line.sample,
        "value": value if field else "",
        "input": {name: thing[name] for name in _INPUT if name in thing} if field else None,
        "state": paper.state if paper and not field else "",
        "state_label": paper.get_state_display() if paper and not field else "",
        "answered": line.answered_at is not None,
        "answered_at": line.answered_at,
        "reply": line.reply,
    }


def left(case: Case) -> dict[str, int]:
    """Return how many lines are still to be answered, and the notice's revision."""
    lack = of_case(case)
    return {"left": len(lack.labels) if lack else 0, "revision": lack.revision if lack else 0}
