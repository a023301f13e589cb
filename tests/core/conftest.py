"""The sandbox of this room, generous with subscriptions; and a stub in its place."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest

from backend.devstack.wechat import account
from tests.sandboxes import Sandbox, forget_tokens, wechat, wechat_process  # noqa: F401
from tests.stubs import Stub


@pytest.fixture
def subscribed(wechat: Sandbox) -> Sandbox:  # noqa: F811
    """A WeChat in which everybody subscribed a hundred times."""
    body = {"everyone": True, "template_id": account.PROGRESS_ONCE, "times": 100}
    wechat.post("/sandbox/subscribe", body)
    return wechat


@pytest.fixture
def stub(settings: Any) -> Iterator[Callable[..., Stub]]:
    """Put a stub in WeChat's place."""
    stubs = []

    def put(**how: Any) -> Stub:
        stubs.append(Stub(**how))
        settings.WECHAT_BASE_URL = stubs[-1].url
        forget_tokens()
        return stubs[-1]

    yield put
    for one in stubs:
        one.close()
