"""One message through the adapter, and what the sandbox counted."""

import os

from django.conf import settings

from backend.core import wechat as adapter
from backend.core.wechat import tokens
from backend.devstack.wechat import account
from tests.sandboxes import APP


def data(note="10个工作日内办结"):
    return {
        "thing1": {"value": "高龄津贴"},
        "character_string2": {"value": "****1234"},
        "phrase3": {"value": "已受理"},
        "time4": {"value": "2026年3月5日 09:30"},
        "thing5": {"value": note},
    }


def openid(who="li"):
    return account.openid_of(who, APP["appid"])


def send(who="li", **more):
    message = {
        "openid": openid(who),
        "template_id": account.PROGRESS_ONCE,
        "data": data(),
        "page": "pages/case/detail?no=1",
        **more,
    }
    return adapter.send_subscribe_message(**message)


def token_calls(sandbox):
    return sandbox.get("/sandbox/oracle")["token_calls"]


def sends(sandbox):
    return sandbox.get("/sandbox/oracle")["sends"]


def held():
    """Return this process's access token."""
    place = settings.WECHAT_BASE_URL, settings.WECHAT_APP_ID
    return tokens._keeper(os.getpid(), *place).current()
