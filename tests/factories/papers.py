"""Papers to test with: one specimen of each kind, with the words people really type."""

from datetime import date, datetime
from zoneinfo import ZoneInfo

from backend.documents import actions, content
from backend.documents.content import Content, Facts, Head, Lines, Para, Table
from backend.documents.kinds import KINDS
from backend.documents.models import Paper

DAY = date(2026, 11, 24)
AT = datetime(2026, 11, 24, 10, 30, tzinfo=ZoneInfo("Asia/Shanghai"))
OFFICE, OFFICE_NAME = "512002-MZ", "雁江区民政局"
NASTY = "#let x = 1; *粗* _斜_ `码` $1+1$ [甲]](乙) \\ // /* @引 <签> ~ -- 'a' \"b\" =题 + 项 #[#"
RARE = "𠮷野家 阿卜杜热合曼·麦麦提吐尔逊 旺堆次仁 㛃䶮"
LONG = "欧阳" * 40

_FACTS = Facts(
    [
        ("办事编号", "512002100202611240001235"),
        ("申请事项", "高龄津贴申领"),
        ("申请人", "李桂花(证件号码 512***********012X)"),
        ("承诺办结期限", "15 个工作日,最迟 2026年12月15日"),
    ]
)
_DEFECTS = Table(
    ("序号", "材料或内容", "问题", "怎样补"),
    [
        ("1", "户口簿", "照片不清楚", "重新拍照,四角完整、字迹能看清"),
        ("2", "银行账户", "账号位数不对", "填写社会保障卡的金融账号"),
        ("3", "收入证明", "缺少", "由所在村(社区)出具"),
    ],
    (0.6, 1.6, 1.6, 2.6),
)
_REMEDY = Para(
    "如对本决定不服,可以自收到本决定书之日起六十日内向资阳市雁江区人民政府申请行政复议,"
    "或者自收到之日起六个月内向人民法院提起行政诉讼。"
)
BLOCKS: dict[str, list[content.Block]] = {
    "receipt": [Para("现收到您提交的申请和下列材料。"), _FACTS],
    "acceptance": [Para("您提交的申请材料齐全、符合法定形式,现予受理。"), _FACTS],
    "non_acceptance": [Para("您申请的事项不属于本机关职权范围,决定不予受理。"), _REMEDY],
    "supplement": [Para("您的申请还差以下 3 项,现一次性告知。"), _DEFECTS],
    "suspension": [Para("办理中需要专家评审,预计 10 个工作日,不计入办理期限。"), _FACTS],
    "extension": [Para("经批准,办理期限延长 10 个工作日。"), Head("理由"), Para("需要核实。")],
    "grant": [Para("经审查,您的申请符合条件,决定准予。"), _FACTS],
    "refusal": [Para("经审查,您的申请不符合条件,决定不予批准。", strong=True), _REMEDY],
    "service": [_FACTS, Lines(("受送达人签名", "代收人签名", "送达人签名", "送达时间"))],
}
assert set(BLOCKS) == set(KINDS)


def a_content(kind: str = "acceptance", *, to: str = "李桂花", **changes) -> Content:
    return Content(
        to=to, blocks=changes.pop("blocks", BLOCKS[kind]), office=OFFICE_NAME, day=DAY, **changes
    )


def ordered(kind: str = "acceptance", *, subject: str = "5" * 24, n: int = 1, **changes) -> Paper:
    """Return a paper that is ordered and not yet issued."""
    one = actions.Order(
        kind=kind,
        subject=subject,
        purpose=f"{kind}:{n}",
        office=changes.pop("office", OFFICE),
        large=changes.pop("large", False),
        content=a_content(kind, **changes),
    )
    actions.order(orders=[one], at=AT)
    return Paper.objects.get(subject=subject, purpose=one.purpose)


def issued(kind: str = "acceptance", **changes) -> Paper:
    paper = ordered(kind, **changes)
    assert actions.issue_waiting() >= 1
    paper.refresh_from_db()
    return paper
