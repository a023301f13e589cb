"""Items that let people mend, and what a notice and its answers look like."""

from typing import Any

from backend.accounts.models import Account
from backend.cases import actions
from backend.cases.models import Case
from tests.factories import world
from tests.factories.materials import a_file

__all__ = ["a_file"]

FORM = [
    *world.FORM,
    {"key": "phone", "label": "联系电话", "type": "phone", "required": True},
    {"key": "note", "label": "情况说明", "type": "text", "required": False},
]
MATERIALS = [
    {"key": "id_card", "name": "身份证", "required": True, "source": "self"},
    {"key": "photo", "name": "近期照片", "required": True, "source": "self"},
    {"key": "proxy_letter", "name": "委托书", "required": True, "source": "self",
     "when": "applicant.by_proxy"},
]  # fmt: skip
CORRECTS = ["approve", "reject", "return_prev", "correction"]
INTAKE = world.INTAKE | {"actions": ["accept", "refuse", "correction"]}
REVIEW = world.REVIEW | {"actions": CORRECTS}
SHOW = world.step(
    "show", "town_reviewer", "SW", "town", counts=False, days=7, day_kind="calendar",
    actions=["publicize", "correction"],
)  # fmt: skip
PHONE = {"on": "field", "key": "phone", "reason": "wrong", "remedy": "请填能打通的号码"}
PHOTO = {
    "on": "material", "key": "photo", "reason": "unclear", "remedy": "请在亮处重拍",
    "sample": "样例: 免冠正面照",
}  # fmt: skip


def an_item(**changes: Any) -> Any:
    steps = changes.pop("steps", [INTAKE, REVIEW, world.DECISION, world.PAY])
    return world.an_item(**{"form": FORM, "materials": MATERIALS, "steps": steps, **changes})


def submitted(**changes: Any) -> Case:
    version = changes.pop("version", None) or an_item(**changes)
    return world.submitted(version=version, phone="13800000001")


def asked(case: Case, worker: Account, *defects: Any, **more: Any) -> Case:
    """Give the first notice of a submitted case, about its phone and its photo."""
    return actions.request_supplement(
        actor=worker, number=case.number, step="s1", defects=defects or [PHONE, PHOTO], **more
    )


def mended(case: Case) -> Case:
    """Answer every line of the open notice, as the applicant."""
    notice = case.supplements.get(state="open")
    return actions.supplement(
        actor=case.applicant.account,
        number=case.number,
        replies={line.seq: "已在窗口补交" for line in notice.defects.all()},
    )
