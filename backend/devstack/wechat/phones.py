"""The residents' phones (居民手机): what each one sees in 服务通知, and the popup they answer."""

import json
from html import escape
from itertools import pairwise
from typing import Final
from urllib.parse import quote

from aiohttp import web

from backend.devstack import pages
from backend.devstack.wechat.account import LONG_TERM, TEMPLATES
from backend.devstack.wechat.limits import SEND
from backend.devstack.wechat.state import WORLD, Received, World

PROGRAM: Final = "资阳社区服务"
QUIET: Final = 300
"""Seconds without a message after which the chat shows the time again."""
SHOWN: Final = 100
"""The newest messages of a phone that are drawn."""


def routes(app: web.Application) -> None:
    app.router.add_get("/", desk)
    app.router.add_get("/figures", figures)
    app.router.add_get("/tiles", tiles)
    app.router.add_get("/phone/{who}", phone)
    app.router.add_get("/phone/{who}/cards", cards)


async def desk(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    note = "居民的手机: 点开一部, 看它收到的服务通知"
    return pages.desk("微信沙箱", note, numbers=_figures(world), tiles=_tiles(world))


async def figures(request: web.Request) -> web.Response:
    return pages.html(_figures(request.app[WORLD]))


async def tiles(request: web.Request) -> web.Response:
    return pages.html(_tiles(request.app[WORLD]))


async def phone(request: web.Request) -> web.Response:
    world, who = request.app[WORLD], request.match_info["who"]
    person, openid = world.person(who), world.openid(who)
    live = f"/phone/{quote(who)}/cards"
    screen = pages.phone("服务通知", world.clock.now(), live, _cards(world, openid))
    side = f'<div class="side">{_subscriptions(world, who)}{_codes(who)}</div>'
    head = (
        f'<a class="back" href="/">‹ 全部手机</a><h1>{escape(person.name)}的手机'
        f"<small>{escape(_tail(person.phone))}</small></h1>"
    )
    body = f'<div class="desk">{screen}{side}</div>'
    return pages.shell(f"{person.name}的手机", head=head, body=body)


async def cards(request: web.Request) -> web.Response:
    world = request.app[WORLD]
    return pages.html(_cards(world, world.openid(request.match_info["who"])))


def _figures(world: World) -> str:
    invalid = world.errcodes[SEND, 47003]
    return pages.figures(
        (
            ("已送达", world.accepted, False),
            ("重复", world.duplicates, world.duplicates > 0),
            ("未订阅", world.errcodes[SEND, 43101], False),
            ("字段不合规", invalid, invalid > 0),
        )
    )


def _tiles(world: World) -> str:
    """Return the phones, the one that rang last first, then the demo residents in their order."""
    strangers = [world.key_of[openid] for openid in world.received if openid in world.key_of]
    phones = {who: world.received.get(world.openid(who), []) for who in (*world.people, *strangers)}
    order = sorted(phones, key=lambda who: -(phones[who][-1].at if phones[who] else 0))
    return "".join(_tile(world, who, phones[who]) for who in order[:300])


def _tile(world: World, who: str, got: list[Received]) -> str:
    person, last = world.person(who), None
    if got:
        words = " · ".join(list(got[-1].values.values())[:3])
        last = (TEMPLATES[got[-1].template_id].title, pages.moment(got[-1].at), words)
    href = f"/phone/{quote(who)}"
    return pages.tile(href, person.name, _tail(person.phone), len(got), last)


def _cards(world: World, openid: str) -> str:
    got = world.received.get(openid, [])[-SHOWN:]
    if not got:
        return '<p class="empty">还没有收到服务通知<br>居民订阅后, 办事进度会出现在这里</p>'
    gaps = [True, *(after.at - before.at > QUIET for before, after in pairwise(got))]
    return "".join(
        (f"<time>{pages.moment(one.at)}</time>" if gap else '<div class="gap"></div>') + _card(one)
        for one, gap in zip(got, gaps, strict=True)
    )


def _card(got: Received) -> str:
    template = TEMPLATES[got.template_id]
    rows = "".join(
        f"<dt>{escape(label)}</dt><dd>{escape(got.values.get(key, ''))}</dd>"
        for key, label in template.fields.items()
    )
    link = "进入小程序查看" if got.page else "通知"
    return (
        f'<article class="card"><div class="from"><i>资</i>{PROGRAM}</div>'
        f"<h3>{escape(template.title)}</h3><dl>{rows}</dl>"
        f"<footer><span>{link}</span><span>›</span></footer></article>"
    )


def _subscriptions(world: World, who: str) -> str:
    openid, rows = world.openid(who), ""
    for template in TEMPLATES.values():
        left = world.balance(openid, template.id)
        long_term = template.type == LONG_TERM
        state = ("已订阅" if left else "未订阅") if long_term else f"{left} 次"
        kind = "长期" if long_term else "一次性"
        rows += (
            f"<li><span>{escape(template.title)}<small>{kind}</small></span><b>{state}</b>"
            + _button(who, template.id, "accept", "允许")
            + _button(who, template.id, "reject", "拒绝")
            + "</li>"
        )
    return (
        '<section class="panel"><h2>订阅弹窗</h2><p>代居民在弹窗里点“允许”或“拒绝”; '
        f"一次性的每允许一次, 可收一条</p><ul>{rows}</ul></section>"
    )


def _button(who: str, template_id: str, action: str, label: str) -> str:
    body = escape(json.dumps({"who": who, "template_id": template_id, "action": action}))
    kind = "yes" if action == "accept" else "no"
    return (
        f'<button class="{kind}" data-post="/sandbox/subscribe" data-body="{body}">{label}</button>'
    )


def _codes(who: str) -> str:
    name = quote(who)
    return (
        '<section class="panel"><h2>开发者取码</h2><p>相当于这部手机上的 wx.login 和手机号按钮, '
        "5 分钟内用一次</p>"
        f'<button data-get="/sandbox/login-code?who={name}" data-show="js_code">取登录码</button> '
        f'<button data-get="/sandbox/phone-code?who={name}" data-show="code">取手机号码</button>'
        "<output></output></section>"
    )


def _tail(phone: str) -> str:
    return f"尾号 {phone[-4:]}" if phone else "未登记手机号"
