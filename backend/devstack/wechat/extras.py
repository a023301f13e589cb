"""The rest of the server API we use: quotas, content check, mini-program codes, links."""

import re
import secrets
from typing import Final

from aiohttp import web

from backend.devstack.sandbox import Json
from backend.devstack.wechat import picture
from backend.devstack.wechat.account import SENSITIVE_WORDS, is_page
from backend.devstack.wechat.calls import Call, Refused
from backend.devstack.wechat.limits import DAY, MINUTE, SECOND
from backend.devstack.wechat.state import World

_SCENE = re.compile(r"[0-9A-Za-z!#$&'()*+,/:;=?@\-._~]{1,32}")
ACTIVE: Final = 2 * 3600
LINK_DAYS: Final = 30


def quota(world: World, call: Call) -> Json:
    """POST /cgi-bin/openapi/quota/get {cgi_path}."""
    path = call.text("cgi_path")
    rules = {window: calls for window, calls, _code in world.limits.rules.get(path, ())}
    if not rules:
        raise Refused(40097, "cgi_path")
    daily = rules.get(DAY, 10_000_000)
    used = world.limits.count(path, DAY, call.now)
    window, refresh = (SECOND, 1) if SECOND in rules else (MINUTE, 60)
    reply: Json = {
        "errcode": 0,
        "errmsg": "ok",
        "quota": {"daily_limit": daily, "used": used, "remain": max(daily - used, 0)},
    }
    if window in rules:
        reply["rate_limit"] = {"call_count": rules[window], "refresh_second": refresh}
    return reply


def clear_quota(world: World, call: Call) -> Json:
    """POST /cgi-bin/clear_quota: ten times a month, by hand."""
    if call.text("appid") != world.credentials.app_id:
        raise Refused(40013)
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    world.limits.clear_quota()
    return {"errcode": 0, "errmsg": "ok"}


def check_text(world: World, call: Call) -> Json:
    """POST /wxa/msg_sec_check, version 2: text by a resident active in the last two hours."""
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    content = call.text("content")
    scene = call.body.get("scene")
    if call.body.get("version") not in (2, "2") or scene not in (1, 2, 3, 4):
        raise Refused(40097, "version, scene")
    if not content or len(content) > 2500:
        raise Refused(40097, "content")
    _active(world, call)
    risky = any(word in content for word in SENSITIVE_WORDS)
    verdict = {"suggest": "risky", "label": 20001} if risky else {"suggest": "pass", "label": 100}
    return {
        "errcode": 0,
        "errmsg": "ok",
        "result": verdict,
        "detail": [{"strategy": "content_model", "errcode": 0, "prob": 90, **verdict}],
        "trace_id": world.rid(),
    }


def check_media(world: World, call: Call) -> Json:
    """POST /wxa/media_check_async, version 2: the verdict follows as an event."""
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    if call.body.get("version") not in (2, "2") or call.body.get("media_type") not in (1, 2):
        raise Refused(40097, "version, media_type")
    _active(world, call)
    trace = world.rid()
    risky = "risky" in call.text("media_url")
    verdict = {"suggest": "risky", "label": 20001} if risky else {"suggest": "pass", "label": 100}
    world.tell(
        {
            "Event": "wxa_media_check",
            "FromUserName": call.openid,
            "appid": world.credentials.app_id,
            "trace_id": trace,
            "version": 2,
            "errcode": 0,
            "errmsg": "ok",
            "result": verdict,
        }
    )
    return {"errcode": 0, "errmsg": "ok", "trace_id": trace}


def program_code(world: World, call: Call) -> Json | web.Response:
    """POST /wxa/getwxacodeunlimit: a picture on success, JSON on a refusal."""
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    if not _SCENE.fullmatch(call.text("scene")):
        raise Refused(40129)
    page = call.text("page")
    if page and call.body.get("check_path", True) and ("?" in page or not is_page(page)):
        raise Refused(41030)
    width = call.body.get("width", 430)
    if not isinstance(width, int) or not 280 <= width <= 1280:
        raise Refused(40097, "width")
    return web.Response(body=picture.draw(call.text("scene"), width), content_type="image/png")


def url_link(world: World, call: Call) -> Json:
    """POST /wxa/generate_urllink: at most 30 days, and only for the first user who opens it."""
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    if call.text("path") and not is_page(call.text("path")):
        raise Refused(41030)
    by_days = call.body.get("expire_type") == 1
    days, at = call.body.get("expire_interval", LINK_DAYS), call.body.get("expire_time", 0)
    left = days if by_days else (at - call.now) / 86400 if at else LINK_DAYS
    if not 0 < left <= LINK_DAYS:
        raise Refused(85401)
    link = f"https://wxaurl.cn/{secrets.token_urlsafe(8)}"
    world.links[link] = ""
    return {"errcode": 0, "errmsg": "ok", "url_link": link}


def _active(world: World, call: Call) -> None:
    if call.now - world.active_at.get(call.openid, 0) > ACTIVE:
        raise Refused(61010)
