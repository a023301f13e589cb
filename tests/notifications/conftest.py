"""The sandboxes of this room, generous with subscriptions."""

import pytest

from notifications import marks
from tests.factories.notices import A, B
from tests.sandboxes import (  # noqa: F401
    Sandbox,
    sms,
    sms_process,
    wechat,
    wechat_process,
)


@pytest.fixture(autouse=True)
def fresh_marks() -> None:
    for key in marks._client().scan_iter("cps:notices:*"):
        marks._client().delete(key)


@pytest.fixture
def open_wechat(wechat: Sandbox) -> Sandbox:  # noqa: F811
    """A WeChat in which everybody subscribed a hundred times."""
    body = {"everyone": True, "template_ids": [A, B], "times": 100}
    wechat.post("/sandbox/subscribe", body)
    return wechat
