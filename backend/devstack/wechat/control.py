"""The sandbox's own side (沙箱控制与神谕): what tests and `make run` ask of it."""

from collections import Counter
from dataclasses import fields as fields_of
from typing import Any

from aiohttp import web

from backend.devstack.sandbox import Json, body_of, reply
from backend.devstack.wechat import login, sealing
from backend.devstack.wechat.account import TEMPLATES
from backend.devstack.wechat.limits import SEND
from backend.devstack.wechat.push import Manner, Push
from backend.devstack.wechat.state import EVERYONE, WORLD, Received, World

PUSH = web.AppKey("push", Push)
_ACTIONS = ("accept", "reject", "ban", "off")


def routes(app: web.Application) -> None:
    add = app.router.add_route
    add("GET", "/sandbox/people", people)
    add("GET", "/sandbox/received", received)
    add("GET", "/sandbox/oracle", oracle)
    add("GET", "/sandbox/balance", balance)
    add("GET", "/sandbox/login-code", login_code)
    add("GET", "/sandbox/phone-code", phone_code)
    add("POST", "/sandbox/subscribe", subscribe)
    add("POST", "/sandbox/token", token)
    add("POST", "/sandbox/limits", limits)
    add("POST", "/sandbox/open-link", open_link)
    add("GET", "/sandbox/callback", callback)
    add("POST", "/sandbox/callback", callback)
    add("POST", "/sandbox/sealed", sealed)


async def people(request: web.Request) -> web.Response:
    """List the demo residents with their openids and phones."""
    world = request.app[WORLD]
    return reply(
        [
            {"key": key, "name": person.name, "openid": world.openid(key), "phone": person.phone}
            for key, person in world.people.items()
        ]
    )


async def received(request: web.Request) -> web.Response:
    """Say what one resident really received, in order; without a name, everybody."""
    world = request.app[WORLD]
    if "who" in request.query or "openid" in request.query:
        openid = _openid(world, request.query)
        return reply([_shown(world, openid, one) for one in world.received.get(openid, [])])
    everything = ((one.msgid, openid, one) for openid, got in world.received.items() for one in got)
    return reply([_shown(world, openid, one) for _id, openid, one in sorted(everything, key=_id)])


async def oracle(request: web.Request) -> web.Response:
    """Say what came of everything so far."""
    world, push = request.app[WORLD], request.app[PUSH]
    codes = {str(code): n for (path, code), n in world.errcodes.items() if path == SEND}
    return reply(
        {
            "accepted": world.accepted,
            "duplicates": world.duplicates,
            "withheld": world.withheld,
            "undelivered": world.undelivered,
            "sends": world.calls[SEND],
            "sends_by_errcode": codes,
            "token_calls": world.calls["/cgi-bin/stable_token"] + world.calls["/cgi-bin/token"],
            "calls": dict(world.calls),
            "by_template": dict(
                Counter(one.template_id for got in world.received.values() for one in got)
            ),
            "phones": len(world.received),
            "callbacks": push.shown()["counts"],
        }
    )


async def balance(request: web.Request) -> web.Response:
    """Say the true balance of one resident per template."""
    world = request.app[WORLD]
    openid = _openid(world, request.query)
    return reply({template: world.balance(openid, template) for template in TEMPLATES})


async def login_code(request: web.Request) -> web.Response:
    code = login.login_code(request.app[WORLD], request.query["who"])
    return reply({"js_code": code})


async def phone_code(request: web.Request) -> web.Response:
    """Mint a phone code; `phone` and `country` ask for a number other than the registered one."""
    query = request.query
    number, country = query.get("phone", ""), query.get("country", "86")
    return reply({"code": login.phone_code(request.app[WORLD], query["who"], number, country)})


async def subscribe(request: web.Request) -> web.Response:
    """
    Answer the popup as a resident would, and push the event.

    {who | openid | everyone: true, template_id | template_ids, action: accept|reject|ban|off,
    times: 1}. `off` is the switch in the settings: the balance is gone and a change event follows.
    """
    world, wish = request.app[WORLD], await body_of(request)
    templates = wish.get("template_ids") or [wish.get("template_id")]
    action = wish.get("action", "accept")
    if action not in _ACTIONS or not set(templates) <= set(TEMPLATES):
        raise web.HTTPBadRequest(text="未知的模板或动作")
    openid = EVERYONE if wish.get("everyone") else _openid(world, wish)
    times = int(wish.get("times", 1))
    for template in templates:
        world.subscribe(openid, template, action, times)
    if openid != EVERYONE:
        for _ in range(times if action == "accept" else 1):
            _tell(world, openid, templates, action)
    return reply({template: world.balance(openid, template) for template in templates})


async def token(request: web.Request) -> web.Response:
    """End every access token at once, as a secret reset does."""
    request.app[WORLD].tokens.kill()
    return reply({"status": "ok"})


async def limits(request: web.Request) -> web.Response:
    """Narrow a limit: {path, window: second|minute|day, calls}, or {undelivered_percent}."""
    world, wish = request.app[WORLD], await body_of(request)
    if "undelivered_percent" in wish:
        world.undelivered_percent = float(wish["undelivered_percent"])
    if "window" in wish:
        world.limits.set(wish.get("path", SEND), wish["window"], int(wish["calls"]))
    return reply({"status": "ok"})


async def open_link(request: web.Request) -> web.Response:
    """Open a URL Link on a phone: it works for the first resident who opened it."""
    world, wish = request.app[WORLD], await body_of(request)
    link, openid = str(wish.get("url_link")), _openid(world, wish)
    if link not in world.links:
        return reply({"opened": False, "why": "链接不存在"})
    first = world.links[link] = world.links[link] or openid
    return reply({"opened": first == openid, "why": "" if first == openid else "已被他人打开"})


async def callback(request: web.Request) -> web.Response:
    """Show how events are pushed, or change it: the fields of `Manner`."""
    push = request.app[PUSH]
    if request.method == "POST":
        wish = await body_of(request)
        known = {field.name for field in fields_of(Manner)}
        if not set(wish) <= known:
            raise web.HTTPBadRequest(text=f"可用的选项: {', '.join(sorted(known))}")
        now = {name: getattr(push.manner, name) for name in known}
        push.manner = Manner(**{**now, **wish})
    return reply(push.shown())


async def sealed(request: web.Request) -> web.Response:
    """Return an event signed and encrypted, without pushing it: {event, shape, at}."""
    world, wish = request.app[WORLD], await body_of(request)
    at = wish.get("at") or world.clock.now()
    event = {"CreateTime": int(at), "MsgType": "event", **wish.get("event", {})}
    return reply(sealing.seal(event, world.credentials, wish.get("shape", "json"), float(at)))


def _tell(world: World, openid: str, templates: list[str], action: str) -> None:
    """Push what the popup or the settings push; a ban is the platform's, and pushes nothing."""
    if action == "ban":
        return
    items = [
        {"TemplateId": template, "SubscribeStatusString": "reject" if action == "off" else action}
        | ({} if action == "off" else {"PopupScene": "0"})
        for template in templates
    ]
    event = "subscribe_msg_change_event" if action == "off" else "subscribe_msg_popup_event"
    world.tell({"Event": event, "FromUserName": openid, "List": items})


def _openid(world: World, wish: Any) -> str:
    if wish.get("openid"):
        return str(wish["openid"])
    if not wish.get("who"):
        raise web.HTTPBadRequest(text="请给出 who 或 openid")
    return world.openid(str(wish["who"]))


def _shown(world: World, openid: str, got: Received) -> Json:
    return {
        "msgid": got.msgid,
        "at": got.at,
        "who": world.key_of.get(openid, ""),
        "openid": openid,
        "template_id": got.template_id,
        "title": TEMPLATES[got.template_id].title,
        "data": got.values,
        "page": got.page,
    }


def _id(entry: tuple[int, str, Received]) -> int:
    return entry[0]
