"""导入提醒规则: a rule's data becomes the next version of the rule, if it says anything new."""

import re
from collections.abc import Iterator, Mapping
from datetime import date
from typing import Any

from django.db import transaction
from django.utils import timezone

from backend.core.errors import Invalid
from notifications.kinds import TEMPLATES
from notifications.models import ReminderRule

_NEEDED = {
    "key": str,
    "title": str,
    "category": str,
    "engine": str,
    "anchor": dict,
    "offsets": list,
    "audience": list,
    "template": str,
    "thing": str,
    "note": str,
    "consent": str,
}
_CONSENTS = ("necessary", "personal", "sensitive", "next_of_kin")
_MOST_LETTERS = 20  # a `thing` of a subscribe message


class BadRule(Invalid):
    """`extra["faults"]` lists what is wrong, each in a sentence."""

    code, title = "bad_rule", "提醒规则有误, 请按所列原因修改后重新导入"


@transaction.atomic
def load_rule(*, data: Mapping[str, Any], today: date | None = None) -> ReminderRule:
    """
    导入规则: keep a rule (领域说明 §5) as its next version, in effect from `today` on.

    The version in effect ends on that day; loading the same data again changes nothing.

    :raises BadRule: everything that is wrong with it, at once.
    """
    if faults := list(_faults(data)):
        raise BadRule(f"{BadRule.title}: {'; '.join(faults)}", faults=faults)
    since = today or timezone.localdate()
    last = (
        ReminderRule.objects.select_for_update()
        .filter(key=data["key"])
        .order_by("-version")
        .first()
    )
    if last and last.data == data:
        return last
    if last and last.effective_to is None:
        last.effective_to = since
        last.save(update_fields=["effective_to"])
    return ReminderRule.objects.create(
        key=data["key"],
        version=last.version + 1 if last else 1,
        title=data["title"],
        data=dict(data),
        engine=data["engine"],
        effective_from=since,
    )


def rule_faults(data: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with a rule's data, each in a sentence."""
    return list(_faults(data))


def _faults(data: Mapping[str, Any]) -> Iterator[str]:
    wrong = [key for key, kind in _NEEDED.items() if not isinstance(data.get(key), kind)]
    if wrong:
        yield f"{data.get('key', '规则')} 缺少或写错: {'、'.join(wrong)}"
        return
    key = data["key"]
    cannot = {
        "编号应为R加两位数字": not re.fullmatch(r"R[0-9]{2}", key),
        "engine 应为 live 或 planned": data["engine"] not in ReminderRule.Engine.values,
        "anchor 应写明 kind": not data["anchor"].get("kind"),
        "offsets 应为整数天数": not all(isinstance(day, int) for day in data["offsets"]),
        "没有这个消息模板": data["template"] not in TEMPLATES,
        "consent 不是可用的类别": data["consent"] not in _CONSENTS,
        f"thing 和 note 最多{_MOST_LETTERS}个字": not all(
            map(_fits, (data["thing"], data["note"]))
        ),
        "应写明 item 或 link": not (data.get("item") or data.get("link")),
    }
    yield from (f"{key} {reason}" for reason, holds in cannot.items() if holds)


def _fits(words: str) -> bool:
    return len(re.sub(r"\{\w+\}", "", words)) <= _MOST_LETTERS
