"""The words of an item's definition (事项定义的词表), and the shape made of them."""

from backend.catalogue.definition.shapes import (
    Anything,
    Choice,
    Flag,
    ListOf,
    MapOf,
    OneOf,
    Record,
    Shape,
    Text,
    Whole,
)
from backend.catalogue.forms import FIELD_TYPES

PHASES = ("intake", "review", "decision", "delivery")
PLACES = {
    "village": "村(社区)",
    "town": "乡镇(街道)",
    "county": "县(区)",
    "city": "市",
    "system": "系统",
}
ROLES = {
    "community_worker": ("village",),
    "window_clerk": ("town", "county"),
    "town_reviewer": ("town",),
    "county_reviewer": ("county",),
    "city_reviewer": ("city",),
    "external_agency": ("county", "city"),
    "system": ("system",),
}
"""Role → the places its posts stand in: a step elsewhere would find nobody."""
ACTIONS = {
    "accept": "受理",
    "refuse": "不予受理",
    "correction": "一次性告知补正",
    "approve": "通过",
    "reject": "不予通过",
    "return_prev": "退回上一环节",
    "forward": "转送",
    "visit": "入户或现场核查",
    "query_registry": "共享数据核验",
    "publicize": "公示",
    "suspend": "特别程序(计时暂停)",
    "resume": "恢复计时",
    "extend": "延期",
    "issue": "制证或出结果",
    "deliver": "送达",
    "notify": "通知",
    "pay": "纳入发放",
    "book": "预约占号",
    "close": "办结",
}
REGISTRIES = {
    "population": "人口库",
    "household": "户籍与家庭成员",
    "marriage": "婚姻登记",
    "birth": "出生医学证明",
    "disability": "残疾人库",
    "lowincome": "低收入人口",
    "child_welfare": "儿童福利",
    "pension": "养老保险",
    "employment": "就业失业",
    "medical": "医疗保险",
    "socialcard": "社会保障卡",
    "legal": "法人库",
    "geo": "地理地址库",
    "residence": "居住证",
    "realestate": "不动产",
    "veteran": "退役军人",
    "student": "学籍",
    "funeral": "死亡与火化",
    "account": "平台账户",
    "case": "本平台历史办件",
}
FACTS = (
    "applicant.age",
    "applicant.by_proxy",
    "applicant.local_hukou",
    "proxy.authorized",
    "channel",
)
"""Names a condition may ask beside the keys of the form."""
YES_NO_FACTS = ("applicant.by_proxy", "applicant.local_hukou", "proxy.authorized")
NUMBER_FACTS = ("applicant.age",)
CHANNELS = ("miniapp", "window", "tablet", "phone")
BEYOND = {
    "community_worker": ("decision",),
    "window_clerk": ("decision",),
    "external_agency": ("intake", "decision"),
}
"""Role → the phases its posts have no duty for: nobody could act."""
AGENCY_ACTS = frozenset(
    {
        "approve",
        "reject",
        "return_prev",
        "visit",
        "query_registry",
        "suspend",
        "resume",
        "issue",
        "deliver",
        "notify",
        "book",
        "close",
    }
)
"""What an outside body (医院、鉴定机构、学校、专家) may do: it reports and issues, never rules."""
JOINS = {"all": "全部通过", "any": "一家通过即可", "lead": "听取各方后由牵头部门裁定"}
DAY_KINDS = ("working", "calendar")
LEVELS = ("village", "town", "county", "city")

KEY = Text(most=24, pattern="[a-z][a-z0-9_]*")
NAME = Text(most=64)
NOTE = Text(most=300)
CONDITION = Text(most=300)
DAYS = Whole(0, 400)
CHOICE = Record({"value": NAME, "label": NAME})
OPTIONS = OneOf((MapOf(NAME), ListOf(CHOICE, least=1), ListOf(NAME, least=1)))

RULES = Record(
    {},
    {
        "max_length": Whole(1, 5000),
        "pattern": Text(most=200),
        "hint": NOTE,
        "format": Choice(("birth_certificate", "disability_card")),
        "min": Whole(-(10**9), 10**9),
        "max": Whole(-(10**9), 10**9),
        "places": Whole(0, 6),
        "level": Choice(LEVELS),
        "scope": Choice(("national",)),
        "age_min": Whole(0, 150),
        "age_max": Whole(0, 150),
        "not_before_days": Whole(-40000, 4000),
        "not_after_days": Whole(-40000, 4000),
        "within_days": Whole(1, 365),
        "id_type_field": KEY,
        "applicant": Flag(),
        "card": Flag(),
        "min_rows": Whole(0, 50),
        "max_rows": Whole(1, 50),
        "unique": KEY,
        "max_kb": Whole(1, 20480),
        "formats": ListOf(Text(most=8), least=1),
    },
)


def _field(more: dict[str, Shape]) -> Record:
    return Record(
        {"key": KEY, "label": NAME, "type": Choice(FIELD_TYPES), "required": Flag()},
        {
            "options": OPTIONS,
            "options_param": KEY,
            "rules": RULES,
            "prefill": Text(most=64, pattern=r"[a-z_]+\.[a-z_]+"),
            "when": CONDITION,
            **more,
        },
    )


MATERIAL = Record(
    {"key": KEY, "name": NAME, "required": Flag(), "source": Choice(("self", "shared"))},
    {
        "copies": Whole(1, 20),
        "registry": Choice(REGISTRIES),
        "licence": NAME,
        "deferrable": Flag(),
        "commitment": Flag(),
        "form": Choice(("electronic", "auto_form", "onsite_or_face", "paper")),
        "subject": KEY,
        "valid_days": Whole(0, 3650),
        "check": Choice(("must", "sample")),
        "follows_decision": Flag(),
        "when": CONDITION,
        "note": NOTE,
    },
)
STEP = Record(
    {
        "key": KEY,
        "name": NAME,
        "phase": Choice(PHASES),
        "role": Choice(ROLES),
        "department": Text(most=16, pattern="[A-Z][A-Z0-9]*"),
        "place": Choice(PLACES),
        "actions": ListOf(Choice(ACTIONS), least=1),
    },
    {
        "days": DAYS,
        "after": ListOf(KEY, least=1),
        "lead": Flag(),
        "advisory": Flag(),
        "publicity": Flag(),
        "returns_to": KEY,
        "most_returns": Whole(1, 9),
        "day_kind": Choice(DAY_KINDS),
        "counts": Flag(),
        "group": Text(most=8),
        "decides": Flag(),
        "when": CONDITION,
        "note": NOTE,
    },
)
ITEM = Record(
    {
        "code": Text(most=31, pattern="[A-Za-z0-9-]+"),
        "name": Text(most=128),
        "short_name": Text(most=20),
        "theme": Text(most=32),
        "department": Text(most=16, pattern="[A-Z][A-Z0-9]*"),
        "level": Choice(LEVELS),
        "kind": Choice(("instant", "promised")),
        "applicants": ListOf(Choice(("person", "household", "legal")), least=1),
        "legal_days": DAYS,
        "promised_days": DAYS,
        "day_kind": Choice(DAY_KINDS),
        "authority": Choice(("residence", "hukou", "place", "any")),
        "conditions": ListOf(NOTE, least=1),
        "materials": ListOf(MATERIAL, least=1),
        "form": ListOf(_field({"columns": ListOf(_field({}), least=1)}), least=1),
        "steps": ListOf(STEP, least=1),
        "result": Record(
            {"kind": NAME, "document": Text(most=100), "delivery": ListOf(NAME, least=1)}
        ),
    },
    {
        "aliases": ListOf(Text(most=32)),
        "audience": ListOf(Text(most=16)),
        "department_note": NOTE,
        "item_type": NAME,
        "official_ref": Text(most=64),
        "extend_days": DAYS,
        "publicity": Record(
            {"days": Whole(1, 60), "day_kind": Choice(DAY_KINDS), "counts": Flag()},
            {"note": NOTE, "days_param": KEY},
        ),
        "window": Record(
            {"months": ListOf(Whole(1, 12), least=1)}, {"note": NOTE, "closed_otherwise": Flag()}
        ),
        "joins": MapOf(Choice(JOINS)),
        "tracks": ListOf(
            Record(
                {"key": KEY, "name": NAME, "promised_days": DAYS},
                {"promised_hours": Whole(1, 240), "days": MapOf(DAYS), "note": NOTE},
            ),
            least=1,
        ),
        "authority_field": KEY,
        "cross_region": NOTE,
        "realname_level": Whole(0, 3),
        "online": Flag(),
        "bookable": Flag(),
        "max_onsite": Whole(0, 9),
        "proxy_allowed": Flag(),
        "kin_statement": Flag(),
        "once_a_household": Flag(),
        "bundle": ListOf(NAME, least=2),
        "excludes": ListOf(
            Record(
                {"item": Text(most=31, pattern="[A-Za-z0-9-]+")}, {"refuse": Flag(), "why": NOTE}
            ),
            least=1,
        ),
        "parts": ListOf(
            Record(
                {"key": KEY, "item": Text(most=31, pattern="[A-Za-z0-9-]+")},
                {"name": NAME, "after": ListOf(KEY, least=1), "when": CONDITION},
            ),
            least=2,
        ),
        "params": ListOf(
            Record(
                {"key": KEY, "label": NAME, "per": Choice(LEVELS), "value": Anything()},
                {
                    "note": NOTE,
                    "unit": Text(most=8),
                    "min": Whole(0, 10**9),
                    "max": Whole(0, 10**9),
                },
            )
        ),
        "fee": Record({"charged": Flag()}, {"amount": NOTE, "note": NOTE}),
        "validity": NOTE,
        "renewal": Record({"cycle": NOTE, "lead_days": Whole(0, 365), "auto": Flag()}),
        "reminders": ListOf(Text(most=8, pattern="R[0-9]{2}")),
        "evidence": ListOf(NOTE),
    },
)
