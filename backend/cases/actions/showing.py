"""看材料: leave for one minute to read the file on a line of the ledger; staff say why."""

from backend.accounts.models import Account
from backend.cases.actions.bringing import MaterialNotFound
from backend.cases.models import CaseMaterial
from backend.cases.queries import scope
from backend.core.errors import Invalid
from backend.files import actions as files
from backend.files.actions import Link


class SightPurposeMissing(Invalid):
    code, title = "sight_purpose_missing", "请写明查看事由, 申请人可以看到是谁、为何看了"


def open_material(*, actor: Account, number: str, key: str, purpose: str = "") -> Link:
    """
    看材料: a link to the file; staff get a copy marked with their name, and their reading is kept.

    :param purpose: why staff look; an applicant looks at what is their own.
    :raises CaseNotFound: unknown, or out of sight.
    :raises Recused: staff who keep away from it.
    :raises MaterialNotFound: no such material, or no file on it.
    :raises SightPurposeMissing: staff do not say why.
    """
    case = scope.one_of(actor, number=number)
    line = CaseMaterial.objects.filter(case=case, key=key).select_related("file").first()
    if line is None or line.file is None:
        raise MaterialNotFound
    staff = actor.kind == Account.Kind.STAFF
    if staff and not purpose.strip():
        raise SightPurposeMissing
    return files.link_of_case(
        actor=actor,
        file=line.file,
        purpose=purpose.strip(),
        case_number=case.number,
        resident_id=case.applicant_id,
        marked=staff,
    )
