"""
The SMS sandbox (短信沙箱): `python -m backend.devstack.sms --port N`.

Speaks like the large vendors: a signature and a template are registered beforehand, the call fills
the placeholders, and a receipt follows. `out_id` is for receipts only; it makes nothing idempotent.
"""

import asyncio
import os
import re
import secrets
from collections import Counter, deque
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable
from dataclasses import asdict, dataclass
from html import escape
from itertools import pairwise
from typing import Final

import aiohttp
from aiohttp import web

from backend.devstack import faults, pages, people, sandbox
from backend.devstack.faults import Script
from backend.devstack.people import Person
from backend.devstack.sandbox import Journal, Json, body_of, reply

TEMPLATES: Final = {
    "SMS_ZY_CODE": "验证码${code}, 5分钟内有效, 请勿告诉他人。",
    "SMS_ZY_PROGRESS": "您办理的${item}(尾号${tail})${status}, 请在微信小程序“资阳社区服务”查看。",
    "SMS_ZY_NOTICE": "${title}: ${note}。请在微信小程序“资阳社区服务”查看, 拒收请回复R。",
}
CODES: Final = ("SMS_ZY_CODE",)
"""Templates of the verification kind, which have limits of their own."""
SIGNS: Final = ("资阳社区服务",)
LIMITS: Final = {True: ((60, 1), (3600, 5), (86400, 10)), False: ((86400, 50),)}
"""Per number, sign and template; key: is it a verification code. (seconds, messages)."""
MOST: Final = 35
"""Characters a placeholder may hold."""
RECEIPT_TRIES: Final = 3
_MOBILE = re.compile(r"1[3-9][0-9]{9}")
_SLOT = re.compile(r"\$\{(\w+)\}")


class Refused(Exception):
    """A vendor code and the sentence beside it."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(code)
        self.code, self.message = code, message


@dataclass(frozen=True, slots=True)
class Message:
    """One text in a phone."""

    biz_id: str
    at: float
    phone: str
    text: str
    template: str
    out_id: str


class Office:
    """The vendor's machine room."""

    def __init__(self, residents: Iterable[Person], journal: Journal, script: Script) -> None:
        self.key = os.environ.get("SMS_KEY") or "sandbox-sms-key"
        self.clock, self.journal, self.script = sandbox.Clock(), journal, script
        self.owners: dict[str, str] = {}
        for person in (one for one in residents if one.phone):
            self.owners.setdefault(person.phone, person.name)
        self.receipt_url = ""
        self.lost_percent = 0.0
        self.http: aiohttp.ClientSession | None = None
        self.tasks: set[asyncio.Task[None]] = set()
        self.forget()
        for entry in journal.replay():
            self._lay(Message(**entry))

    def forget(self) -> None:
        self.phones: dict[str, list[Message]] = {}
        self.by_out_id: dict[str, Message] = {}
        self.sent_at: dict[tuple[str, str], deque[float]] = {}
        self.codes: Counter[str] = Counter()
        self.same: Counter[tuple[str, str]] = Counter()
        self.script.clear()

    def send(self, body: Json) -> Message:
        """
        Take one message.

        :raises Refused: sign, template, placeholder or number is wrong, or the number had enough.
        """
        fields = {name: str(body.get(name) or "") for name in ("phone", "sign", "template")}
        text = self._text(fields["sign"], fields["template"], body.get("params"))
        if not _MOBILE.fullmatch(fields["phone"]):
            raise Refused("isv.MOBILE_NUMBER_ILLEGAL", "手机号码格式错误")
        self._limit(fields["phone"], fields["template"])
        biz_id, out_id = secrets.token_hex(10), str(body.get("out_id") or "")
        message = Message(
            biz_id, self.clock.now(), fields["phone"], text, fields["template"], out_id
        )
        self._lay(message)
        self.journal.write(**asdict(message))
        return message

    def _text(self, sign: str, template: str, params: object) -> str:
        if sign not in SIGNS:
            raise Refused("isv.SMS_SIGNATURE_ILLEGAL", "签名未登记")
        if template not in TEMPLATES:
            raise Refused("isv.SMS_TEMPLATE_ILLEGAL", "模板未登记")
        given = params if isinstance(params, dict) else {}
        wanted = set(_SLOT.findall(TEMPLATES[template]))
        if missing := sorted(wanted - {name for name, value in given.items() if value}):
            raise Refused("isv.TEMPLATE_MISSING_PARAMETERS", f"缺少变量 {missing[0]}")
        if any(len(str(given[name])) > MOST for name in wanted):
            raise Refused("isv.PARAM_LENGTH_LIMIT", f"变量超过 {MOST} 个字符")
        filled = _SLOT.sub(lambda slot: str(given[slot[1]]), TEMPLATES[template])
        return f"【{sign}】{filled}"

    def _limit(self, phone: str, template: str) -> None:
        now = self.clock.now()
        past = self.sent_at.setdefault((phone, template), deque(maxlen=50))
        for seconds, most in LIMITS[template in CODES]:
            if sum(at > now - seconds for at in past) >= most:
                raise Refused("isv.BUSINESS_LIMIT_CONTROL", "触发号码频率限制")
        past.append(now)

    def _lay(self, message: Message) -> None:
        self.phones.setdefault(message.phone, []).append(message)
        self.by_out_id[message.out_id or message.biz_id] = message
        self.same[message.phone, message.text] += 1

    def receipt(self, message: Message) -> Json:
        """Return the receipt of one message as the vendor sends and answers it."""
        return {
            "biz_id": message.biz_id,
            "out_id": message.out_id,
            "phone": message.phone,
            "send_time": pages.moment(message.at, "%Y-%m-%d %H:%M:%S"),
            "success": True,
            "err_code": "DELIVERED",
        }


OFFICE: Final = web.AppKey("office", Office)


def counted(
    answer: Callable[[Office, web.Request], Awaitable[tuple[Json, int]]],
) -> Callable[[web.Request], Awaitable[web.StreamResponse]]:
    """Return a door of the vendor: key, fault script, delay, answer, count."""

    async def handle(request: web.Request) -> web.StreamResponse:
        office = request.app[OFFICE]
        body = await body_of(request)
        facts = {name: str(body.get(name)) for name in ("phone", "template", "out_id")}
        rule = office.script.pick(request.path, facts)
        if rule is not None and rule.stage == "before" and rule.kind != "errcode":
            return await faults.act(rule, request)
        await asyncio.sleep(office.script.delay())
        if not sandbox.has_key(request, office.key):
            answered: tuple[Json, int] = (_said("InvalidAccessKey", "密钥不正确"), 401)
        elif rule is not None and rule.kind == "errcode":
            answered = (_said("isp.SYSTEM_ERROR", "系统错误"), 200)
        else:
            answered = await answer(office, request)
        office.codes[answered[0]["code"]] += 1
        if rule is not None and rule.stage == "after":
            return await faults.act(rule, request)
        return reply(*answered)

    return handle


async def send(office: Office, request: web.Request) -> tuple[Json, int]:
    """POST /send {phone, sign, template, params, out_id}."""
    try:
        message = office.send(await body_of(request))
    except Refused as refused:
        return _said(refused.code, refused.message), 200
    task = asyncio.create_task(_report(office, message))
    office.tasks.add(task)
    task.add_done_callback(office.tasks.discard)
    return {**_said("OK", "OK"), "biz_id": message.biz_id}, 200


async def query(office: Office, request: web.Request) -> tuple[Json, int]:
    """POST /query {out_id}: what became of a message the caller lost sight of."""
    message = office.by_out_id.get(str((await body_of(request)).get("out_id")))
    if message is None:
        return _said("isv.OUT_OF_DATA", "没有这条记录"), 200
    return {**_said("OK", "OK"), "receipt": office.receipt(message)}, 200


async def _report(office: Office, message: Message) -> None:
    """Push the receipt to the callback address, signed; three tries."""
    if not office.receipt_url or office.http is None:
        return
    receipt = [office.receipt(message)]
    for _ in range(RECEIPT_TRIES):
        await asyncio.sleep(0.2)
        try:
            async with office.http.post(
                office.receipt_url, json=receipt, headers={"X-Api-Key": office.key}
            ) as response:
                if response.status == 200:
                    office.codes["receipt"] += 1
                    return
        except (aiohttp.ClientError, TimeoutError):
            continue


def _said(code: str, message: str) -> Json:
    return {"code": code, "message": message, "request_id": secrets.token_hex(8)}


async def received(request: web.Request) -> web.Response:
    """Say what one number received, in order; without a number, everything."""
    office = request.app[OFFICE]
    phone = request.query.get("phone")
    wanted = [office.phones.get(phone, [])] if phone else office.phones.values()
    got = [message for messages in wanted for message in messages]
    return reply([asdict(message) for message in sorted(got, key=lambda one: one.at)])


async def oracle(request: web.Request) -> web.Response:
    office = request.app[OFFICE]
    return reply(
        {
            "accepted": sum(len(got) for got in office.phones.values()),
            "duplicates": sum(count - 1 for count in office.same.values()),
            "by_code": dict(office.codes),
        }
    )


async def callback(request: web.Request) -> web.Response:
    """Set where receipts go: {url}."""
    office = request.app[OFFICE]
    office.receipt_url = str((await body_of(request)).get("url") or "")
    return reply({"url": office.receipt_url})


async def desk(request: web.Request) -> web.Response:
    office = request.app[OFFICE]
    note = "居民的手机: 点开一部, 看它收到的短信"
    return pages.desk("短信沙箱", note, numbers=_figures(office), tiles=_tiles(office))


async def figures(request: web.Request) -> web.Response:
    return pages.html(_figures(request.app[OFFICE]))


async def tiles(request: web.Request) -> web.Response:
    return pages.html(_tiles(request.app[OFFICE]))


async def phone(request: web.Request) -> web.Response:
    office, number = request.app[OFFICE], request.match_info["number"]
    name = office.owners.get(number, "未登记号码")
    head = (
        f'<a class="back" href="/">‹ 全部手机</a><h1>{escape(name)}的短信'
        f"<small>尾号 {escape(number[-4:])}</small></h1>"
    )
    screen = pages.phone(
        SIGNS[0], office.clock.now(), f"/phone/{escape(number)}/texts", _texts(office, number)
    )
    return pages.shell(f"{name}的短信", head=head, body=f'<div class="desk">{screen}</div>')


async def texts(request: web.Request) -> web.Response:
    return pages.html(_texts(request.app[OFFICE], request.match_info["number"]))


def _figures(office: Office) -> str:
    total = sum(len(got) for got in office.phones.values())
    limited = office.codes["isv.BUSINESS_LIMIT_CONTROL"]
    return pages.figures((("已送达", total, False), ("号码限频", limited, limited > 0)))


def _tiles(office: Office) -> str:
    got_by = {number: office.phones.get(number, []) for number in (*office.owners, *office.phones)}
    numbers = sorted(got_by, key=lambda number: -(got_by[number][-1].at if got_by[number] else 0))
    shown = []
    for number in numbers[:300]:
        got = got_by[number]
        last = ("短信", pages.moment(got[-1].at), got[-1].text[:40]) if got else None
        name = office.owners.get(number, "未登记号码")
        shown.append(pages.tile(f"/phone/{number}", name, f"尾号 {number[-4:]}", len(got), last))
    return "".join(shown)


def _texts(office: Office, number: str) -> str:
    got = office.phones.get(number, [])[-100:]
    if not got:
        return '<p class="empty">还没有收到短信</p>'
    gaps = [True, *(after.at - before.at > 300 for before, after in pairwise(got))]
    return "".join(
        (f"<time>{pages.moment(one.at)}</time>" if gap else '<div class="gap"></div>')
        + f'<div class="bubble">{escape(one.text)}</div>'
        for one, gap in zip(got, gaps, strict=True)
    )


def build(office: Office) -> web.Application:
    """Return the vendor's doors, the sandbox's own side and the pages."""
    app = sandbox.application(office.journal, office.clock, office.forget)
    app[OFFICE] = office

    async def live(_app: web.Application) -> AsyncIterator[None]:
        async with aiohttp.ClientSession(timeout=aiohttp.ClientTimeout(total=5)) as office.http:
            yield
            for task in office.tasks:
                task.cancel()

    app.cleanup_ctx.append(live)
    app.router.add_post("/send", counted(send))
    app.router.add_post("/query", counted(query))
    app.router.add_get("/sandbox/received", received)
    app.router.add_get("/sandbox/oracle", oracle)
    app.router.add_post("/sandbox/callback", callback)
    app.router.add_get("/", desk)
    app.router.add_get("/figures", figures)
    app.router.add_get("/tiles", tiles)
    app.router.add_get("/phone/{number}", phone)
    app.router.add_get("/phone/{number}/texts", texts)
    office.script.routes(app)
    return app


def main() -> None:
    options = sandbox.command_line("sms", 9002)
    options.add_argument("--callback-url", default="", help="where receipts are pushed")
    chosen = options.parse_args()
    office = Office(
        people.load(chosen.people),
        sandbox.journal_in(chosen.data, "sms"),
        Script(chosen.latency_ms),
    )
    office.receipt_url = chosen.callback_url
    sandbox.serve(build(office), name="短信沙箱", port=chosen.port)


if __name__ == "__main__":
    main()
