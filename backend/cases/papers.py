"""
Which act gives which paper, and what it says (办件文书): a table, and a text for each row.

The text is fixed with the act; the press sets it afterwards. Papers go to the person, so the name
stands in full and the identity number masked. 领域说明 §2.3.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from django.utils import timezone

from backend.cases.models import Case, ClockStop, Delivery
from backend.catalogue.models import ServiceItem
from backend.core import crypto
from backend.documents.actions import Order
from backend.documents.content import Block, Content, Facts, Head, Lines, Para, Table
from backend.documents.kinds import KINDS
from backend.organisation import names

REMEDY_BY_DEFAULT = "如对本决定不服"  # how the general words begin, wherever they are repeated


@dataclass(frozen=True, slots=True)
class Act:
    """One event of a case, and what its paper needs beyond it."""

    case: Case
    verb: str
    seq: int
    at: datetime
    details: Mapping[str, Any]
    office: int
    said: Mapping[str, Any] = field(default_factory=dict)

    @property
    def day(self) -> date:
        return timezone.localdate(self.at)

    @property
    def unit(self) -> str:
        return str(self.case.version.get_day_kind_display())


Sheet = tuple[str, Sequence[Block]]


def orders(acts: Sequence[Act]) -> list[Order]:
    """Return the papers of what was done at once: a decision on the spot needs no acceptance."""
    decided = any(act.verb == "decide" for act in acts)
    made = []
    for act in acts:
        write = None if decided and act.verb == "accept" else PAPERS.get(act.verb)
        sheet = write(act) if write else None
        if sheet is not None:
            made.append(_order(act, *sheet))
    return made


def title(order: Order) -> str:
    return KINDS[order.kind].title


def _order(act: Act, kind: str, blocks: Sequence[Block]) -> Order:
    office, person = names.office(act.office), act.case.applicant
    return Order(
        kind=kind,
        subject=act.case.number,
        purpose=f"{act.verb}:{act.seq}",
        office=f"{_short(office.division)}-{office.code}",
        large=person.elder,
        content=Content(to=person.name, blocks=blocks, office=office.name, day=act.day),
    )


def _short(division: str) -> str:
    """512002000000 → 512002: the places the zeros stand for say nothing."""
    while len(division) > 6 and division.endswith("000"):
        division = division[:-3]
    return division


def _receipt(act: Act) -> Sheet:
    case = act.case
    if case.item.kind == ServiceItem.Kind.INSTANT:
        next_ = "该事项为即办件,符合条件的当场办结。"
    else:
        next_ = (
            "本单位将在五个工作日内答复是否受理;需要补正的,一次性告知全部内容。"
            "逾期不告知的行政许可申请,自收到申请材料之日起即为受理。"
        )
    came = timezone.localtime(case.submitted_at)
    return "receipt", [
        Para("现收到您提交的申请。"),
        Facts(
            [
                *_facts(case),
                ("收件时间", f"{_day(came.date())} {came:%H:%M}"),
                ("收件方式", str(case.get_channel_display())),
            ]
        ),
        Para(next_),
    ]


def _acceptance(act: Act) -> Sheet:
    return "acceptance", [
        Para("您提交的申请材料齐全、符合法定形式,现予受理。"),
        *_limits(act),
    ]


def _silence(act: Act) -> Sheet:
    since = date.fromisoformat(str(act.details["since"]))
    return "acceptance", [
        Para(
            "本单位未在收到申请材料后五个工作日内告知您需要补正的内容。依照《中华人民共和国"
            f"行政许可法》第三十二条,您的申请自{_day(since)}起即为受理。"
        ),
        *_limits(act),
    ]


def _limits(act: Act) -> list[Block]:
    case, rows = act.case, _facts(act.case)
    for label, days, due in (
        ("承诺办结", case.promised_total, case.promised_due_on),
        ("法定办结", case.statutory_total, case.statutory_due_on),
    ):
        if due is not None:
            rows.append((label, f"{days}个{act.unit},最迟{_day(due)}"))
    provisional = "所列日期待次年工作日历公布后核定,只会提前。" if case.provisional else ""
    return [
        Facts(rows),
        Para(f"期限自受理次日起算。依法需要特别程序的,所需时间不计入并书面告知。{provisional}"),
    ]


def _non_acceptance(act: Act) -> Sheet:
    return "non_acceptance", [
        Para("您提交的申请,经审查,决定不予受理。"),
        Facts(_facts(act.case)),
        Head("理由"),
        Para(str(act.details["reason"])),
        Head("救济途径"),
        Para(_remedy(act)),
    ]


def _supplement(act: Act) -> Sheet:
    lines = act.said["defects"]
    rows = [
        (
            str(line.seq),
            line.label,
            str(line.get_reason_display()),
            line.remedy + (f"\n样例:{line.sample}" if line.sample else ""),
        )
        for line in lines
    ]
    due = date.fromisoformat(str(act.details["due_on"]))
    advice = str(act.said.get("advice") or "").strip()
    return "supplement", [
        Para(f"您的申请还差以下{len(rows)}项,现一次性告知。请在{_day(due)}前补齐。"),
        Facts(_facts(act.case)),
        Table(("序号", "内容", "问题", "怎样补"), rows, (0.75, 1.5, 1.3, 2.7)),
        *([Para(advice)] if advice else []),
        Para("可以分次补,也可以延期一次。等您补正的时间不计入办理期限。"),
    ]


def _suspension(act: Act) -> Sheet:
    why = ClockStop.Reason(str(act.details["why"])).label
    advice = str(act.said.get("advice") or "").strip()
    return "suspension", [
        Para(
            f"您的申请在办理中需要{why}。依照《中华人民共和国行政许可法》第四十五条,"
            "所需时间不计入办理期限,现书面告知。"
        ),
        Facts(
            [
                *_facts(act.case),
                ("特别程序", why),
                ("预计时间", f"{act.details['expected_days']}天"),
            ]
        ),
        *([Para(advice)] if advice else []),
    ]


def _extension(act: Act) -> Sheet:
    days, rows = act.details["days"], _facts(act.case)
    for label, key in (("原办结日", "before"), ("新办结日", "after")):
        if act.details.get(key):
            rows.append((label, _day(date.fromisoformat(str(act.details[key])))))
    return "extension", [
        Para(f"因不能如期作出决定,经本机关负责人批准,办理期限延长{days}个{act.unit}。"),
        Facts(rows),
        Head("理由"),
        Para(str(act.said.get("reason") or "")),
    ]


def _decision(act: Act) -> Sheet:
    case = act.case
    if case.outcome == Case.Outcome.REFUSED:
        return "refusal", [
            Para("您的申请,经审查,不符合规定的条件,决定不予批准。"),
            Facts(_facts(case)),
            Head("理由"),
            Para(str(act.details.get("reason") or case.reason)),
            Head("救济途径"),
            Para(_remedy(act)),
        ]
    rows = _facts(case)
    result = case.version.guide.get("result") or {}
    if result.get("document"):
        rows.append(("办理结果", str(result["document"])))
    blocks: list[Block] = [Para("您的申请,经审查,符合规定的条件,决定准予。"), Facts(rows)]
    if reason := str(act.details.get("reason") or "").strip():
        blocks += [Head("说明"), Para(reason)]
    return "grant", [*blocks, Para("本机关自作出决定之日起十日内向您送达。")]


def _remedy(act: Act) -> str:
    """
    Return to whom one may object, and within what time.

    行政复议法 §20、§24 (县级以上地方人民政府管辖), 行政诉讼法 §46; what an office wrote itself goes
    before.
    """
    own = str(act.details.get("remedy") or "")
    if own and not own.startswith(REMEDY_BY_DEFAULT):
        return own
    return (
        "如对本决定不服,可以自收到之日起六十日内"
        f"向{_government(act)}申请行政复议,或者六个月内向人民法院提起行政诉讼。"
    )


def _government(act: Act) -> str:
    """Name the government that reviews: the county's, or the city's for its own offices."""
    division = names.office(act.office).division
    county = act.case.county_code if division[4:6] != "00" else division
    return f"{names.division(county) or '本级'}人民政府"


def _facts(case: Case) -> list[tuple[str, str]]:
    person = case.applicant
    who = person.name
    if person.sealed_id_number:
        who += f"({person.get_id_type_display()} {crypto.mask_id_number(person.id_number)})"
    return [("办事编号", case.number), ("申请事项", case.item.name), ("申请人", who)]


def _day(day: date) -> str:
    return f"{day.year}年{day.month}月{day.day}日"


def _service(act: Act) -> Sheet | None:
    """送达回证: to be signed where the village takes it round; filled in where it is done."""
    delivery: Delivery = act.said["delivery"]
    rows = [*_facts(act.case), ("送达方式", str(delivery.get_method_display()))]
    if delivery.mail_number:
        rows.append(("邮件号", delivery.mail_number))
    if delivery.done_at is not None:
        done = timezone.localtime(delivery.done_at)
        rows.append(("送达时间", f"{_day(done.date())} {done:%H:%M}"))
        rows.append(("签收人", delivery.received_by))
        return "service", [Facts(rows)]
    if delivery.method != Delivery.Method.COMMUNITY:
        return None
    return "service", [Facts(rows), Lines(("签收人", "与申请人的关系", "送达人", "送达时间"))]


PAPERS: Mapping[str, Callable[[Act], Sheet | None]] = {
    "submit": _receipt,
    "accept": _acceptance,
    "deem_accepted": _silence,
    "decline": _non_acceptance,
    "request_supplement": _supplement,
    "suspend": _suspension,
    "extend": _extension,
    "decide": _decision,
    "deliver": _service,
    "give_out": _service,
    "confirm_receipt": _service,
}
