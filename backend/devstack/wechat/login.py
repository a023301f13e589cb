"""Login, phone and tokens (登录、手机号、接口凭据), as the pages of the login API state them."""

import base64
import hmac
import secrets
from typing import Final

from backend.devstack.sandbox import Json
from backend.devstack.wechat.calls import Call, Refused
from backend.devstack.wechat.limits import LOGINS_A_MINUTE, MINUTE, window_of
from backend.devstack.wechat.state import CODE_LIFE, Code, World

LOGIN: Final = "demo-"
PHONE: Final = "phone-"


def session(world: World, call: Call) -> Json:
    """GET /sns/jscode2session: a one-time code for the openid. Needs no access_token."""
    _credentials(world, call.query.get("appid", ""), call.query.get("secret", ""))
    if call.query.get("grant_type") != "authorization_code":
        raise Refused(40002)
    code = _redeem(world, call, call.query.get("js_code", ""), LOGIN)
    _not_too_often(world, code.openid, call.now)
    world.active_at[code.openid] = call.now
    key = base64.b64encode(secrets.token_bytes(16)).decode()
    world.session_keys[code.openid] = key
    return {"session_key": key, "openid": code.openid}


def check_session(world: World, call: Call) -> Json:
    """GET /wxa/checksession: is this still the user's session key?"""
    key = world.session_keys.get(call.query.get("openid", ""))
    if key is None:
        raise Refused(87009)
    sent = call.query.get("signature", "").encode()
    expected = hmac.new(base64.b64decode(key), b"", "sha256").hexdigest()
    # The page is not clear whether the key is used as text or decoded: both are taken.
    as_text = hmac.new(key.encode(), b"", "sha256").hexdigest()
    if not any(hmac.compare_digest(sent, right.encode()) for right in (expected, as_text)):
        raise Refused(87009)
    return {"errcode": 0, "errmsg": "ok"}


def phone(world: World, call: Call) -> Json:
    """POST /wxa/business/getuserphonenumber: a one-time code for the number behind the button."""
    code = _redeem(world, call, call.text("code"), PHONE)
    _not_too_often(world, code.openid, call.now)
    prefix = "" if code.country == "86" else f"+{code.country}"
    return {
        "errcode": 0,
        "errmsg": "ok",
        "phone_info": {
            "phoneNumber": prefix + code.phone,
            "purePhoneNumber": code.phone,
            "countryCode": code.country,
            "watermark": {"timestamp": int(call.now), "appid": world.credentials.app_id},
        },
    }


def stable_token(world: World, call: Call) -> Json:
    """POST /cgi-bin/stable_token: the same token while it lives, a new one in its last 5 min."""
    _credentials(world, call.text("appid"), call.text("secret"))
    if call.text("grant_type") != "client_credential":
        raise Refused(40002)
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    forced = call.body.get("force_refresh") is True
    if forced and (fault := world.limits.spend("force_refresh", call.now)):
        raise Refused(fault)
    before = world.tokens.stable
    token, left = (world.tokens.force if forced else world.tokens.take_stable)(call.now)
    if token != before:
        world.note_token()
    return {"access_token": token, "expires_in": left}


def legacy_token(world: World, call: Call) -> Json:
    """GET /cgi-bin/token: every call replaces the token of the call before."""
    _credentials(world, call.query.get("appid", ""), call.query.get("secret", ""))
    if call.query.get("grant_type") != "client_credential":
        raise Refused(40002)
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    token, left = world.tokens.take_legacy(call.now)
    return {"access_token": token, "expires_in": left}


def login_code(world: World, who: str) -> str:
    """Mint what wx.login gives the client of `who`."""
    return world.mint("0a", Code(world.openid(who), world.clock.now() + CODE_LIFE))


def phone_code(world: World, who: str, number: str = "", country: str = "86") -> str:
    """Mint what the phone button gives the client of `who`, or a code for another number."""
    number = number or world.person(who).phone
    return world.mint("0b", Code(world.openid(who), world.clock.now() + CODE_LIFE, number, country))


def _credentials(world: World, app_id: str, secret: str) -> None:
    if not app_id:
        raise Refused(41002)
    if not secret:
        raise Refused(41004)
    if app_id != world.credentials.app_id:
        raise Refused(40013)
    if not hmac.compare_digest(secret.encode(), world.credentials.secret.encode()):
        raise Refused(40125)


def _redeem(world: World, call: Call, text: str, prefix: str) -> Code:
    """Exchange a one-time code: minted, or `demo-<key>-<anything>` and `phone-<key>-<anything>`."""
    if not text:
        raise Refused(41008)
    code = world.codes.get(text) or _demo(world, call, text, prefix)
    if code is None or code.ends <= call.now or bool(code.phone) != (prefix == PHONE):
        raise Refused(40029)
    if not world.use_up(text):
        raise Refused(40163)
    return code


def _demo(world: World, call: Call, text: str, prefix: str) -> Code | None:
    rest = text.removeprefix(prefix)
    if rest == text or "-" not in rest:
        return None
    known = [key for key in world.people if rest.startswith(f"{key}-")]
    who = max(known, key=len) if known else rest.split("-", 1)[0]
    if not who or rest == f"{who}-":
        return None
    phone = world.person(who).phone if prefix == PHONE else ""
    return Code(world.openid(who), call.now + CODE_LIFE, phone, "86" if phone else "")


def _not_too_often(world: World, openid: str, now: float) -> None:
    slot = (openid, window_of(now, MINUTE))
    world.logins[slot] += 1
    if world.logins[slot] > LOGINS_A_MINUTE:
        raise Refused(45011)
