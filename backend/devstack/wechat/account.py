"""The sandbox's mini-program account (小程序账号): who it is, its templates, what it may do."""

import base64
import hashlib
import os
import re
from dataclasses import dataclass
from typing import Final

ONE_TIME: Final = 2
LONG_TERM: Final = 3

PROGRESS_ONCE: Final = "WNYjAyOAg-FRi8jCDITd6TonFqX_TVBY75nQNM3wpIQ"
EXPIRY_ONCE: Final = "lMv1qnMAfLrI-vNQWMCzhUCS7H-Dz8ZQp5eE_5G7k-M"
BOOKING_ONCE: Final = "sVNM2s-C0xDImD2e9VkrYyMecKoWsWC5jWtmaRWQLWY"
PROGRESS_LONG: Final = "mou8fTn4TL4GjZZxxH8jrCIDszZttPDEP9olgxuiAU0"
EXPIRY_LONG: Final = "NVFlRjaNAKD7WH15Mx-5HUixY2fIRCNlmNETWzLhap4"


@dataclass(frozen=True, slots=True)
class Template:
    """A subscribe-message template: fields in order, each with the label on the card."""

    id: str
    title: str
    type: int
    fields: dict[str, str]
    example: tuple[str, ...]

    @property
    def content(self) -> str:
        return "".join(f"{label}:{{{{{key}.DATA}}}}\n" for key, label in self.fields.items())

    @property
    def shown_example(self) -> str:
        pairs = zip(self.fields.values(), self.example, strict=True)
        return "".join(f"{label}:{value}\n" for label, value in pairs)


_PROGRESS = {
    "thing1": "办理事项",
    "character_string2": "办事编号",
    "phrase3": "当前状态",
    "time4": "更新时间",
    "thing5": "温馨提示",
}
_PROGRESS_EXAMPLE = ("高龄津贴", "****1234", "已受理", "2026年3月5日 09:30", "10个工作日内办结")
_EXPIRY = {"thing1": "事项名称", "name2": "当事人", "date3": "截止日期", "thing4": "温馨提示"}
_EXPIRY_EXAMPLE = ("残疾人证", "张三", "2026年6月30日", "残疾人证将到期,请申请换领")
_BOOKING = {"thing1": "预约事项", "time2": "预约时间", "thing3": "办理地点", "thing4": "温馨提示"}
_BOOKING_EXAMPLE = ("居住证申领", "2026年3月5日 09:30", "三贤祠街道便民中心", "请带身份证原件")

TEMPLATES: Final = {
    template.id: template
    for template in (
        Template(PROGRESS_ONCE, "办事进度通知", ONE_TIME, _PROGRESS, _PROGRESS_EXAMPLE),
        Template(EXPIRY_ONCE, "到期办理提醒", ONE_TIME, _EXPIRY, _EXPIRY_EXAMPLE),
        Template(BOOKING_ONCE, "预约办理提醒", ONE_TIME, _BOOKING, _BOOKING_EXAMPLE),
        Template(PROGRESS_LONG, "政务办件进度通知", LONG_TERM, _PROGRESS, _PROGRESS_EXAMPLE),
        Template(EXPIRY_LONG, "政务到期办理提醒", LONG_TERM, _EXPIRY, _EXPIRY_EXAMPLE),
    )
}

SENSITIVE_WORDS = ("违禁测试词",)
"""A send whose text has one of these is answered 45168; msg_sec_check calls it risky."""

_PAGE = re.compile(r"pages/[A-Za-z0-9_\-/]{1,100}(\?[^\s]{0,900})?")
_OPENID = re.compile(r"o[0-9A-Za-z_-]{27}")


@dataclass(frozen=True, slots=True)
class Credentials:
    """What a mini-program gets from its console."""

    app_id: str
    secret: str
    token: str
    aes_key: str

    @property
    def key(self) -> bytes:
        """Return the 32 bytes behind the 43 characters of EncodingAESKey."""
        return base64.b64decode(self.aes_key + "=")


def credentials() -> Credentials:
    """Read them from the environment; the defaults are those of the demo settings."""
    return Credentials(
        app_id=os.environ.get("WECHAT_APP_ID") or "wx5a1yang0000demo",
        secret=os.environ.get("WECHAT_APP_SECRET") or "sandbox-secret",
        token=os.environ.get("WECHAT_TOKEN") or "sandbox-callback-token",
        aes_key=os.environ.get("WECHAT_AES_KEY") or "c2FuZGJveC1hZXMta2V5LWZvci1jYWxsYmFja3MtMzI",
    )


def openid_of(key: str, app_id: str) -> str:
    """Return the openid of the person `key` in one mini-program: always the same one."""
    raw = hashlib.sha256(f"{app_id}:{key}".encode()).digest()
    return "o" + base64.urlsafe_b64encode(raw).decode()[:27]


def is_openid(text: str) -> bool:
    return _OPENID.fullmatch(text) is not None


def is_page(path: str) -> bool:
    """Say whether the mini-program has this page: no leading slash, a query is allowed."""
    return _PAGE.fullmatch(path) is not None and not path.startswith("pages/missing")
