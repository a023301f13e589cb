"""Safe mode (安全模式) of callbacks: sign and encrypt as WeChat's message push does."""

import base64
import hashlib
import json
import os
import secrets
import struct
from typing import Any
from xml.sax.saxutils import escape

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from backend.devstack.sandbox import Json
from backend.devstack.wechat.account import Credentials

BLOCK = 32
GH_ID = "gh_5a1yang0demo"
_WRAPPERS = {
    "subscribe_msg_popup_event": "SubscribeMsgPopupEvent",
    "subscribe_msg_change_event": "SubscribeMsgChangeEvent",
    "subscribe_msg_sent_event": "SubscribeMsgSentEvent",
}


def signature(*parts: str) -> str:
    """Return sha1 of the sorted parts, the signature of every push."""
    return hashlib.sha1("".join(sorted(parts)).encode()).hexdigest()  # noqa: S324 WeChat's rule


def encrypt(text: str, credentials: Credentials) -> str:
    """AES-256-CBC: 16 random bytes, length, message, appid; PKCS#7 to blocks of 32."""
    message = text.encode()
    plain = os.urandom(16) + struct.pack(">I", len(message)) + message + credentials.app_id.encode()
    short = BLOCK - len(plain) % BLOCK
    plain += bytes([short]) * short
    cipher = Cipher(algorithms.AES(credentials.key), modes.CBC(credentials.key[:16])).encryptor()
    return base64.b64encode(cipher.update(plain) + cipher.finalize()).decode()


def seal(event: Json, credentials: Credentials, shape: str, now: float) -> Json:
    """Return the `query` and `body` of one push in `shape` json or xml, and its `content_type`."""
    text = as_xml(event) if shape == "xml" else as_json(event)
    encrypted = encrypt(text, credentials)
    timestamp, nonce = str(int(now)), str(secrets.randbelow(10**10))
    query = {
        "signature": signature(credentials.token, timestamp, nonce),
        "timestamp": timestamp,
        "nonce": nonce,
        "openid": str(event.get("FromUserName", "")),
        "encrypt_type": "aes",
        "msg_signature": signature(credentials.token, timestamp, nonce, encrypted),
    }
    if shape == "xml":
        body = f"<xml>{_tag('ToUserName', GH_ID)}{_tag('Encrypt', encrypted)}</xml>"
        return {"query": query, "body": body, "content_type": "text/xml"}
    body = json.dumps({"ToUserName": GH_ID, "Encrypt": encrypted})
    return {"query": query, "body": body, "content_type": "application/json"}


def as_json(event: Json) -> str:
    """JSON form: `List` on top, an object instead of an array when there is one item."""
    items = event.get("List")
    single = isinstance(items, list) and len(items) == 1
    shown = {**event, "List": items[0]} if single and items else event
    return json.dumps({"ToUserName": GH_ID, **shown}, ensure_ascii=False)


def as_xml(event: Json) -> str:
    """XML form: one `List` element per item, inside an element named after the event."""
    head = "".join(_tag(name, value) for name, value in event.items() if name != "List")
    items = "".join(
        "<List>" + "".join(_tag(name, value) for name, value in item.items()) + "</List>"
        for item in event.get("List", [])
    )
    wrapper = _WRAPPERS.get(str(event.get("Event")))
    nested = f"<{wrapper}>{items}</{wrapper}>" if wrapper else items
    return f"<xml>{_tag('ToUserName', GH_ID)}{head}{nested}</xml>"


def _tag(name: str, value: Any) -> str:
    if isinstance(value, int):
        return f"<{name}>{value}</{name}>"
    text = str(value)
    inner = escape(text) if "]]>" in text else f"<![CDATA[{text}]]>"
    return f"<{name}>{inner}</{name}>"
