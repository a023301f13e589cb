"""交材料、收材料: what was put off, wanted or found wanting comes in after submission."""

from backend.accounts.models import Account
from backend.cases.actions import ledger, moves
from backend.cases.actions.ledger import Choice
from backend.cases.actions.mending import for_the_applicant
from backend.cases.actions.moves import State as StepState
from backend.cases.actions.moves import Turn
from backend.cases.lifecycle import OPEN
from backend.cases.models import Case, CaseMaterial
from backend.cases.queries import ledger as standing
from backend.cases.queries import reuse
from backend.core.errors import Conflict, Invalid, NotFound
from backend.files.models import StoredFile
from backend.organisation import duties
from backend.organisation.duties import Duty

By, State, Verification = CaseMaterial.By, CaseMaterial.State, CaseMaterial.Verification
SENT = (By.UPLOAD, By.EARLIER, By.COMMITMENT)
"""What can still be chosen once the application is in: put off it was, or it was not."""


class MaterialNotFound(NotFound):
    code, title = "material_not_found", "没有找到这项材料, 请刷新办件后再看"


class MaterialNotWanted(Conflict):
    code, title = "material_not_wanted", "这项材料现在不能这样处理, 请刷新后看它的状态"


class FileNotClean(Conflict):
    code, title = "file_not_clean", "文件还没有通过查毒, 请稍后再核对"


class SettleReasonMissing(Invalid):
    code, title = "settle_reason_missing", "请写明怎样核实的, 以备查"


def hand_in(*, actor: Account, number: str, key: str, choice: Choice) -> Case:
    """
    提交材料: by the applicant, or on their behalf by whoever takes cases in.

    What stood on the line is kept beside it.

    :param choice: as at submission, but nothing can be put off any more.
    :raises MaterialNotFound: the case has no such material.
    :raises MaterialNotWanted: it is there already; or it is answered with the open notice.
    :raises MaterialsRejected: it cannot be given like this.
    """
    with moves.acting(actor=actor, number=number) as turn:
        for_the_applicant(turn)
        line = _line(turn, key, "hand_in")
        material = next((one for one in turn.case.version.materials if one["key"] == key), None)
        if material is None:
            raise MaterialNotFound
        given = ledger.blank(material, actor, turn.now)
        stock = reuse.stock(actor, turn.case.applicant, [choice])
        if choice.get("by") not in SENT:
            raise ledger.rejected({key: "not_this_way"})
        if choice.get("by") == By.COMMITMENT and _put_off(turn, line):
            raise ledger.rejected({key: "not_both"})
        ledger.answer(given, material, choice, stock)
        if given.resolved_by == By.COMMITMENT:
            ledger.draw(given, number, must=material.get("check") == "must")
        ledger.replace(turn, line.pk, given)
        moves.record(turn, "hand_in", material=key, name=line.name, by=given.resolved_by)
    return turn.case


def receive_material(*, actor: Account, number: str, key: str, note: str = "") -> Case:
    """收取纸质: the paper was brought to a window."""
    seen = {"resolved_by": By.PAPER, "state": State.GIVEN, "note": note}
    return _at_a_window(actor, number, (key, "receive"), **seen)


def witness_material(*, actor: Account, number: str, key: str, note: str = "") -> Case:
    """现场核验: it was seen in person, at the window or at home; no camera is needed for it."""
    seen = {"resolved_by": By.ONSITE, "state": State.VERIFIED, "note": note}
    return _at_a_window(actor, number, (key, "witness"), **seen)


def verify_material(*, actor: Account, number: str, key: str, note: str = "") -> Case:
    """
    核对无误: whoever has the case in hand has looked at it.

    :raises FileNotClean: nobody has scanned it yet.
    """
    with moves.acting(actor=actor, number=number) as turn:
        line = _line(turn, key, "verify")
        _has_it_in_hand(turn)
        if line.file is not None and line.file.state != StoredFile.State.CLEAN:
            raise FileNotClean
        _seen(turn, line, note=note.strip())
        moves.record(turn, "verify_material", material=key, name=line.name)
    return turn.case


def settle_material(*, actor: Account, number: str, key: str, reason: str) -> Case:
    """
    核验差异已核实: a registry said otherwise or nothing, and staff found out how it is.

    :raises SettleReasonMissing: it is not said how.
    """
    with moves.acting(actor=actor, number=number) as turn:
        line = _line(turn, key, "settle")
        _has_it_in_hand(turn)
        if not reason.strip():
            raise SettleReasonMissing
        _seen(turn, line, settled=reason.strip())
        moves.record(turn, "settle_material", material=key, name=line.name)
    return turn.case


def check_promise(*, actor: Account, number: str, key: str, honest: bool, note: str = "") -> Case:
    """
    事后核查: what was found out about a promise; a false one is the person's last (失信处理).

    Whether a grant is taken back is decided apart from this, by its own procedure.
    """
    with moves.acting(actor=actor, number=number) as turn:
        line = _line(turn, key, "check")
        _answers_for_it(turn)
        line.verification = Verification.MATCHED if honest else Verification.DIFFERENT
        _seen(turn, line, state=State.VERIFIED if honest else State.GIVEN, found=note.strip())
        moves.record(turn, "check_promise", material=key, name=line.name, honest=honest)
        if not honest:
            moves.tell(turn, "case.promise_false", material=line.name)
    return turn.case


def tell_refused_papers(*, actor: Account, number: str) -> bool:
    """提示: a file handed in did not pass the scanner, so another is needed; say if told."""
    with moves.acting(actor=actor, number=number) as turn:
        if actor.kind != Account.Kind.SYSTEM:
            raise duties.NotYourDuty
        lines = turn.case.materials.filter(state=State.GIVEN, file__state=StoredFile.State.REFUSED)
        names = [line.name for line in lines.order_by("pk")]
        if not names or turn.case.status not in OPEN:
            return False
        moves.record(turn, "paper_refused", name="、".join(names))
        moves.tell(turn, "case.paper_refused", material="、".join(names))
        return True


def _at_a_window(actor: Account, number: str, line: tuple[str, str], **seen: str) -> Case:
    """Record what was brought or shown in person; any window may (全区域通办)."""
    (key, verb), note = line, seen.pop("note")
    with moves.acting(actor=actor, number=number) as turn:
        old = _line(turn, key, verb)
        turn.post = next((post for post in turn.posts if post.has(Duty.INTAKE)), None)
        if turn.post is None:
            raise duties.NotYourDuty
        given = CaseMaterial(reference={"note": note.strip()} if note.strip() else {}, **seen)
        ledger.replace(turn, old.pk, given)
        moves.record(turn, f"{verb}_material", material=key, name=old.name)
    return turn.case


def _line(turn: Turn, key: str, verb: str) -> CaseMaterial:
    line = turn.case.materials.filter(key=key).select_related("file").first()
    if line is None:
        raise MaterialNotFound
    if verb not in standing.verbs_open(line, turn.case.status):
        raise MaterialNotWanted(state=line.state, state_label=line.get_state_display())
    return line


def _seen(turn: Turn, line: CaseMaterial, *, state: str = State.VERIFIED, **found: str) -> None:
    line.state = State(state)
    line.reference = {**line.reference, **{name: text for name, text in found.items() if text}}
    line.updated_at, line.updated_by = turn.now, turn.actor
    line.save(update_fields=["state", "verification", "reference", "updated_at", "updated_by"])


def _put_off(turn: Turn, line: CaseMaterial) -> bool:
    """Say whether a promise would stand beside a delay (互斥不叠加): on the line, or a key one."""
    others = turn.case.materials.filter(resolved_by=By.DEFERRED, required=True)
    return line.resolved_by == By.DEFERRED or (line.required and others.exists())


def _has_it_in_hand(turn: Turn) -> None:
    """Let only who holds an open step of the case judge its papers."""
    steps = set(turn.case.steps.filter(state=StepState.OPEN).values_list("department_id", "role"))
    turn.post = next(
        (
            post
            for post in turn.posts
            if (post.department_id, post.role) in steps and post.has(Duty.HANDLE)
        ),
        None,
    )
    if turn.post is None:
        raise duties.NotYourDuty


def _answers_for_it(turn: Turn) -> None:
    """Let the office that decides the case look into what was promised to it."""
    turn.post = next(
        (
            post
            for post in turn.posts
            if post.department_id == turn.case.department_id and post.has(Duty.HANDLE)
        ),
        None,
    )
    if turn.post is None:
        raise duties.NotYourDuty
