"""材料台账: what each line stands at, what may be done with it, and what it holds up."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet

from backend.accounts.models import Account
from backend.cases.lifecycle import OPEN, Status
from backend.cases.models import Case, CaseMaterial, Replacement
from backend.cases.queries import scope
from backend.catalogue import queries as catalogue
from backend.catalogue import ways
from backend.core.kept import Kept
from backend.files.models import StoredFile
from backend.organisation.duties import HeldPost
from backend.organisation.models import StaffMember

By, State, Verification = CaseMaterial.By, CaseMaterial.State, CaseMaterial.Verification
ASKED = (By.REGISTRY, By.LICENCE)
UNREADABLE = (StoredFile.State.REFUSED, StoredFile.State.GONE)
_WAITING = (Status.SUPPLEMENTING, Status.AWAITING)
VERBS = {
    "hand_in": "提交材料",
    "receive": "收取纸质材料",
    "witness": "现场核验",
    "verify": "核对无误",
    "settle": "核验差异已核实",
    "check": "事后核查",
}


def is_in_doubt(line: CaseMaterial) -> bool:
    """Say whether a registry said otherwise, or nothing, and nobody has looked into it since."""
    doubtful = line.verification in (Verification.DIFFERENT, Verification.MANUAL)
    return doubtful and line.resolved_by in ASKED and line.state == State.GIVEN


def is_unreadable(line: CaseMaterial) -> bool:
    """Say whether its file did not pass the scanner: there is nothing to look at."""
    return line.file is not None and line.file.state in UNREADABLE


def verbs_open(line: CaseMaterial, status: str) -> list[str]:
    """Return what may be done with a line of a case in this status, whoever asks."""
    found = ["check"] if line.verification == Verification.AFTERWARDS else []
    late = status == Status.CONCLUDED and line.resolved_by == By.DEFERRED
    if status not in OPEN and not late:
        return found
    if status in _WAITING and line.state == State.DEFECTIVE:
        return found  # it is answered with the notice
    doubt = is_in_doubt(line)
    if doubt or is_unreadable(line) or line.state in (State.WANTED, State.OVERDUE, State.DEFECTIVE):
        found += ["hand_in", "receive", "witness"]
    if doubt:
        found.append("settle")
    elif line.resolved_by and line.state in (State.GIVEN, State.DEFECTIVE) and not _asks(line):
        found.append("verify")
    return found


def _asks(line: CaseMaterial) -> bool:
    """Say whether the answer is still to come: from a registry, or from looking into a promise."""
    return line.verification in (Verification.PENDING, Verification.AFTERWARDS)


# -- 受理与决定要等什么 ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Hindrance:
    """A necessary material that keeps a case from going on, and why."""

    key: str
    name: str
    why: str


_LEFT = Kept(
    lambda case: (
        CaseMaterial.objects.filter(case=case, required=True)
        .exclude(state=State.VERIFIED)
        .order_by("pk")
        .values_list("key", "name", "resolved_by", "state", "verification", "file__state")
    ),
    case=int,
)
Left = Sequence[tuple[Any, ...]]


def left(case: Case) -> Left:
    """Return the necessary materials of a case nobody has verified yet, in one statement."""
    return _LEFT.rows(case=case.pk) if case.version.materials else []


def hinder_acceptance(rows: Left) -> list[Hindrance]:
    """Return what is not there and was not put off either; a file with a virus is not there."""
    found = []
    for key, name, by, state, _, file in rows:
        if state == State.OVERDUE or (state == State.WANTED and by != By.DEFERRED):
            found.append(Hindrance(key, name, "还没有交"))
        elif file in UNREADABLE:
            found.append(Hindrance(key, name, "文件没有通过查毒"))
    return found


def hinder_grant(rows: Left, materials: Sequence[Mapping[str, Any]]) -> list[Hindrance]:
    """
    Return what must be there, clean and beyond doubt before anything is granted.

    A registry that never answered holds up nobody: the trace shows it was not asked in vain.
    """
    may_follow = {one.get("key") for one in materials if one.get("follows_decision")}
    found = []
    for key, name, by, state, verification, file in rows:
        later = by == By.DEFERRED and state == State.WANTED and key in may_follow
        if not later and (why := _why_not(state, verification, by, file)):
            found.append(Hindrance(key, name, why))
    return found


def _why_not(state: str, verification: str, by: str, file: str | None) -> str:
    if state in (State.WANTED, State.OVERDUE):
        return "还没有交"
    if state == State.DEFECTIVE:
        return "还没有补正或核对"
    if by in ASKED and verification == Verification.DIFFERENT:
        return "与共享数据不一致, 还没有核实"
    if file is not None and file != StoredFile.State.CLEAN:
        return "文件还没有通过查毒"
    return ""


# -- 台账页 -------------------------------------------------------------------------------------


def of_resident(account: Account, *, number: str) -> list[dict[str, Any]]:
    """
    材料: return the ledger of one's own case.

    :raises CaseNotFound: unknown, or somebody else's.
    """
    case = scope.one_of(account, number=number)
    return _page(case, names={}, mine=("hand_in",))


def of_staff(account: Account, posts: Sequence[HeldPost], *, number: str) -> list[dict[str, Any]]:
    """
    材料台账: return who gave what, when, and what stood there before.

    :raises CaseNotFound: no such number, or out of sight.
    :raises Recused: staff who keep away from it.
    """
    case = scope.one_of(account, posts=posts, number=number)
    names = StaffMember.objects.filter(account__in=_givers(case))
    known = dict(names.values_list("account_id", "name"))
    return _page(case, names=known, mine=tuple(VERBS))


def _givers(case: Case) -> QuerySet[CaseMaterial, Any]:
    return case.materials.values_list("updated_by", flat=True)


def _page(case: Case, *, names: Mapping[int, str], mine: Sequence[str]) -> list[dict[str, Any]]:
    version = catalogue.frozen(case.version_id)
    known = {one.get("key"): one for one in version.materials}
    before: dict[int, list[Replacement]] = {}
    for old in Replacement.objects.filter(material__case=case).order_by("pk"):
        before.setdefault(old.material_id, []).append(old)
    lines = case.materials.select_related("file").order_by("pk")
    return [
        {
            **shown(line),
            "note": known.get(line.key, {}).get("note", ""),
            "promise": _promise(line, known.get(line.key)),
            "file": _file(line.file),
            "given_by": names.get(line.updated_by_id, "申请人"),
            "before": [_before(old) for old in before.get(line.pk, [])],
            "verbs": [verb for verb in verbs_open(line, case.status) if verb in mine],
        }
        for line in lines
    ]


def shown(line: CaseMaterial) -> dict[str, Any]:
    """Return what a line says to whoever may see the case."""
    return {
        "key": line.key,
        "name": line.name,
        "required": line.required,
        "by": line.resolved_by,
        "by_label": line.get_resolved_by_display() if line.resolved_by else "",
        "state": line.state,
        "state_label": line.get_state_display(),
        "verification": line.verification,
        "verification_label": line.get_verification_display() if line.verification else "",
        "says": _says(line),
        "due_on": line.due_on,
        "updated_at": line.updated_at,
    }


def _says(line: CaseMaterial) -> str:
    """Say in a sentence how a line stands; the law wants it seen who was not asked for what."""
    if line.resolved_by in ASKED:
        return _asked_of(line)
    if line.state == State.OVERDUE:
        return "补交期限已过, 请尽快提交"
    if line.state != State.WANTED:
        return "文件没有通过查毒, 请重新上传" if is_unreadable(line) else ""
    if line.resolved_by == By.DEFERRED and line.due_on:
        return f"可以后补, 最迟{line.due_on.month}月{line.due_on.day}日"
    return "请带到窗口, 或等工作人员上门" if line.resolved_by else ""


def _asked_of(line: CaseMaterial) -> str:
    if is_in_doubt(line):
        return "共享数据未能核验, 由工作人员核实; 申请人愿意的, 也可以自己提供"
    if line.verification == Verification.PENDING:
        return "正在向共享数据核验, 不用申请人提供"
    return "由共享数据核验, 没有要求申请人提供"


def _promise(line: CaseMaterial, material: Mapping[str, Any] | None) -> str:
    version = line.reference.get("promise")
    return ways.promise(material, version) if version and material else ""


def _file(file: StoredFile | None) -> dict[str, Any] | None:
    if file is None:
        return None
    return {
        "uid": str(file.uid),
        "media_type": file.media_type,
        "size": file.size,
        "state": file.state,
        "state_label": file.get_state_display(),
    }


def _before(old: Replacement) -> dict[str, Any]:
    return {
        "by": old.resolved_by,
        "by_label": old.get_resolved_by_display(),
        "state": old.state,
        "state_label": old.get_state_display(),
        "replaced_at": old.replaced_at,
    }
