"""What the tests of the residents' door share."""

import pytest

from backend.cases.queries import bootstrap
from backend.core import api
from tests.sandboxes import registry, registry_process, wechat, wechat_process  # noqa: F401


@pytest.fixture(autouse=True)
def fresh_limits():
    """Limits outlive a test in Valkey, and the next run's first account has the same number."""
    api._limiters()[0].storage.reset()
    bootstrap.forget()
