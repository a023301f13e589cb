"""Subscribe messages (订阅消息): send, and the account's list of templates."""

import random
from typing import Any

from backend.devstack.sandbox import Json
from backend.devstack.wechat import fields
from backend.devstack.wechat.account import TEMPLATES, is_openid, is_page
from backend.devstack.wechat.calls import Call, Refused
from backend.devstack.wechat.state import EVERYONE, Received, World

_STATES = ("developer", "trial", "formal", None)
_LANGS = ("zh_CN", "en_US", "zh_HK", "zh_TW", None)


def send(world: World, call: Call) -> Json:
    """POST /cgi-bin/message/subscribe/send. There is no idempotency key: each accept is a card."""
    if fault := world.limits.spend(call.path, call.now):
        raise Refused(fault)
    openid, template_id, data = call.openid, call.text("template_id"), call.body.get("data")
    _addressed(world, call, openid, template_id)
    if words := fields.first_fault(TEMPLATES[template_id], data):
        raise Refused(47003, words)
    values = _values(data)
    if fields.is_sensitive(values):
        raise Refused(45168)
    if world.balance(openid, template_id) <= 0:
        raise Refused(43101)
    if random.random() * 100 < world.undelivered_percent:
        return _lost(world, openid, template_id)
    got = world.accept(openid, template_id, values, call.text("page"))
    _tell_sent(world, openid, got)
    return {"errcode": 0, "errmsg": "ok", "msgid": got.msgid}


def templates(_world: World, _call: Call) -> Json:
    """GET /wxaapi/newtmpl/gettemplate."""
    return {
        "errcode": 0,
        "errmsg": "ok",
        "data": [
            {
                "priTmplId": template.id,
                "title": template.title,
                "content": template.content,
                "example": template.shown_example,
                "type": template.type,
                "keywordEnumValueList": [],
            }
            for template in TEMPLATES.values()
        ],
    }


def _addressed(world: World, call: Call, openid: str, template_id: str) -> None:
    if not is_openid(openid):
        raise Refused(40003)
    if template_id not in TEMPLATES:
        raise Refused(40037)
    if world.banned & {(openid, template_id), (EVERYONE, template_id)}:
        raise Refused(43107)
    state, lang = call.body.get("miniprogram_state"), call.body.get("lang")
    if state not in _STATES or lang not in _LANGS:
        raise Refused(40097)
    if call.body.get("page") and not is_page(call.text("page")):
        raise Refused(41030)


def _values(data: Any) -> dict[str, str]:
    return {key: entry["value"] for key, entry in data.items()}


def _tell_sent(world: World, openid: str, got: Received) -> None:
    item = {
        "TemplateId": got.template_id,
        "MsgID": str(got.msgid),
        "ErrorCode": "0",
        "ErrorStatus": "success",
    }
    world.tell({"Event": "subscribe_msg_sent_event", "FromUserName": openid, "List": [item]})


def _lost(world: World, openid: str, template_id: str) -> Json:
    """Accept, then fail in WeChat's own push: the phone stays empty, the event says so."""
    world.spend(openid, template_id)
    world.undelivered += 1
    item = {
        "TemplateId": template_id,
        "MsgID": str(world.undelivered),
        "ErrorCode": "-1",
        "ErrorStatus": "system error",
    }
    world.tell({"Event": "subscribe_msg_sent_event", "FromUserName": openid, "List": [item]})
    return {"errcode": 0, "errmsg": "ok", "msgid": world.undelivered}
