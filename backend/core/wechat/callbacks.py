"""
Callbacks (消息推送): what WeChat tells us, in safe mode only.

The signature covers the encrypted body. JSON and XML say the same in different shapes; both come
out as one, with one digest, so that an event told twice is seen to be one.
"""

import hashlib
import hmac
import time
from collections.abc import Mapping
from typing import Any, Final, TypedDict
from xml.etree import ElementTree

import orjson
import redis
import structlog
from django.conf import settings

from backend.core.errors import Forbidden
from backend.core.wechat import calls, tokens

SKEW: Final = 300
"""Seconds a callback's timestamp may differ from our clock."""
REMEMBERED: Final = 2 * SKEW
"""Seconds a nonce is remembered: as long as its timestamp can pass, and as long again."""
LARGEST: Final = 64 * 1024
DEEPEST: Final = 4
_HEAD: Final = ("ToUserName", "FromUserName", "CreateTime", "MsgType", "Event")
_NAMES: Final = {
    "TemplateId": "template_id",
    "SubscribeStatusString": "result",
    "PopupScene": "scene",
    "MsgID": "msgid",
    "ErrorCode": "errcode",
    "ErrorStatus": "errstatus",
}
_log = structlog.get_logger(__name__)


class BadCallback(Forbidden):
    code, title = "bad_callback", "推送的签名、时间或内容不对, 不予接收"


class Callback(TypedDict):
    """One push. `digest` is equal for the same event in JSON, in XML, and told again."""

    event: str
    openid: str
    created_at: int
    digest: str
    items: list[dict[str, str]]


def echo(*, query: Mapping[str, str]) -> str:
    """
    Answer the address check of the console: return `echostr` when its signature is right.

    :raises BadCallback: it is not.
    """
    _signed(query, query.get("signature", ""))
    return query.get("echostr", "")


def open_callback(*, query: Mapping[str, str], body: bytes) -> Callback:
    """
    Open one push in safe mode (消息推送, 安全模式), JSON or XML.

    A popup, change or sent event has an item per template: `template_id`, then `result`
    (accept, reject) and `scene`, or `msgid`, `errcode` and `errstatus`; all texts. Any other event
    is one item of its own fields.

    :raises BadCallback: forged, older than five minutes, replayed, or of another mini-program.
    """
    if len(body) > LARGEST or query.get("encrypt_type") != "aes":
        raise BadCallback
    encrypted = _parsed(body).get("Encrypt")
    if not isinstance(encrypted, str):
        raise BadCallback
    _signed(query, query.get("msg_signature", ""), encrypted)
    _first_time(query)
    return _normalised(_parsed(_decrypted(query, encrypted).encode()))


def release_callback(*, query: Mapping[str, str]) -> None:
    """Let the same push come again: for the door that opened one and could not store it."""
    try:
        tokens.valkey().delete(_nonce_key(query))
    except redis.RedisError:
        return


def _signed(query: Mapping[str, str], given: str, *covered: str) -> None:
    """Pass a request of now, signed with our token over timestamp, nonce and `covered`."""
    timestamp, nonce = query.get("timestamp", ""), query.get("nonce", "")
    parts = sorted((settings.WECHAT_TOKEN, timestamp, nonce, *covered))
    right = hashlib.sha1("".join(parts).encode()).hexdigest()  # noqa: S324 (WeChat's rule)
    if not hmac.compare_digest(right.encode(), given.encode()):
        raise BadCallback
    if not timestamp.isdecimal() or abs(time.time() - int(timestamp)) > SKEW:
        raise BadCallback


def _first_time(query: Mapping[str, str]) -> None:
    """Pass a nonce once. Without Valkey all pass: the digest of the event still counts it once."""
    try:
        fresh = tokens.valkey().set(_nonce_key(query), b"1", nx=True, ex=REMEMBERED)
    except redis.RedisError:
        _log.warning("wechat_nonce_not_kept")
        return
    if not fresh:
        raise BadCallback


def _nonce_key(query: Mapping[str, str]) -> str:
    seen = f"{query.get('timestamp')}:{query.get('nonce')}:{query.get('msg_signature')}"
    return f"wechat:nonce:{hashlib.sha256(seen.encode()).hexdigest()}"


def _decrypted(query: Mapping[str, str], encrypted: str) -> str:
    text = calls.decrypt(
        encrypted,
        signature=query.get("msg_signature", ""),
        timestamp=query.get("timestamp", ""),
        nonce=query.get("nonce", ""),
    )
    if text is None:
        raise BadCallback
    return text


def _parsed(body: bytes) -> dict[str, Any]:
    """Read a JSON object or an XML message; a document type, so an entity, is refused."""
    try:
        text = body.decode()
        if not text.lstrip().startswith("<"):
            content = orjson.loads(text)
        elif "<!DOCTYPE" in text or "<!ENTITY" in text:
            raise BadCallback
        else:
            content = _children(ElementTree.fromstring(text))  # noqa: S314 (no entities, see above)
    except (ValueError, ElementTree.ParseError):
        raise BadCallback from None
    if not isinstance(content, dict):
        raise BadCallback
    return content


def _children(element: ElementTree.Element, levels: int = DEEPEST) -> dict[str, Any]:
    """Return an element's children by name; a name that comes twice holds a list."""
    if not levels:
        raise BadCallback
    found: dict[str, Any] = {}
    for child in element:
        value: Any = _children(child, levels - 1) if len(child) else (child.text or "")
        if child.tag in found:
            before = found[child.tag]
            found[child.tag] = [*(before if isinstance(before, list) else [before]), value]
        else:
            found[child.tag] = value
    return found


def _normalised(message: Mapping[str, Any]) -> Callback:
    event, openid = str(message.get("Event", "")), str(message.get("FromUserName", ""))
    created = str(message.get("CreateTime", ""))
    if not event or not created.isdecimal():
        raise BadCallback
    items = [_item(item) for item in _listed(message)]
    said = orjson.dumps([event, openid, created, items], option=orjson.OPT_SORT_KEYS)
    return Callback(
        event=event,
        openid=openid,
        created_at=int(created),
        digest=hashlib.sha256(said).hexdigest(),
        items=items,
    )


def _listed(message: Mapping[str, Any]) -> list[Mapping[str, Any]]:
    """Return the items: `List` on top (JSON) or in the event's element (XML), one or several."""
    nested = [value for value in message.values() if isinstance(value, dict) and "List" in value]
    holder = message if "List" in message else nested[0] if nested else None
    if holder is None:
        return [{name: value for name, value in message.items() if name not in _HEAD}]
    items = holder["List"] if isinstance(holder["List"], list) else [holder["List"]]
    if not all(isinstance(item, dict) for item in items):
        raise BadCallback
    return items


def _item(item: Mapping[str, Any]) -> dict[str, str]:
    return {
        _NAMES.get(name, name): value if isinstance(value, str) else orjson.dumps(value).decode()
        for name, value in item.items()
    }
